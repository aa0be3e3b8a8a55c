"""Start the interface: what must be settled before Textual is imported is settled here."""

import os
import sys
import warnings
from difflib import get_close_matches

from bert4rec_tui.errors import UserError
from bert4rec_tui.settings import Settings, load_settings, settings_file


def draws_sparingly(settings: Settings) -> bool:
    """Whether frames are few and nothing moves: over SSH, or where the settings say so, since tmux hides SSH."""
    if settings.remote != "auto":
        return settings.remote == "yes"
    return bool(os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY"))


def check_terminal() -> None:
    """Raises UserError where keys cannot be read or nothing can be drawn: Textual would wait for ever."""
    for name in ("stdin", "stdout", "stderr"):  # it reads keys from the first and draws to the last
        if not getattr(sys, name).isatty():
            raise UserError(
                f"the app needs a terminal, and {name} is not one; use a command instead, such as quickstart, "
                "prepare, train, test, recommend or runs (`bert4rec-tui --help` lists all)"
            )


def run_app(no_mouse: bool = False, explore: str = "", greeting: str = "") -> None:
    """Open the interface; when it has closed, print how to return to a run that keeps training.

    explore: the id of a run whose model is shown first, in place of the datasets. greeting: a notification then.

    Raises UserError where there is no terminal or settings.toml cannot be used.
    """
    check_terminal()
    settings = load_settings()
    remote = draws_sparingly(settings)
    if remote:
        os.environ.setdefault("TEXTUAL_FPS", "12")
        os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    from bert4rec_tui.tui.app import Bert4RecApp

    if settings.keymap:
        from bert4rec_tui.tui.screens import import_screens
        from bert4rec_tui.tui.shell.keymap import check_keymap

        import_screens()  # their keys are among those that may be remapped
        check_keymap(settings.keymap, settings_file())
    app = Bert4RecApp(settings, remote=remote, explore=explore, greeting=greeting)
    if settings.theme not in app.available_themes:
        near = get_close_matches(settings.theme, app.available_themes, n=1) or list(app.available_themes)[:4]
        raise UserError(f'{settings_file()}: unknown theme = "{settings.theme}"; try {", ".join(near)}')
    # A completion that was about to be looked up when the app was told to exit is no news for the terminal.
    warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
    farewell = app.run(mouse=settings.mouse and not no_mouse)
    if app.return_code:  # Textual has printed what broke
        raise SystemExit(app.return_code)
    if farewell:
        print(farewell)
