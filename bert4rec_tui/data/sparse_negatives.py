"""Sampled negatives where the catalogue is large: by searching in what a user has seen, not in a table of all items."""

from collections.abc import Callable

import numpy as np

from bert4rec_tui.data.blocks import Sliced, user_blocks
from bert4rec_tui.progress import Progress, ReportProgress

BLOCK_ROWS = 2**20
# Of the candidates of a round, how many are more than what a user still lacks: some are seen, or sampled twice.
SPARE, MIN_SPARE = 8, 4
# After so many rounds, the few users who still lack some are completed exactly.
MAX_ROUNDS = 6


class CandidateSampler:
    """Samples items with replacement, in proportion to integer weights."""

    def __init__(self, weights: np.ndarray) -> None:
        self.items = len(weights)
        self.uniform = bool((weights == weights[:1]).all())
        self._ends = np.empty(0, np.int64) if self.uniform else np.cumsum(weights, dtype=np.int64)

    def sample(self, generator: np.random.Generator, count: int) -> np.ndarray:
        """(count,) int32 items 1…N."""
        if self.uniform:
            return generator.integers(1, self.items + 1, count, dtype=np.int32)
        # In ascending order the search goes through memory once; independent samples may be put in any order.
        picks = np.sort(generator.integers(0, self._ends[-1], count, dtype=np.int64))
        items = np.searchsorted(self._ends, picks, side="right").astype(np.int32) + np.int32(1)
        generator.shuffle(items)
        return items


def sample_sparse(
    history: Sliced,
    offsets: np.ndarray,
    weights: np.ndarray,
    number: int,
    seed: int,
    report: ReportProgress,
    complete: Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray],
) -> np.ndarray:
    """(users, number) int32 distinct items outside each user's history, in proportion to `weights` (N,); 0 for none.

    complete: (seen and sampled items of a user, sampled ones, generator) → all negatives of a user for whom samples by
    chance do not suffice.
    """
    users = len(offsets) - 1
    sampled = np.zeros((users, number), dtype=np.int32)
    sampler, generator = CandidateSampler(weights), np.random.default_rng(seed)
    available = int(np.count_nonzero(weights))
    for first, last in user_blocks(offsets, max(1, min(BLOCK_ROWS, 2**24 // number))):
        report(Progress(stage="Sampling negatives", done=first, total=users, unit="users"))
        items = history[slice(int(offsets[first]), int(offsets[last]))]
        lengths = np.diff(offsets[first : last + 1])
        # A user who may run out of items is not left to chance.
        hopeful = np.flatnonzero(available - lengths > 2 * number)
        stride = len(weights) + 1
        seen = np.repeat(np.arange(last - first), lengths) * stride + items
        seen.sort()
        block = sampled[first:last]
        left = _sample_block(block, hopeful, seen, stride, sampler, generator)
        for user in [*np.setdiff1d(np.arange(last - first), hopeful).tolist(), *left.tolist()]:
            start = offsets[first + user] - offsets[first]
            mine = items[start : start + lengths[user]]
            block[user] = complete(mine, block[user], generator)
    return sampled


def _sample_block(
    sampled: np.ndarray,
    users: np.ndarray,
    seen: np.ndarray,
    stride: int,
    sampler: CandidateSampler,
    generator: np.random.Generator,
) -> np.ndarray:
    """Fill the rows of these users by chance; returns those who still lack some.

    seen: sorted user · stride + item. Rejecting what was seen or sampled before keeps the others in proportion, so that
    this equals sampling one after the other from the others alone.
    """
    number = sampled.shape[1]
    for _ in range(MAX_ROUNDS):
        if not len(users):
            break
        had = np.count_nonzero(sampled[users], axis=1)
        most = number - int(had.min())
        width = most + max(MIN_SPARE, most // SPARE)
        fresh = sampler.sample(generator, len(users) * width).reshape(len(users), width)
        # What was sampled before is in front, so that a repetition of it is the second.
        candidates = np.concatenate([sampled[users], fresh], axis=1) if had.any() else fresh
        kept = _first_and_unseen(candidates, users, seen, stride)
        place = np.cumsum(kept, axis=1)
        kept &= place <= number
        rows, columns = np.nonzero(kept)
        sampled[users[rows], place[rows, columns] - 1] = candidates[rows, columns]
        users = users[place[:, -1] < number]
    return users


def _first_and_unseen(candidates: np.ndarray, users: np.ndarray, seen: np.ndarray, stride: int) -> np.ndarray:
    """(users, candidates) whether each is an item, is the first of its row, and has not been seen by the user."""
    bits = int(candidates.shape[1] - 1).bit_length()
    keys = (candidates.astype(np.int64) << bits) | np.arange(candidates.shape[1])
    keys.sort(axis=1)
    columns = keys & ((1 << bits) - 1)
    keys >>= bits
    good = keys > 0
    good[:, 1:] &= keys[:, 1:] != keys[:, :-1]
    keys += (users * stride)[:, np.newaxis]
    if len(seen):
        # The keys ascend over all rows, which makes the search quick.
        places = np.searchsorted(seen, keys.ravel()).clip(max=len(seen) - 1)
        good &= (seen[places] != keys.ravel()).reshape(keys.shape)
    kept = np.zeros_like(good)
    np.put_along_axis(kept, columns, good, axis=1)
    return kept
