"""Which part of each history is trained on, and which item is the target: one function for each kind of split."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.dataset import Split
from bert4rec_tui.errors import UserError

MOST_HELD_OUT = 500


@dataclass(frozen=True)
class Histories:
    """What a split may look at: where each user's history starts, and when each interaction was, if known."""

    offsets: np.ndarray
    seconds: np.ndarray | None

    @property
    def lengths(self) -> np.ndarray:
        """(users,) int32 the number of interactions of each user."""
        return np.diff(self.offsets).astype(np.int32)


def split_histories(histories: Histories, settings: DatasetConfig) -> Split:
    """Split as the settings say. Raises UserError where there are too few users for it."""
    return _SPLITS[settings.split](histories, settings)


def leave_one_out(histories: Histories, settings: DatasetConfig) -> Split:
    """The last item for test, the one before for validation, the rest for training.

    With `validation_users`, only so many seeded users give up the one before; the others train on it.
    """
    lengths = histories.lengths
    users, wanted = len(lengths), settings.validation_users
    if wanted > users:
        raise UserError(
            f"dataset.validation_users = {wanted:,} is more than the {users:,} users there are; 0 takes all"
        )
    gives_up = np.ones(users, dtype=bool)
    if wanted:
        gives_up[:] = False
        gives_up[_shuffled(users, settings.seed)[:wanted]] = True
    before = np.where(gives_up, lengths - 2, lengths - 1).astype(np.int32)
    return Split(
        train_end=before,
        validation=np.where(gives_up, before, -1).astype(np.int32),
        test=lengths - np.int32(1),
    )


def holdout(histories: Histories, settings: DatasetConfig) -> Split:
    """`eval_users` seeded users for validation and as many others for test, whose histories are not trained on.

    Each is scored on the last item, given those before it.
    """
    lengths = histories.lengths
    users = len(lengths)
    if users < 3:
        raise UserError(f"the split holdout needs three users, to train on, validate and test; there are {users}")
    held_out = settings.eval_users or min(MOST_HELD_OUT, max(1, users // 10))
    if 2 * held_out >= users:
        most = (users - 1) // 2
        raise UserError(
            f"dataset.eval_users = {held_out:,} for validation and as many for test leave nobody to train on among "
            f"{users:,} users; {most:,} at most are possible"
        )
    order = _shuffled(users, settings.seed)
    for_validation, for_test = order[:held_out], order[held_out : 2 * held_out]
    train_end = lengths.copy()
    train_end[order[: 2 * held_out]] = 0
    validation = np.full(users, -1, dtype=np.int32)
    validation[for_validation] = lengths[for_validation] - 1
    test = np.full(users, -1, dtype=np.int32)
    test[for_test] = lengths[for_test] - 1
    return Split(train_end=train_end, validation=validation, test=test)


def _shuffled(users: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(users)


_SPLITS: dict[str, Callable[[Histories, DatasetConfig], Split]] = {
    "leave-one-out": leave_one_out,
    "holdout": holdout,
}
