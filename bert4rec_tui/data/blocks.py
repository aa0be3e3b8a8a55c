"""Go through histories a block of users at a time, so that memory does not grow with their number."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np

BLOCK_ROWS = 2**22


class Sliced(Protocol):
    """One-dimensional values of which slices are read: an array, or a file."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice, /) -> np.ndarray:
        """The values of some rows."""
        ...


def user_blocks(offsets: np.ndarray, most: int = BLOCK_ROWS) -> Iterator[tuple[int, int]]:
    """First and last user, exclusive, of blocks with at most so many interactions, or of one user with more.

    offsets: (users + 1,) int64.
    """
    first, users = 0, len(offsets) - 1
    while first < users:
        last = int(np.searchsorted(offsets, offsets[first] + most, side="right")) - 1
        last = min(users, max(first + 1, last))
        yield first, last
        first = last


def row_blocks(values: Sliced, most: int = BLOCK_ROWS) -> Iterator[np.ndarray]:
    """All values in order, at most so many at a time."""
    for start in range(0, len(values), most):
        yield values[start : start + most]


def values_at(values: Sliced, offsets: np.ndarray, positions: np.ndarray, kind: type[np.generic]) -> np.ndarray:
    """(users,) the value at a position of each user's history; 0 where the position is -1."""
    found = np.zeros(len(positions), dtype=kind)
    for first, last in user_blocks(offsets):
        block = values[slice(int(offsets[first]), int(offsets[last]))]
        wanted = positions[first:last]
        users = np.flatnonzero(wanted >= 0)
        found[first + users] = block[offsets[first + users] - offsets[first] + wanted[users]]
    return found


def smallest(values: Sliced, place: int, most: int = BLOCK_ROWS) -> int:
    """The whole number that would be at a place if all were sorted; in as many passes as bounded memory needs."""
    low = min(int(block.min()) for block in row_blocks(values, most))
    high = max(int(block.max()) for block in row_blocks(values, most))
    count = len(values)
    while low < high:
        if count <= most:
            left = [block[(block >= low) & (block <= high)] for block in row_blocks(values, most)]
            return int(np.partition(np.concatenate(left), place)[place])
        width = (high - low) // 2**16 + 1
        histogram = np.zeros((high - low) // width + 1, dtype=np.int64)
        for block in row_blocks(values, most):
            within = block[(block >= low) & (block <= high)]
            histogram += np.bincount((within - low) // width, minlength=len(histogram))
        ends = np.cumsum(histogram)
        bucket = int(np.searchsorted(ends, place, side="right"))
        place -= int(ends[bucket] - histogram[bucket])
        count = int(histogram[bucket])
        low, high = low + bucket * width, min(high, low + (bucket + 1) * width - 1)
    return low
