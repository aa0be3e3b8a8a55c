"""Test: what a trained model is worth, under named protocols, beside baselines."""

import asyncio
from typing import Any, ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.css.query import NoMatches
from textual.widgets import Static

from bert4rec_tui.config import EvaluationConfig
from bert4rec_tui.errors import UserError
from bert4rec_tui.progress import Progress, describe_progress
from bert4rec_tui.tui.child import ChildCommand, CommandCancelledError, CommandError, Progressed
from bert4rec_tui.tui.protocols_dialog import ProtocolsDialog
from bert4rec_tui.tui.run_choice import CheckpointName, checkpoint_of, choose_checkpoint, choose_run, run_with_model
from bert4rec_tui.tui.screens.test_actions import Found, TestActions
from bert4rec_tui.tui.test_groups import NOTE, GroupTable
from bert4rec_tui.tui.test_results import NAME_WIDTH, Results, Table, metric_names, notes, plot_by_k
from bert4rec_tui.tui.widgets.array_list import ArrayList
from bert4rec_tui.tui.widgets.chart import Chart
from bert4rec_tui.tui.widgets.runs_table import bar
from bert4rec_tui.tui.widgets.signs import clean, count

NO_RUN = "No run has a checkpoint yet.\n2 Train configures a run and launches it; its best checkpoint is tested here."


class TestScreen(TestActions):
    """The chosen checkpoint under the chosen protocols."""

    CSS_PATH = "test.tcss"
    panes: ClassVar[list[str]] = ["#table-pane", "#plots-pane"]
    keys_first: ClassVar[tuple[str, ...]] = (
        "test.run", "test.checkpoint", "test.protocols", "test.weak", "test.export",
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "run_test", "Run the test", id="test.run", tooltip="Test the checkpoint under the protocols"),
        Binding("v", "choose_checkpoint", "Checkpoint", id="test.checkpoint",
                tooltip="The best checkpoint, or the last"),
        Binding("p", "choose_protocols", "Protocols", id="test.protocols",
                tooltip="Among which candidates the held-out item is ranked"),
        Binding("n", "choose_run", "Another run", id="test.choose_run", tooltip="Choose another run"),
        Binding("escape", "cancel", "Cancel", id="test.cancel", show=False,
                tooltip="End the test that is running, or go back from where it is weak to the table"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.wanted = ""  # the run to show; empty for the newest with a checkpoint
        self.checkpoint: CheckpointName = "best"
        self.protocols: list[str] = []
        self.first_protocol = 0  # in a narrow terminal, the one that is shown
        self.table: Table | GroupTable = Table({}, [], [])
        self._command: ChildCommand | None = None

    def compose_body(self) -> ComposeResult:
        """The table, and the curves over k."""
        with Vertical(id="table-pane"):
            yield ArrayList(self._line, header=self._header, head=2, empty=NO_RUN, id="metrics")
            yield Static(id="test-notes", markup=False)
            yield Static(id="test-progress", markup=False)
        with Horizontal(id="plots-pane") as pane:
            pane.border_title = "Recall and NDCG by k"
            yield Chart(id="recall-plot")
            yield Chart(id="ndcg-plot")

    def on_mount(self) -> None:
        """Show the newest run that has a checkpoint."""
        super().on_mount()
        self.query_one("#metrics").focus()
        self.read()

    def on_arrive(self, run: str = "", **what: Any) -> None:
        """Show a run."""
        del what
        self.wanted = run or self.wanted
        if self._command is None:
            self.read()

    def on_screen_resume(self) -> None:
        """Results written meanwhile are shown at once."""
        if self.is_mounted and self._command is None:
            self.read()

    def on_resize(self, event: events.Resize) -> None:
        """Fit the table."""
        super().on_resize(event)
        self.call_after_refresh(self.show)

    # Reading

    @work(exclusive=True, group="read", exit_on_error=False)
    async def read(self) -> None:
        """Find the run and what its tests have given, in a thread."""
        found = await asyncio.to_thread(_find, self.shell.runs, self.wanted, self.checkpoint)
        if found is None or self.found is None or found.run.id != self.found.run.id:
            self.protocols, self.first_protocol = [], 0
        self.found = found
        if found is not None:
            self.checkpoint, self.wanted = found.checkpoint, found.run.id
            self.protocols = self.protocols or list(found.configured)
        self.renew_groups()
        self.show()

    # Showing

    def show(self) -> None:
        """Draw the table and the curves of what was found."""
        try:
            pane, rows = self.query_one("#table-pane"), self.query_one("#metrics", ArrayList)
        except NoMatches:
            return
        self.set_class(self.weak, "-weak")
        self.query_one("#plots-pane").set_class(self.weak, "-absent")
        if self.weak:
            self._show_groups()
            return
        found = self.found
        results: Results = found.results if found else {}
        shown = self._shown() if results else []
        fitting = self._fitting(shown)
        self.table = Table(results, fitting, metric_names({p: results[p] for p in fitting if p in results}))
        pane.border_title = Content(self._title())
        pane.border_subtitle = Content(self._subtitle(shown, fitting))
        rows.empty = self._empty()
        rows.header = self._header if results else None
        rows.head = 2 if results else 0
        rows.show_rows(len(self.table.names))
        epoch = found.epoch_now if found else None
        said = notes({p: results[p] for p in shown if p in results}, epoch)
        if self.shell.ascii:
            said = said.replace("±", "~").replace("·", "|")
        self.query_one("#test-notes", Static).update(Content(said))
        self.query_one("#recall-plot", Chart).show(plot_by_k("Recall", results, shown))
        self.query_one("#ndcg-plot", Chart).show(plot_by_k("NDCG", results, shown))

    def _show_groups(self) -> None:
        """Draw where it is weak in place of the table."""
        pane, rows = self.query_one("#table-pane"), self.query_one("#metrics", ArrayList)
        self.table = table = self.group_table()
        pane.border_title = Content(self._title())
        pane.border_subtitle = Content("w back to the table  [ ] other protocols")
        rows.empty, rows.header, rows.head = table.said, self._header, 2
        rows.show_rows(len(table.rows))
        note = NOTE.replace("±", "~").replace("·", "|").replace("▼ ▲", "v ^") if self.shell.ascii else NOTE
        self.query_one("#test-notes", Static).update(Content(note))

    def shown_protocol(self) -> str:
        """The first protocol in the table."""
        return self.table.protocols[0] if isinstance(self.table, Table) and self.table.protocols else ""

    def _columns(self) -> list[str]:
        """All protocols there is something of, those of the configuration first."""
        if self.found is None:
            return []
        return list(dict.fromkeys([*self.found.configured, *self.found.results, *self.protocols]))

    def _shown(self) -> list[str]:
        """Of them those that were tested, or are to be."""
        results: Results = self.found.results if self.found else {}
        return [protocol for protocol in self._columns() if protocol in results or protocol in self.protocols]

    def _fitting(self, shown: list[str]) -> list[str]:
        """The protocols that stand side by side in the width there is, from the first shown one on."""
        if not shown:
            return []
        self.first_protocol %= len(shown)
        if self.compact:
            return [shown[self.first_protocol]]
        width = self.size.width - 6
        group = Table(self.found.results if self.found else {}, shown, []).group_width() + 3
        most = max(1, (width - NAME_WIDTH) // group)
        first = min(self.first_protocol, max(0, len(shown) - most))
        return shown[first : first + most]

    def _title(self) -> str:
        if self.found is None:
            return "Test"
        result = next(iter(self.found.results.values()), None)
        parts = [clean(self.found.run.id), self.checkpoint]
        if result is not None:
            parts[1] += f" (epoch {result.get('epoch', '?')})"
            parts += ["test set", f"{count(result.get('users', 0))} users"]
        return (" - " if self.shell.ascii else " · ").join(parts)

    def _subtitle(self, shown: list[str], fitting: list[str]) -> str:
        if len(fitting) < len(shown) and fitting:
            return f"{fitting[0]}: {shown.index(fitting[0]) + 1} of {len(shown)} protocols, [ ] turn"
        return ""

    def _empty(self) -> str:
        if self.found is None:
            return NO_RUN
        if not self.found.run.has_checkpoint():
            return f"{self.found.run.short_id} has no checkpoint yet; it is written after its first validation."
        under = ", ".join(self.protocols)
        return (
            f"{self.found.run.short_id}: the {self.checkpoint} checkpoint has not been tested yet.\n"
            f"r tests it under {under};\np chooses other protocols, v the other checkpoint, n another run."
        )

    def _line(self, row: int, width: int) -> Content:
        return self.table.line(row, width, self.shell.ascii)

    def _header(self, width: int) -> list[Content]:
        return self.table.header(width)

    # What the keys do

    def action_turn_pane(self, direction: int) -> None:
        """In a narrow terminal first turn the protocols, then go to the curves; else go to the next pane."""
        if self.weak:
            self.turn_weak_protocol(direction)
            shown = self._shown()  # the table shows the same protocol afterwards
            self.first_protocol = shown.index(self.weak_protocol) if self.weak_protocol in shown else 0
            return
        if not self.compact or not self.found or not self.found.results:
            super().action_turn_pane(direction)
            return
        shown = self._shown()
        on_table = self.query_one("#table-pane").has_class("-chosen")
        step = self.first_protocol + direction
        if not on_table:
            self.first_protocol = 0 if direction > 0 else len(shown) - 1
            super().action_turn_pane(direction)
        elif 0 <= step < len(shown):
            self.first_protocol = step
        else:
            super().action_turn_pane(direction)
        self.show()

    @work(exclusive=True, group="question")
    async def action_choose_run(self) -> None:
        """Choose another run."""
        if self._is_busy():
            return
        chosen = await choose_run(self, "Test which run?", self.found.run if self.found else None)
        if chosen is not None:
            self.checkpoint = "best"
            self.wanted = chosen.id
            self.read()

    @work(exclusive=True, group="question")
    async def action_choose_checkpoint(self) -> None:
        """Choose the best checkpoint or the last."""
        if self.found is None or self._is_busy():
            return
        chosen = await choose_checkpoint(self, self.found.run, self.checkpoint)
        if chosen is not None:
            self.checkpoint = chosen
            self.read()

    @work(exclusive=True, group="question")
    async def action_choose_protocols(self) -> None:
        """Choose the protocols to test under."""
        if self.found is None or self._is_busy():
            return
        known = list(dict.fromkeys([*self._columns(), *EvaluationConfig().protocols]))
        chosen = await self.app.push_screen_wait(ProtocolsDialog(known, self.protocols))
        if chosen:
            self.protocols = chosen
            self.show()

    def _is_busy(self) -> bool:
        if self._command is not None:
            self.notify("A test is running; esc ends it.", severity="warning")
        return self._command is not None

    def action_run_test(self) -> None:
        """Test the checkpoint under the chosen protocols."""
        if self.found is None or self._is_busy():
            return
        if not self.found.run.checkpoint(self.checkpoint).exists():
            self.notify(self._empty().partition("\n")[0], severity="warning", markup=False)
            return
        self.run_test(self.found.run.id)

    @work(exclusive=True, group="test", exit_on_error=False)
    async def run_test(self, run: str) -> None:
        """Run our own command and show how far it is."""
        under = [word for protocol in self.protocols for word in ("--protocol", protocol)]
        command = ChildCommand("test", run, "--checkpoint", self.checkpoint, *under, program=self.program)
        self._command = command
        self._show_progress(Progress(stage="Starting the test"))
        try:
            async for event in command.events():
                if isinstance(event, Progressed):
                    self._show_progress(event.progress)
        except CommandCancelledError:
            self.notify("The test is cancelled; nothing of it is kept.")
        except CommandError as error:
            self.notify(str(error), severity="error", markup=False, timeout=15)
        else:
            self.notify("The test is done.")
        finally:
            self._command = None
            self._show_progress(None)
        self.read()

    def _show_progress(self, progress: Progress | None) -> None:
        line = self.query_one("#test-progress", Static)
        line.set_class(progress is not None, "-shown")
        if progress is not None:
            done = progress.done / progress.total if progress.total else 0.0
            words = Content(f"{clean(describe_progress(progress))}   esc cancel")
            line.update(bar(done, 20, self.shell.ascii) + Content("  ") + words if progress.total else words)

    def action_cancel(self) -> None:
        """End the test that is running; without one, turn back to the table."""
        if self._command is not None:
            self._command.cancel()
        elif self.weak:
            self.action_turn_weak()


def _find(source: Any, reference: str, wanted: CheckpointName) -> Found | None:
    """Read what there is of a run, or of the newest with a checkpoint."""
    run = run_with_model(source, reference)
    if run is None:
        return None
    checkpoint = checkpoint_of(run, wanted)
    try:
        configured, status = run.config().evaluation.protocols, run.status()
    except UserError:
        return Found(run, checkpoint, run.test_results(checkpoint), EvaluationConfig().protocols, None)
    epoch = (status.best.epoch if status.best else None) if checkpoint == "best" else status.epoch
    return Found(run, checkpoint, run.test_results(checkpoint), configured, epoch)
