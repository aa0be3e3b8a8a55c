"""What a configuration asks that a dataset cannot give."""

from pathlib import Path

import numpy as np
import pytest

from bert4rec_tui.config import Config, DatasetConfig, with_assignments
from bert4rec_tui.data.compatibility import guaranteed_negatives, incompatibilities
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.prepare import prepare


@pytest.fixture
def dataset(tmp_path: Path) -> PreparedDataset:
    """Twenty users of six plays each, one step apart in a circle of twenty items."""
    plays = "".join(f"{user},{(user + step) % 20}\n" for user in range(20) for step in range(6))
    file = tmp_path / "plays.csv"
    file.write_text(f"user,item\n{plays}")
    return prepare(DatasetConfig(name="mine", source=str(file)), tmp_path / "datasets", tmp_path / "raw")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["evaluation.ks=[10,20]"], []),
        (["evaluation.ks=[10,21]"], ["evaluation.ks = 21 is larger than the catalogue: mine has 20 items"]),
        (
            ["evaluation.ks=[20]", "evaluation.best_metric=full:NDCG@20"],
            [
                "evaluation.best_metric = full:NDCG@20 is the same for any model: mine has 20 items in all; "
                "choose a smaller k",
            ],
        ),
        (["training.loss=gbce", "training.negatives=19"], []),
        (["training.loss=full", "training.negatives=20"], []),
        (
            ["training.loss=gbce", "training.negatives=20"],
            [
                "training.negatives = 20 must be below the 20 items of the catalogue; "
                'for a catalogue this small use training.loss = "full"'
            ],
        ),
    ],
)
def test_what_asks_more_than_the_catalogue_has_is_named_with_its_value(dataset, changes, said):
    small = ["evaluation.ks=[5,10]", "evaluation.best_metric=full:NDCG@10"]
    config = with_assignments(Config(), [*small, *changes])
    assert [str(demand) for demand in incompatibilities(config, dataset)] == said


def test_no_user_with_the_shortest_history_has_fewer_negatives_than_is_taken_for_granted(dataset):
    for protocol in ("uniform-5", "popular-5"):
        drawable = set(range(1, 21)) if protocol == "uniform-5" else set(1 + np.flatnonzero(dataset.train_counts))
        left = [len(drawable - set(dataset.history_of(user).tolist())) for user in range(dataset.users)]
        assert 0 < guaranteed_negatives(dataset, protocol) <= min(left)
