"""Users by their rank in the last test, and those with an item in their history."""

import numpy as np

from bert4rec_tui.data.dataset import PreparedDataset

HIT = 10  # a rank up to this is a hit
NEAR_MISS = 100  # the last rank that is a near miss


def users_by_rank(ranks: np.ndarray) -> dict[str, np.ndarray]:
    """Rows of users by their rank in the last test, 0 for none: the best first, among misses the worst first."""
    order = np.argsort(ranks, kind="stable")
    ranked = ranks[order]
    return {
        "all": np.arange(len(ranks)),
        f"hits (1-{HIT})": order[(ranked > 0) & (ranked <= HIT)],
        f"near misses ({HIT + 1}-{NEAR_MISS})": order[(ranked > HIT) & (ranked <= NEAR_MISS)],
        "misses, worst first": order[ranked > NEAR_MISS][::-1],
    }


def users_with_item(dataset: PreparedDataset, item: int) -> np.ndarray:
    """The users with an item in their history, ascending."""
    places = np.flatnonzero(dataset.history == item)
    return np.unique(np.searchsorted(dataset.offsets, places, side="right") - 1)
