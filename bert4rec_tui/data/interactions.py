"""Interactions in memory as integer arrays; filtered and sorted without Python loops."""

from dataclasses import dataclass, replace

import numpy as np

from bert4rec_tui.data.times import Times

# Integer ids within this many times the number of rows use a lookup table; sparser ones are sorted.
_TABLE_FACTOR = 4


@dataclass(frozen=True)
class Interactions:
    """One row per interaction.

    users, items: (rows,) int32 indices into `user_ids` and `item_ids`, which are sorted: an int64 array, or a list of
    texts. times, ratings: None where the source has none. titles, genres: one per item id, "" where unknown.
    notes: sentences on what may be wrong with them.
    """

    users: np.ndarray
    items: np.ndarray
    user_ids: np.ndarray | list[str]
    item_ids: np.ndarray | list[str]
    times: Times | None = None
    ratings: np.ndarray | None = None
    titles: list[str] | None = None
    genres: list[str] | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.users)

    def take(self, rows: np.ndarray) -> "Interactions":
        """A selection of the rows, by index or by mask, in that order."""
        return replace(
            self,
            users=self.users[rows],
            items=self.items[rows],
            times=self.times.take(rows) if self.times is not None else None,
            ratings=self.ratings[rows] if self.ratings is not None else None,
        )


def index_numbers(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sorted distinct numbers, and for each value the int32 index into them."""
    if not len(values):
        return np.empty(0, np.int64), np.empty(0, np.int32)
    low, high = int(values.min()), int(values.max())
    if high - low > _TABLE_FACTOR * len(values) + 1_000_000:
        distinct, codes = np.unique(values, return_inverse=True)
        return distinct.astype(np.int64), codes.astype(np.int32)
    shifted = values - low
    present = np.zeros(high - low + 1, dtype=bool)
    present[shifted] = True
    table = np.cumsum(present, dtype=np.int32) - np.int32(1)
    return np.flatnonzero(present).astype(np.int64) + low, table[shifted]


def time_order(users: np.ndarray, times: Times | None) -> np.ndarray | None:
    """(rows,) the order by user, then time, stable; None where the rows are already in that order.

    Ties keep the order of the file: an unstable sort changes a quarter of ML-1M's test targets.
    """
    if not len(users):
        return None
    key = users.astype(np.int64)
    if times is not None:
        low = int(times.ticks.min())
        time_bits = (int(times.ticks.max()) - low).bit_length()
        if int(key.max()).bit_length() + time_bits > 63:
            return np.lexsort((times.ticks, users))
        key <<= time_bits
        key |= times.ticks - low
    if bool(np.all(key[1:] >= key[:-1])):
        return None
    row_bits = (len(key) - 1).bit_length()
    if int(key.max()).bit_length() + row_bits > 63:
        return np.argsort(key, kind="stable")
    # With the row in the low bits no two keys are equal, so that the fastest unstable sort can be used.
    key <<= row_bits
    key |= np.arange(len(key))
    key.sort()
    key &= (1 << row_bits) - 1
    return key


def in_time_order(interactions: Interactions) -> Interactions:
    """The rows sorted by user, then time, ties in file order."""
    order = time_order(interactions.users, interactions.times)
    return interactions if order is None else interactions.take(order)


def without_repeats(interactions: Interactions, keep: str) -> Interactions:
    """Keep only the `first` or `last` of the rows with the same user and item; the rows must be in time order."""
    pair = interactions.users * np.int64(len(interactions.item_ids)) + interactions.items
    if keep == "last":
        pair = pair[::-1]
    _, first = np.unique(pair, return_index=True)
    if len(first) == len(pair):
        return interactions
    mask = np.zeros(len(pair), dtype=bool)
    mask[first] = True
    return interactions.take(mask[::-1] if keep == "last" else mask)


def filter_by_count(interactions: Interactions, items: int, users: int, until_stable: bool) -> Interactions:
    """Drop items with fewer than `items` rows, then users with fewer than `users`; once, or until nothing changes."""
    while True:
        before = len(interactions)
        counts = np.bincount(interactions.items, minlength=1)
        if items > 1 and (counts[counts > 0] < items).any():
            interactions = interactions.take((counts >= items)[interactions.items])
        counts = np.bincount(interactions.users, minlength=1)
        if users > 1 and (counts[counts > 0] < users).any():
            interactions = interactions.take((counts >= users)[interactions.users])
        if not until_stable or len(interactions) == before:
            return interactions


def reindexed(interactions: Interactions) -> Interactions:
    """Renumber users and items so that only those with a row remain; the order of their ids is kept."""
    users, user_ids, _ = _renumber(interactions.users, interactions.user_ids)
    items, item_ids, kept = _renumber(interactions.items, interactions.item_ids)
    titles, genres = interactions.titles, interactions.genres
    return replace(
        interactions,
        users=users,
        items=items,
        user_ids=user_ids,
        item_ids=item_ids,
        titles=[titles[i] for i in kept] if titles is not None else None,
        genres=[genres[i] for i in kept] if genres is not None else None,
    )


def _renumber(codes: np.ndarray, ids: np.ndarray | list[str]) -> tuple[np.ndarray, np.ndarray | list[str], list[int]]:
    present = np.zeros(len(ids), dtype=bool)
    present[codes] = True
    kept = np.flatnonzero(present)
    if len(kept) == len(ids):
        return codes, ids, kept.tolist()
    table = np.cumsum(present, dtype=np.int32) - np.int32(1)
    return table[codes], ids[kept] if isinstance(ids, np.ndarray) else [ids[i] for i in kept], kept.tolist()
