"""What people want of a run that lives: a small file with a request and a number, replaced atomically."""

from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from bert4rec_tui.errors import UNREADABLE, OutOfReachError, UserError
from bert4rec_tui.files import explain_os_error, replace_file
from bert4rec_tui.runs.lock import LockHeldError, control_lock

Request = Literal["train", "pause", "stop"]


class Control(Struct, frozen=True):
    """The wanted state, and a number that grows with every request; the worker echoes it in its status."""

    number: int = 0
    wanted: Request = "train"


def read_control(path: Path) -> Control:
    """The request in a run's folder; the first one where there is none or it cannot be read."""
    try:
        return msgspec.json.decode((path / "control.json").read_bytes(), type=Control)
    except UNREADABLE:
        return Control()


def request(path: Path, wanted: Request, at_least: int = 0) -> Control:
    """Leave a request for the worker of a run, with a number above `at_least`, the last it has obeyed, and all others.

    Raises UserError where nothing can be written there, and for a pause before a stop that is still to be obeyed.
    """
    try:
        # Two who ask at once must not get the same number: the worker would obey the first and pass over the second.
        with control_lock(path).acquire(timeout=5):
            before = read_control(path)
            if wanted == "pause" and before.wanted == "stop" and before.number > at_least:
                raise UserError(f"{path.name}: a stop is already requested; it stops when the current work is done")
            control = Control(max(before.number, at_least) + 1, wanted)
            replace_file(path / "control.json", msgspec.json.encode(control))
    except LockHeldError:
        raise OutOfReachError(f"{path.name}: another request is being written; try again") from None
    except OSError as error:
        raise explain_os_error(error, path) from error
    return control


def clear_control(path: Path) -> None:
    """Forget what was wanted of an earlier worker."""
    (path / "control.json").unlink(missing_ok=True)
