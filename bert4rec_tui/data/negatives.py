"""Sampled negatives that a held-out item is ranked among: seeded, unseen by the user, uniform or by popularity."""

from contextlib import suppress
from functools import partial

import numpy as np

from bert4rec_tui.data.arrays import save_array
from bert4rec_tui.data.blocks import Sliced
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.integrity import load_array
from bert4rec_tui.data.sparse_negatives import sample_sparse
from bert4rec_tui.errors import UserError
from bert4rec_tui.files import replacing
from bert4rec_tui.progress import Progress, ReportProgress, ignore_progress

# Users per batch: a table of users × items of the seen items has at most this many bytes.
_TABLE_BYTES = 64 * 1024 * 1024
# Where the table holds fewer users than this, what a user has seen is searched instead.
_FEW_USERS = 512
# After this many samples per negative, the few users who still lack some are completed exactly.
_MAX_TRIES = 4


def negatives(dataset: PreparedDataset, protocol: str, seed: int) -> np.ndarray:
    """(users, number) int32, the negatives of every user under `uniform-100`, `popular-100` or another number.

    Sampled once and stored in the dataset's folder, for both validation and test. 0 where a user has too few unseen
    items. Raises UserError where no user has enough.
    """
    kind, number = parse_protocol(protocol)
    file = dataset.path / file_name(protocol, seed)
    with suppress(UserError):  # absent or damaged: sample again
        return load_array(
            file,
            np.int32,
            (dataset.users, number),
            dataset.manifest.checksums.get(file.name),
            lambda kept: kept.min() >= 0 and kept.max() <= dataset.items,
        )
    weights = weights_for(kind, dataset.train_counts)
    if number > (there := int(np.count_nonzero(weights))):  # before allocating that much
        raise _too_few(protocol, max(0, there - int(np.diff(dataset.offsets).min())))
    sampled = sample_negatives(dataset.history, dataset.offsets, weights, number, seed)
    check_enough(sampled, protocol)
    with replacing(file) as temporary:
        save_array(temporary, sampled)
    return sampled


def short_users(sampled: np.ndarray) -> int:
    """The number of users with fewer negatives than the protocol, because they have seen nearly all items."""
    return int(np.count_nonzero(sampled[:, -1] == 0))


def parse_protocol(protocol: str) -> tuple[str, int]:
    """`uniform-100` is ("uniform", 100). Raises UserError for a protocol without negatives."""
    kind, _, number = protocol.partition("-")
    if (
        kind not in ("uniform", "popular")
        or not number.isascii()
        or not number.isdigit()
        or len(number) > 9
        or int(number) < 1
    ):
        raise UserError(f'"{protocol}" has no negatives; use uniform-100, popular-100 or another number')
    return kind, int(number)


def file_name(protocol: str, seed: int) -> str:
    """The file name of the negatives of a protocol and a seed."""
    return f"negatives-{protocol}-seed{seed}.npy"


def weights_for(kind: str, train_counts: np.ndarray) -> np.ndarray:
    """(N,) the sampling weight of each item: one, or its training interactions."""
    return np.ones(len(train_counts), dtype=np.int64) if kind == "uniform" else np.asarray(train_counts)


def check_enough(sampled: np.ndarray, protocol: str) -> None:
    """Raises UserError where every user has fewer unseen items than the protocol needs."""
    number = sampled.shape[1]
    most = int(np.count_nonzero(sampled, axis=1).max(initial=0))
    if most < number:
        raise _too_few(protocol, most)


def _too_few(protocol: str, most: int) -> UserError:
    kind, number = parse_protocol(protocol)
    return UserError(
        f"{protocol}: no user has {number:,} unseen items to sample from, the most is {most:,}; "
        + (f"choose {kind}-{most} or fewer, or full" if most else "choose full")
    )


def sample_negatives(
    history: Sliced,
    offsets: np.ndarray,
    weights: np.ndarray,
    number: int,
    seed: int,
    report: ReportProgress = ignore_progress,
) -> np.ndarray:
    """(users, number) int32 distinct items outside each user's whole history.

    Sampled sequentially without replacement, in proportion to `weights` (N,), never items of weight 0. A user with
    fewer such items gets all of them, followed by zeros.
    """
    users, items = len(offsets) - 1, len(weights)
    together = max(1, _TABLE_BYTES // (items + 1))
    if together < _FEW_USERS:
        return sample_sparse(history, offsets, weights, number, seed, report, partial(_complete_seen, weights=weights))
    together = min(users, together)
    sampled = np.zeros((users, number), dtype=np.int32)
    generator = np.random.default_rng(seed)
    sampler = _WeightedSampler(weights)
    never = np.concatenate([[True], weights == 0])
    # Allocated once and reset only where it was written: with many items, that is a small part.
    taken = np.repeat(never[np.newaxis], together, axis=0)
    for start in range(0, users, together):
        end = min(users, start + together)
        report(Progress(stage="Sampling negatives", done=start, total=users, unit="users"))
        lengths = np.diff(offsets[start : end + 1])
        rows, seen = np.repeat(np.arange(end - start), lengths), history[slice(int(offsets[start]), int(offsets[end]))]
        taken[rows, seen] = True
        _fill(sampled[start:end], taken[: end - start], lengths, weights, sampler, generator)
        taken[rows, seen] = never[seen]
        rows, mine = np.repeat(np.arange(end - start), number), sampled[start:end].ravel()
        taken[rows, mine] = never[mine]
    return sampled


class _WeightedSampler:
    """Samples items in proportion to integer weights, in constant time per item."""

    def __init__(self, weights: np.ndarray) -> None:
        self.uniform = bool((weights == weights[:1]).all())
        self.items = len(weights)
        # One slot per unit of weight: a uniformly sampled interaction is an item sampled by popularity.
        self.slots = np.empty(0, np.int32)
        if not self.uniform:
            self.slots = np.repeat(np.arange(1, self.items + 1, dtype=np.int32), weights)

    def sample(self, generator: np.random.Generator, count: int) -> np.ndarray:
        """(count,) items 1…N, with replacement."""
        if self.uniform:
            return generator.integers(1, self.items + 1, count, dtype=np.int32)
        return self.slots[generator.integers(0, len(self.slots), count, dtype=np.int64)]


def _fill(
    sampled: np.ndarray,
    taken: np.ndarray,
    lengths: np.ndarray,
    weights: np.ndarray,
    sampler: _WeightedSampler,
    generator: np.random.Generator,
) -> None:
    """Fill the rows of `sampled`; `taken` (users, N + 1) marks excluded items, to which sampled ones are added."""
    number = sampled.shape[1]
    # Only users with long histories can run out of items.
    scarce = np.flatnonzero(np.count_nonzero(weights) - lengths <= number)
    free = taken.shape[1] - np.count_nonzero(taken[scarce], axis=1)
    enough = np.ones(len(sampled), dtype=bool)
    for user, left in zip(scarce[free <= number].tolist(), free[free <= number].tolist(), strict=True):
        sampled[user, :left] = np.flatnonzero(~taken[user])
        enough[user] = False
    users = np.flatnonzero(enough)
    filled = np.zeros(len(users), dtype=np.int64)
    # One candidate per user at a time. Rejecting taken items keeps the others in proportion, so that this equals
    # sampling from the others alone.
    for _ in range(_MAX_TRIES * number):
        if not len(users):
            return
        candidates = sampler.sample(generator, len(users))
        accepted = np.flatnonzero(~taken[users, candidates])
        who, what = users[accepted], candidates[accepted]
        taken[who, what] = True
        sampled[who, filled[accepted]] = what
        filled[accepted] += 1
        if filled.max() == number:
            unfinished = filled < number
            users, filled = users[unfinished], filled[unfinished]
    for user, have in zip(users.tolist(), filled.tolist(), strict=True):
        sampled[user, have:] = _sample_exactly(np.flatnonzero(~taken[user]), weights, number - have, generator)


def _sample_exactly(left: np.ndarray, weights: np.ndarray, number: int, generator: np.random.Generator) -> np.ndarray:
    """At most so many of the items that are left, in proportion to their weights, without replacement."""
    # The smallest of exponential variables with the weights as rates are a sample without replacement.
    arrivals = generator.standard_exponential(len(left)) / weights[left - 1]
    return left[np.argsort(arrivals, kind="stable")[:number]]


def _complete_seen(
    seen: np.ndarray, sampled: np.ndarray, generator: np.random.Generator, weights: np.ndarray
) -> np.ndarray:
    """(number,) the negatives of a user who has some, completed; all that there are, where they do not suffice."""
    free = np.concatenate([[False], weights > 0])
    free[seen] = False
    have = int(np.count_nonzero(sampled))
    if np.count_nonzero(free) <= len(sampled):
        found = np.flatnonzero(free)
    else:
        free[sampled] = False
        found = _sample_exactly(np.flatnonzero(free), weights, len(sampled) - have, generator)
        found = np.concatenate([sampled[:have], found])
    completed = np.zeros_like(sampled)
    completed[: len(found)] = found
    return completed
