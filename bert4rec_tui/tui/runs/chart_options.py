"""When the user last looked at each run, in a file of the interface's own: what has happened since is marked."""

from threading import Lock

import msgspec

from bert4rec_tui.errors import UserError
from bert4rec_tui.files import make_folder, replace_file
from bert4rec_tui.settings import home

MOST_RUNS = 2000


class Looks:
    """The moment of the newest event of each run that the user has seen, in seconds since 1970."""

    def __init__(self) -> None:
        self.file = home() / "looks.json"
        self._lock = Lock()
        try:
            self._seen = msgspec.json.decode(self.file.read_bytes(), type=dict[str, float])
        except (OSError, msgspec.MsgspecError):  # nothing was looked at yet, or the file is not ours: it marks nothing
            self._seen = {}

    def until(self, run: str) -> float | None:
        """What of a run was seen; None where it never was looked at."""
        return self._seen.get(run)

    def see(self, run: str, at: float) -> bool:
        """Remember what is seen now. Returns whether that is news, and is to be kept."""
        if at <= self._seen.get(run, 0.0):
            return False
        with self._lock:
            self._seen.pop(run, None)
            self._seen[run] = at
        return True

    def keep(self) -> None:
        """Write it down; for a thread. Where that cannot be, it is forgotten with the program."""
        with self._lock:
            latest = dict(list(self._seen.items())[-MOST_RUNS:])
        try:
            make_folder(self.file.parent)
            replace_file(self.file, msgspec.json.encode(latest))
        except UserError:
            return
