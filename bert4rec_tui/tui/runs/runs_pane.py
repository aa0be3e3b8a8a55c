"""The pane with the table of runs: sorted, filtered, marked; its cursor selects a run."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.lists.filter_line import FilterLine
from bert4rec_tui.tui.runs.session import RunsSession
from bert4rec_tui.tui.runs.table import Column, columns_for, draw_header, draw_run, same_metric
from bert4rec_tui.tui.shell.pane import Pane
from bert4rec_tui.tui.shell.text import metric_words
from bert4rec_tui.tui.shell.titles import retitle

MOST_LINES = 300  # of the table, that are compared before it is drawn again
EMPTY = "No runs yet.\nPress 2 to configure and launch one,\nor run `bert4rec-tui train`."


class RunsTable(ArrayList):
    """The table of runs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "enlarge_chart", "Chart", id="runs.chart", tooltip="Show the loss full screen"),
    ]

    @dataclass
    class ChartRequested(Message):
        """A chart of the selected run is to be shown full screen."""

    def action_enlarge_chart(self) -> None:
        """Ask for the chart."""
        self.post_message(self.ChartRequested())


class RunsPane(Pane):
    """All runs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "Mark", id="runs.mark", tooltip="Draw this run's curves over the selected run's"),
        Binding("c", "compare", "Compare", id="runs.compare",
                tooltip="Compare the selected run with the marked ones: settings, metrics, paired test"),
        Binding("slash", "filter", "Filter", id="runs.filter", show=False,
                tooltip="Filter by words, or by comparisons such as model.hidden>=128"),
        Binding("S", "sort", "Sort", id="runs.sort", show=False, tooltip="Sort by the next column"),
        Binding("R", "reverse_order", "Reverse order", id="runs.turn_order", show=False,
                tooltip="Sort in the other direction"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    RunsPane #filter-problem { height: auto; max-height: 3; color: $text-warning; display: none; }
    RunsPane #filter-problem.-shown { display: block; }
    """

    @dataclass
    class Selected(Message):
        """The cursor has selected another run, or none."""

    @dataclass
    class Marked(Message):
        """The selected run was marked or unmarked."""

    @dataclass
    class CompareRequested(Message):
        """The selected run is to be compared with the marked ones."""

    @dataclass
    class FilterOpened(Message):
        """The filter is being typed: the pane must be in sight."""

    def __init__(self, session: RunsSession, *, id: str) -> None:
        super().__init__(id=id)
        self.border_title = "Runs"
        self.session = session
        self.table = RunsTable(self._draw_row, header=self._draw_header, empty=EMPTY, id="runs-table")
        self.filter_line = FilterLine(id="runs-filter", placeholder="words, state=failed, model.hidden>=128 …")
        self.problem = Static(id="filter-problem", markup=False)
        self._hint = ""
        self._columns: list[Column] = []
        self._lines: list[str] = []  # as they are drawn in the table, so that equal ones are not drawn again

    def compose(self) -> ComposeResult:
        """The table, the line of the filter, what it does not understand."""
        yield self.table
        yield self.filter_line
        yield self.problem

    def take_cursor(self) -> None:
        """Select the run under the cursor.

        Asks the table and not its message, since the runs may have changed after that was sent; and must be called
        before they change, since a cursor that has just moved would otherwise be put back.
        """
        row = self.table.row
        if self.session.select(self.session.rows[row].run.id if 0 <= row < len(self.session.rows) else ""):
            self.post_message(self.Selected())

    def show(self, hint: str | None = None) -> None:
        """Show the runs; the cursor goes to the selected one where it is shown.

        hint: the text at the foot while there is no filter; None leaves it as it is.
        """
        self._hint = self._hint if hint is None else hint
        self._show(self.session.selected)

    def _show(self, cursor: str) -> None:
        rows, table, text = self.session.rows, self.table, self.session.filter_text
        shown = self.session.visible()
        keep = next((at for at in shown if rows[at].run.id == cursor), None)
        metric = same_metric(rows)
        title = Content("Runs" + (f" · best by {metric_words(metric)}" if metric else ""))
        retitle(self, title, Content(f"{len(shown)} of {len(rows)}" if text else self._hint))
        table.empty = f"No match for “{text}”; esc shows all runs." if rows else EMPTY
        self._columns = self._fitting(max(table.size.width, 20))
        head = draw_header(self._columns).markup
        lines = [head, *(draw_run(rows[at], self._columns).markup for at in shown[:MOST_LINES])]
        if lines != self._lines or keep != table.row or shown != table.rows.tolist():
            self._lines = lines
            table.show_rows(np.array(shown, np.int64), keep=keep)

    def _fitting(self, width: int) -> list[Column]:
        session = self.session
        return columns_for(session.rows, session.marks, width, self.application.ascii, session.order)

    def _draw_row(self, row: int, width: int) -> Content:
        del width
        return draw_run(self.session.rows[row], self._columns)

    def _draw_header(self, width: int) -> list[Content]:
        self._columns = self._fitting(width)
        return [draw_header(self._columns) if self.session.rows else Content("")]

    @on(ArrayList.Moved, "#runs-table")
    def select_run(self, event: ArrayList.Moved) -> None:
        """The run under the cursor is the selected one."""
        event.stop()
        self.take_cursor()

    def action_mark(self) -> None:
        """Mark the selected run for the charts, or unmark it."""
        if self.session.toggle_mark():
            self.show()
            self.post_message(self.Marked())

    def action_compare(self) -> None:
        """Compare the marked runs with the selected one."""
        if len(self.session.charted_rows()) < 2:
            self.notify("Mark another run with space, then press c to compare.", severity="warning")
        else:
            self.post_message(self.CompareRequested())

    def action_sort(self) -> None:
        """Sort by the next column that has values."""
        self.take_cursor()
        self.session.sort_by_next_column()
        self.show()

    def action_reverse_order(self) -> None:
        """Sort in the other direction."""
        self.take_cursor()
        self.session.reverse_order()
        self.show()

    def action_filter(self) -> None:
        """Narrow the table as one types; the cursor goes back to its run whenever that matches."""
        self.take_cursor()
        self.session.open_filter()
        self.post_message(self.FilterOpened())
        self.filter_line.open()

    def clear_filter(self) -> None:
        """Show every run again."""
        self.take_cursor()
        self.session.open_filter()
        self.filter_line.action_clear()

    @on(FilterLine.Narrowed)
    def narrow(self, event: FilterLine.Narrowed) -> None:
        """Show the runs that match every term, and say what is not understood."""
        event.stop()
        self.take_cursor()
        cursor = self.session.set_filter(event.text)
        self.problem.set_class(bool(self.session.filter.problem), "-shown")
        self.problem.update(Content(self.session.filter.problem))
        self._show(cursor)

    @on(FilterLine.Closed)
    def back_to_table(self, event: FilterLine.Closed) -> None:
        """The table has the focus again."""
        event.stop()
        self.table.focus()
