"""What a whole event log says, the plain way: what an earlier life did after the step it was resumed from is dropped.

The program reads a bounded summary instead; the tests hold that against this, and read small logs with it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bert4rec_tui.runs.events import Alert, Event, Note, StateChange, Step, System, Validation


@dataclass
class WholeLog:
    """Every event that counts, in order of the steps."""

    steps: list[Step] = field(default_factory=list[Step])
    validations: list[Validation] = field(default_factory=list[Validation])
    system: list[System] = field(default_factory=list[System])
    remarks: list[StateChange | Alert | Note | Validation] = field(
        default_factory=list[StateChange | Alert | Note | Validation]
    )

    def add(self, events: Iterable[Event]) -> None:
        """Take in events as they stand in the log."""
        for event in events:
            match event:
                case Step():
                    self.steps.append(event)
                case Validation():
                    # A life that was killed before it saved validated the same weights already.
                    self._forget_validations(lambda earlier, epoch=event.epoch: earlier.epoch < epoch)
                    self.validations.append(event)
                    self.remarks.append(event)
                case System():
                    self.system.append(event)
                case StateChange(state="resumed", step=step):
                    self._forget_after(step)
                    self.remarks.append(event)
                case StateChange() | Alert() | Note():
                    self.remarks.append(event)

    def _forget_after(self, step: int) -> None:
        self.steps = [event for event in self.steps if event.step <= step]
        self._forget_validations(lambda event: event.step <= step)

    def _forget_validations(self, stays: Callable[[Validation], bool]) -> None:
        if not all(stays(event) for event in self.validations):
            self.validations = [event for event in self.validations if stays(event)]
            self.remarks = [event for event in self.remarks if not isinstance(event, Validation) or stays(event)]
