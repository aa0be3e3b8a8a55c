"""Baselines without a network: popularity, item-to-item transitions and EASE."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.evaluation.ease import Advance, Ease, ignore_advance, too_large_for_ease
from bert4rec_tui.evaluation.ranking import Scorer


class Popularity:
    """Scores every item by its number of training interactions, whatever the history."""

    def __init__(self, dataset: PreparedDataset) -> None:
        self.scores = torch.from_numpy(np.asarray(dataset.train_counts, dtype=np.float32))

    def __call__(self, items: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
        """Reboundaries (B, N) float32."""
        del items, starts
        return self.scores.expand(len(ends), -1).clone()


class Transitions:
    """A first-order Markov chain: scores an item by how often it followed the last item of the history in training.

    Items that never did score below all that did, in order of popularity.
    """

    def __init__(self, dataset: PreparedDataset) -> None:
        before, after = training_pairs(dataset)
        pairs, counts = np.unique(before.astype(np.int64) * (dataset.items + 1) + after, return_counts=True)
        self.follower = torch.from_numpy(pairs % (dataset.items + 1) - 1)
        self.count = torch.from_numpy(counts.astype(np.float32))
        bounds = np.searchsorted(pairs, np.arange(dataset.items + 2) * (dataset.items + 1))
        self.bounds = torch.from_numpy(bounds)
        popularity = np.asarray(dataset.train_counts, dtype=np.float32)
        self.fallback = torch.from_numpy(popularity / (popularity.max() + 1))

    def __call__(self, items: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
        """Reboundaries (B, N) float32."""
        scores = self.fallback.expand(len(ends), -1).clone()
        for row, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
            if end > start:
                last = int(items[end - 1])
                low, high = int(self.bounds[last]), int(self.bounds[last + 1])
                scores[row, self.follower[low:high]] += self.count[low:high]
        return scores


def baselines(
    dataset: PreparedDataset, advance: Advance = ignore_advance
) -> dict[str, Callable[[PreparedDataset], Scorer]]:
    """The constructor of each baseline by its name in tables; EASE only where the catalogue is small enough.

    advance: is called with the number of users processed and the total while EASE is fitted.
    """
    constructors: dict[str, Callable[[PreparedDataset], Scorer]] = {
        "popularity": Popularity,
        "transitions": Transitions,
    }
    return constructors if too_large_for_ease(dataset) else constructors | {"ease": partial(Ease, advance=advance)}


def training_pairs(dataset: PreparedDataset) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of consecutive items of the training histories: two arrays (pairs,) int32."""
    history, starts = np.asarray(dataset.history), np.asarray(dataset.offsets[:-1])
    # One byte per interaction: whether it and the one before it are training interactions of the same user.
    boundaries = np.zeros(len(history) + 1, np.int8)
    np.add.at(boundaries, starts, 1)
    np.add.at(boundaries, starts + dataset.split.train_end, -1)
    follows = boundaries[:-1].cumsum(dtype=np.int8).astype(bool)
    follows[starts] = False
    return history[:-1][follows[1:]], history[1:][follows[1:]]
