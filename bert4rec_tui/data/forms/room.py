"""Whether the disk has room for what is about to be written."""

import shutil
from pathlib import Path

from bert4rec_tui.data.forms.table import Limits
from bert4rec_tui.errors import OutOfReachError
from bert4rec_tui.files import explain_os_error
from bert4rec_tui.progress import size


def free_bytes(folder: Path, limits: Limits) -> int:
    """The bytes that may be written to the disk of a folder; less than 0 where it is full."""
    try:
        return shutil.disk_usage(folder).free - limits.spare_disk
    except OSError as error:
        raise explain_os_error(error, folder) from error


def check_room(name: str, amount: int, folder: Path, limits: Limits) -> None:
    """Raises OutOfReachError where the disk of `folder` has no room for `amount` bytes."""
    if free_bytes(folder, limits) < amount:
        raise no_room(name, folder, amount)


def no_room(name: str, folder: Path, amount: int = 0) -> OutOfReachError:
    """The error of a source for which the disk has no room."""
    needed = f" needs {size(amount)} and" if amount else ""
    return OutOfReachError(
        f"{name}:{needed} does not fit on the disk of {folder}; free some space, or move the program's data with "
        "BERT4REC_TUI_HOME"
    )
