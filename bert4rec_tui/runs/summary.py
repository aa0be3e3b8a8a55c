"""What an event log says, in a bounded size: read before the log's tail, so that a long run opens at once.

The worker keeps it in the run's folder, with the byte of the log up to which it holds. Steps and readings of the
machine are kept by stretches with count, mean, minimum and maximum, so that spikes survive; of validations and remarks
the latest stay, and the best.
"""

import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from bert4rec_tui.errors import UNREADABLE
from bert4rec_tui.files import replace_file
from bert4rec_tui.runs.downsampled import DownsampledTable, Row, measured
from bert4rec_tui.runs.events import Alert, Event, EventLog, Note, StateChange, Step, System, Validation, decode_line

Remark = StateChange | Alert | Note | Validation
SCHEMA = 1
MOST_STRETCHES = 4096
MOST_READINGS = 1024  # stretches of readings of the machine
MOST_VALIDATIONS = 500
MOST_REMARKS = 1000
ENDING_BYTES = 256  # of the log before the offset, by which another log is recognised
READINGS = ("cpu", "memory", "process_memory", "gpu", "gpu_memory", "gpu_temperature", "gpu_power")


class _Written(Struct, frozen=True, kw_only=True):
    """The content of the file."""

    schema: int
    offset: int
    ending: int
    steps: tuple[int, bytes]
    system: tuple[int, bytes]
    last_system: System | None
    validations: list[Validation]
    remarks: list[Remark]


_decoder = msgspec.msgpack.Decoder(_Written)


class Summary:
    """The steps, readings, validations and remarks of one log up to `offset`; one thread at a time may use it."""

    def __init__(self, folder: Path, most: int = MOST_STRETCHES) -> None:
        self.file, self.log, self._most = folder / "summary.msgpack", EventLog(folder / "events.jsonl"), most
        self.start_over()

    def start_over(self) -> None:
        """Know nothing."""
        self.offset, self._saved = 0, -1
        self.steps = DownsampledTable(
            first=("start", "first_step"),
            last=("step", "at", "learning_rate"),
            sums=("count", "not_finite"),
            measures=("loss", "gradient_norm", "speed"),
            most=self._most,
        )
        self.system = DownsampledTable(
            first=(), last=("at",), sums=(), measures=READINGS, most=min(self._most, MOST_READINGS)
        )
        self.last_system: System | None = None
        self.validations: list[Validation] = []
        self.remarks: list[Remark] = []

    def load(self) -> bool:
        """Begin with what was saved. Returns False, and begins with nothing, where that is not of this log."""
        self.start_over()
        try:
            written = _decoder.decode(self.file.read_bytes())
            if written.schema != SCHEMA or self._ending(written.offset) != written.ending:
                return False
            self.steps.restore(*written.steps)
            self.system.restore(*written.system)
        except UNREADABLE:
            self.start_over()
            return False
        self.offset = self._saved = written.offset
        self.last_system, self.validations, self.remarks = written.last_system, written.validations, written.remarks
        return True

    def save(self) -> None:
        """Put it next to the log, where there is something new. Raises UserError where that cannot be written."""
        if self.offset == self._saved:
            return
        ending = self._ending(self.offset)
        if ending is None:  # the log was cut meanwhile
            return
        written = _Written(
            schema=SCHEMA,
            offset=self.offset,
            ending=ending,
            steps=self.steps.content(),
            system=self.system.content(),
            last_system=self.last_system,
            validations=self.validations,
            remarks=self.remarks[-MOST_REMARKS:],
        )
        replace_file(self.file, msgspec.msgpack.encode(written))
        self._saved = self.offset

    def _ending(self, offset: int) -> int | None:
        """A checksum of the log's bytes before `offset`; None where the log has none there."""
        try:
            with self.log.path.open("rb") as file:
                if offset > file.seek(0, os.SEEK_END):
                    return None
                start = max(0, offset - ENDING_BYTES)
                file.seek(start)
                return zlib.crc32(file.read(offset - start))
        except FileNotFoundError:
            return None

    def read_on(self, most_bytes: int | None = None) -> bool:
        """Take in what the log has beyond `offset`, or about so much of it. Returns whether anything was new.

        A log that has become shorter is read from its start.
        """
        if self.log.size() < self.offset:
            self.start_over()
            self.read_on(most_bytes)
            return True
        began = self.offset
        while (lines := self.log.lines(self.offset)) and (most_bytes is None or self.offset - began < most_bytes):
            self._take_lines(lines)
        return self.offset > began

    def _take_lines(self, lines: bytes) -> None:
        rows: list[Row] = []
        readings: list[Row] = []
        for at, event in _events_at(lines, self.offset):
            if isinstance(event, Step):
                rows.append(_step_row(event, at))
            elif isinstance(event, System):
                readings.append(_system_row(event))
                self.last_system = event
            else:
                if isinstance(event, StateChange) and event.state == "resumed":
                    self.steps.extend(rows)
                    rows = self._forget_after(event.step, at)
                self._remark(event)
        self.steps.extend(rows)
        self.system.extend(readings)
        self.offset += len(lines)

    def _remark(self, event: Remark) -> None:
        if isinstance(event, Validation):
            # A life that was killed before it saved validated the same weights already.
            self._forget_validations(lambda earlier: earlier.epoch < event.epoch)
            self.validations.append(event)
            if len(self.validations) > 2 * MOST_VALIDATIONS:
                pairs = zip(self.validations[::2], self.validations[1::2], strict=False)
                last = self.validations[-1:] if len(self.validations) % 2 else []
                self.validations = [a if a.best and not b.best else b for a, b in pairs] + last
        self.remarks.append(event)
        if len(self.remarks) > 2 * MOST_REMARKS:
            self.remarks = self.remarks[-MOST_REMARKS:]

    def _forget_after(self, step: int, end: int) -> list[Row]:
        """Drop the steps after `step`, and return those that stay of the one stretch that has both.

        That stretch is read again, from where it began in the log to `end`.
        """
        self._forget_validations(lambda event: event.step <= step)
        keep = int((self.steps.column("step") <= step).sum())
        dropped = self.steps.data[keep:]
        if not len(dropped):
            return []
        start, first_step = int(self.steps.column("start")[keep]), self.steps.column("first_step")[keep]
        self.steps.cut(keep)
        return self._rows_again(start, end, step) if first_step <= step else []

    def _rows_again(self, start: int, end: int, step: int) -> list[Row]:
        kept: list[tuple[int, Step]] = []
        while start < end and (lines := self.log.lines(start)):
            for at, event in _events_at(lines[: end - start], start):
                if isinstance(event, Step):
                    kept.append((at, event))
                elif isinstance(event, StateChange) and event.state == "resumed":
                    kept = [(a, earlier) for a, earlier in kept if earlier.step <= event.step]
            start += len(lines)
        return [_step_row(event, at) for at, event in kept if event.step <= step]

    def _forget_validations(self, stays: Callable[[Validation], bool]) -> None:
        if not all(stays(event) for event in self.validations):
            self.validations = [event for event in self.validations if stays(event)]
            self.remarks = [event for event in self.remarks if not isinstance(event, Validation) or stays(event)]


def _events_at(lines: bytes, offset: int) -> Iterator[tuple[int, Event]]:
    """The events in whole lines, each with the byte at which its line begins."""
    for line in lines.splitlines(keepends=True):
        if (event := decode_line(line)) is not None:
            yield offset, event
        offset += len(line)


def _step_row(event: Step, start: int) -> Row:
    return (
        start,
        event.step,
        event.step,
        event.at,
        event.learning_rate,
        1.0,
        event.count,
        event.not_finite,
        *measured(event.loss, event.count, event.loss_min, event.loss_max),
        *measured(event.gradient_norm, event.count, event.gradient_norm, event.gradient_norm_max),
        *measured(event.speed),
    )


def _system_row(event: System) -> Row:
    return (event.at, 1.0, *(part for name in READINGS for part in measured(getattr(event, name))))
