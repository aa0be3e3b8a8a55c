"""How the runs screen reads: the table every second, the event logs of the runs in the charts as they grow."""

import time
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from textual import work
from textual.message import Message
from textual.worker import get_current_worker

from bert4rec_tui.runs.listing import RunRow, RunsReader
from bert4rec_tui.tui.runs.actions import RunActions
from bert4rec_tui.tui.runs.following import RunCurves, RunFeed
from bert4rec_tui.tui.runs.view import Death


class RunsReading(RunActions):
    """Reads in threads and speaks to the screen by messages alone."""

    seconds_between_looks: ClassVar[float] = 1.0

    @dataclass
    class Listed(Message):
        """The table was read again."""

        rows: list[RunRow]

        def can_replace(self, message: Message) -> bool:
            """A newer one is enough."""
            return isinstance(message, RunsReading.Listed)

    @dataclass
    class Advanced(Message):
        """A followed run has gone on."""

        curves: RunCurves

        def can_replace(self, message: Message) -> bool:
            """A newer one of the same run is enough."""
            return isinstance(message, RunsReading.Advanced) and message.curves.run == self.curves.run

    @dataclass
    class Died(Message):
        """A run was live at one look and failed or lost at the next."""

        death: Death

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[RunRow] = []

    @cached_property
    def reader(self) -> RunsReader:
        """What remembers the runs that have ended."""
        return RunsReader(self.application.runs)

    @work(thread=True, exclusive=True, group="look", exit_on_error=False)
    def look(self) -> None:
        """Read the table."""
        before = {row.run.id: row for row in self.rows}
        rows = self.reader.look()
        self.post_message(self.Listed(rows))
        for row in rows:
            known = before.get(row.run.id)
            if known is not None and known.live and row.state in ("failed", "lost"):
                self.post_message(self.Died(Death(row, row.run.console_tail(4))))

    @work(thread=True, exclusive=True, group="follow", exit_on_error=False)
    def follow(self, feeds: list[RunFeed], live: bool) -> None:
        """Read the event logs of the runs in the charts, again and again while one of them is live."""
        worker = get_current_worker()
        pause = self.seconds_between_looks * (1.0 if self.application.remote else 0.5)
        while not worker.is_cancelled:
            for feed in feeds:
                if (curves := feed.read()) is not None and not worker.is_cancelled:
                    self.post_message(self.Advanced(curves))
            if not live:
                return
            until = time.monotonic() + pause
            while time.monotonic() < until and not worker.is_cancelled:
                time.sleep(0.05)
