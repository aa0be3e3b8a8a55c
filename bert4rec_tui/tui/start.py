"""Start the interface: what must be settled before Textual is imported is settled here."""

import os
from difflib import get_close_matches

from bert4rec_tui.errors import UserError
from bert4rec_tui.settings import Settings, load_settings, settings_file


def draws_sparingly(settings: Settings) -> bool:
    """Whether frames are few and nothing moves: over SSH, or where the settings say so, since tmux hides SSH."""
    if settings.remote != "auto":
        return settings.remote == "yes"
    return bool(os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY"))


def run_app(no_mouse: bool = False, explore: str = "", greeting: str = "") -> None:
    """Open the interface; when it has closed, print what comes back to a run that goes on.

    explore: the id of a run whose model is shown first, in place of the datasets. greeting: what is said there.

    Raises UserError where settings.toml cannot be used.
    """
    settings = load_settings()
    remote = draws_sparingly(settings)
    if remote:
        os.environ.setdefault("TEXTUAL_FPS", "12")
        os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    from bert4rec_tui.tui.app import Bert4RecApp, import_screens

    if settings.keymap:
        from bert4rec_tui.tui.shell.keymap import check_keymap

        import_screens()  # their keys are among those that may be remapped
        check_keymap(settings.keymap, settings_file())
    app = Bert4RecApp(settings, remote=remote, explore=explore, greeting=greeting)
    if settings.theme not in app.available_themes:
        near = get_close_matches(settings.theme, app.available_themes, n=1) or list(app.available_themes)[:4]
        raise UserError(f'{settings_file()}: theme = "{settings.theme}" is not there; try {", ".join(near)}')
    said = app.run(mouse=settings.mouse and not no_mouse)
    if app.return_code:  # Textual has told what broke
        raise SystemExit(app.return_code)
    if said:
        print(said)
