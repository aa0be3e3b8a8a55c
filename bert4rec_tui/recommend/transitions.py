"""How often one movie comes right after another in what was trained on, counted in the arrays of the dataset."""

import numpy as np

from bert4rec_tui.data.dataset import PreparedDataset


def followers(dataset: PreparedDataset, item: int) -> np.ndarray:
    """How often each item came right after `item` in a training history.

    Returns (N + 1,) int64, by item; place 0 stays 0. One scan of the history, and nothing kept.
    """
    places = np.flatnonzero(dataset.history == item)
    users = np.searchsorted(dataset.offsets, places, side="right") - 1
    # The next one is trained on too; its history has not ended.
    after = places[places + 1 < dataset.offsets[users] + dataset.split.train_end[users]] + 1
    return np.bincount(dataset.history[after], minlength=dataset.items + 1)


def predecessors(dataset: PreparedDataset, item: int) -> np.ndarray:
    """How often each item came right before `item` in a training history. Returns (N + 1,) int64."""
    places = np.flatnonzero(dataset.history == item)
    users = np.searchsorted(dataset.offsets, places, side="right") - 1
    starts = np.asarray(dataset.offsets)[users]
    before = places[(places > starts) & (places < starts + dataset.split.train_end[users])] - 1
    return np.bincount(dataset.history[before], minlength=dataset.items + 1)
