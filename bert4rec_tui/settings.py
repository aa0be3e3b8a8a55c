"""Where things live, and what a user has chosen for the program as a whole."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from msgspec import Meta, Struct

from bert4rec_tui.config import from_dict, load_toml
from bert4rec_tui.errors import UserError
from bert4rec_tui.files import explain_os_error


class Settings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What settings.toml may hold; all of it may be left out."""

    theme: Annotated[str, Meta(description="The colours; the palette lists the names.")] = "textual-dark"
    ascii: Annotated[bool, Meta(description="Draw with ASCII characters only.")] = False
    mouse: Annotated[bool, Meta(description="Let the terminal report the mouse.")] = True
    remote: Annotated[
        Literal["auto", "yes", "no"],
        Meta(description="Draw sparingly, as over SSH; auto looks for SSH, which tmux may hide."),
    ] = "auto"
    notify: Annotated[
        Literal["off", "bell", "osc9"],
        Meta(description="How the interface calls when a run ends: not, by a bell, or by the terminal's notification."),
    ] = "off"
    notify_command: Annotated[
        str,
        Meta(
            description="A command line that the worker runs, without a shell, when a run finishes, fails or turns to "
            "NaN; {run}, {state}, {sentence} and {folder} are replaced."
        ),
    ] = ""
    keymap: Annotated[
        dict[str, str], Meta(description='A key for a binding\'s id, such as "runs.pause" = "f8"; help shows the ids.')
    ] = {}


def home() -> Path:
    """The folder that holds all data; BERT4REC_TUI_HOME moves it."""
    chosen = os.environ.get("BERT4REC_TUI_HOME")
    if not chosen:
        return _place(platformdirs.user_data_path)
    try:
        chosen.encode()
        return Path(chosen).expanduser().absolute()
    except RuntimeError:
        raise UserError(f"BERT4REC_TUI_HOME = {chosen}: there is no such user's home; write the path in full") from None
    except UnicodeEncodeError:
        raise UserError("BERT4REC_TUI_HOME: cannot be read as UTF-8; choose a folder whose path can") from None


def _place(place: Callable[[str], Path]) -> Path:
    """One of the places that the platform has for a program. Raises UserError for a user without a home."""
    try:
        return place("bert4rec-tui")
    except RuntimeError:
        raise UserError("your home folder is not known; set HOME, or BERT4REC_TUI_HOME to a folder of yours") from None


def raw_folder() -> Path:
    """Where downloaded ratings are kept."""
    return home() / "raw"


def datasets_folder() -> Path:
    """Where prepared datasets are kept."""
    return home() / "datasets"


def runs_folder() -> Path:
    """Where runs are kept."""
    return home() / "runs"


def histories_folder() -> Path:
    """Where histories of one's own are kept."""
    return home() / "histories"


def logs_folder() -> Path:
    """Where child processes of the interface leave what they say on stderr."""
    return home() / "logs"


def settings_file() -> Path:
    """The user's settings.toml; it stands with the data where BERT4REC_TUI_HOME moves them."""
    if os.environ.get("BERT4REC_TUI_HOME"):
        return home() / "settings.toml"
    return _place(platformdirs.user_config_path) / "settings.toml"


def paths() -> dict[str, str]:
    """Every place by name, for the command `paths`."""
    places = {
        "home": home(),
        "raw": raw_folder(),
        "datasets": datasets_folder(),
        "runs": runs_folder(),
        "histories": histories_folder(),
        "logs": logs_folder(),
        "settings": settings_file(),
    }
    return {name: str(place) for name, place in places.items()}


def load_settings() -> Settings:
    """The user's settings; the defaults where there is no file. Raises UserError that names file and field."""
    file = settings_file()
    try:
        if not file.exists():
            return Settings()
    except OSError as error:
        raise explain_os_error(error, file) from None
    values: dict[str, Any] = load_toml(file)
    try:
        return from_dict(values, Settings)
    except UserError as error:
        raise UserError(f"{file}: {error}") from None


def sample_archive() -> Path:
    """The bundled MovieLens latest-small."""
    return bundled_file("ml-latest-small.zip")


def bundled_file(name: str) -> Path:
    """A file that comes with the program, in a wheel or in a checkout. Raises UserError where it is missing."""
    package = Path(__file__).parent
    for folder in (package / "assets", package.parent / "assets"):
        if (folder / name).exists():
            return folder / name
    raise UserError(f"{package / 'assets' / name}: came with the program and is missing; install it again")
