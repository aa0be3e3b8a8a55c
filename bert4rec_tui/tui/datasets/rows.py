"""What the list of datasets shows: the known ones, below each what is prepared of it, then the user's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.catalog import KNOWN, Known
from bert4rec_tui.errors import UserError
from bert4rec_tui.settings import datasets_folder, raw_folder

if TYPE_CHECKING:
    from bert4rec_tui.data.dataset import PreparedDataset
    from bert4rec_tui.data.store import Damaged


@dataclass(frozen=True)
class DatasetRow:
    """A known dataset, or a prepared one, or what is left of one; `here`: nothing has to be downloaded."""

    name: str
    known: Known | None = None
    prepared: PreparedDataset | None = None
    here: bool = True
    damaged: Damaged | None = None

    @property
    def key(self) -> str:
        """What tells this row from the others."""
        if self.damaged:
            return f"damaged:{self.damaged.id}"
        return f"prepared:{self.prepared.id}" if self.prepared else f"known:{self.name}"

    @property
    def title(self) -> str:
        """What it is called: with its settings, where it is prepared."""
        return self.damaged.id if self.damaged else self.prepared.id if self.prepared else self.name

    @property
    def where(self) -> str:
        """Where its interactions are."""
        if self.known is None or self.known.bundled:
            return "bundled" if self.known else "of your own"
        return "downloaded" if self.here else "not downloaded"

    @property
    def settings(self) -> DatasetConfig:
        """The settings that the form begins with."""
        return self.prepared.manifest.settings if self.prepared else DatasetConfig(name=self.name)

    def found_by(self, text: str) -> bool:
        """Whether the row has this text in its names."""
        title = self.known.title if self.known else ""
        where = f"{self.name} {title} {self.title}"
        return text.lower() in where.lower()


def read_rows() -> list[DatasetRow]:
    """Every row, in order; for a thread, since manifests are read."""
    from bert4rec_tui.data.store import datasets_and_damaged

    prepared, damaged = datasets_and_damaged(datasets_folder())
    rows: list[DatasetRow] = []
    for known in KNOWN.values():
        here = known.bundled or (raw_folder() / known.file).exists()
        rows.append(DatasetRow(known.name, known, here=here))
        rows += [DatasetRow(known.name, known, d) for d in prepared if d.manifest.settings.name == known.name]
    rows += [DatasetRow(d.manifest.settings.name, None, d) for d in prepared if d.manifest.settings.name not in KNOWN]
    return rows + [DatasetRow(found.id.partition("+")[0], damaged=found) for found in damaged]


def summary_of(result: dict[str, Any]) -> str:
    """What a preparation gave, in one sentence; for a thread, since a manifest is read."""
    from bert4rec_tui.data.dataset import PreparedDataset

    try:
        items = PreparedDataset(datasets_folder() / result["dataset"]).noun.counted(result["items"])
    except UserError:  # removed since
        items = f"{result['items']:,} items"
    return f"{result['dataset']}: {result['users']:,} users, {items}; press t to train"
