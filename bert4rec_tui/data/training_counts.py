"""How often each item is trained on, and which items are targets, found in one pass over the histories."""

from dataclasses import dataclass

import numpy as np

from bert4rec_tui.data.blocks import Sliced, user_blocks
from bert4rec_tui.data.dataset import Split


@dataclass(frozen=True)
class TrainingCounts:
    """items: (N,) int64, the training interactions of item 1, 2, … untrained_*: targets that are never trained on."""

    items: np.ndarray
    untrained_validation: int
    untrained_test: int


def count_training(history: Sliced, offsets: np.ndarray, split: Split, counts: np.ndarray) -> TrainingCounts:
    """Count training interactions: all but those from each user's train_end on.

    history: (interactions,) int32 items 1…N. offsets: (users + 1,) int64. counts: (N,) int64 of all interactions.
    """
    held_out = np.zeros(len(counts) + 1, dtype=np.int64)
    targets = {part: np.zeros(len(offsets) - 1, dtype=np.int32) for part in ("validation", "test")}
    for first, last in user_blocks(offsets):
        start = offsets[first]
        items = history[slice(int(start), int(offsets[last]))]
        begins = offsets[first:last] - start
        ends = split.train_end[first:last]
        past = offsets[first + 1 : last + 1] - offsets[first:last] - ends
        # The rows of each user from train_end on, one user's after the other's.
        rows = np.repeat(begins + ends - np.cumsum(past) + past, past) + np.arange(int(past.sum()))
        held_out += np.bincount(items[rows], minlength=len(held_out))
        for part, found in targets.items():
            positions = split.validation[first:last] if part == "validation" else split.test[first:last]
            users = np.flatnonzero(positions >= 0)
            found[first + users] = items[begins[users] + positions[users]]
    trained = counts - held_out[1:]
    untrained = {part: int(np.count_nonzero(trained[found[found > 0] - 1] == 0)) for part, found in targets.items()}
    return TrainingCounts(trained, untrained["validation"], untrained["test"])
