"""The charts of the runs screen, made from the curves of the selected run and of the marked ones."""

from collections.abc import Sequence

import numpy as np

from bert4rec_tui.tui.charts.plot import Plot, Series
from bert4rec_tui.tui.charts.raster import smooth
from bert4rec_tui.tui.runs.chart_options import ChartOptions
from bert4rec_tui.tui.runs.curves import Axis, Band
from bert4rec_tui.tui.runs.session import ChartedRun
from bert4rec_tui.tui.shell.text import metric_words

GIB = 2.0**30


def plot_of(chart: str, runs: Sequence[ChartedRun], metric: str, options: ChartOptions, smoothing: float = 0.0) -> Plot:
    """One of the charts; the first run is the selected one. `smoothing` is that of the loss and the gradient norm."""
    unit, label = _scale(runs, options.axis)
    several = len(runs) > 1
    lines = _Lines(options.axis, smoothing, unit, several)

    def plot(title: str, series: list[Series], empty: str, log: bool = False, from_zero: bool = True) -> Plot:
        return Plot(title, tuple(series), label, empty, log, from_zero)

    match chart:
        case "loss":
            words = f"loss · smoothed {smoothing:g}" if smoothing and not several else "loss"
            return plot(words, [lines.loss(shown) for shown in runs], "no steps yet", options.log, from_zero=False)
        case "validation":
            title = f"{metric_words(metric)} · validation" if metric else "validation"
            series = [lines.metric(shown, metric) for shown in runs]
            return plot(title, series, "no validations yet")
        case "rate":
            return plot("learning rate", [lines.steps(s, Band(s.curves.learning_rate)) for s in runs], "no steps yet")
        case "norm":
            series = [lines.steps(s, s.curves.gradient_norm, smoothing) for s in runs]
            return plot("gradient norm", series, "no steps yet")
        case "speed":
            speeds = [lines.steps(s, Band(s.curves.speed), 0.8) for s in runs]
            return plot("samples/s", speeds, "no steps yet")
        case _:
            names, title, factor = _MACHINE[chart]
            series = [lines.machine(s, name, factor) for s in runs for name in (names if not several else names[:1])]
            return plot(title, series, _no_reading(runs, chart))


# The readings that are drawn, the title, and the unit that a value is divided by.
_MACHINE: dict[str, tuple[tuple[str, ...], str, float]] = {
    "cpu": (("cpu",), "CPU · %", 1.0),
    "memory": (("process_memory", "memory"), "memory · GiB", GIB),
    "gpu": (("gpu",), "GPU · %", 1.0),
    "gpu_memory": (("gpu_memory",), "GPU memory · GiB", GIB),
}
_PARTS = {"process_memory": "run", "memory": "machine"}


def _no_reading(runs: Sequence[ChartedRun], chart: str) -> str:
    if not any(shown.curves.system for shown in runs):
        return "no readings yet; the machine is sampled every 10 s"
    return "no GPU" if chart.startswith("gpu") else "not measured"


def _scale(runs: Sequence[ChartedRun], axis: Axis) -> tuple[float, str]:
    """The unit of the x axis, which positions are divided by, and its name."""
    if axis != "time":
        return 1.0, axis
    longest = max((float(s.curves.along("time")[-1]) for s in runs if len(s.curves.at)), default=0.0)
    for seconds, name in ((3600.0, "hours"), (60.0, "minutes")):
        if longest >= 2 * seconds:
            return seconds, name
    return 1.0, "seconds"


class _Lines:
    """Makes the curves of one chart."""

    def __init__(self, axis: Axis, smoothing: float, unit: float, several: bool) -> None:
        self.axis: Axis = axis
        self.smoothing, self.unit, self.several = smoothing, unit, several

    def _label(self, shown: ChartedRun) -> str:
        return shown.label if self.several else ""

    def _alerts(self, shown: ChartedRun) -> np.ndarray:
        return shown.curves.of_steps(shown.curves.alerts, self.axis) / self.unit

    def steps(self, shown: ChartedRun, band: Band, smoothing: float = 0.0) -> Series:
        """A measurement of the steps, with its minimum and maximum."""
        extent = len(band.low) > 0
        return Series(
            shown.curves.along(self.axis) / self.unit,
            smooth(band.mean, smoothing),
            self._label(shown),
            shown.number,
            low=band.low if extent else None,
            high=band.high if extent else None,
        )

    def loss(self, shown: ChartedRun) -> Series:
        """The loss, with marks where it was not a number and where an alert was raised."""
        curves = shown.curves
        not_finite = curves.not_finite
        if len(not_finite):
            not_finite = np.interp(not_finite, curves.epoch, curves.along(self.axis))
        return Series(
            curves.along(self.axis) / self.unit,
            smooth(curves.loss, self.smoothing),
            self._label(shown),
            shown.number,
            low=curves.loss_low,
            high=curves.loss_high,
            not_finite=not_finite / self.unit,
            alerts=self._alerts(shown),
        )

    def metric(self, shown: ChartedRun, metric: str) -> Series:
        """A validation metric, with a mark at its best point."""
        nothing = np.zeros(0)
        epochs, values = shown.curves.metrics.get(metric, (nothing, nothing))
        best = int(np.nanargmax(values)) if len(values) and np.isfinite(values).any() else -1
        places = shown.curves.of_epochs(epochs, self.axis) / self.unit
        alerts = self._alerts(shown)
        return Series(places, values, self._label(shown), shown.number, best=best, alerts=alerts)

    def machine(self, shown: ChartedRun, name: str, factor: float) -> Series:
        """A reading of the machine; memory has two lines, the run's and the machine's."""
        band = shown.curves.machine.get(name, Band())
        places = shown.curves.of_times(shown.curves.machine_at, self.axis) / self.unit
        part = "" if self.several else _PARTS.get(name, "")
        number = shown.number + (name == "memory" and not self.several)
        low, high = (side / factor if len(side) == len(band.mean) else None for side in (band.low, band.high))
        label = self._label(shown) or part
        return Series(places[: len(band.mean)], band.mean / factor, label, number, low=low, high=high)


def csv_of(plot: Plot) -> str:
    """The data of a chart as CSV, one point a line: run, position, value, minimum and maximum where there are any."""
    lines = [f"run,{plot.x_label},value,minimum,maximum"]
    for series in plot.series:
        nothing = np.full(len(series.x), np.nan)
        low, high = (nothing if part is None else part for part in (series.low, series.high))
        for row in zip(series.x, series.y, low, high, strict=True):
            lines.append(",".join([series.label, *map(_number, row)]))
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return f"{value:.9g}" if np.isfinite(value) else ""
