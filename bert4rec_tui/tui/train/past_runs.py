"""Earlier runs and how each was configured differently from the configuration under edit. Needs no terminal."""

from collections.abc import Sequence
from typing import Any

from bert4rec_tui.config import Config, to_dict
from bert4rec_tui.config.fields import fields_of, value_at
from bert4rec_tui.runs.differing import OF_THE_RUN_ALONE
from bert4rec_tui.runs.listing import RunRow

_PATHS = tuple(field.path for field in fields_of(Config) if field.path not in (*OF_THE_RUN_ALONE, "preset"))
# The id of a prepared dataset stands for all settings of its preparation.
COMPARED = tuple(path for path in _PATHS if not path.startswith("dataset."))

Settings = dict[str, Any]


def settings_of(config: Config) -> Settings:
    """Path → value of what a run was configured with; its dataset as one."""
    values = to_dict(config)
    return {"dataset": config.dataset.id, **{path: value_at(values, path) for path in COMPARED}}


class PastRuns:
    """The runs whose configuration can be read: those on the dataset under edit first, the newest first."""

    def __init__(self) -> None:
        self.rows: list[RunRow] = []
        self.current: Settings | None = None  # of the configuration under edit, while it was last valid
        self._settings: list[Settings] = []

    @property
    def metric(self) -> str:
        """The checkpoint metric under edit, the only one shown: values of different metrics never share a column."""
        return str(self.current["evaluation.best_metric"]) if self.current else ""

    def show(self, rows: Sequence[RunRow]) -> None:
        """Take these runs; those that cannot be read are left out."""
        readable = [(row, settings_of(row.config)) for row in rows if row.config is not None]
        self._sort(readable)

    def compare_with(self, config: Config | None) -> None:
        """Compare with this configuration from now on; None, while it is invalid, changes nothing."""
        if config is not None:
            self.current = settings_of(config)
            self._sort(list(zip(self.rows, self._settings, strict=True)))

    def _sort(self, pairs: list[tuple[RunRow, Settings]]) -> None:
        """The runs on the dataset first, then those on another preparation of it; within each the newest first."""
        dataset = str(self.current["dataset"]) if self.current else ""
        name = dataset.partition("+")[0]

        def place(pair: tuple[RunRow, Settings]) -> tuple[bool, bool, float]:
            own = str(pair[1]["dataset"])
            return own != dataset, own.partition("+")[0] != name, -pair[0].status.created

        pairs = sorted(pairs, key=place)
        self.rows, self._settings = [row for row, _ in pairs], [settings for _, settings in pairs]

    def differences(self, row: int) -> list[tuple[str, Any, Any]]:
        """The settings in which a run differs: path, value of the run, value under edit."""
        if self.current is None:
            return []
        own = self._settings[row]
        return [(path, own[path], value) for path, value in self.current.items() if own[path] != value]

    def best(self, row: int) -> float | None:
        """The best value of a run by the checkpoint metric under edit, None where it was selected by another."""
        best = self.rows[row].status.best
        return best.value if best is not None and best.metric == self.metric else None

    def index_of(self, run_id: str) -> int | None:
        """The row of a run, None where it is not there."""
        return next((row for row, shown in enumerate(self.rows) if shown.run.id == run_id), None)
