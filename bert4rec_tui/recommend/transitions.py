"""How often one item directly follows another in the training histories, counted in the arrays of a dataset."""

import numpy as np

from bert4rec_tui.data.dataset import PreparedDataset


def followers(dataset: PreparedDataset, item: int) -> np.ndarray:
    """How often each item directly followed `item` in a training history.

    Returns (N + 1,) int64, by item; index 0 stays 0. One scan of the history, without a cache.
    """
    places = np.flatnonzero(dataset.history == item)
    users = np.searchsorted(dataset.offsets, places, side="right") - 1
    # The next item must be a training interaction of the same user.
    after = places[places + 1 < dataset.offsets[users] + dataset.split.train_end[users]] + 1
    return np.bincount(dataset.history[after], minlength=dataset.items + 1)


def predecessors(dataset: PreparedDataset, item: int) -> np.ndarray:
    """How often each item directly preceded `item` in a training history. Returns (N + 1,) int64."""
    places = np.flatnonzero(dataset.history == item)
    users = np.searchsorted(dataset.offsets, places, side="right") - 1
    starts = np.asarray(dataset.offsets)[users]
    before = places[(places > starts) & (places < starts + dataset.split.train_end[users])] - 1
    return np.bincount(dataset.history[before], minlength=dataset.items + 1)
