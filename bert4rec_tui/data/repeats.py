"""Targets that a user had already: ranked among unseen items only, such an item can never be recommended again."""

import numpy as np

from bert4rec_tui.data.blocks import Sliced, user_blocks


def count_repeated(history: Sliced, offsets: np.ndarray, positions: np.ndarray) -> int:
    """How many targets occur among the user's items before them.

    history: (interactions,) int32 items 1…N. offsets: (users + 1,) int64. positions: (users,) of the target in each
    user's history, -1 without one.
    """
    return int(np.count_nonzero(repeated(history, offsets, positions)))


def repeated(history: Sliced, offsets: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """(users,) bool, whether the target of each user occurs among the user's items before it."""
    found = np.zeros(len(positions), dtype=bool)
    for first, last in user_blocks(offsets):
        start = offsets[first]
        block = history[slice(int(start), int(offsets[last]))]
        lengths, wanted = np.diff(offsets[first : last + 1]), positions[first:last]
        begins = offsets[first:last] - start
        targets = np.where(wanted >= 0, block[np.maximum(begins + wanted, 0).clip(max=max(0, len(block) - 1))], 0)
        place = np.arange(len(block)) - np.repeat(begins, lengths)
        same = (block == np.repeat(targets, lengths)) & (place < np.repeat(wanted, lengths))
        found[first:last] = np.add.reduceat(same, begins, dtype=np.int64) > 0
    return found
