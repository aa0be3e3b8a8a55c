"""The state of the datasets screen: what there is, the chosen dataset, its settings under edit, what is running."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bert4rec_tui.config import DatasetConfig, from_dict, to_dict
from bert4rec_tui.errors import UserError
from bert4rec_tui.progress import Progress, size
from bert4rec_tui.tui.datasets.importing import Described
from bert4rec_tui.tui.datasets.rows import DatasetRow
from bert4rec_tui.tui.datasets.stats import DatasetStats

if TYPE_CHECKING:
    from pathlib import Path

    from bert4rec_tui.data.dataset import PreparedDataset


@dataclass(frozen=True)
class Job:
    """What is running: a preparation, or the quick start at a step of it (-1: not the quick start)."""

    progress: Progress | None = None
    step: int = -1


@dataclass(frozen=True)
class Figures:
    """A prepared dataset and, once they are counted, its figures; or the text in their place."""

    dataset: PreparedDataset | None = None
    stats: DatasetStats | None = None
    text: str = ""
    error: bool = False


@dataclass(frozen=True)
class Hint:
    """What can be done with the settings under edit, or what is wrong with that of `path`."""

    text: str
    error: bool = False
    path: str = ""


class DatasetsSession:
    """What the panes of the datasets screen draw. At most one command runs at a time, `job`."""

    def __init__(self) -> None:
        self.rows: list[DatasetRow] = []
        self.any_run = False
        self.loaded = False
        self.filter = ""
        self.row: DatasetRow | None = None  # the chosen one
        self.values: dict[str, Any] = to_dict(DatasetConfig())
        self.errors: dict[str, str] = {}
        self.job: Job | None = None
        self.described: Described | None = None  # the file that was imported last, until that has succeeded
        self._choose_next = ""  # the key of the row to choose once the rows have been read again
        self._stats: dict[str, DatasetStats] = {}
        self._faults: dict[str, str] = {}

    # What there is, and the chosen one

    @property
    def shown(self) -> list[DatasetRow]:
        """The rows that match the filter."""
        return [row for row in self.rows if row.found_by(self.filter)]

    @property
    def is_new(self) -> bool:
        """Whether nothing was ever prepared or trained here."""
        return not self.any_run and not any(row.prepared for row in self.rows)

    def take_rows(self, rows: list[DatasetRow], any_run: bool) -> bool:
        """Take the rows as they were read now. Returns whether another row is chosen than before."""
        self.rows, self.any_run, self.loaded = rows, any_run, True
        return self._choose_again()

    def narrow(self, text: str) -> bool:
        """Show the rows with a text in their names. Returns whether another row is chosen than before."""
        self.filter = text
        return self._choose_again()

    def choose(self, key: str | None) -> bool:
        """Choose a row by its key, None for none. Returns whether another row is chosen than before."""
        before = self.row.key if self.row else None
        self.row = next((row for row in self.rows if row.key == key), None)
        return (self.row.key if self.row else None) != before

    def choose_prepared(self, dataset_id: str) -> None:
        """Choose a dataset that was just prepared, once the rows have been read again."""
        self._choose_next = f"prepared:{dataset_id}"

    def _choose_again(self) -> bool:
        preferred, self._choose_next = self._choose_next or (self.row.key if self.row else ""), ""
        keys = [row.key for row in self.shown]
        return self.choose(preferred if preferred in keys else keys[0] if keys else None)

    # Its settings

    def edit(self, values: dict[str, Any], errors: dict[str, str]) -> None:
        """Take the settings as they are edited now, with what is wrong with them by path."""
        self.values, self.errors = values, errors

    @property
    def settings(self) -> DatasetConfig | None:
        """The settings under edit, None while one is in error."""
        try:
            return from_dict(self.values, DatasetConfig)
        except UserError:
            return None

    @property
    def match(self) -> PreparedDataset | None:
        """What is prepared already with these settings."""
        settings = self.settings
        prepared = [row.prepared for row in self.rows if row.prepared is not None]
        return next((dataset for dataset in prepared if settings is not None and dataset.id == settings.id), None)

    # What is in it

    @property
    def uncounted(self) -> PreparedDataset | None:
        """The prepared dataset that is shown and whose figures are not known yet."""
        match = self.match
        known = match is None or match.id in self._stats or match.id in self._faults
        return None if known else match

    def counted(self, dataset: PreparedDataset, stats: DatasetStats | None, fault: str = "") -> bool:
        """Keep the figures of a dataset, or why there are none. Returns whether it is the one that is shown."""
        if stats is None:
            self._faults[dataset.id] = _without_folder(fault, dataset.path)
        else:
            self._stats[dataset.id] = stats
        match = self.match
        return match is not None and match.id == dataset.id

    @property
    def figures(self) -> Figures:
        """What is in the dataset that these settings lead to, or what is in its place."""
        match, settings = self.match, self.settings
        if self.row is None:
            return Figures(text="Select a dataset to see its statistics.")
        if match is not None:
            fault = self._faults.get(match.id, "")
            return Figures(text=fault, error=True) if fault else Figures(match, self._stats.get(match.id))
        if self.row.damaged is not None:
            folder = self.row.damaged.path
            return Figures(text=f"{_without_folder(self.row.damaged.why, folder)}\n{folder}", error=True)
        fault = self._faults.get(settings.id, "") if settings else ""
        return Figures(text=fault or "Prepare it to see its statistics.", error=bool(fault))

    @property
    def hint(self) -> Hint:
        """What can be done with these settings, and by which key."""
        row, match, settings = self.row, self.match, self.settings
        if row is None:
            return Hint("")
        if self.errors or settings is None:
            path, error = next(iter(self.errors.items()), ("", "a setting is invalid"))
            return Hint(error, error=True, path=path)
        if match is not None and match.id in self._faults:
            return Hint(f"{match.id} is damaged; press p to prepare it again", error=True)
        if match is not None:
            return Hint(f"prepared as {match.id}; press t to train")
        download = f" ({size(row.known.bytes)} download)" if row.known and not row.here else ""
        remove = ", x to remove what is left" if row.damaged else ""
        return Hint(f"press p to prepare {settings.id}{download}{remove}")

    # What is running

    def prepared(self, dataset_id: str) -> None:
        """A preparation has succeeded: what was known of an earlier one counts no more."""
        self._stats.pop(dataset_id, None)
        self._faults.pop(dataset_id, None)
        self.described = None
        self.choose_prepared(dataset_id)

    def failed(self, dataset_id: str, reason: str) -> None:
        """A preparation has failed; why is shown until one with the same settings succeeds."""
        self._faults[dataset_id] = reason


def _without_folder(reason: str, folder: Path) -> str:
    """A reason without the dataset's own folder, which may be so long that the reason is not seen behind it."""
    return reason.removeprefix(f"{folder}: ").replace(f"{folder}/", "")
