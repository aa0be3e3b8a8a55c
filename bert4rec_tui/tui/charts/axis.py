"""Where an axis begins and ends, and what is written at its ticks."""

import math
from collections.abc import Sequence

from textual_plot.axis_formatter import NumericAxisFormatter

# An axis that grows by these steps changes seldom, so that a redraw over SSH touches few cells.
STEPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


def grown(value: float) -> float:
    """The first of the steps 1, 1.2, 1.5, … times a power of ten that is not below a positive value."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in STEPS if step * power >= value * (1 - 1e-9)), 10 * power)


def short_number(value: float) -> str:
    """A number for a tick or a legend in at most six characters or so: `.5212`, `4.81`, `61k`, `1e-4`."""
    size = abs(value)
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf"
    if size < 0.001:
        mantissa, _, exponent = f"{value:.1e}".partition("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
    for factor, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if size >= factor:
            unit = 1e3 if letter == "k" else factor
            return f"{value / unit:.3g}{letter}"
    if size < 1:
        return f"{value:.4f}".replace("0.", ".", 1).rstrip("0")
    return f"{value:.4g}"


class LinearFormatter(NumericAxisFormatter):
    """Ticks at 1, 2, 5 times a power of ten, as few as fit."""

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:
        """Tick positions within the range, at most `max_ticks` of them."""
        span = max_ - min_
        if span <= 0 or not math.isfinite(span):
            return []
        power = 10.0 ** math.floor(math.log10(span / max(max_ticks, 1)))
        for step in (power, 2 * power, 5 * power, 10 * power, 20 * power):
            first, last = math.ceil(min_ / step - 1e-9), math.floor(max_ / step + 1e-9)
            if last - first + 1 <= max_ticks:
                return [n * step for n in range(first, last + 1)]
        return [min_]

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        """Labels with as many decimals as the distance of the ticks needs."""
        ticks = list(ticks)
        if len(ticks) < 2 or max(map(abs, ticks)) >= 1e4 or ticks[1] - ticks[0] < 1e-3:
            return [short_number(tick) for tick in ticks]
        decimals = max(0, -math.floor(math.log10(ticks[1] - ticks[0]) + 1e-9))
        labels = [f"{tick:.{decimals}f}" if tick else "0" for tick in ticks]
        return [label.replace("0.", ".", 1) if label.startswith("0.") else label for label in labels]


class LogFormatter(LinearFormatter):
    """Ticks of a logarithmic axis, at powers of ten, or at 1, 2, 5 times them where the range is short."""

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:
        """Tick positions within the range, at most `max_ticks` of them."""
        if min_ <= 0 or max_ <= min_:
            return []
        first, last = math.floor(math.log10(min_)), math.ceil(math.log10(max_))
        for factors in ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 2, 3, 5), (1, 2, 5), (1,)):
            ticks = [f * 10.0**power for power in range(first, last + 1) for f in factors]
            ticks = [tick for tick in ticks if min_ * (1 - 1e-9) <= tick <= max_ * (1 + 1e-9)]
            if len(ticks) <= max_ticks:
                return ticks
        return ticks[:: -(-len(ticks) // max(1, max_ticks))]

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        """A short number for each tick."""
        return [short_number(tick) for tick in ticks]
