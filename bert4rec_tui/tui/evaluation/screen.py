"""Test: the metrics of a trained model under named protocols, with baselines."""

import asyncio
from typing import Any, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from bert4rec_tui.runs.store import CheckpointName, RunSource
from bert4rec_tui.tui.evaluation.checkpoint import CheckpointResults, read_checkpoint
from bert4rec_tui.tui.evaluation.comparison_pane import ComparisonPane
from bert4rec_tui.tui.evaluation.groups_pane import GroupsPane
from bert4rec_tui.tui.evaluation.metrics_pane import MetricsPane
from bert4rec_tui.tui.evaluation.plots_pane import PlotsPane
from bert4rec_tui.tui.evaluation.progress_pane import ProgressPane
from bert4rec_tui.tui.evaluation.session import TEST_RUNNING, EvaluationSession, View
from bert4rec_tui.tui.shell.run_choice import checkpoint_of, choose_checkpoint, choose_run, run_with_model
from bert4rec_tui.tui.shell.screen import MainScreen


class EvaluationScreen(MainScreen):
    """Test a checkpoint under the chosen protocols."""

    CSS_PATH = "screen.tcss"
    panes: ClassVar[list[str]] = ["#table-pane", "#plots-pane", "#groups-pane", "#comparison-pane"]
    keys_first: ClassVar[tuple[str, ...]] = (
        "test.run", "test.checkpoint", "test.protocols", "test.weak", "test.against",
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "choose_checkpoint", "Checkpoint", id="test.checkpoint",
                tooltip="Choose the best checkpoint or the last"),
        Binding("n", "choose_run", "Another run", id="test.choose_run", tooltip="Choose another run"),
        Binding("right", "turn_view(1)", "Next protocol", id="test.next_protocol", show=False,
                tooltip="Results by group and comparison: the next protocol"),
        Binding("left", "turn_view(-1)", "Previous protocol", id="test.previous_protocol", show=False,
                tooltip="Results by group and comparison: the previous protocol"),
        Binding("escape", "cancel", "Cancel", id="test.cancel", show=False,
                tooltip="Cancel the running test, or go back from a view to the table"),
        # Those of every screen, which do something else besides here.
        Binding("right_square_bracket", "turn_pane(1)", "Next pane", id="screen.next_pane", show=False,
                tooltip="The next protocol where one is shown at a time, else the next pane"),
        Binding("left_square_bracket", "turn_pane(-1)", "Previous pane", id="screen.previous_pane", show=False,
                tooltip="The previous protocol where one is shown at a time, else the previous pane"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.session = session = EvaluationSession()
        self.metrics, self.plots = MetricsPane(session), PlotsPane(session)
        self.groups, self.comparison = GroupsPane(session), ComparisonPane(session)
        self.progress = ProgressPane(session)

    def compose_body(self) -> ComposeResult:
        """The table over the curves, and what is next to them or in their place."""
        with Horizontal(id="test-body"):
            with Vertical(id="test-main"):
                yield self.metrics
                yield self.plots
            yield self.groups
            yield self.comparison
        yield self.progress

    def on_mount(self) -> None:
        """Show the newest run that has a checkpoint."""
        self.metrics.rows.focus()
        self.read()

    def on_arrive(self, run: str = "", **what: Any) -> None:
        """Show a run."""
        del what
        self.session.run_id = run or self.session.run_id
        self._read_again()

    def on_screen_resume(self) -> None:
        """Show results written meanwhile."""
        if self.is_mounted:
            self._read_again()

    def on_resize(self, event: events.Resize) -> None:
        """Fit the table; in a very wide terminal a view is next to it."""
        del event
        self.call_after_refresh(self.renew)

    # Reading

    @on(ProgressPane.Ended)
    def _read_again(self) -> None:
        if not self.session.testing:
            self.read()

    @work(exclusive=True, group="read", exit_on_error=False)
    async def read(self) -> None:
        """Find the run and the results of its tests, in a thread."""
        found = await asyncio.to_thread(_find, self.application.runs, self.session.run_id, self.session.checkpoint)
        if self.session.accept(found):
            self.metrics.rows.action_first()  # another table begins at its head
        self.renew()

    def renew(self) -> None:
        """Read what the view shows, where that is not read yet, and draw everything."""
        self.session.widest = self.has_class("-widest")
        self.session.settle_view()
        if self.metrics.is_attached:  # an answer may come when the screen is gone
            self.groups.renew()
            self.comparison.renew()
            self.show()

    # Showing

    @on(MetricsPane.ProtocolsChosen)
    def show(self) -> None:
        """Draw the table and the curves, or the view in their place."""
        alone = self.session.alone
        self.set_class(alone, "-alone")
        for pane in (self.metrics, self.plots):
            pane.set_class(alone, "-absent")
            if not alone:
                pane.show()
        self.groups.show()
        self.comparison.show()

    def enter_view(self, view: View) -> None:
        """Go to a view, or with none back to the table."""
        self.session.enter_view(view, self.metrics.first_protocol)
        self.renew()
        self.choose_pane({"groups": self.groups, "comparison": self.comparison}.get(view, self.metrics))

    @on(GroupsPane.Toggled)
    def toggle_groups(self) -> None:
        """Show the results by group from their first row on, or go back."""
        self.groups.rows.action_first()
        self.enter_view("" if self.session.requested_view == "groups" else "groups")

    @on(ComparisonPane.Chosen)
    def show_comparison(self) -> None:
        """Show the comparison from its first user on."""
        self.comparison.users.action_first()
        self.enter_view("comparison")

    @on(ComparisonPane.Failed)
    def leave_comparison(self) -> None:
        """Go back to the table."""
        self.enter_view("")

    # What the keys do

    def action_turn_pane(self, direction: int) -> None:
        """In a narrow terminal first turn the protocols, then go to the curves; else go to the next pane."""
        session = self.session
        if session.alone:
            self.action_turn_view(direction)
            return
        if not self.compact or not session.results:
            super().action_turn_pane(direction)
            return
        if not self.metrics.has_class("-chosen"):
            session.first_protocol = 0 if direction > 0 else len(session.table_protocols) - 1
            super().action_turn_pane(direction)
        elif not session.turn_table(direction):
            super().action_turn_pane(direction)
        self.show()

    def action_turn_view(self, direction: int) -> None:
        """Show the view under the next protocol, or the one before."""
        if self.session.turn_view(direction):
            self.show()

    def action_cancel(self) -> None:
        """End the test that is running; without one, go back from a view to the table."""
        if self.session.testing:
            self.progress.cancel()
        elif self.session.requested_view:
            self.enter_view("")

    def _may_choose(self) -> bool:
        if self.session.testing:
            self.notify(TEST_RUNNING, severity="warning")
        return not self.session.testing

    @work(exclusive=True, group="question")
    async def action_choose_run(self) -> None:
        """Choose another run."""
        if not self._may_choose():
            return
        tested = self.session.tested
        chosen = await choose_run(self, "Test which run?", tested.run if tested else None)
        if chosen is not None:
            self.session.choose_run(chosen.id)
            self.read()

    @work(exclusive=True, group="question")
    async def action_choose_checkpoint(self) -> None:
        """Choose the best checkpoint or the last."""
        tested = self.session.tested
        if tested is None or not self._may_choose():
            return
        chosen = await choose_checkpoint(self, tested.run, self.session.checkpoint)
        if chosen is not None:
            self.session.checkpoint = chosen
            self.read()


def _find(source: RunSource, reference: str, wanted: CheckpointName) -> CheckpointResults | None:
    """Read what there is of a run, or of the newest with a checkpoint."""
    run = run_with_model(source, reference)
    return None if run is None else read_checkpoint(run, checkpoint_of(run, wanted))
