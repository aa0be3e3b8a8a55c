"""What a configuration asks of a prepared dataset that it cannot give; said alike by the commands and by the form."""

from dataclasses import dataclass

import numpy as np

from bert4rec_tui.config import Config, TrainingConfig
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.negatives import parse_protocol, weights_for


@dataclass(frozen=True)
class Incompatibility:
    """A setting that asks too much: its path, its value as it is written, and what is wrong with it."""

    path: str
    value: str
    fault: str

    def __str__(self) -> str:
        return f"{self.path} = {self.value} {self.fault}"


def incompatibilities(config: Config, dataset: PreparedDataset) -> list[Incompatibility]:
    """The settings that ask more than the dataset has items for.

    How many negatives a protocol may have is left out: only a look at each user can tell. See `guaranteed_negatives`.
    """
    largest, best, items = max(config.evaluation.ks), config.evaluation.best_metric, dataset.items
    has = f"{dataset.id} has {items:,} items"
    found: list[Incompatibility] = []
    if largest > items:
        found.append(Incompatibility("evaluation.ks", str(largest), f"is larger than the catalogue: {has}"))
    if best in (f"full:Recall@{items}", f"full:NDCG@{items}"):
        found.append(
            Incompatibility("evaluation.best_metric", best, f"tells nothing: {has} in all; choose a smaller k")
        )
    drawn = too_many_negatives(config.training, items)
    return [*found, drawn] if drawn else found


def too_many_negatives(training: TrainingConfig, items: int) -> Incompatibility | None:
    """What is wrong with the number of items that each step draws; None where it is right, or none are drawn."""
    if training.loss == "full" or training.negatives < items:
        return None
    return Incompatibility(
        "training.negatives",
        str(training.negatives),
        f"must be below the {items:,} items of the catalogue; "
        'so small a one needs no drawn items: training.loss = "full"',
    )


def guaranteed_negatives(dataset: PreparedDataset, protocol: str) -> int:
    """How many negatives of a protocol the user with the shortest history has at least, without a look at any user."""
    kind, _ = parse_protocol(protocol)
    drawable = int(np.count_nonzero(weights_for(kind, dataset.train_counts)))
    return drawable - dataset.manifest.counts.shortest_history
