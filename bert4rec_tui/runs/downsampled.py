"""Measurements of any number in a bounded number of stretches, each with count, mean, minimum and maximum."""

from collections.abc import Sequence

import numpy as np

Row = tuple[float, ...]
NAN = float("nan")


def measured(value: float | None, weight: float = 1.0, low: float | None = None, high: float | None = None) -> Row:
    """A measurement as a row holds it: its sum, its weight, minimum and maximum; None weighs nothing."""
    if value is None:
        return 0.0, 0.0, NAN, NAN
    return value * weight, weight, value if low is None else low, value if high is None else high


class DownsampledTable:
    """A table whose rows are stretches of what was added, all as wide but for the last.

    A row has the names in `first` (the value of the first that was added to the stretch), in `last`, in `sums`, and
    four columns for each of `measures` (see `measured`). When there are more than `most` stretches they are merged in
    pairs: means, minima and maxima stay those of all that was added.
    """

    def __init__(
        self, first: Sequence[str], last: Sequence[str], sums: Sequence[str], measures: Sequence[str], most: int
    ) -> None:
        self.most, self.width = most, 1
        names = [*first, *last, "rows", *sums]
        a, b, c = len(first), len(first) + len(last), len(names)
        lots = range(len(measures))
        self._at = {name: n for n, name in enumerate(names)} | {name: c + 4 * n for n, name in enumerate(measures)}
        self._first, self._last = np.arange(a), np.arange(a, b)
        self._sums = np.array([*range(b, c), *(c + 4 * n + k for n in lots for k in (0, 1))])
        self._lows, self._highs = np.array([c + 4 * n + 2 for n in lots]), np.array([c + 4 * n + 3 for n in lots])
        self.columns = c + 4 * len(measures)
        self._rows_column = b
        self.data = np.zeros((0, self.columns))

    def __len__(self) -> int:
        return len(self.data)

    def extend(self, rows: Sequence[Row]) -> None:
        """Add rows, `first`, `last`, 1, `sums` and `measures` in this order."""
        if not rows:
            return
        block, size = np.array(rows, float), self.width
        fresh = 0
        if len(self.data) and (filled := int(self.data[-1, self._rows_column])) < size:
            block = np.concatenate([self.data[-1:], block])
            self.data, fresh = self.data[:-1], 1 + size - filled
        starts = [0, *range(fresh or size, len(block), size)]
        self.data = np.concatenate([self.data, self._merge(block, np.array(starts))])
        while len(self.data) > self.most:
            self.data = self._merge(self.data, np.arange(0, len(self.data), 2))
            self.width *= 2

    def _merge(self, block: np.ndarray, starts: np.ndarray) -> np.ndarray:
        merged = np.empty((len(starts), self.columns))
        ends = np.append(starts[1:], len(block))
        merged[:, self._first] = block[starts][:, self._first]
        merged[:, self._last] = block[ends - 1][:, self._last]
        merged[:, self._sums] = np.add.reduceat(block[:, self._sums], starts, axis=0)
        merged[:, self._lows] = np.fmin.reduceat(block[:, self._lows], starts, axis=0)
        merged[:, self._highs] = np.fmax.reduceat(block[:, self._highs], starts, axis=0)
        return merged

    def cut(self, stretches: int) -> None:
        """Keep the first so many stretches."""
        self.data = self.data[:stretches]

    def column(self, name: str) -> np.ndarray:
        """The values of one of `first`, `last` or `sums`."""
        return self.data[:, self._at[name]].copy()

    def measure(self, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Mean, minimum and maximum of a measure, not-a-number where nothing was measured."""
        at = self._at[name]
        total, weight, low, high = self.data[:, at : at + 4].T.copy()
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(weight > 0, total / weight, np.nan), low, high

    def content(self) -> tuple[int, bytes]:
        """What `restore` takes."""
        return self.width, self.data.astype("<f8").tobytes()

    def restore(self, width: int, content: bytes) -> None:
        """Take over what another track of the same columns held. Raises ValueError where it cannot be that."""
        data = np.frombuffer(content, "<f8").reshape(-1, self.columns).astype(float)
        if len(data) > self.most or width < 1:
            raise ValueError("not a table of this size")
        self.width, self.data = width, data
