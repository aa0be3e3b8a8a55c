"""The curves of a run as arrays, and how they are read from its event log as it grows."""

from dataclasses import dataclass, field
from threading import Lock
from typing import Literal

import numpy as np

from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.events import Alert, System
from bert4rec_tui.runs.store import Run
from bert4rec_tui.runs.summary import MOST_REMARKS, READINGS, Remark, Summary

Axis = Literal["epoch", "step", "time"]
EMPTY = np.zeros(0)


def _empty() -> np.ndarray:
    return EMPTY


@dataclass(frozen=True)
class Band:
    """A measurement along a run: its mean, minimum and maximum in each stretch of steps."""

    mean: np.ndarray = field(default_factory=_empty)
    low: np.ndarray = field(default_factory=_empty)
    high: np.ndarray = field(default_factory=_empty)


@dataclass(frozen=True)
class RunCurves:
    """The curves of one run as arrays, x in epochs; never changed once it is made.

    `step` and `at` are where the same stretches lie in steps and in seconds since 1970. `machine` holds the
    readings of the machine at `machine_at`, without those never measured. `alerts` holds the steps of alerts.
    """

    run: str
    epoch: np.ndarray = field(default_factory=_empty)
    step: np.ndarray = field(default_factory=_empty)
    at: np.ndarray = field(default_factory=_empty)
    loss: np.ndarray = field(default_factory=_empty)
    loss_low: np.ndarray = field(default_factory=_empty)
    loss_high: np.ndarray = field(default_factory=_empty)
    not_finite: np.ndarray = field(default_factory=_empty)
    learning_rate: np.ndarray = field(default_factory=_empty)
    gradient_norm: Band = field(default_factory=Band)
    speed: np.ndarray = field(default_factory=_empty)
    metrics: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict[str, tuple[np.ndarray, np.ndarray]])
    validated: tuple[np.ndarray, np.ndarray, np.ndarray] = (EMPTY, EMPTY, EMPTY)  # epochs, steps, times
    machine_at: np.ndarray = field(default_factory=_empty)
    machine: dict[str, Band] = field(default_factory=dict[str, Band])
    system: System | None = None
    events: tuple[Remark, ...] = ()  # validations, alerts, notes and changes of state, newest first
    alerts: np.ndarray = field(default_factory=_empty)
    started: float = 0.0  # seconds since 1970

    def along(self, axis: Axis) -> np.ndarray:
        """Where the stretches of steps lie on an axis; time is in seconds since the run began."""
        return self.epoch if axis == "epoch" else self.step if axis == "step" else self.at - self.started

    def of_epochs(self, epochs: np.ndarray, axis: Axis) -> np.ndarray:
        """Where validations lie, given by their epochs."""
        if axis == "epoch" or not len(epochs):
            return epochs
        known, steps, times = self.validated
        return np.interp(epochs, known, steps) if axis == "step" else np.interp(epochs, known, times) - self.started

    def of_steps(self, steps: np.ndarray, axis: Axis) -> np.ndarray:
        """Where single steps lie."""
        if axis == "step" or not len(self.step):
            return steps
        return np.interp(steps, self.step, self.along(axis))

    def of_times(self, at: np.ndarray, axis: Axis) -> np.ndarray:
        """Where moments lie, given in seconds since 1970."""
        if axis == "time":
            return at - self.started
        if not len(self.at):
            return np.zeros(len(at))
        return np.interp(at, np.maximum.accumulate(self.at), self.along(axis))


class CurveReader:
    """Reads the event log of one run, its summary first, and then only what was added; one thread at a time may."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.lock = Lock()
        self._summary = Summary(run.path)
        self._steps_per_epoch = 0
        self._opened = False

    def read(self) -> RunCurves | None:
        """The curves as they are now; None when nothing was added since the last call."""
        with self.lock:
            first, self._opened = not self._opened, True
            if first:
                self._summary.load()
            if not self._summary.read_on() and not first:
                return None
            self._steps_per_epoch = self._steps_per_epoch or self._find_steps_per_epoch()
            return self._snapshot()

    def _find_steps_per_epoch(self) -> int:
        try:
            return self.run.status().steps_per_epoch
        except UserError:
            return 0

    def _snapshot(self) -> RunCurves:
        summary, steps = self._summary, self._summary.steps
        step, at = steps.column("step"), steps.column("at")
        epoch = step / self._steps_per_epoch if self._steps_per_epoch else step
        loss, low, high = steps.measure("loss")
        machine = {name: Band(*summary.system.measure(name)) for name in READINGS}
        times = [event.at for event in summary.validations[:1]] + at[:1].tolist()
        alerts = [event.step for event in summary.remarks if isinstance(event, Alert)]
        return RunCurves(
            run=self.run.id,
            epoch=epoch,
            step=step,
            at=at,
            loss=loss,
            loss_low=low,
            loss_high=high,
            not_finite=epoch[steps.column("not_finite") > 0],
            learning_rate=steps.column("learning_rate"),
            gradient_norm=Band(*steps.measure("gradient_norm")),
            speed=steps.measure("speed")[0],
            metrics=self._metrics(),
            validated=self._validated(),
            machine_at=summary.system.column("at"),
            machine={name: band for name, band in machine.items() if np.isfinite(band.mean).any()},
            system=summary.last_system,
            events=tuple(reversed(summary.remarks[-MOST_REMARKS:])),
            alerts=np.array(alerts, float),
            started=min(times, default=0.0),
        )

    def _metrics(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        metrics: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        validations = self._summary.validations
        for protocol, names in (validations[-1].metrics if validations else {}).items():
            for name in names:
                points = [
                    (e.epoch, e.metrics[protocol][name]) for e in validations if name in e.metrics.get(protocol, {})
                ]
                epochs, values = np.array(points, float).T
                metrics[f"{protocol}:{name}"] = epochs, values
        return metrics

    def _validated(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        places = [(event.epoch, event.step, event.at) for event in self._summary.validations]
        epochs, steps, times = np.array(places, float).reshape(-1, 3).T
        return epochs, steps, times
