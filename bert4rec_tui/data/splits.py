"""Train/validation/test splits: one function for each kind."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.blocks import Sliced, smallest, user_blocks, values_at
from bert4rec_tui.data.dataset import Split
from bert4rec_tui.data.times import day_of
from bert4rec_tui.errors import UserError

MAX_HELD_OUT = 500


@dataclass(frozen=True)
class Histories:
    """The input of a split: the offsets of the histories, and the times of the interactions if known.

    offsets: (users + 1,) int64; no history is empty. seconds: (interactions,) int64, ascending for each user, in memory
    or in a file.
    """

    offsets: np.ndarray
    seconds: Sliced | None

    @property
    def lengths(self) -> np.ndarray:
        """(users,) int32 the number of interactions of each user."""
        return np.diff(self.offsets).astype(np.int32)


def split_histories(histories: Histories, settings: DatasetConfig) -> Split:
    """Split according to the settings. Raises UserError where there are too few users, or no timestamps."""
    return _SPLITS[settings.split](histories, settings)


def leave_one_out(histories: Histories, settings: DatasetConfig) -> Split:
    """The last item of each user is the test target, the one before the validation target, the rest training data.

    With `validation_users`, only that many random users are validated; the others train on that item.
    """
    lengths = histories.lengths
    users, wanted = len(lengths), settings.validation_users
    if wanted > users:
        raise UserError(
            f"dataset.validation_users = {wanted:,} is more than the {users:,} users of the dataset; 0 uses all"
        )
    validated = np.ones(users, dtype=bool)
    if wanted:
        validated[:] = False
        validated[_shuffled(users, settings.seed)[:wanted]] = True
    before = np.where(validated, lengths - 2, lengths - 1).astype(np.int32)
    return Split(
        train_end=before,
        validation=np.where(validated, before, -1).astype(np.int32),
        test=lengths - np.int32(1),
    )


def holdout(histories: Histories, settings: DatasetConfig) -> Split:
    """`eval_users` random users for validation and as many others for test, without training on their histories.

    Each is evaluated on the last item, given those before it.
    """
    lengths = histories.lengths
    users = len(lengths)
    if users < 3:
        raise UserError(
            f"dataset.split = holdout needs at least 3 users, for training, validation and test; there are {users}"
        )
    held_out = settings.eval_users or min(MAX_HELD_OUT, max(1, users // 10))
    if 2 * held_out >= users:
        most = (users - 1) // 2
        raise UserError(
            f"dataset.eval_users = {held_out:,} for validation and as many for test leave no training users among "
            f"{users:,} users; the maximum is {most:,}"
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


def by_time(histories: Histories, settings: DatasetConfig) -> Split:
    """Two cuts in time, the same for all users: training data are before the first cut.

    Each user's first item after a cut is a target: of validation if it is before the second cut, of test after that.
    The input is all earlier interactions of the user, for a test target including those between the cuts. A user
    without any is not evaluated. Ties in time keep the order of the file.

    Raises UserError without timestamps, and where no data or users are left for training, validation or test.
    """
    offsets, seconds = histories.offsets, histories.seconds
    if seconds is None:
        raise UserError(
            "dataset.split = time needs a timestamp column, and there is none; "
            "choose the column, or leave-one-out or holdout"
        )
    first, second = time_cuts(seconds, settings)
    before_first, before_second = (np.empty(len(offsets) - 1, dtype=np.int32) for _ in range(2))
    for start, end in user_blocks(offsets):
        block = seconds[slice(int(offsets[start]), int(offsets[end]))]
        for before, cut in ((before_first, first), (before_second, second)):
            before[start:end] = np.add.reduceat(block < cut, offsets[start:end] - offsets[start], dtype=np.int32)
    validated = (before_first > 0) & (before_second > before_first)
    tested = (before_second > 0) & (histories.lengths > before_second)
    if not before_first.any():
        raise UserError(
            f"dataset.split = time leaves no training data before the first cut, {day_of(first)}, because too many "
            "interactions have the same time; choose leave-one-out or holdout"
        )
    for found, part, where in (
        (validated, "validation", f"between the cuts, {day_of(first)} and {day_of(second)},"),
        (tested, "test", f"after the second cut, {day_of(second)},"),
    ):
        if not found.any():
            raise UserError(
                f"dataset.split = time leaves no {part} users: none has an item {where} and an earlier one; "
                "change dataset.validation_share or dataset.test_share, or choose leave-one-out or holdout"
            )
    return Split(
        train_end=before_first,
        validation=np.where(validated, before_first, -1).astype(np.int32),
        test=np.where(tested, before_second, -1).astype(np.int32),
        cuts=(first, second),
    )


def time_cuts(seconds: Sliced, settings: DatasetConfig) -> tuple[int, int]:
    """The two cuts in seconds since 1970, after which `test_share`, and with it `validation_share`, of the data are.

    A cut is the time of an interaction, which belongs to the part after it, as does everything of the same second. So
    training data are strictly older than held-out data, and ties at a cut only make the part before it smaller.
    """
    count = len(seconds)
    shares = (1 - settings.validation_share - settings.test_share, 1 - settings.test_share)
    first, second = (smallest(seconds, min(count - 1, round(count * share))) for share in shares)
    return first, second


def newcomers(histories: Histories, cuts: tuple[int, int] | None) -> tuple[int, int]:
    """How many users have their very first item as the target of validation, and of test: they are not evaluated."""
    if cuts is None or histories.seconds is None:
        return 0, 0
    begins = values_at(histories.seconds, histories.offsets, np.zeros_like(histories.lengths), np.int64)
    first, second = cuts
    return int(np.count_nonzero((begins >= first) & (begins < second))), int(np.count_nonzero(begins >= second))


def _shuffled(users: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(users)


_SPLITS: dict[str, Callable[[Histories, DatasetConfig], Split]] = {
    "leave-one-out": leave_one_out,
    "holdout": holdout,
    "time": by_time,
}
