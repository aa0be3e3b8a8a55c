"""Runs: every run, and the chosen one as it happens."""

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from bert4rec_tui.runs.listing import RunRow
from bert4rec_tui.tui.runs.charts import RunCharts
from bert4rec_tui.tui.runs.compare import CompareScreen
from bert4rec_tui.tui.runs.following import RunCurves, RunFeed
from bert4rec_tui.tui.runs.pane import RunsPane
from bert4rec_tui.tui.runs.reading import RunsReading
from bert4rec_tui.tui.runs.view import Banner, Death, EventList, RunPane
from bert4rec_tui.tui.shell.titles import retitle


class RunsScreen(RunCharts):
    """Every run, and what can be done with the chosen one."""

    CSS_PATH = "screen.tcss"
    panes: ClassVar[list[str]] = ["#runs-pane", "#run-pane", "#events-pane"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "Mark", id="runs.mark", tooltip="Lay the curves of this run over the chosen one's"),
        Binding("c", "compare", "Compare", id="runs.compare",
                tooltip="The chosen run and the marked ones side by side: settings, metrics, the paired test"),
        Binding("slash", "filter", "Filter", id="runs.filter", show=False,
                tooltip="Show the runs with these letters, or for which model.hidden>=128 and the like holds"),
        Binding("S", "sort", "Sort", id="runs.sort", show=False, tooltip="Sort by the next column"),
        Binding("R", "turn_order", "Turn the order", id="runs.turn_order", show=False,
                tooltip="Sort the other way round"),
        Binding("escape", "close_banner", "Close", id="runs.close_banner", show=False,
                tooltip="Take away the notice of a run that died, or the filter"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._feeds: dict[str, RunFeed] = {}
        self._wanted: str = ""

    def compose_body(self) -> ComposeResult:
        """The table; beside it the chosen run and its events."""
        yield Banner()
        with Horizontal():
            yield RunsPane(id="runs-pane")
            with Vertical(id="right"):
                yield RunPane(id="run-pane")
                with Vertical(id="events-pane") as events:
                    events.border_title = "Events"
                    yield EventList(id="events")

    def on_mount(self) -> None:
        """Read the runs now and every second while the screen is shown."""
        self.query_one("#runs-table").focus()
        self.look()
        self.set_interval(self.seconds_between_looks, self._look_if_shown)
        self._show_chosen()

    def choose_pane(self, chosen: Widget, focus: bool = True) -> None:
        """Leave out the right side in a narrow terminal while the table is chosen."""
        right = self.query_one("#right")
        if self.compact and chosen.id == "runs-pane" and self.focused and right in self.focused.ancestors:
            self.set_focus(None)  # a hidden chart would hand the focus to the chart beside it, and that takes one back
        super().choose_pane(chosen, focus)
        right.set_class(chosen.id == "runs-pane", "-left-out")

    def on_arrive(self, run: str = "", **what: Any) -> None:
        """Put the cursor on a run."""
        del what
        self._wanted = run
        self.look()

    def on_screen_resume(self) -> None:
        """What happened meanwhile is read at once."""
        if self.is_mounted:
            self._look_if_shown()

    def _look_if_shown(self) -> None:
        if self.application.current_mode == "runs":
            self.look()

    # What was read

    @on(RunsReading.Listed)
    def show_rows(self, message: RunsReading.Listed) -> None:
        """Show the table; the cursor stays on its run."""
        was_live = {row.run.id: row.live for row in self.rows}
        self._take_cursor()  # a move may still be on its way here, and would be undone
        self.rows = message.rows
        known = {row.run.id for row in self.rows}
        for gone in [run for run in self._feeds if run not in known]:
            self._feeds.pop(gone)
            self._curves.pop(gone, None)
        self.marks = {run: number for run, number in self.marks.items() if run in known}
        if self._wanted:
            self.chosen, self._wanted = self._id_of(self._wanted), ""
        before, pane = self.chosen, self.query_one(RunsPane)
        if not self.chosen and self.rows and not pane.filter_text:  # a filter may leave none to choose
            self.chosen = next((row.run.id for row in self.rows if row.live), self.rows[0].run.id)
        self._show_table()
        row = self.chosen_row
        if row is not None and (row.run.id != before or was_live.get(row.run.id) != row.live):
            self._follow_shown()
        self._show_chosen(charts=False)

    @on(RunsReading.Advanced)
    def take_curves(self, message: RunsReading.Advanced) -> None:
        """Draw the curves again."""
        self._curves[message.curves.run] = message.curves
        if message.curves.run in self.shown_ids():
            self._show_chosen()

    @on(RunsReading.Died)
    def tell_of_death(self, message: RunsReading.Died) -> None:
        """Say at once that a watched run is gone, and what can be done."""
        self.chosen = message.death.row.run.id
        self._show_table()
        self._show_chosen()
        self._show_banner(message.death)

    def _show_banner(self, death: Death | None) -> None:
        defaults = {"resume": "r", "edit": "e", "console": "o", "close_banner": "esc"}
        keys = {name: self.key_of(f"runs.{name}", key) for name, key in defaults.items()}
        self.query_one(Banner).show(death, keys, self.size.width)

    # The state of the screen

    def _id_of(self, reference: str) -> str:
        """The full id of a run named by its id or its letters."""
        ids = [row.run.id for row in self.rows]
        return next((run for run in ids if reference in (run, run[-4:])), self.chosen)

    @property
    def chosen_row(self) -> RunRow | None:
        """The run under the cursor."""
        return next((row for row in self.rows if row.run.id == self.chosen), None)

    def _show_table(self) -> None:
        self.query_one(RunsPane).show(self.rows, self.marks, self.chosen, self.turn_hint("charts, events"))

    @on(RunsPane.Moved)
    def choose_run(self) -> None:
        """The run under the cursor is the chosen one."""
        self._take_cursor()

    def _take_cursor(self) -> None:
        chosen = self.query_one(RunsPane).run
        if chosen == self.chosen and (chosen in self._feeds or not chosen):
            return
        self.chosen = chosen
        self._follow_shown()
        self._show_chosen()

    def _follow_shown(self) -> None:
        """Follow the runs in the charts, and no others."""
        rows = {row.run.id: row for row in self.rows}
        shown = [run for run in self.shown_ids() if run in rows]
        feeds = [self._feeds.setdefault(run, RunFeed(rows[run].run)) for run in shown]
        self.follow(feeds, any(rows[run].live for run in shown))

    def _show_chosen(self, charts: bool = True) -> None:
        row, pane = self.chosen_row, self.query_one("#run-pane", RunPane)
        retitle(pane, Content(row.run.id if row else "Nothing chosen"), Content(self.turn_hint("events")))
        if row is None:
            pane.query_one("#head").display = False
        else:
            pane.query_one("#head").display = True
            pane.show_head(row, self.application.ascii)
        if not charts:
            return
        curves = self._curves.get(self.chosen, RunCurves(self.chosen))
        pane.show_machine(curves.system, row.live if row else False, self.application.ascii)
        self.query_one("#events", EventList).show_remarks(curves.remarks, self.chosen)
        self.draw_charts()

    # What the keys do

    def action_mark(self) -> None:
        """Mark the chosen run for the charts, or unmark it; it keeps its colour while it is marked."""
        if not self.chosen:
            return
        if self.chosen in self.marks:
            del self.marks[self.chosen]
        else:
            taken = set(self.marks.values())
            self.marks[self.chosen] = next(n for n in range(1, len(taken) + 2) if n not in taken)
        self._show_table()
        self._follow_shown()
        self._show_chosen()

    def action_compare(self) -> None:
        """Open the marked runs beside the chosen one."""
        rows = {row.run.id: row for row in self.rows}
        compared = [rows[run] for run in self.shown_ids() if run in rows]
        if len(compared) < 2:
            self.notify("Mark another run with space; c then compares it with the chosen one.", severity="warning")
        else:
            self.app.push_screen(CompareScreen(compared))

    def action_filter(self) -> None:
        """Narrow the table as one types."""
        pane = self.query_one(RunsPane)
        self.choose_pane(pane, focus=False)
        pane.open_filter()

    def action_sort(self) -> None:
        """Sort the table by the next column."""
        self.query_one(RunsPane).sort_by_next()

    def action_turn_order(self) -> None:
        """Sort the table the other way round."""
        self.query_one(RunsPane).turn_order()

    def action_close_banner(self) -> None:
        """Take the notice away, or where there is none, the filter."""
        pane = self.query_one(RunsPane)
        if self.query_one(Banner).death is None and pane.filter_text:
            pane.clear_filter()
        self._show_banner(None)

    def acted_on(self) -> None:
        """The notice of a run's death has done its work."""
        self._show_banner(None)
