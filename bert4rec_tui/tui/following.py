"""What the runs screen reads of the few runs that are looked at, in a thread: their curves and events."""

from dataclasses import dataclass, field
from threading import Lock

import numpy as np

from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.curves import Curves
from bert4rec_tui.runs.events import Alert, Note, StateChange, Step, System, Validation
from bert4rec_tui.runs.store import Run
from bert4rec_tui.tui.widgets.raster import thin

Remark = StateChange | Alert | Note | Validation
MOST_REMARKS = 1000
NOTHING = np.zeros(0)


@dataclass(frozen=True)
class RunCurves:
    """The curves of one run as arrays, x in epochs; never changed once it is made."""

    run: str
    epoch: np.ndarray = field(default_factory=lambda: NOTHING)
    loss: np.ndarray = field(default_factory=lambda: NOTHING)
    loss_low: np.ndarray = field(default_factory=lambda: NOTHING)
    loss_high: np.ndarray = field(default_factory=lambda: NOTHING)
    lost: np.ndarray = field(default_factory=lambda: NOTHING)
    learning_rate: np.ndarray = field(default_factory=lambda: NOTHING)
    speed: np.ndarray = field(default_factory=lambda: NOTHING)
    metrics: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict[str, tuple[np.ndarray, np.ndarray]])
    system: System | None = None
    remarks: tuple[Remark, ...] = ()  # newest first


class _Table:
    """Rows of numbers that grow at the end and are cut there."""

    def __init__(self, columns: int) -> None:
        self._data = np.zeros((256, columns))
        self.length = 0

    def append(self, row: tuple[float, ...]) -> None:
        if self.length == len(self._data):
            self._data = np.concatenate([self._data, np.zeros_like(self._data)])
        self._data[self.length] = row
        self.length += 1

    def columns(self) -> list[np.ndarray]:
        return list(self._data[: self.length].T)


class RunFeed:
    """Follows the event log of one run from where it was left; used by one thread at a time."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.lock = Lock()
        self._start_over()

    def _start_over(self) -> None:
        self._curves, self._offset, self._table = Curves(), 0, _Table(7)
        self._steps_per_epoch = 0

    def read(self) -> RunCurves | None:
        """The curves as they are now; None when nothing was added since the last call."""
        with self.lock:
            events, offset = self.run.events.read(self._offset)
            if offset < self._offset:  # the log was cut: what was read from it may be void
                self._start_over()
                events, offset = self.run.events.read()
            if not events and self._offset:
                return None
            self._offset = offset
            self._curves.add(events)
            self._tabulate()
            return self._snapshot()

    def _tabulate(self) -> None:
        """Put the new steps into the table; a resumed run has dropped some of those that were there."""
        steps = self._curves.steps
        self._steps_per_epoch = self._steps_per_epoch or self._find_steps_per_epoch()
        if len(steps) < self._table.length or (self._table.length and self._is_other(steps)):
            self._table = _Table(7)
        for event in steps[self._table.length :]:
            self._table.append(_numbers(event, self._steps_per_epoch))

    def _is_other(self, steps: list[Step]) -> bool:
        last = self._table.length - 1
        return self._table.columns()[0][last] != _numbers(steps[last], self._steps_per_epoch)[0]

    def _find_steps_per_epoch(self) -> int:
        try:
            return self.run.status().steps_per_epoch
        except UserError:
            return 0

    def _snapshot(self) -> RunCurves:
        epoch, loss, low, high, rate, speed, lost = self._table.columns()
        at_lost = epoch[lost > 0]
        x, loss, low, high = thin(epoch, loss, low, high)
        rate, speed = thin(epoch, rate, rate, rate)[1], thin(epoch, speed, speed, speed)[1]
        metrics: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for protocol, names in (self._curves.validations[-1].metrics if self._curves.validations else {}).items():
            for name in names:
                epochs, values = self._curves.metric(protocol, name)
                metrics[f"{protocol}:{name}"] = np.array(epochs, float), np.array(values, float)
        return RunCurves(
            run=self.run.id,
            epoch=x,
            loss=loss,
            loss_low=low,
            loss_high=high,
            lost=np.array(at_lost),
            learning_rate=rate,
            speed=speed,
            metrics=metrics,
            system=self._curves.system[-1] if self._curves.system else None,
            remarks=tuple(reversed(self._curves.remarks[-MOST_REMARKS:])),
        )


def _numbers(event: Step, steps_per_epoch: int) -> tuple[float, ...]:
    """Epoch, loss, its bounds, learning rate, speed, steps that were lost; not-a-number where there is no value."""
    loss, low, high = (np.nan if v is None else v for v in (event.loss, event.loss_min, event.loss_max))
    epoch = event.step / steps_per_epoch if steps_per_epoch else float(event.step)
    return epoch, loss, low, high, event.learning_rate, event.speed, float(event.not_finite)
