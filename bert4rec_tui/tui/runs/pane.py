"""The pane with the table of runs: sorted, filtered, its cursor on the run that it was on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from bert4rec_tui.runs.listing import RunRow
from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.lists.filter_line import FilterLine
from bert4rec_tui.tui.runs.filter import RunFilter, read_filter
from bert4rec_tui.tui.runs.order import Order, next_order, ordered
from bert4rec_tui.tui.runs.table import Column, columns_for, draw_header, draw_run, same_metric
from bert4rec_tui.tui.shell.text import metric_words
from bert4rec_tui.tui.shell.titles import retitle

MOST_LINES = 300  # of the table, that are compared before it is drawn again
EMPTY = "No run yet.\n2 Train configures one and launches it;\n`bert4rec-tui train` does the same."


class RunsTable(ArrayList):
    """The table of runs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.full_chart", "Chart", id="runs.chart", tooltip="The loss on the whole terminal"),
    ]


class RunsPane(Vertical):
    """All runs, of which a filter shows some in an order; one of them has the cursor."""

    DEFAULT_CSS = """
    RunsPane #filter-problem { height: auto; max-height: 3; color: $text-warning; display: none; }
    RunsPane #filter-problem.-shown { display: block; }
    """

    @dataclass
    class Moved(Message):
        """The cursor may stand on another run."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.border_title = "Runs"
        self.rows: Sequence[RunRow] = []
        self.order = Order()
        self.filter_text = self._hint = ""
        self._before_filter = ""  # the run under the cursor when the filter's line was opened
        self._filter = RunFilter()
        self._marks: Mapping[str, int] = {}
        self._columns: list[Column] = []
        self._lines: list[str] = []  # as they stand in the table, so that what is the same is not drawn again

    def compose(self) -> ComposeResult:
        """The table, the line of the filter, what it does not understand."""
        yield RunsTable(self._draw_row, header=self._draw_header, empty=EMPTY, id="runs-table")
        yield FilterLine(id="runs-filter", placeholder="letters, state=failed, model.hidden>=128 …")
        yield Static(id="filter-problem", markup=False)

    @property
    def run(self) -> str:
        """The id of the run under the cursor; empty where none is shown."""
        # Asks the table and not a message: the rows may have changed since that was sent.
        row = self.query_one(RunsTable).row
        return self.rows[row].run.id if 0 <= row < len(self.rows) else ""

    def show(self, rows: Sequence[RunRow], marks: Mapping[str, int], chosen: str, hint: str | None = None) -> None:
        """Show the runs, the marked ones with their marks; the cursor goes to the chosen one where it is shown.

        hint: what stands at the foot where no filter does; None leaves it.
        """
        self.rows, self._marks = rows, marks
        self._hint = self._hint if hint is None else hint
        table = self.query_one(RunsTable)
        shown = [at for at in ordered(rows, self.order) if self._filter.matches(rows[at])]
        keep = next((at for at in shown if rows[at].run.id == chosen), None)
        metric = same_metric(rows)
        title = Content("Runs" + (f" · best by {metric_words(metric)}" if metric else ""))
        retitle(self, title, Content(f"{len(shown)} of {len(rows)}" if self.filter_text else self._hint))
        table.empty = f"No run has “{self.filter_text}”; esc shows all." if rows else EMPTY
        self._columns = self._fitting(max(table.size.width, 20))
        head = draw_header(self._columns).markup
        lines = [head, *(draw_run(rows[at], self._columns).markup for at in shown[:MOST_LINES])]
        if lines != self._lines or keep != table.row or shown != table.rows.tolist():
            self._lines = lines
            table.show_rows(np.array(shown, np.int64), keep=keep)

    def _fitting(self, width: int) -> list[Column]:
        return columns_for(self.rows, self._marks, width, bool(getattr(self.app, "ascii", False)), self.order)

    def _draw_row(self, row: int, width: int) -> Content:
        del width
        return draw_run(self.rows[row], self._columns)

    def _draw_header(self, width: int) -> list[Content]:
        self._columns = self._fitting(width)
        return [draw_header(self._columns) if self.rows else Content("")]

    @on(ArrayList.Moved, "#runs-table")
    def tell_of_cursor(self, event: ArrayList.Moved) -> None:
        """Tell that the cursor has moved."""
        event.stop()
        self.post_message(self.Moved())

    def sort_by_next(self) -> None:
        """Sort by the next column that says anything."""
        self._sort(next_order(self.rows, self.order))

    def turn_order(self) -> None:
        """Sort the other way round."""
        self._sort(Order(self.order.column, not self.order.turned))

    def _sort(self, order: Order) -> None:
        self.order = order
        self.show(self.rows, self._marks, self.run)

    def open_filter(self) -> None:
        """Narrow the table as one types; the cursor goes back to its run whenever what is typed shows that."""
        self._before_filter = self.run or self._before_filter
        self.query_one(FilterLine).open()

    def clear_filter(self) -> None:
        """Show every run again."""
        self._before_filter = self.run or self._before_filter
        self.query_one(FilterLine).action_clear()

    @on(FilterLine.Narrowed)
    def narrow(self, event: FilterLine.Narrowed) -> None:
        """Show the runs for which every term holds, and say what is none."""
        event.stop()
        self.filter_text = event.text.strip()
        self._filter = read_filter(self.filter_text)
        problem = self.query_one("#filter-problem", Static)
        problem.set_class(bool(self._filter.problem), "-shown")
        problem.update(Content(self._filter.problem))
        kept = [row for row in self.rows if row.run.id == self._before_filter and self._filter.matches(row)]
        self.show(self.rows, self._marks, self._before_filter if kept else self.run)

    @on(FilterLine.Closed)
    def back_to_table(self, event: FilterLine.Closed) -> None:
        """The table has the focus again."""
        event.stop()
        self.query_one(RunsTable).focus()
