"""Where an axis starts and ends, and the labels of its ticks."""

import math
import sys
from collections.abc import Sequence

from textual_plot.axis_formatter import NumericAxisFormatter

# An axis that grows by these steps changes seldom, so that a redraw over SSH touches few cells.
STEPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
LARGEST = sys.float_info.max
_SUFFIXES = ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k"))  # from which size on, in which unit


def grown(value: float) -> float:
    """The first of the steps 1, 1.2, 1.5, … times a power of ten that is not below a positive value."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    power = power_of_ten(math.floor(math.log10(value)))
    step = next((step * power for step in STEPS if step * power >= value * (1 - 1e-9)), 10 * power)
    return min(step, LARGEST) if step > 0 else value


def power_of_ten(exponent: int) -> float:
    """A power of ten; the largest float where it is beyond all floats, 0 where it is below all."""
    return 10.0**exponent if exponent <= sys.float_info.max_10_exp else LARGEST


def short_number(value: float) -> str:
    """A number for a tick or a legend, in seven characters or so at most: `.5212`, `4.81`, `61k`, `1e-4`, `1.8e308`."""
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf"
    # The size with the digits that are shown decides on the unit: 999,960 is 1M and not 1e+03k.
    shown = float(f"{abs(value):.{3 if abs(value) < 1e4 else 2}e}")
    if not 0.001 <= shown < 1e12:
        mantissa, _, exponent = f"{value:.1e}".partition("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
    for least, unit, suffix in _SUFFIXES:
        if shown >= least:
            return f"{value / unit:.3g}{suffix}"
    if shown < 1:
        return f"{value:.4f}".replace("0.", ".", 1).rstrip("0")
    return f"{value:.4g}"


def y_range(low: float, high: float, log: bool, from_zero: bool) -> tuple[float, float]:
    """The ends of an axis that holds all values from `low` to `high`, and that changes by steps as these grow.

    With `log`, `low` is above 0. With `from_zero` a linear axis shows 0 too.
    """
    if log:
        low, high = _shrunk(low), grown(high)
        return (low, high) if low < high else (low / 2 or low, high * 2)
    if from_zero:
        low = min(low, 0.0)
    span = high - low
    if not math.isfinite(span):
        return -LARGEST, LARGEST
    if span < 1e-9 * max(abs(high), 1e-300) or high == low:
        pad = abs(high) / 10 or 1.0
        return max(low - pad, -LARGEST), min(high + pad, LARGEST)
    step = power_of_ten(math.floor(math.log10(span))) / 4
    if step == 0:
        return low, high
    return max(math.floor(low / step) * step, -LARGEST), min(math.ceil(high / step) * step, LARGEST)


def _shrunk(value: float) -> float:
    """An end of a logarithmic axis that is not above a positive value, and that changes by steps."""
    if value >= 1:
        return value * 0.95
    return value if value < 1e-300 else 1 / grown(1 / value)


class LinearFormatter(NumericAxisFormatter):
    """Ticks at 1, 2, 5 times a power of ten, as few as fit."""

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:
        """Tick positions within the range, at most `max_ticks` of them."""
        most = max(max_ticks, 1)
        each = (max_ - min_) / most
        if not math.isfinite(each):  # the span of an axis may be beyond all floats, though its ends are not
            each = max_ / most - min_ / most
        if not 0 < each < math.inf or (power := power_of_ten(math.floor(math.log10(each)))) == 0:
            return []
        steps = (power, 2 * power, 5 * power, 10 * power, 20 * power)
        for step in filter(math.isfinite, steps):
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
        last = min(last, sys.float_info.max_10_exp)
        for factors in ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 2, 3, 5), (1, 2, 5), (1,)):
            ticks = [f * power_of_ten(power) for power in range(first, last + 1) for f in factors]
            ticks = [tick for tick in ticks if min_ * (1 - 1e-9) <= tick <= max_ * (1 + 1e-9)]
            if len(ticks) <= max_ticks:
                return ticks
        return ticks[:: -(-len(ticks) // max(1, max_ticks))]

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        """A short number for each tick."""
        return [short_number(tick) for tick in ticks]
