"""How an ending is left in a run's folder, also on a disk that is full."""

import os
import time
from contextlib import suppress
from pathlib import Path

from bert4rec_tui.runs.events import EventLog, StateChange
from bert4rec_tui.runs.status import read_status, write_status

RESERVE = "reserve"
RESERVE_BYTES = 64 * 1024  # a status, its copy while it is written, and an event, in blocks of any size


def keep_reserve(path: Path) -> None:
    """Take some room on the disk of a run, so that its ending can be written when there is no other."""
    file = path / RESERVE
    with suppress(OSError):
        if not file.exists() or file.stat().st_size < RESERVE_BYTES:
            file.write_bytes(os.urandom(RESERVE_BYTES))  # a disk that compresses would keep no room for zeros


def free_reserve(path: Path) -> None:
    """Give the room back, just before the ending is written."""
    with suppress(OSError):
        (path / RESERVE).unlink()


def write_failure(path: Path, sentence: str) -> None:
    """Write that the run in a folder has failed, and why, into its status and its events.

    For who holds the run's lock while no recorder does. Raises OSError or UserError where the folder cannot be written.
    """
    free_reserve(path)
    status, now = read_status(path), time.time()
    status.state, status.message, status.phase, status.ended = "failed", sentence, "", now
    write_status(path, status)
    log = EventLog(path / "events.jsonl")
    log.cut_partial_line()
    log.append(StateChange(at=now, state="failed", step=status.step, message=sentence))
