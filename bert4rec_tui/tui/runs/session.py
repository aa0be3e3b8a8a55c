"""What the runs screen knows: the runs, the selected one, marks, order and filter, curves, chart options.

It knows nothing of Textual: the screen and its panes draw it, and change it by its methods.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bert4rec_tui.runs.listing import RunRow
from bert4rec_tui.tui.runs.chart_options import ChartOptions
from bert4rec_tui.tui.runs.curves import RunCurves
from bert4rec_tui.tui.runs.filter import RunFilter, read_filter
from bert4rec_tui.tui.runs.sort_order import SortOrder, next_column, sorted_rows


@dataclass(frozen=True)
class RunEnded:
    """A run that failed or was lost while it was watched: its row, and the last lines of its console log."""

    row: RunRow
    lines: Sequence[str]


@dataclass(frozen=True)
class ChartedRun:
    """A run in the charts: its curves, its label, and its number for colour, line style and marker."""

    curves: RunCurves
    label: str
    number: int


class RunsSession:
    """The state of the runs screen.

    `selected` is the id of the run under the cursor, empty for none. `marks` gives each marked run, whose curves are
    drawn over the selected one's, the number of its colour from 1 on. `ended` is the run whose end is to be told.
    """

    def __init__(self) -> None:
        self.rows: Sequence[RunRow] = ()
        self.selected = ""
        self.marks: dict[str, int] = {}
        self.order = SortOrder()
        self.filter_text = ""
        self.filter = RunFilter()
        self.curves: dict[str, RunCurves] = {}
        self.options = ChartOptions()
        self.ended: RunEnded | None = None
        self._requested = ""  # an id, or its last letters, to be selected once it is listed
        self._before_filter = ""  # the run that was selected when the filter was opened

    # Rows

    def set_rows(self, rows: Sequence[RunRow]) -> bool:
        """Take the runs as they are now, newest first. Returns whether other runs are to be followed, or anew.

        A requested run is selected; where none is selected, the newest live one, or the newest.
        """
        was_live = {row.run.id: row.live for row in self.rows}
        before, self.rows = self.selected, rows
        listed = {row.run.id for row in rows}
        self.curves = {run: curves for run, curves in self.curves.items() if run in listed}
        self.marks = {run: number for run, number in self.marks.items() if run in listed}
        if self._requested:
            named, self._requested = self._requested, ""
            ids = [row.run.id for row in rows]
            self.selected = next((run for run in ids if named in (run, run[-4:])), self.selected)
        if not self.selected and rows and not self.filter_text:  # a filter may leave none to select
            self.selected = next((row.run.id for row in rows if row.live), rows[0].run.id)
        row = self.selected_row
        return row is not None and (row.run.id != before or was_live.get(row.run.id) != row.live)

    def row(self, run: str) -> RunRow | None:
        """The row of a run; None where it is not listed."""
        return next((row for row in self.rows if row.run.id == run), None)

    def visible(self) -> list[int]:
        """The indices of the rows that the filter lets through, sorted."""
        return [at for at in sorted_rows(self.rows, self.order) if self.filter.matches(self.rows[at])]

    # Selection and marks

    @property
    def selected_row(self) -> RunRow | None:
        """The row of the selected run; None where none is selected, or it is gone."""
        return self.row(self.selected)

    def request(self, run: str) -> None:
        """Select a run, named by its id or the last letters of it, as soon as it is listed."""
        self._requested = run

    def select(self, run: str) -> bool:
        """Select a run; an empty id selects none. Returns whether another was selected before."""
        before, self.selected = self.selected, run
        return before != run

    def toggle_mark(self) -> bool:
        """Mark the selected run, or unmark it; it keeps its colour while marked. Returns False where none is selected.

        The colour is the first that no other marked run has.
        """
        if not self.selected:
            return False
        if self.selected in self.marks:
            del self.marks[self.selected]
        else:
            taken = set(self.marks.values())
            self.marks[self.selected] = next(n for n in range(1, len(taken) + 2) if n not in taken)
        return True

    def charted(self) -> list[str]:
        """The ids of the runs in the charts: the selected one first, then the marked ones."""
        return list(dict.fromkeys([*([self.selected] if self.selected else []), *self.marks]))

    def charted_rows(self) -> list[RunRow]:
        """The rows of the runs in the charts that are listed."""
        return [row for run in self.charted() if (row := self.row(run)) is not None]

    # Sorting and filtering

    def sort_by_next_column(self) -> None:
        """Sort by the next column in which any run has a value."""
        self.order = next_column(self.rows, self.order)

    def reverse_order(self) -> None:
        """Sort in the other direction."""
        self.order = SortOrder(self.order.column, not self.order.reverse)

    def open_filter(self) -> None:
        """Remember the selected run, to which the cursor goes back whenever the filter lets it through."""
        self._before_filter = self.selected or self._before_filter

    def set_filter(self, text: str) -> str:
        """Show the runs that match. Returns the run that the cursor belongs on, if it is shown."""
        self.filter_text = text.strip()
        self.filter = read_filter(self.filter_text)
        before = self.row(self._before_filter)
        return self._before_filter if before is not None and self.filter.matches(before) else self.selected

    # Charts

    def set_curves(self, curves: RunCurves) -> bool:
        """Take what was read of a run. Returns whether the run is in the charts."""
        self.curves[curves.run] = curves
        return curves.run in self.charted()

    @property
    def selected_curves(self) -> RunCurves:
        """The curves of the selected run; empty ones until they are read."""
        return self.curves.get(self.selected, RunCurves(self.selected))

    def charted_runs(self) -> list[ChartedRun]:
        """The runs in the charts whose curves are known, the selected one first."""
        known = [(run, self.curves[run]) for run in self.charted() if run in self.curves]
        return [ChartedRun(curves, run[-4:], self.marks.get(run, 0)) for run, curves in known]

    @property
    def metric(self) -> str:
        """The validation metric to draw: the one that selects the best checkpoint, else one that was validated."""
        row, known = self.selected_row, list(self.selected_curves.metrics)
        if row is not None and row.status.best:
            return row.status.best.metric
        usual = ("full:NDCG@10", "uniform-100:NDCG@10")
        return next((name for name in (*usual, *known) if name in known), "")

    @property
    def smoothing(self) -> float:
        """How much the loss is smoothed now."""
        return self.options.smoothing_for(len(self.selected_curves.loss))

    def smooth_more(self, levels: int) -> None:
        """Smooth the loss by so many levels more; less where negative."""
        self.options = self.options.smoothed_more(levels, len(self.selected_curves.loss))
