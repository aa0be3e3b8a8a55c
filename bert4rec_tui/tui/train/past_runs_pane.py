"""Past runs: how well each did, and its differences from the configuration under edit."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from bert4rec_tui.config import Config
from bert4rec_tui.runs.listing import RunRow, RunsReader
from bert4rec_tui.tui.forms.values import in_sentence, text_of
from bert4rec_tui.tui.lists.array_list import ArrayList, cells
from bert4rec_tui.tui.shell.lines import Lines
from bert4rec_tui.tui.shell.pane import Pane
from bert4rec_tui.tui.shell.text import MUTED, age, clean, count, cut, metric, metric_words, sign
from bert4rec_tui.tui.shell.titles import retitle
from bert4rec_tui.tui.train.past_runs import PastRuns
from bert4rec_tui.tui.train.session import TrainSession

WIDE = 56  # cells from which a line lists the settings that differ, not only their number
VALUE = 9  # cells of a value
EMPTY = "No runs yet. Each is listed here with\nits differences from the form;\npress r to launch the first."


class PastList(ArrayList):
    """The past runs with their differences."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "Use its settings", id="past.take",
                tooltip="Load the configuration of this run into the form; u undoes it"),
    ]  # fmt: skip

    @dataclass
    class Requested(Message):
        """The configuration of a run is requested."""

        row: int

    def action_take(self) -> None:
        """Ask for the configuration of the run under the cursor."""
        if self.row >= 0:
            self.post_message(self.Requested(self.row))


class PastRunsPane(Pane):
    """The past runs, those on the dataset under edit first; below them the differences of the one under the cursor."""

    DEFAULT_CSS = """
    PastRunsPane #past-list { height: 1fr; min-height: 2; }
    PastRunsPane #past-differs { height: 60%; }
    """

    @dataclass
    class Read(Message):
        """The runs have been read."""

        rows: list[RunRow]

    @dataclass
    class Taken(Message):
        """The configuration of a past run was chosen."""

        short_id: str
        config: Config

    def __init__(self, session: TrainSession, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.session, self.ascii = session, ascii
        self.past = PastRuns()
        self.labels = {"dataset": "Dataset", **session.labels}
        self._reader: RunsReader | None = None
        self._list = PastList(self._line, header=lambda width: [self._header(width)], empty=EMPTY, id="past-list")
        self._details = Lines(id="past-differs")

    def compose(self) -> ComposeResult:
        """The list, and the settings that differ."""
        yield self._list
        yield self._details

    def on_mount(self) -> None:
        """Name the pane."""
        self.border_title = "Past runs"

    @work(thread=True, exclusive=True, group="read", exit_on_error=False)
    def read(self) -> None:
        """Read the runs; those that have ended are read once."""
        self._reader = self._reader or RunsReader(self.application.runs)
        self.post_message(self.Read(self._reader.look()))

    @on(Read)
    def show_read(self, message: Read) -> None:
        """Show the runs that were read."""
        message.stop()
        self.show(message.rows)

    def show(self, rows: Sequence[RunRow]) -> None:
        """Show these runs."""
        shown = self._shown_run
        self.past.compare_with(self.session.config)
        self.past.show(rows)
        self._draw(shown)

    def compare(self) -> None:
        """Compare with the configuration as it is now; while it is invalid, as it was before."""
        shown = self._shown_run
        self.past.compare_with(self.session.config)
        self._draw(shown)

    @property
    def _shown_run(self) -> str:
        """The run that the cursor stays on; until it is moved it stays on the first, whichever that is."""
        row = self._list.row
        return self.past.rows[row].run.id if 0 < row < len(self.past.rows) else ""

    def _draw(self, shown: str) -> None:
        self._list.show_rows(len(self.past.rows), self.past.index_of(shown))
        metric = self.past.metric
        retitle(self, Content("Past runs"), Content(f"by {metric_words(metric)}" if metric else ""))
        self._show_details()

    @on(PastList.Moved)
    def _show_details(self) -> None:
        self._details.show(self._detail_lines)

    @on(PastList.Requested)
    def take(self, message: PastList.Requested) -> None:
        """Report which configuration was chosen."""
        message.stop()
        if 0 <= message.row < len(self.past.rows):
            row = self.past.rows[message.row]
            if row.config is not None:
                self.post_message(self.Taken(row.run.short_id, row.config))

    def _header(self, width: int) -> Content:
        return cells(("", 1), ("run", 4), ("best", -5), ("age", -4), ("differences", max(8, width - 18)))

    def _line(self, row: int, width: int) -> Content:
        shown, room = self.past.rows[row], max(8, width - 18)
        differences = self.past.differences(row)
        if not differences:
            words = "identical" if self.past.current else ""
        elif width < WIDE:
            words = f"{len(differences)} setting" + ("s" if len(differences) > 1 else "")
            other_dataset = any(path == "dataset" for path, _, _ in differences)
            words = f"{words}, dataset" if other_dataset and len(words) + 9 <= room else words
        else:
            words = cut(", ".join(self._words(path, value) for path, value, _ in differences), room, self.ascii)
        return cells(
            (sign(shown.state, self.ascii), 1),
            (shown.run.short_id, 4),
            (metric(self.past.best(row)), -5),
            (age(max(0.0, time.time() - shown.status.created)) if shown.status.created else "–", -4),
            (Content.styled(words.rstrip(), MUTED if not differences else ""), room),
        )

    def _words(self, path: str, value: Any) -> str:
        text = text_of(value)
        return text if path == "dataset" else f"{in_sentence(self.labels.get(path, path))} {text}"

    def _detail_lines(self, width: int) -> list[Content]:
        """The run under the cursor: its name, its best, and its settings compared with those of the form."""
        at = self._list.row
        if not 0 <= at < len(self.past.rows):
            return []
        row, height = self.past.rows[at], max(1, self._details.size.height)
        best = row.status.best
        words = f"best {metric_words(best.metric)} {metric(best.value)} in epoch {count(best.epoch)}" if best else ""
        head = Content.styled(row.run.short_id, "bold") + Content.styled(
            "  " + clean("  ".join(filter(None, [row.name, words or "not validated yet"]))), MUTED
        )
        differences, value = self.past.differences(at), min(24, max(VALUE, (width - 16) // 2))
        label = max(8, width - 2 * (value + 1))
        lines = [Content(""), head]
        if differences:
            lines.append(Content.styled(cells(("", label), (row.run.short_id, -value), ("form", -value)).plain, MUTED))
            lines += [
                cells((self.labels.get(path, path), label), (text_of(own), -value), (text_of(current), -value))
                for path, own, current in differences
            ]
        else:
            lines.append(Content.styled("identical to the form", MUTED))
        if len(lines) > height:
            hidden = len(lines) - height + 1
            lines = [*lines[: height - 1], Content.styled(f"and {hidden} more", MUTED)]
        return lines
