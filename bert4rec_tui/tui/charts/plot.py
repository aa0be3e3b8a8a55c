"""The content of a chart: its curves, axes and marks."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Series:
    """A curve: x ascending; a y that is not finite is a gap with a mark.

    `low` and `high` are drawn behind it as a faint band. `number` selects colour, line style and marker. `not_finite`
    holds further x to mark as not a number, `alerts` the x of alerts. `best` is the index of the point to mark as the
    best, -1 for none.
    """

    x: np.ndarray
    y: np.ndarray
    label: str = ""
    number: int = 0
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    not_finite: np.ndarray = field(default_factory=lambda: np.zeros(0))
    alerts: np.ndarray = field(default_factory=lambda: np.zeros(0))
    best: int = -1

    def value_at(self, x: float) -> float:
        """The value of the point nearest to x; not-a-number where the curve does not reach."""
        if not len(self.x):
            return float("nan")
        after = min(int(np.searchsorted(self.x, x)), len(self.x) - 1)
        at = after if after == 0 or self.x[after] - x <= x - self.x[after - 1] else after - 1
        span = float(self.x[-1] - self.x[0])
        reaches = self.x[0] - 0.02 * span <= x <= self.x[-1] + 0.02 * span
        return float(self.y[at]) if reaches else float("nan")


@dataclass(frozen=True)
class Plot:
    """The content of a chart; `title` names the protocol of a metric, `empty` is the text shown without values."""

    title: str
    series: tuple[Series, ...] = ()
    x_label: str = ""
    empty: str = "nothing yet"
    log: bool = False
    from_zero: bool = False
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    x_ticks: tuple[tuple[float, str], ...] = ()  # positions and labels, instead of numbers
    cursor: float | None = None  # the x whose values the legend shows

    def values(self) -> tuple[np.ndarray, np.ndarray]:
        """All x of points and all finite y, bands included, that lie in the range of x."""
        xs, ys = [np.zeros(0)], [np.zeros(0)]
        for one in self.series:
            inside = np.ones(len(one.x), bool)
            if self.x_range:
                inside = (one.x >= self.x_range[0]) & (one.x <= self.x_range[1])
            xs.append(one.x[inside])
            ys += [part[inside] for part in (one.y, one.low, one.high) if part is not None]
        y = np.concatenate(ys)
        return np.concatenate(xs), y[np.isfinite(y) & ((y > 0) | (not self.log))]
