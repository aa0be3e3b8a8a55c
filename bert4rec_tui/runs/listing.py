"""The runs as a table shows them: an ended run is read once and then costs one stat, only a live one is polled."""

import time
from dataclasses import dataclass, field
from threading import Lock

from bert4rec_tui.config import Config
from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.labels import Labels
from bert4rec_tui.runs.status import LIVE, State, Status
from bert4rec_tui.runs.store import Run, RunSource

SETTLED_SECONDS = 2.0  # a folder changed so lately may change again within one tick of its disk's clock
# Every state, in the order in which a table sorts by it.
STATES: tuple[State, ...] = (
    "queued",
    "starting",
    "training",
    "paused",
    "pausing",
    "stopping",
    "finished",
    "stopped",
    "failed",
    "stalled",
    "lost",
)


@dataclass(frozen=True)
class RunRow:
    """One run as a table shows it; `problem` is a sentence where its files cannot be read."""

    run: Run
    state: State
    status: Status
    config: Config | None = None
    labels: Labels = field(default_factory=Labels)
    problem: str = ""

    @property
    def fault(self) -> str:
        """The problem without the folder of the run, which says no more than its name."""
        return self.problem.replace(f"{self.run.path}/", "").replace(str(self.run.path), self.run.id)

    @property
    def live(self) -> bool:
        """Whether a worker is running it."""
        return self.state in LIVE

    @property
    def dataset(self) -> str:
        """The id of the prepared dataset; empty where the configuration cannot be read."""
        return self.config.dataset.id if self.config else ""

    @property
    def objective(self) -> str:
        """The training objective; empty where the configuration cannot be read."""
        return self.config.model.objective if self.config else ""

    @property
    def name(self) -> str:
        """The name of the run: the one given since, or the configuration's."""
        if self.labels.name is not None:
            return self.labels.name
        return self.config.name if self.config else ""

    def text(self) -> str:
        """The text that a filter searches, in lower case."""
        best = self.status.best.metric if self.status.best else ""
        words = (self.run.id, self.name, self.state, self.dataset, self.objective, best, self.labels.note)
        return " ".join(words).casefold()


class RunsReader:
    """Reads every run once, and again only those that are live or whose folder has changed."""

    def __init__(self, source: RunSource) -> None:
        self.source = source
        self._known: dict[str, tuple[int, RunRow]] = {}
        self._lock = Lock()

    def look(self) -> list[RunRow]:
        """All runs, newest first."""
        with self._lock:
            rows = [row for run in self.source.runs() if (row := self._row(run)) is not None]
            self._known = {row.run.id: self._known[row.run.id] for row in rows}
            return rows

    def _row(self, run: Run) -> RunRow | None:
        # Status and labels are put into the folder by a rename, which changes the folder's own time.
        try:
            changed = run.path.stat().st_mtime_ns
        except OSError:  # removed since it was listed
            return None
        known = self._known.get(run.id)
        if known is not None and known[0] == changed and not known[1].live:
            return known[1]
        row = self._read(run, known[1] if known else None)
        settled = abs(time.time() - changed / 1e9) > SETTLED_SECONDS
        self._known[run.id] = (changed if settled else -1, row)
        return row

    @staticmethod
    def _read(run: Run, before: RunRow | None) -> RunRow:
        try:
            status = run.status()
            state = run.state(status)
        except UserError as error:
            return RunRow(run, "lost", Status(), problem=str(error))
        starts = before is None or (state in LIVE and not before.live)  # `resume` may write another configuration
        config = before.config if before is not None and not starts else _config(run)
        return RunRow(run, state, status, config, run.labels())


def _config(run: Run) -> Config | None:
    try:
        return run.config()
    except UserError:
        return None
