"""The items that a held-out item is ranked against: seeded, unseen by the user, uniform or by popularity."""

import numpy as np

from bert4rec_tui.data.arrays import save_array
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.errors import UserError
from bert4rec_tui.files import replacing
from bert4rec_tui.progress import Progress, ReportProgress, ignore_progress

# Users are worked on together while a table of users × items of this many bytes can hold what each has seen.
_TABLE_BYTES = 64 * 1024 * 1024
# After this many draws for each negative wanted, the few users who still lack some are finished exactly.
_MOST_DRAWS = 4


def negatives(dataset: PreparedDataset, protocol: str, seed: int) -> np.ndarray:
    """(users, number) int32 the negatives of every user under `uniform-100`, `popular-100` or another number.

    Drawn once and kept in the dataset's folder; one list serves validation and test. 0 stands where a user has fewer
    unseen items. Raises UserError where no user has enough.
    """
    kind, number = parse_protocol(protocol)
    file = dataset.path / file_name(protocol, seed)
    try:
        kept: np.ndarray = np.load(file, mmap_mode="r", allow_pickle=False)
        if kept.shape == (dataset.users, number) and kept.dtype == np.int32:
            return kept
    except (OSError, ValueError, EOFError):
        pass  # absent or damaged: drawn anew
    weights = weights_for(kind, dataset.train_counts)
    if number > (there := int(np.count_nonzero(weights))):  # before anything that large is made
        raise _too_few(protocol, max(0, there - int(np.diff(dataset.offsets).min())))
    drawn = sample_negatives(dataset.history, dataset.offsets, weights, number, seed)
    check_enough(drawn, protocol)
    with replacing(file) as temporary:
        save_array(temporary, drawn)
    return drawn


def short_users(drawn: np.ndarray) -> int:
    """How many users got fewer negatives than the protocol names, because they have seen nearly everything."""
    return int(np.count_nonzero(drawn[:, -1] == 0))


def parse_protocol(protocol: str) -> tuple[str, int]:
    """`uniform-100` is ("uniform", 100). Raises UserError for anything without negatives."""
    kind, _, number = protocol.partition("-")
    if kind not in ("uniform", "popular") or not number.isascii() or not number.isdigit() or int(number) < 1:
        raise UserError(f'"{protocol}" names no negatives; write uniform-100, popular-100 or another number')
    return kind, int(number)


def file_name(protocol: str, seed: int) -> str:
    """The file that keeps the negatives of a protocol and a seed."""
    return f"negatives-{protocol}-seed{seed}.npy"


def weights_for(kind: str, train_counts: np.ndarray) -> np.ndarray:
    """(N,) the weight of each item: alike, or its interactions in training."""
    return np.ones(len(train_counts), dtype=np.int64) if kind == "uniform" else np.asarray(train_counts)


def check_enough(drawn: np.ndarray, protocol: str) -> None:
    """Raises UserError where every user has fewer unseen items than the protocol names."""
    number = drawn.shape[1]
    most = int(np.count_nonzero(drawn, axis=1).max(initial=0))
    if most < number:
        raise _too_few(protocol, most)


def _too_few(protocol: str, most: int) -> UserError:
    kind, number = parse_protocol(protocol)
    return UserError(
        f"{protocol}: no user has {number:,} unseen items to draw, {most:,} at most; "
        + (f"choose {kind}-{most} or fewer, or full" if most else "choose full")
    )


def sample_negatives(
    history: np.ndarray,
    offsets: np.ndarray,
    weights: np.ndarray,
    number: int,
    seed: int,
    report: ReportProgress = ignore_progress,
) -> np.ndarray:
    """(users, number) int32 distinct items outside each user's whole history.

    Drawn one after the other without replacement, in proportion to `weights` (N,); items without weight never are. A
    user with fewer such items gets all of them, the others' places stay 0.
    """
    users, items = len(offsets) - 1, len(weights)
    drawn = np.zeros((users, number), dtype=np.int32)
    generator = np.random.default_rng(seed)
    ladder = _Ladder(weights)
    never = np.concatenate([[True], weights == 0])
    together = min(users, max(1, _TABLE_BYTES // (items + 1)))
    # Made once and wiped where it was written: with many items, most of it never is.
    taken = np.repeat(never[np.newaxis], together, axis=0)
    for start in range(0, users, together):
        end = min(users, start + together)
        report(Progress(stage="Drawing negatives", done=start, total=users, unit="users"))
        lengths = np.diff(offsets[start : end + 1])
        rows, seen = np.repeat(np.arange(end - start), lengths), history[offsets[start] : offsets[end]]
        taken[rows, seen] = True
        _draw(drawn[start:end], taken[: end - start], lengths, weights, ladder, generator)
        taken[rows, seen] = never[seen]
        rows, mine = np.repeat(np.arange(end - start), number), drawn[start:end].ravel()
        taken[rows, mine] = never[mine]
    return drawn


class _Ladder:
    """Draws items in proportion to whole weights, in constant time for an item."""

    def __init__(self, weights: np.ndarray) -> None:
        self.alike = bool((weights == weights[:1]).all())
        self.items = len(weights)
        # One rung for each unit of weight: an interaction drawn uniformly is an item drawn by popularity.
        self.rungs = np.empty(0, np.int32)
        if not self.alike:
            self.rungs = np.repeat(np.arange(1, self.items + 1, dtype=np.int32), weights)

    def draw(self, generator: np.random.Generator, count: int) -> np.ndarray:
        """(count,) items 1…N, with replacement."""
        if self.alike:
            return generator.integers(1, self.items + 1, count, dtype=np.int32)
        return self.rungs[generator.integers(0, len(self.rungs), count, dtype=np.int64)]


def _draw(
    drawn: np.ndarray,
    taken: np.ndarray,
    lengths: np.ndarray,
    weights: np.ndarray,
    ladder: _Ladder,
    generator: np.random.Generator,
) -> None:
    """Fill the rows of `drawn`; `taken` (users, N + 1) says what each user may not get, and gets what is drawn."""
    number = drawn.shape[1]
    # Only for those with long histories it has to be counted what is left.
    scarce = np.flatnonzero(np.count_nonzero(weights) - lengths <= number)
    free = taken.shape[1] - np.count_nonzero(taken[scarce], axis=1)
    enough = np.ones(len(drawn), dtype=bool)
    for user, left in zip(scarce[free <= number].tolist(), free[free <= number].tolist(), strict=True):
        drawn[user, :left] = np.flatnonzero(~taken[user])
        enough[user] = False
    users = np.flatnonzero(enough)
    filled = np.zeros(len(users), dtype=np.int64)
    # One candidate for every user at a time. Drawing again what is taken already leaves the rest in proportion, so that
    # this is the same as drawing from the rest alone.
    for _ in range(_MOST_DRAWS * number):
        if not len(users):
            return
        candidates = ladder.draw(generator, len(users))
        accepted = np.flatnonzero(~taken[users, candidates])
        who, what = users[accepted], candidates[accepted]
        taken[who, what] = True
        drawn[who, filled[accepted]] = what
        filled[accepted] += 1
        if filled.max() == number:
            unfinished = filled < number
            users, filled = users[unfinished], filled[unfinished]
    for user, have in zip(users.tolist(), filled.tolist(), strict=True):
        left = np.flatnonzero(~taken[user])
        # The first to ring of exponential clocks, each at the rate of its weight, are draws without replacement.
        rings = generator.standard_exponential(len(left)) / weights[left - 1]
        drawn[user, have:] = left[np.argsort(rings, kind="stable")[: number - have]]
