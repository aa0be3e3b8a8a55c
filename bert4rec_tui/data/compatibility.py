"""Settings that do not fit a prepared dataset, in the same words for the commands and the form."""

from dataclasses import dataclass

import numpy as np

from bert4rec_tui.config import Config, TrainingConfig
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.negatives import parse_protocol, weights_for


@dataclass(frozen=True)
class Incompatibility:
    """A setting that does not fit the dataset: its path, its value as text, and what is wrong with it."""

    path: str
    value: str
    fault: str

    def __str__(self) -> str:
        return f"{self.path} = {self.value} {self.fault}"


def incompatibilities(config: Config, dataset: PreparedDataset) -> list[Incompatibility]:
    """The settings that need more items than the dataset has.

    The negatives of protocols are not checked, because they depend on every user; see `guaranteed_negatives`.
    """
    largest, best, items = max(config.evaluation.ks), config.evaluation.best_metric, dataset.items
    has = f"{dataset.id} has {dataset.noun.counted(items)}"
    found: list[Incompatibility] = []
    if largest > items:
        found.append(Incompatibility("evaluation.ks", str(largest), f"is larger than the catalogue: {has}"))
    if best in (f"full:Recall@{items}", f"full:NDCG@{items}"):
        found.append(
            Incompatibility(
                "evaluation.best_metric", best, f"is the same for any model: {has} in all; choose a smaller k"
            )
        )
    negatives = too_many_negatives(config.training, items)
    return [*found, negatives] if negatives else found


def too_many_negatives(training: TrainingConfig, items: int) -> Incompatibility | None:
    """What is wrong with the number of negatives per step; None where it fits, or none are sampled."""
    if training.loss == "full" or training.negatives < items:
        return None
    return Incompatibility(
        "training.negatives",
        str(training.negatives),
        f'must be below the {items:,} items of the catalogue; for a catalogue this small use training.loss = "full"',
    )


def guaranteed_negatives(dataset: PreparedDataset, protocol: str) -> int:
    """The number of negatives that the user with the shortest history has at least, without reading any history."""
    kind, _ = parse_protocol(protocol)
    candidates = int(np.count_nonzero(weights_for(kind, dataset.train_counts)))
    return candidates - dataset.manifest.counts.shortest_history
