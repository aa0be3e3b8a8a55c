"""When somebody should look at a training: each class watches one matter and speaks once when it begins."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bert4rec_tui.runs.events import Validation

PLATEAU_EPOCHS = 5
OVERFITTING_EPOCHS = 3
OVERFITTING_SHARE = 0.95  # of the best value; less of a fall is noise where few users validate


@dataclass(frozen=True)
class AlertMessage:
    """What an alert says, and of what kind it is."""

    kind: str
    message: str


class RisingLoss:
    """Watches whether the smoothed loss has stayed above its lowest for `patience` steps, and by `margin` of it.

    It is smoothed over half as many: batches of long and of short histories differ much.
    """

    def __init__(self, patience: int, margin: float = 0.05) -> None:
        self.patience, self.margin = patience, margin
        self._strength = 1 - 1 / max(10.0, patience / 2)
        self._smoothed = self._lowest = math.inf
        self._since = 0
        self._reported = False

    def take(self, losses: Iterable[float]) -> list[AlertMessage]:
        """Take in the losses of steps."""
        for loss in losses:
            if not math.isfinite(loss):
                continue
            known = math.isfinite(self._smoothed)
            self._smoothed = self._strength * self._smoothed + (1 - self._strength) * loss if known else loss
            self._since += 1
            if self._smoothed <= self._lowest:
                self._lowest, self._since, self._reported = self._smoothed, 0, False
        rises = self._since >= self.patience and self._smoothed > self._lowest + self.margin * abs(self._lowest)
        if self._reported or not rises:
            return []
        self._reported = True
        message = f"the loss has been rising for {self._since:,} steps: from {self._lowest:.4f} to {self._smoothed:.4f}"
        return [AlertMessage("rising loss", message)]


class Validations:
    """Watches the metric that chooses the best checkpoint: a plateau, and overfitting.

    It overfits where it has been worse than at its best for some epochs while the training loss was below what it was
    there. `patience` is that of the training, 0 for none: a plateau must be reported before the training ends.
    """

    def __init__(self, metric: str, patience: int = 0) -> None:
        self.protocol, _, self.name = metric.partition(":")
        self.plateau_epochs = min(PLATEAU_EPOCHS, max(2, patience // 2)) if patience else PLATEAU_EPOCHS
        self.start_with([])

    def start_with(self, earlier: Sequence[Validation]) -> None:
        """Begin with what an earlier life of the run found, and report nothing of it."""
        self._best: Validation | None = None
        self._after: list[Validation] = []
        self._reported: set[str] = set()
        for event in earlier:
            self.take(event)

    def _value(self, event: Validation) -> float:
        return event.metrics.get(self.protocol, {}).get(self.name, math.nan)

    def take(self, event: Validation) -> list[AlertMessage]:
        """Take in a validation."""
        if self._best is None or self._value(event) > self._value(self._best):
            self._best, self._after, self._reported = event, [], set()
            return []
        self._after.append(event)
        found = [concern for concern in (self._plateau(), self._overfitting(self._best)) if concern is not None]
        new = [concern for concern in found if concern.kind not in self._reported]
        self._reported |= {concern.kind for concern in new}
        return new

    def _plateau(self) -> AlertMessage | None:
        if len(self._after) < self.plateau_epochs:
            return None
        return AlertMessage("plateau", f"{self.name} {self.protocol} has not improved for {len(self._after)} epochs")

    def _overfitting(self, best: Validation) -> AlertMessage | None:
        last = self._after[-OVERFITTING_EPOCHS:]
        losses = [event.loss for event in last if event.loss is not None]
        if best.loss is None or len(losses) < OVERFITTING_EPOCHS or max(losses) >= best.loss:
            return None
        value, now = self._value(best), self._value(last[-1])
        if not now < OVERFITTING_SHARE * value or any(self._value(event) >= value for event in last):
            return None
        return AlertMessage(
            "overfitting",
            f"overfitting: since epoch {best.epoch} the training loss fell from {best.loss:.4f} to {losses[-1]:.4f}, "
            f"{self.name} {self.protocol} from {value:.4f} to {now:.4f}",
        )


class FullDisk:
    """Watches whether the disk has room for the checkpoints that are to come."""

    def __init__(self) -> None:
        self._reported = False

    def take(self, free: int, checkpoints: int) -> list[AlertMessage]:
        """Take in the free bytes of the disk and the bytes that the run's checkpoints have."""
        needed = 3 * checkpoints + 200_000_000
        if free > 1.5 * needed:
            self._reported = False
        if self._reported or free >= needed:
            return []
        self._reported = True
        return [
            AlertMessage(
                "disk",
                f"the disk is nearly full: {free / 1e6:,.0f} MB free, the next checkpoints may need "
                f"{needed / 1e6:,.0f} MB",
            )
        ]
