"""Which events of each run the user has seen, kept in a file of the interface: newer ones are marked."""

from threading import Lock

import msgspec

from bert4rec_tui.errors import UserError
from bert4rec_tui.files import make_folder, replace_file
from bert4rec_tui.settings import home

MOST_RUNS = 2000


class SeenEvents:
    """The time of the newest event of each run that the user has seen, in seconds since 1970."""

    def __init__(self) -> None:
        self.file = home() / "looks.json"
        self._lock = Lock()
        try:
            self._seen = msgspec.json.decode(self.file.read_bytes(), type=dict[str, float])
        except (OSError, msgspec.MsgspecError):  # no event was seen yet, or the file is not ours: nothing is marked
            self._seen = {}

    def until(self, run: str) -> float | None:
        """The time up to which the events of a run were seen; None where the run was never shown."""
        return self._seen.get(run)

    def mark_seen(self, run: str, at: float) -> bool:
        """Remember that the events up to a time are seen. Returns whether that changes anything to be saved."""
        if at <= self._seen.get(run, 0.0):
            return False
        with self._lock:
            self._seen.pop(run, None)
            self._seen[run] = at
        return True

    def save(self) -> None:
        """Write the file; for a thread. Where it cannot be written, what was seen is forgotten with the program."""
        with self._lock:
            latest = dict(list(self._seen.items())[-MOST_RUNS:])
        try:
            make_folder(self.file.parent)
            replace_file(self.file, msgspec.json.encode(latest))
        except UserError:
            return
