"""How a failure is left in a run's folder."""

import time
from pathlib import Path

from bert4rec_tui.runs.events import EventLog, StateChange
from bert4rec_tui.runs.status import read_status, write_status


def leave_failure(path: Path, sentence: str) -> None:
    """Write that the run in a folder has failed, and why, into its status and its events.

    For who holds the run's lock while no recorder does. Raises OSError or UserError where the folder cannot be written.
    """
    status, now = read_status(path), time.time()
    status.state, status.message, status.phase, status.ended = "failed", sentence, "", now
    write_status(path, status)
    log = EventLog(path / "events.jsonl")
    log.cut_partial_line()
    log.append(StateChange(at=now, state="failed", step=status.step, message=sentence))
