"""The folders of the program, and the user's settings.toml."""

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
    """The fields of settings.toml, all optional."""

    theme: Annotated[str, Meta(description="Colour theme; the command palette lists the names.")] = "textual-dark"
    ascii: Annotated[bool, Meta(description="Draw with ASCII characters only.")] = False
    mouse: Annotated[bool, Meta(description="Enable the mouse.")] = True
    remote: Annotated[
        Literal["auto", "yes", "no"],
        Meta(description="Reduce screen updates, as over SSH; auto detects SSH, except inside tmux."),
    ] = "auto"
    notify: Annotated[
        Literal["off", "bell", "osc9"],
        Meta(
            description="Notification when a run ends: none, the terminal bell, or the terminal's desktop notification."
        ),
    ] = "off"
    notify_command: Annotated[
        str,
        Meta(
            description="Command that the worker runs, without a shell, when a run finishes, fails or becomes NaN; "
            "{run}, {state}, {sentence} and {folder} are replaced."
        ),
    ] = ""
    keymap: Annotated[
        dict[str, str], Meta(description='Keys by binding id, such as "runs.pause" = "f8"; help shows the ids.')
    ] = {}


def home() -> Path:
    """The folder of all data; BERT4REC_TUI_HOME sets it."""
    chosen = os.environ.get("BERT4REC_TUI_HOME")
    if not chosen:
        return _place(platformdirs.user_data_path)
    try:
        chosen.encode()
        return Path(chosen).expanduser().absolute()
    except RuntimeError:
        raise UserError(f"BERT4REC_TUI_HOME = {chosen}: no such user's home; use an absolute path") from None
    except UnicodeEncodeError:
        raise UserError("BERT4REC_TUI_HOME: is not valid UTF-8; choose another folder") from None


def _place(place: Callable[[str], Path]) -> Path:
    """A standard folder of the platform. Raises UserError where the home folder is unknown."""
    try:
        return place("bert4rec-tui")
    except RuntimeError:
        raise UserError("your home folder is unknown; set HOME or BERT4REC_TUI_HOME") from None


def raw_folder() -> Path:
    """The folder of downloaded ratings."""
    return home() / "raw"


def datasets_folder() -> Path:
    """The folder of prepared datasets."""
    return home() / "datasets"


def runs_folder() -> Path:
    """The folder of runs."""
    return home() / "runs"


def histories_folder() -> Path:
    """The folder of saved histories."""
    return home() / "histories"


def logs_folder() -> Path:
    """The folder of the logs (stderr) of the app's child processes."""
    return home() / "logs"


def settings_file() -> Path:
    """The user's settings.toml; inside BERT4REC_TUI_HOME if that is set."""
    if os.environ.get("BERT4REC_TUI_HOME"):
        return home() / "settings.toml"
    return _place(platformdirs.user_config_path) / "settings.toml"


def paths() -> dict[str, str]:
    """All paths by name, for the command `paths`."""
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
    """The user's settings, or the defaults without a file. Raises UserError that names file and field."""
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
    """A bundled file, in a wheel or in a checkout. Raises UserError where it is missing."""
    package = Path(__file__).parent
    for folder in (package / "assets", package.parent / "assets"):
        if (folder / name).exists():
            return folder / name
    raise UserError(f"{package / 'assets' / name}: is missing from the installation; reinstall the program")
