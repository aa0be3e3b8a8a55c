"""The event log of a run: one JSON object a line, appended and flushed by the worker, followed by any reader.

Times are seconds since 1970. JSON has no NaN: a value that is not finite is null, and counted where it matters.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from bert4rec_tui.errors import UNREADABLE

# Bounds beyond which a number is damage: no clock and no calendar takes 1e300 seconds.
Moment = Annotated[float, Meta(ge=0, le=1e11)]  # seconds since 1970
Seconds = Annotated[float, Meta(ge=-1e11, le=1e11)]
Count = Annotated[int, Meta(ge=0, le=2**53)]

EventState = Literal["starting", "training", "paused", "resumed", "finished", "stopped", "failed"]


class Step(Struct, frozen=True, kw_only=True, tag="step"):
    """What the training steps since the last such event gave; at most four a second."""

    at: Moment
    epoch: Count
    step: Count
    samples: Count
    count: Count
    loss: float | None
    loss_min: float | None
    loss_max: float | None
    learning_rate: float
    gradient_norm: float | None = None
    gradient_norm_max: float | None = None
    speed: float = 0.0
    not_finite: Count = 0


class Validation(Struct, frozen=True, kw_only=True, tag="validation"):
    """The metrics of a validation: protocol → metric → value; `epoch` 0 is before the first.

    `loss` is the mean training loss of the epoch before it, where that is known.
    """

    at: Moment
    epoch: Count
    step: Count
    users: Count
    seconds: Seconds
    metrics: dict[str, dict[str, float]]
    best: bool = False
    not_finite: Count = 0
    loss: float | None = None


class StateChange(Struct, frozen=True, kw_only=True, tag="state"):
    """The run has entered a state at a step; `resumed` voids what an earlier life logged after that step."""

    at: Moment
    state: EventState
    step: Count = 0
    message: str = ""


class System(Struct, frozen=True, kw_only=True, tag="system"):
    """How busy the machine was; shares are 0 to 100, memory is bytes; None where there is no such device."""

    at: Moment
    cpu: float
    process_memory: Count
    memory: Count
    memory_total: Count
    gpu: float | None = None
    gpu_memory: Count | None = None
    gpu_memory_total: Count | None = None
    gpu_temperature: float | None = None
    gpu_power: float | None = None


class Alert(Struct, frozen=True, kw_only=True, tag="alert"):
    """Something a person should look at, such as a loss that is not a number."""

    at: Moment
    kind: str
    message: str
    step: Count = 0


class Note(Struct, frozen=True, kw_only=True, tag="message"):
    """A sentence for the log."""

    at: Moment
    text: str


Event = Step | Validation | StateChange | System | Alert | Note
_decoder = msgspec.json.Decoder(Event)


class EventLog:
    """The file events.jsonl of a run, for the one who writes it and for those who follow it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, event: Event) -> int:
        """Write one event at once, whole or not at all. Returns the length of the log afterwards, in bytes."""
        line = msgspec.json.encode(event) + b"\n"
        with self.path.open("ab", buffering=0) as file:
            end, written = file.tell(), 0
            try:
                written = file.write(line)
            finally:
                if written < len(line):  # the next event must not be glued to a part of this one
                    with suppress(OSError):
                        file.truncate(end)
        if written < len(line):  # the system wrote what there was room for
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        return end + len(line)

    def cut_partial_line(self) -> None:
        """Remove a last line that an earlier writer did not finish."""
        try:
            with self.path.open("rb+") as file:
                end = file.seek(0, os.SEEK_END)
                tail_start = max(0, end - 1_000_000)
                file.seek(tail_start)
                tail = file.read()
                if tail and not tail.endswith(b"\n"):
                    file.truncate(tail_start + tail.rfind(b"\n") + 1)
        except FileNotFoundError:
            return

    def read(self, offset: int = 0) -> tuple[list[Event], int]:
        """The complete events from a byte offset on, and the offset after them.

        A partial last line is left for the next call; an offset past the end, as after a truncation, starts over;
        a line that cannot be read is passed over.
        """
        try:
            with self.path.open("rb") as file:
                if offset > file.seek(0, os.SEEK_END):
                    offset = 0
                file.seek(offset)
                data = file.read()
        except FileNotFoundError:
            return [], 0
        end = data.rfind(b"\n") + 1
        return list(decode_lines(data[:end])), offset + end

    def size(self) -> int:
        """The length of the log in bytes, 0 where there is none."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def lines(self, offset: int, about: int = 1_000_000) -> bytes:
        """Whole lines from a byte offset on, about so many bytes of them; nothing where no whole line is there."""
        try:
            with self.path.open("rb") as file:
                file.seek(offset)
                data = file.read(about)
                while b"\n" not in data and (more := file.read(about)):
                    data += more
        except FileNotFoundError:
            return b""
        return data[: data.rfind(b"\n") + 1]


def decode_lines(data: bytes) -> Iterator[Event]:
    """The events in whole lines of JSON; a line that cannot be read is passed over."""
    for line in data.splitlines():
        if (event := decode_line(line)) is not None:
            yield event


def decode_line(line: bytes) -> Event | None:
    """The event in a line of JSON; None where it cannot be read."""
    try:
        return _decoder.decode(line)
    except UNREADABLE:
        return None
