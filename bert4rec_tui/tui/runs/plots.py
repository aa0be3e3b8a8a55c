"""The charts of the runs screen, made from the curves of the chosen run and of those marked beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bert4rec_tui.tui.charts.chart import Plot, Series
from bert4rec_tui.tui.charts.raster import smooth
from bert4rec_tui.tui.runs.following import Axis, Band, RunCurves
from bert4rec_tui.tui.shell.text import metric_words

STRENGTHS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995)
# Every chart in the order of the full-screen chart, and what it is called where one chooses.
CHARTS = {
    "loss": "loss of the training steps",
    "validation": "the validation metric that chooses the best",
    "rate": "learning rate",
    "speed": "samples a second",
    "norm": "gradient norm",
    "cpu": "CPU use",
    "memory": "memory of the run and of the machine",
    "gpu": "GPU use",
    "gpu_memory": "GPU memory",
}
FIRST_CHARTS = ("loss", "validation", "rate", "speed")
AXES: tuple[Axis, ...] = ("epoch", "step", "time")
GIB = 2.0**30


@dataclass(frozen=True)
class Shown:
    """A run in the charts: its curves, the letters it is called by, its number for colour, line and marker."""

    curves: RunCurves
    label: str
    number: int


@dataclass(frozen=True)
class View:
    """How the charts are drawn: smoothing of the loss, its axis, and what lies along the other axis."""

    strength: float = 0.0
    log: bool = False
    axis: Axis = "epoch"


def plot_of(chart: str, runs: Sequence[Shown], metric: str, view: View) -> Plot:
    """One of the charts; the first run is the chosen one."""
    unit, label = _scale(runs, view.axis)
    several = len(runs) > 1
    lines = _Lines(view, unit, several)

    def plot(title: str, series: list[Series], empty: str, log: bool = False, from_zero: bool = True) -> Plot:
        return Plot(title, tuple(series), label, empty, log, from_zero)

    match chart:
        case "loss":
            words = f"loss · smoothed {view.strength:g}" if view.strength and not several else "loss"
            empty = "the loss of the training steps appears here"
            return plot(words, [lines.loss(shown) for shown in runs], empty, view.log, from_zero=False)
        case "validation":
            title = f"{metric_words(metric)} · validation" if metric else "validation"
            series = [lines.metric(shown, metric) for shown in runs]
            return plot(title, series, "the first validation comes before the first epoch")
        case "rate":
            return plot("learning rate", [lines.steps(s, Band(s.curves.learning_rate)) for s in runs], "no step yet")
        case "norm":
            series = [lines.steps(s, s.curves.gradient_norm, view.strength) for s in runs]
            return plot("gradient norm", series, "no step yet")
        case "speed":
            speeds = [lines.steps(s, Band(s.curves.speed), 0.8) for s in runs]
            return plot("samples a second", speeds, "no step yet")
        case _:
            names, title, factor = _MACHINE[chart]
            series = [lines.machine(s, name, factor) for s in runs for name in (names if not several else names[:1])]
            return plot(title, series, _nothing_measured(runs, chart))


# What of the readings is drawn, the title, and what a value is divided by.
_MACHINE: dict[str, tuple[tuple[str, ...], str, float]] = {
    "cpu": (("cpu",), "CPU · %", 1.0),
    "memory": (("process_memory", "memory"), "memory · GiB", GIB),
    "gpu": (("gpu",), "GPU · %", 1.0),
    "gpu_memory": (("gpu_memory",), "GPU memory · GiB", GIB),
}
_PARTS = {"process_memory": "run", "memory": "machine"}


def _nothing_measured(runs: Sequence[Shown], chart: str) -> str:
    if not any(shown.curves.system for shown in runs):
        return "the machine is read every 10 s while the run is at work"
    return "no GPU" if chart.startswith("gpu") else "nothing was read"


def _scale(runs: Sequence[Shown], axis: Axis) -> tuple[float, str]:
    """What places on the axis are divided by, and its name."""
    if axis != "time":
        return 1.0, axis
    longest = max((float(s.curves.along("time")[-1]) for s in runs if len(s.curves.at)), default=0.0)
    for seconds, name in ((3600.0, "hours"), (60.0, "minutes")):
        if longest >= 2 * seconds:
            return seconds, name
    return 1.0, "seconds"


class _Lines:
    """Makes the curves of one chart."""

    def __init__(self, view: View, unit: float, several: bool) -> None:
        self.view, self.unit, self.several = view, unit, several

    def _label(self, shown: Shown) -> str:
        return shown.label if self.several else ""

    def _alerts(self, shown: Shown) -> np.ndarray:
        return shown.curves.of_steps(shown.curves.alerts, self.view.axis) / self.unit

    def steps(self, shown: Shown, band: Band, strength: float = 0.0) -> Series:
        """A measurement of the steps, with how far it went down and up."""
        extent = len(band.low) > 0
        return Series(
            shown.curves.along(self.view.axis) / self.unit,
            smooth(band.mean, strength),
            self._label(shown),
            shown.number,
            low=band.low if extent else None,
            high=band.high if extent else None,
        )

    def loss(self, shown: Shown) -> Series:
        """The loss, with the places where it was not a number and where something was to be looked at."""
        curves = shown.curves
        lost = np.interp(curves.lost, curves.epoch, curves.along(self.view.axis)) if len(curves.lost) else curves.lost
        return Series(
            curves.along(self.view.axis) / self.unit,
            smooth(curves.loss, self.view.strength),
            self._label(shown),
            shown.number,
            low=curves.loss_low,
            high=curves.loss_high,
            lost=lost / self.unit,
            alerts=self._alerts(shown),
        )

    def metric(self, shown: Shown, metric: str) -> Series:
        """A validation metric, its best point marked."""
        nothing = np.zeros(0)
        epochs, values = shown.curves.metrics.get(metric, (nothing, nothing))
        best = int(np.nanargmax(values)) if len(values) and np.isfinite(values).any() else -1
        places = shown.curves.of_epochs(epochs, self.view.axis) / self.unit
        alerts = self._alerts(shown)
        return Series(places, values, self._label(shown), shown.number, best=best, alerts=alerts)

    def machine(self, shown: Shown, name: str, factor: float) -> Series:
        """A reading of the machine; of memory the run's own and the whole, told apart by their lines."""
        band = shown.curves.machine.get(name, Band())
        places = shown.curves.of_times(shown.curves.machine_at, self.view.axis) / self.unit
        part = "" if self.several else _PARTS.get(name, "")
        number = shown.number + (name == "memory" and not self.several)
        low, high = (side / factor if len(side) == len(band.mean) else None for side in (band.low, band.high))
        label = self._label(shown) or part
        return Series(places[: len(band.mean)], band.mean / factor, label, number, low=low, high=high)


def fitting_strength(points: int) -> float:
    """A smoothing for a curve that nobody chose one for; it reaches over a tenth of a short one, so as not to lag."""
    return max(known for known in STRENGTHS if known <= min(0.9, 1 - 10 / max(10, points)))


def csv_of(plot: Plot) -> str:
    """The data of a chart, one point a line: run, place, value, and its extent where there is one."""
    lines = [f"run,{plot.x_label},value,minimum,maximum"]
    for series in plot.series:
        nothing = np.full(len(series.x), np.nan)
        low, high = (nothing if part is None else part for part in (series.low, series.high))
        for row in zip(series.x, series.y, low, high, strict=True):
            lines.append(",".join([series.label, *map(_number, row)]))
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return f"{value:.9g}" if np.isfinite(value) else ""
