"""The prepared datasets of a folder: list them, or find one by its reference."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.prepare_arguments import prepare_arguments
from bert4rec_tui.errors import UserError


@dataclass(frozen=True)
class Damaged:
    """A folder among the prepared datasets that cannot be read as one, and why."""

    id: str
    path: Path
    why: str


def prepared_datasets(folder: Path) -> list[PreparedDataset]:
    """All readable prepared datasets in `folder`, by id; unreadable ones are skipped."""
    return datasets_and_damaged(folder)[0]


def datasets_and_damaged(folder: Path) -> tuple[list[PreparedDataset], list[Damaged]]:
    """All prepared datasets in `folder`, by id, and the folders that cannot be read as one."""
    found: list[PreparedDataset] = []
    damaged: list[Damaged] = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.name.startswith(".") or not path.is_dir():
            continue
        try:
            found.append(PreparedDataset(path))
        except UserError as error:
            damaged.append(Damaged(path.name, path, str(error)))
    return sorted(found, key=lambda dataset: dataset.id), damaged


def find_dataset(reference: str, folder: Path) -> PreparedDataset:
    """The prepared dataset with this id or, for a name alone, the one with default settings, else the newest.

    Raises UserError that says how to prepare it.
    """
    if "/" not in reference and (folder / reference / "manifest.json").exists():
        return PreparedDataset(folder / reference)
    named = [d for d in prepared_datasets(folder) if d.manifest.settings.name == reference]
    if named:
        return max(named, key=lambda dataset: (dataset.path / "manifest.json").stat().st_mtime)
    name = reference.partition("+")[0]
    how = f"run `bert4rec-tui prepare {name}`" if name == reference else f"prepare {name} with these settings"
    raise UserError(f"{reference}: is not prepared; {how} first (`bert4rec-tui datasets` lists prepared ones)")


def dataset_of(settings: DatasetConfig, folder: Path) -> PreparedDataset:
    """The prepared dataset with exactly these settings.

    Raises UserError that says how to prepare it.
    """
    if (folder / settings.id / "manifest.json").exists():
        return PreparedDataset(folder / settings.id)
    line = shlex.join(["bert4rec-tui", *prepare_arguments(settings)])
    raise UserError(f"{settings.id}: is not prepared; run `{line}` first (`bert4rec-tui datasets` lists prepared ones)")
