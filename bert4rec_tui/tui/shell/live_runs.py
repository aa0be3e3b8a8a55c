"""Which runs are at work now, found without reading the files of those that have ended."""

from dataclasses import dataclass

from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.status import LIVE, State, Status
from bert4rec_tui.runs.store import Run, RunSource


@dataclass(frozen=True)
class LiveRun:
    """A run at work: what it says of itself and what a reader concludes."""

    run: Run
    status: Status
    state: State


class LiveWatch:
    """Looks for live runs again and again; an ended run costs one stat a look."""

    def __init__(self, source: RunSource) -> None:
        self.source = source
        self._ended: dict[str, int] = {}

    def look(self) -> tuple[LiveRun, ...]:
        """The live runs, newest first."""
        found: list[LiveRun] = []
        for run in self.source.runs():
            try:
                changed = (run.path / "status.json").stat().st_mtime_ns
                if self._ended.get(run.id) == changed:
                    continue
                status = run.status()
                state = run.state(status)
            except (UserError, OSError):  # removed, or replaced by something foreign, since it was listed
                continue
            if state in LIVE:
                self._ended.pop(run.id, None)
                found.append(LiveRun(run, status, state))
            else:
                self._ended[run.id] = changed
        return tuple(found)
