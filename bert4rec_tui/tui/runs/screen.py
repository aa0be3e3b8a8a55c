"""Runs: every run, and the selected one as it happens."""

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from bert4rec_tui.tui.runs.compare import CompareScreen
from bert4rec_tui.tui.runs.events_pane import EventsPane
from bert4rec_tui.tui.runs.failure_notice import FailureNotice
from bert4rec_tui.tui.runs.reader import BackgroundReader
from bert4rec_tui.tui.runs.run_header import RunHeader
from bert4rec_tui.tui.runs.run_pane import RunPane
from bert4rec_tui.tui.runs.runs_pane import RunsPane, RunsTable
from bert4rec_tui.tui.runs.session import RunEnded, RunsSession
from bert4rec_tui.tui.shell.screen import MainScreen


class RunsScreen(MainScreen):
    """The Runs screen."""

    CSS_PATH = "screen.tcss"
    panes: ClassVar[list[str]] = ["#runs-pane", "#run-pane", "#events-pane"]
    keys_first: ClassVar[tuple[str, ...]] = (
        "runs.chart",
        "runs.full_chart",
        "runs.pause",
        "runs.resume",
        "runs.stop",
        "runs.test",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close_notice", "Close", id="runs.close_banner", show=False,
                tooltip="Close the notice of a run that failed, or clear the filter"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.session = RunsSession()
        self.reader = BackgroundReader(self)
        # Kept and not looked up: what is read may arrive before they are mounted, or after they are gone.
        self.notice = FailureNotice(self.session)
        self.runs_pane = RunsPane(self.session, id="runs-pane")
        self.run_pane = RunPane(self.session, id="run-pane")
        self.events_pane = EventsPane(self.session, id="events-pane")
        self.right = Vertical(id="right")

    def compose_body(self) -> ComposeResult:
        """The table; next to it the selected run and its events."""
        yield self.notice
        with Horizontal():
            yield self.runs_pane
            with self.right:
                yield self.run_pane
                yield self.events_pane

    def on_mount(self) -> None:
        """Read the runs now, and every second while the screen is shown."""
        self.runs_pane.table.focus()
        self.reader.read_table()
        self.set_interval(self.reader.seconds_between_reads, self._read_if_shown)
        self._show_run()
        self._show_curves()

    def choose_pane(self, chosen: Widget, focus: bool = True) -> None:
        """Leave out the right side in a narrow terminal while the table is chosen."""
        if self.compact and chosen is self.runs_pane and self.focused and self.right in self.focused.ancestors:
            self.set_focus(None)  # a hidden chart would hand the focus to the chart next to it, and that takes one back
        super().choose_pane(chosen, focus)
        self.right.set_class(chosen is self.runs_pane, "-left-out")

    def on_arrive(self, run: str = "", **what: Any) -> None:
        """Select a run."""
        del what
        self.session.request(run)
        self.reader.read_table()

    def on_screen_resume(self) -> None:
        """Read at once what has happened meanwhile."""
        if self.is_mounted:
            self._read_if_shown()

    def _read_if_shown(self) -> None:
        if self.application.current_mode == "runs":
            self.reader.read_table()

    @on(BackgroundReader.TableRead)
    def show_runs(self, message: BackgroundReader.TableRead) -> None:
        """Show the table; the cursor stays on its run."""
        self.runs_pane.take_cursor()  # a move may still be on its way here, and would be undone
        follow = self.session.set_rows(message.rows)
        self.reader.forget_all_but({row.run.id for row in message.rows})
        self._show_table()
        self._show_run()
        if follow:
            self._follow()

    @on(BackgroundReader.CurvesRead)
    def show_curves(self, message: BackgroundReader.CurvesRead) -> None:
        """Draw the curves that have grown."""
        if self.session.set_curves(message.curves):
            self._show_curves()

    @on(BackgroundReader.EndedBadly)
    def show_failure(self, message: BackgroundReader.EndedBadly) -> None:
        """Say at once that a watched run has failed or is lost, and what can be done."""
        if self.session.select(message.ended.row.run.id):
            self._follow()
        self._show_table()
        self._show_run()
        self._show_curves()
        self._show_notice(message.ended)

    @on(RunsPane.Selected)
    @on(RunsPane.Marked)
    def show_selected(self) -> None:
        """Show the selected run, with the marked ones in its charts."""
        self._follow()
        self._show_run()
        self._show_curves()

    @on(RunsPane.CompareRequested)
    def compare(self) -> None:
        """Show the selected run side by side with the marked ones."""
        self.app.push_screen(CompareScreen(self.session.charted_rows()))

    @on(RunsPane.FilterOpened)
    def show_table_pane(self) -> None:
        """Show the table, also in a narrow terminal."""
        self.choose_pane(self.runs_pane, focus=False)

    @on(RunsTable.ChartRequested)
    def enlarge_chart(self) -> None:
        """Show a chart full screen."""
        self.run_pane.enlarge_chart()

    @on(RunHeader.Requested)
    def read_again(self) -> None:
        """Read what has become of a request."""
        self.reader.read_table()

    @on(RunHeader.Handled)
    def close_notice(self) -> None:
        """Something is done about the run that has ended."""
        self._show_notice(None)

    def action_close_notice(self) -> None:
        """Close the notice; where there is none, clear the filter."""
        if self.session.ended is None and self.session.filter_text:
            self.runs_pane.clear_filter()
        self._show_notice(None)

    def _follow(self) -> None:
        self.reader.follow(self.session.charted_rows())

    def _show_table(self) -> None:
        self.runs_pane.show(self.turn_hint("charts, events"))

    def _show_run(self) -> None:
        self.run_pane.show_run(self.turn_hint("events"))

    def _show_curves(self) -> None:
        self.run_pane.show_curves()
        self.events_pane.show()

    def _show_notice(self, ended: RunEnded | None) -> None:
        self.session.ended = ended
        defaults = {"resume": "r", "edit": "e", "console": "o", "close_banner": "esc"}
        self.notice.show({name: self.key_of(f"runs.{name}", key) for name, key in defaults.items()})
