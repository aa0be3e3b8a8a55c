"""The losses for large catalogues in the train form: refused, annotated and estimated where a person decides."""

from pathlib import Path
from typing import Any

import pytest
from worlds import make_dataset

from bert4rec_tui.config import Config, to_dict, with_assignments
from bert4rec_tui.config.fields import labels_of
from bert4rec_tui.config.presets import preset
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.tui.train.checks import train_errors
from bert4rec_tui.tui.train.choices import preset_notes
from bert4rec_tui.tui.train.preflight import memory, multiplications

LABELS = labels_of(Config)


def errors(dataset: PreparedDataset, *assignments: str) -> dict[str, Any]:
    values = to_dict(with_assignments(Config(), list(assignments)))
    values["dataset"] = to_dict(dataset.manifest.settings)
    return train_errors(values, "", [dataset], [], LABELS)


@pytest.mark.parametrize("loss", ["sampled", "gbce"])
def test_as_many_drawn_items_as_there_are_are_refused_beside_their_field(home: Path, loss: str) -> None:
    dataset = make_dataset(home)  # of 60 items
    found = errors(dataset, f"training.loss={loss}", "training.negatives=60")
    assert found["training.negatives"].startswith("60 must be below the 60 items of the catalogue; ")
    assert "training.negatives" not in errors(dataset, f"training.loss={loss}", "training.negatives=59")
    assert "training.negatives" not in errors(dataset, "training.loss=full", "training.negatives=60")


def test_a_setting_that_the_loss_does_not_read_says_so() -> None:
    changed = ["training.negatives=64", "training.gbce_t=0.5"]
    full = preset_notes(with_assignments(preset("recommended"), changed))
    assert full["training.negatives"] == "only used by loss sampled or gbce"
    assert full["training.gbce_t"] == "only used by loss gbce"
    read = preset_notes(with_assignments(preset("recommended"), [*changed, "training.loss=gbce"]))
    assert (read["training.negatives"], read["training.gbce_t"]) == ("recommended: 1024", "recommended: 0.75")


def test_with_drawn_items_neither_scores_nor_gradients_grow_with_the_catalogue(home: Path) -> None:
    """A million items of width 128 are half a gigabyte; Adam keeps two more of them, and nothing else is as large."""
    config = with_assignments(Config(), ["model.tied_head=true", "model.hidden=128", "training.loss=sampled"])
    items, table = 1_000_000, 1_000_000 * 128 * 4
    grown = memory(config, items, 50.0) - memory(config, 100_000, 50.0)
    assert 0.9 * 3 * table < grown * items / 900_000 < 1.1 * 3 * table
    full = with_assignments(config, ["training.loss=full"])
    assert memory(full, items, 50.0) - memory(config, items, 50.0) > 0.9 * table  # its gradient
    dataset = make_dataset(home)
    assert multiplications(full, dataset) < multiplications(config, dataset)  # 1024 drawn against 60 in all
