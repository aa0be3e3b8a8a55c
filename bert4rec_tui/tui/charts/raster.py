"""Curves as dots: a curve of any length becomes one interval of dot rows in each dot column, with numpy alone.

A terminal cell in braille is 2 dots wide and 4 high; dots are counted from the top left corner.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

LineStyle = Literal["solid", "dashed", "dotted"]
PATTERNS: dict[LineStyle, tuple[bool, ...]] = {
    "solid": (True,),
    "dashed": (True,) * 6 + (False,) * 2,
    "dotted": (True, True, False, False),
}
# The bit of each dot within a braille character, by row and column (Unicode, block 2800).
BRAILLE_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], dtype=np.int32)


@dataclass(frozen=True)
class View:
    """The part of the plane that a grid of dots shows; with `log`, y is drawn by its logarithm."""

    x0: float
    x1: float
    y0: float
    y1: float
    columns: int
    rows: int
    log: bool = False

    def column(self, x: np.ndarray) -> np.ndarray:
        """The dot column of each x, outside 0…columns - 1 where x is not in view."""
        return np.floor((x - self.x0) / (self.x1 - self.x0) * (self.columns - 1) + 0.5).astype(np.int64)

    def row(self, y: np.ndarray) -> np.ndarray:
        """The dot row of each y as a real number, 0 at the top; not-a-number stays."""
        low, high, value = self.y0, self.y1, y
        if self.log:
            with np.errstate(divide="ignore", invalid="ignore"):
                low, high, value = np.log10(low), np.log10(high), np.log10(np.where(y > 0, y, np.nan))
        # Halved, since the span of the axis may be beyond all floats, though its ends are not.
        return (high / 2 - value / 2) / (high / 2 - low / 2) * (self.rows - 1)


def extent(x: np.ndarray, low: np.ndarray, high: np.ndarray, view: View) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The dot columns in which a curve has values, ascending, and the highest and lowest dot row in each."""
    column = view.column(x)
    top, bottom = view.row(high), view.row(low)
    ok = np.isfinite(top) & np.isfinite(bottom) & (column >= 0) & (column < view.columns)
    column, top, bottom = column[ok], top[ok], bottom[ok]
    tops, bottoms = np.full(view.columns, np.inf), np.full(view.columns, -np.inf)
    np.minimum.at(tops, column, top)
    np.maximum.at(bottoms, column, bottom)
    filled = np.flatnonzero(np.isfinite(tops))
    return filled, tops[filled], bottoms[filled]


def band(x: np.ndarray, low: np.ndarray, high: np.ndarray, view: View) -> np.ndarray:
    """The dots between two curves where there are values; (rows, columns) bool."""
    filled, top, bottom = extent(x, low, high, view)
    tops, bottoms = np.full(view.columns, np.inf), np.full(view.columns, -np.inf)
    tops[filled], bottoms[filled] = top, bottom
    return _between(tops, bottoms, view)


def sparse(dots: np.ndarray, phase: int) -> np.ndarray:
    """Every other dot, like the fields of one colour of a chessboard; a column that has two dots keeps one."""
    rows, columns = np.indices(dots.shape)
    kept = dots & ((rows + columns + phase) % 2 == 0)
    alone = dots.any(axis=0) & ~kept.any(axis=0)
    return kept | (dots & alone)


def curve(x: np.ndarray, y: np.ndarray, view: View, style: LineStyle = "solid") -> np.ndarray:
    """The dots of a line through points; it breaks where a y is not finite; (rows, columns) bool.

    Within a dot column the line covers everything between its smallest and largest value, so that spikes survive.
    """
    tops, bottoms = np.full(view.columns, np.inf), np.full(view.columns, -np.inf)
    for piece in _pieces(x, y, view):
        filled, top, bottom = extent(x[piece], y[piece], y[piece], view)
        if not len(filled):
            continue
        between = np.arange(filled[0], filled[-1] + 1)
        high, low = np.interp(between, filled, top), np.interp(between, filled, bottom)
        # Meet the neighbour halfway, so that a steep line has no holes.
        middle = ((high + low)[:-1] + (high + low)[1:]) / 4
        high[1:], low[1:] = np.minimum(high[1:], middle), np.maximum(low[1:], middle)
        high[:-1], low[:-1] = np.minimum(high[:-1], middle), np.maximum(low[:-1], middle)
        tops[between], bottoms[between] = np.minimum(tops[between], high), np.maximum(bottoms[between], low)
    dots = _between(tops, bottoms, view)
    pattern = np.array(PATTERNS[style])
    if len(pattern) > 1:
        dots &= pattern[np.arange(view.columns) % len(pattern)]
    return dots


def _pieces(x: np.ndarray, y: np.ndarray, view: View) -> list[slice]:
    """The stretches of points between values that are not finite, cut to what the view needs."""
    inside = np.flatnonzero((x >= view.x0) & (x <= view.x1))
    if not len(inside):
        return []
    first, last = max(0, inside[0] - 1), min(len(x), inside[-1] + 2)
    good = np.isfinite(y[first:last]) if not view.log else np.isfinite(y[first:last]) & (y[first:last] > 0)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(np.int8))) + first
    return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _between(tops: np.ndarray, bottoms: np.ndarray, view: View) -> np.ndarray:
    rows: np.ndarray = np.arange(view.rows)[:, None]
    return np.asarray((rows >= np.round(tops)) & (rows <= np.round(bottoms)))


def braille(dots: np.ndarray) -> np.ndarray:
    """The code points of the braille characters that hold a grid of dots; 0 where a cell has none."""
    rows, columns = dots.shape[0] // 4, dots.shape[1] // 2
    cells = dots.reshape(rows, 4, columns, 2).transpose(0, 2, 1, 3)
    bits = (cells * BRAILLE_BITS).sum(axis=(2, 3))
    return np.where(bits > 0, bits + 0x2800, 0)


def cells_with_dots(dots: np.ndarray) -> np.ndarray:
    """Which cells hold any dot, for terminals without braille."""
    rows, columns = dots.shape[0] // 4, dots.shape[1] // 2
    return np.asarray(dots.reshape(rows, 4, columns, 2).any(axis=(1, 3)))


def smooth(values: np.ndarray, strength: float) -> np.ndarray:
    """Exponential smoothing that starts without a bias and passes over values that are not finite.

    `strength` from 0 (none) to below 1 is the share of the past in each value. A gap stays a gap.
    """
    if strength <= 0 or not len(values):
        return values
    reach = min(len(values), max(1, int(np.ceil(np.log(1e-4) / np.log(strength)))))
    kernel = strength ** np.arange(reach)
    good = np.isfinite(values)
    total = np.convolve(np.where(good, values, 0.0), kernel)[: len(values)]
    weight = np.convolve(good.astype(float), kernel)[: len(values)]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(good, total / weight, np.nan)
