"""The charts of the runs screen, made from the curves of the chosen run and of those marked beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bert4rec_tui.tui.following import RunCurves
from bert4rec_tui.tui.widgets.chart import Plot, Series
from bert4rec_tui.tui.widgets.raster import smooth

STRENGTHS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995)
CHARTS = ("loss", "validation", "rate", "speed")


@dataclass(frozen=True)
class Shown:
    """A run in the charts: its curves, the letters it is called by, its number for colour, line and marker."""

    curves: RunCurves
    label: str
    number: int


def metric_words(metric: str) -> str:
    """A metric with its protocol as a title says it: `full:NDCG@10` is "NDCG@10 full"."""
    protocol, _, name = metric.partition(":")
    return f"{name} {protocol}"


def plot_of(chart: str, runs: Sequence[Shown], metric: str, strength: float, log: bool) -> Plot:
    """One of the four charts; the first run is the chosen one."""
    several = len(runs) > 1
    if chart == "loss":
        words = f"loss · smoothed {strength:g}" if strength and not several else "loss"
        series = [_loss(shown, strength, several) for shown in runs]
        return Plot(words, tuple(series), "epoch", "the loss of the training steps appears here", log)
    if chart == "validation":
        series = [_metric(shown, metric, several) for shown in runs]
        title = f"{metric_words(metric)} · validation" if metric else "validation"
        return Plot(title, tuple(series), "epoch", "the first validation comes before the first epoch", from_zero=True)
    if chart == "rate":
        series = [Series(s.curves.epoch, s.curves.learning_rate, _label(s, several), s.number) for s in runs]
        return Plot("learning rate", tuple(series), "epoch", "no step yet", from_zero=True)
    series = [Series(s.curves.epoch, smooth(s.curves.speed, 0.8), _label(s, several), s.number) for s in runs]
    return Plot("samples a second", tuple(series), "epoch", "no step yet", from_zero=True)


def fitting_strength(points: int) -> float:
    """A smoothing for a curve that nobody chose one for; it reaches over a tenth of a short one, so as not to lag."""
    return max(known for known in STRENGTHS if known <= min(0.9, 1 - 10 / max(10, points)))


def _label(shown: Shown, several: bool) -> str:
    return shown.label if several else ""


def _loss(shown: Shown, strength: float, several: bool) -> Series:
    curves = shown.curves
    return Series(
        curves.epoch,
        smooth(curves.loss, strength),
        _label(shown, several),
        shown.number,
        low=None if several else curves.loss_low,
        high=None if several else curves.loss_high,
        lost=curves.lost,
    )


def _metric(shown: Shown, metric: str, several: bool) -> Series:
    nothing = np.zeros(0)
    epochs, values = shown.curves.metrics.get(metric, (nothing, nothing))
    best = int(np.nanargmax(values)) if len(values) and np.isfinite(values).any() else -1
    return Series(epochs, values, _label(shown, several), shown.number, best=best)
