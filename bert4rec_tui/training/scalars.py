"""TensorBoard's file of a run: scalars, written at once by whoever has them."""

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto import event_pb2
from tensorboardX.summary import scalar

proto = cast(Any, event_pb2)  # its classes are made when it is imported


class Scalars:
    """Writes points that TensorBoard draws.

    tensorboardX's own writer has a thread, which one failed write ends, and whoever adds a point then waits for it
    without end. Here a failed write costs the points that it held, and the next one begins a new file: a reader goes no
    further in one that was broken off.
    """

    def __init__(self, folder: Path, resumed_at: int | None = None) -> None:
        """resumed_at: how many samples a resumed run had seen; points of an earlier life beyond them are dropped.

        A run that begins marks its start too: TensorBoard's Python loader ignores the first mark that it meets.
        """
        self.folder, self.lost = folder, 0
        self._drop_from: int | None = 0 if resumed_at is None else resumed_at + 1
        self._writer: EventsWriter | None = None

    def add(self, values: Mapping[str, float], samples: int) -> str:
        """Add a point to each of some curves, name → value. Returns why that failed, where it did; empty otherwise."""
        try:
            writer = self._open()
            for name, value in values.items():
                writer.write_event(proto.Event(wall_time=time.time(), step=samples, summary=scalar(name, value)))
            writer.flush()
        except OSError as error:
            self.close()
            self.lost += 1
            return error.strerror or str(error)
        return ""

    def _open(self) -> EventsWriter:
        if self._writer is None:
            self.folder.mkdir(exist_ok=True)
            # The name holds the second: a suffix keeps two files of one second apart.
            suffix = f".{self.lost}" if self.lost else ""
            self._writer = EventsWriter(str(self.folder / "events"), suffix)
            if self._drop_from is not None:
                start = proto.SessionLog(status=proto.SessionLog.START)
                self._writer.write_event(proto.Event(step=self._drop_from, file_version="brain.Event:2"))
                self._writer.write_event(proto.Event(step=self._drop_from, session_log=start))
                self._drop_from = None
        return self._writer

    def close(self) -> None:
        """Let the file go; what could not be written is lost."""
        writer, self._writer = self._writer, None
        if writer:
            with suppress(OSError):
                writer.close()
