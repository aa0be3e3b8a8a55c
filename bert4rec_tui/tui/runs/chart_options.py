"""How the charts of the runs screen are drawn: which ones, over which x axis, logarithmic or not, how smooth."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bert4rec_tui.tui.runs.curves import Axis

# Every chart in the order of the full-screen chart, with its name in the list to choose from.
CHARTS = {
    "loss": "training loss",
    "validation": "validation metric that selects the best checkpoint",
    "rate": "learning rate",
    "speed": "samples/s",
    "norm": "gradient norm",
    "cpu": "CPU use",
    "memory": "memory of the run and of the machine",
    "gpu": "GPU use",
    "gpu_memory": "GPU memory",
}
FIRST_CHARTS = ("loss", "validation", "rate", "speed")
AXES: tuple[Axis, ...] = ("epoch", "step", "time")
SMOOTHING_LEVELS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995)


@dataclass(frozen=True)
class ChartOptions:
    """What all charts share. `smoothing` of the loss, from 0 to below 1, is None until somebody chooses one."""

    charts: tuple[str, ...] = FIRST_CHARTS
    axis: Axis = "epoch"
    log: bool = False
    smoothing: float | None = None

    def with_charts(self, names: Sequence[str]) -> "ChartOptions":
        """With these charts shown and no others."""
        return replace(self, charts=tuple(names))

    def with_next_axis(self) -> "ChartOptions":
        """With the next of epochs, steps and time as the x axis."""
        return replace(self, axis=AXES[(AXES.index(self.axis) + 1) % len(AXES)])

    def with_log_toggled(self) -> "ChartOptions":
        """With a logarithmic axis for the loss, or back to a linear one."""
        return replace(self, log=not self.log)

    def smoothing_for(self, points: int) -> float:
        """The smoothing of a loss curve with so many points: the chosen one, else one that fits its length."""
        return default_smoothing(points) if self.smoothing is None else self.smoothing

    def smoothed_more(self, levels: int, points: int) -> "ChartOptions":
        """Smoothed by so many levels more than a curve of so many points is now; less where negative."""
        at = SMOOTHING_LEVELS.index(self.smoothing_for(points)) + levels
        return replace(self, smoothing=SMOOTHING_LEVELS[max(0, min(len(SMOOTHING_LEVELS) - 1, at))])


def default_smoothing(points: int) -> float:
    """A smoothing that fits a curve of so many points; it spans a tenth of a short one, so as not to lag behind."""
    return max(known for known in SMOOTHING_LEVELS if known <= min(0.9, 1 - 10 / max(10, points)))
