"""What the runs screen reads in the background: the table every second, the event logs of the charted runs."""

import time
from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from threading import Lock
from typing import ClassVar

from textual.message import Message
from textual.worker import get_current_worker

from bert4rec_tui.runs.listing import RunRow, RunsReader
from bert4rec_tui.tui.runs.curves import CurveReader, RunCurves
from bert4rec_tui.tui.runs.session import RunEnded
from bert4rec_tui.tui.shell.screen import MainScreen

LAST_LINES = 4  # of the console log of a run that has failed


class BackgroundReader:
    """Reads in threads for a screen, and posts to it what was read; it never touches a widget."""

    seconds_between_reads: ClassVar[float] = 1.0

    @dataclass
    class TableRead(Message):
        """The runs as they are now, newest first."""

        rows: list[RunRow]

        def can_replace(self, message: Message) -> bool:
            """A newer one is enough."""
            return isinstance(message, BackgroundReader.TableRead)

    @dataclass
    class CurvesRead(Message):
        """The curves of a charted run that has gone on."""

        curves: RunCurves

        def can_replace(self, message: Message) -> bool:
            """A newer one of the same run is enough."""
            return isinstance(message, BackgroundReader.CurvesRead) and message.curves.run == self.curves.run

    @dataclass
    class EndedBadly(Message):
        """A run that was live at one read has failed or is lost at the next."""

        ended: RunEnded

    def __init__(self, screen: MainScreen) -> None:
        self.screen = screen
        self._lock = Lock()
        self._live: frozenset[str] = frozenset()  # the runs that were live when the table was read last
        self._curve_readers: dict[str, CurveReader] = {}

    @cached_property
    def _runs_reader(self) -> RunsReader:
        return RunsReader(self.screen.application.runs)

    def read_table(self) -> None:
        """Read all runs once."""
        self.screen.run_worker(
            partial(self._read_table, self._runs_reader),
            thread=True,
            exclusive=True,
            group="table",
            exit_on_error=False,
        )

    def _read_table(self, reader: RunsReader) -> None:
        with self._lock:
            rows = reader.look()
            before, self._live = self._live, frozenset(row.run.id for row in rows if row.live)
        self.screen.post_message(self.TableRead(rows))
        for row in rows:
            if row.run.id in before and row.state in ("failed", "lost"):
                self.screen.post_message(self.EndedBadly(RunEnded(row, row.run.console_tail(LAST_LINES))))

    def forget_all_but(self, runs: Container[str]) -> None:
        """Close the event logs of runs that are gone."""
        for gone in [run for run in self._curve_readers if run not in runs]:
            del self._curve_readers[gone]

    def follow(self, rows: Sequence[RunRow]) -> None:
        """Read the event logs of these runs and no others, again and again while one of them is live."""
        readers = [self._curve_readers.setdefault(row.run.id, CurveReader(row.run)) for row in rows]
        pause = self.seconds_between_reads * (1.0 if self.screen.application.remote else 0.5)
        self.screen.run_worker(
            partial(self._follow, readers, any(row.live for row in rows), pause),
            thread=True,
            exclusive=True,
            group="follow",
            exit_on_error=False,
        )

    def _follow(self, readers: Sequence[CurveReader], live: bool, pause: float) -> None:
        worker = get_current_worker()
        while not worker.is_cancelled:
            for reader in readers:
                if (curves := reader.read()) is not None and not worker.is_cancelled:
                    self.screen.post_message(self.CurvesRead(curves))
            if not live:
                return
            until = time.monotonic() + pause
            while time.monotonic() < until and not worker.is_cancelled:
                time.sleep(0.05)
