"""Test: what a trained model is worth, under named protocols, beside baselines."""

import asyncio
from typing import Any, ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from bert4rec_tui.config import EvaluationConfig
from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.checkpoints import Results, trained_to
from bert4rec_tui.runs.store import CheckpointName
from bert4rec_tui.tui.charts.chart import Chart
from bert4rec_tui.tui.evaluation.actions import Found
from bert4rec_tui.tui.evaluation.protocols_dialog import ProtocolsDialog
from bert4rec_tui.tui.evaluation.results import NAME_WIDTH, Table, metric_names, notes, plot_by_k
from bert4rec_tui.tui.evaluation.views import TestViews
from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.shell.run_choice import checkpoint_of, choose_checkpoint, choose_run, run_with_model
from bert4rec_tui.tui.shell.text import clean, count

NO_RUN = "No run has a checkpoint yet.\n2 Train configures a run and launches it; its best checkpoint is tested here."


class EvaluationScreen(TestViews):
    """The chosen checkpoint under the chosen protocols."""

    CSS_PATH = "screen.tcss"
    panes: ClassVar[list[str]] = ["#table-pane", "#plots-pane", "#side-pane"]
    keys_first: ClassVar[tuple[str, ...]] = (
        "test.run", "test.checkpoint", "test.protocols", "test.weak", "test.against",
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "run_test", "Run the test", id="test.run", tooltip="Test the checkpoint under the protocols"),
        Binding("v", "choose_checkpoint", "Checkpoint", id="test.checkpoint",
                tooltip="The best checkpoint, or the last"),
        Binding("p", "choose_protocols", "Protocols", id="test.protocols",
                tooltip="Among which candidates the held-out item is ranked"),
        Binding("n", "choose_run", "Another run", id="test.choose_run", tooltip="Choose another run"),
        # Those of every screen, which do something else besides here.
        Binding("right_square_bracket", "turn_pane(1)", "Next pane", id="screen.next_pane", show=False,
                tooltip="The next protocol where one is shown at a time, else the next pane"),
        Binding("left_square_bracket", "turn_pane(-1)", "Pane before", id="screen.previous_pane", show=False,
                tooltip="The protocol before where one is shown at a time, else the pane before"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.wanted = ""  # the run to show; empty for the newest with a checkpoint
        self.checkpoint: CheckpointName = "best"
        self.protocols: list[str] = []
        self.first_protocol = 0  # in a narrow terminal, the one that is shown
        self.table = Table({}, [], [])

    def compose_body(self) -> ComposeResult:
        """The table over the curves, and what stands beside them or in their place."""
        with Horizontal(id="test-body"):
            with Vertical(id="test-main"):
                with Vertical(id="table-pane"):
                    yield ArrayList(self._line, header=self._header, head=2, empty=NO_RUN, id="metrics")
                    yield Static(id="test-notes", markup=False)
                with Horizontal(id="plots-pane") as pane:
                    pane.border_title = "Recall and NDCG by k"
                    yield Chart(id="recall-plot")
                    yield Chart(id="ndcg-plot")
            yield from self.compose_view()
        yield Static(id="test-progress", markup=False)

    def on_mount(self) -> None:
        """Show the newest run that has a checkpoint."""
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
        """Fit the table; in a very wide terminal the weak spots stand beside it."""
        del event
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        self.renew_view()
        self.show()

    # Reading

    @work(exclusive=True, group="read", exit_on_error=False)
    async def read(self) -> None:
        """Find the run and what its tests have given, in a thread."""
        found = await asyncio.to_thread(_find, self.application.runs, self.wanted, self.checkpoint)
        if found is None or self.found is None or found.run.id != self.found.run.id:
            self.protocols, self.first_protocol = [], 0
            self.query_one("#metrics", ArrayList).action_first()  # another table begins at its head
        self.found = found
        if found is not None:
            self.checkpoint, self.wanted = found.checkpoint, found.run.id
            self.protocols = self.protocols or list(found.configured)
        self.renew_view()
        self.show()

    # Showing

    def show(self) -> None:
        """Draw the table and the curves of what was found, and the view."""
        if not self.query("#side-pane"):
            return
        self.set_class(self.alone, "-alone")
        for pane in ("#table-pane", "#plots-pane"):
            self.query_one(pane).set_class(self.alone, "-absent")
        if not self.alone:
            self._show_table()
        self.show_view()

    def _show_table(self) -> None:
        pane, rows, found = self.query_one("#table-pane"), self.query_one("#metrics", ArrayList), self.found
        results: Results = found.results if found else {}
        shown = self._shown() if results else []
        fitting = self._fitting(shown)
        self.table = Table(results, fitting, metric_names({p: results[p] for p in fitting if p in results}))
        pane.border_title = Content(self.heading())
        pane.border_subtitle = Content(self._subtitle(shown, fitting))
        rows.empty = self._empty()
        rows.header = self._header if results else None
        rows.head = 2 if results else 0
        rows.show_rows(len(self.table.names))
        said = notes({p: results[p] for p in shown if p in results}, found.moment if found else None)
        self.query_one("#test-notes", Static).update(Content(self.plain(said)))
        self.query_one("#recall-plot", Chart).show(plot_by_k("Recall", results, shown))
        self.query_one("#ndcg-plot", Chart).show(plot_by_k("NDCG", results, shown))

    def shown_protocol(self) -> str:
        """The first protocol in the table."""
        return self.table.protocols[0] if self.table.protocols else ""

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

    def heading(self) -> str:
        """The run, its checkpoint, on how many users it was tested."""
        if self.found is None:
            return "Test"
        result = next(iter(self.found.results.values()), None)
        parts = [clean(self.found.run.id), self.checkpoint]
        if result is not None:
            parts[1] += f" (epoch {result.get('epoch', '?')})"
            parts += ["test set", f"{count(result.get('users', 0))} users"]
        return (" - " if self.application.ascii else " · ").join(parts)

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
        return self.table.line(row, width, self.application.ascii)

    def _header(self, width: int) -> list[Content]:
        return self.table.header(width)

    # What the keys do

    def action_turn_pane(self, direction: int) -> None:
        """In a narrow terminal first turn the protocols, then go to the curves; else go to the next pane."""
        if self.alone:
            self.action_turn_view(direction)
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

    def action_turn_view(self, direction: int) -> None:
        """The table shows the same protocol afterwards."""
        super().action_turn_view(direction)
        shown = self._shown()
        if self.alone:
            self.first_protocol = shown.index(self.view_protocol) if self.view_protocol in shown else 0

    @work(exclusive=True, group="question")
    async def action_choose_run(self) -> None:
        """Choose another run."""
        if self.is_busy():
            return
        chosen = await choose_run(self, "Test which run?", self.found.run if self.found else None)
        if chosen is not None:
            self.checkpoint = "best"
            self.wanted = chosen.id
            self.read()

    @work(exclusive=True, group="question")
    async def action_choose_checkpoint(self) -> None:
        """Choose the best checkpoint or the last."""
        if self.found is None or self.is_busy():
            return
        chosen = await choose_checkpoint(self, self.found.run, self.checkpoint)
        if chosen is not None:
            self.checkpoint = chosen
            self.read()

    @work(exclusive=True, group="question")
    async def action_choose_protocols(self) -> None:
        """Choose the protocols to test under."""
        if self.found is None or self.is_busy():
            return
        known = list(dict.fromkeys([*self._columns(), *EvaluationConfig().protocols]))
        chosen = await self.app.push_screen_wait(ProtocolsDialog(known, self.protocols))
        if chosen:
            self.protocols = chosen
            self.show()

    def action_run_test(self) -> None:
        """Test the checkpoint under the chosen protocols; beside another, what one of the two is missing."""
        if self.found is None or self.is_busy():
            return
        jobs = self.missing_tests(self.protocols) or [(self.found.run.id, self.found.checkpoint, self.protocols)]
        for run_id, checkpoint, _ in jobs:
            run = self.application.runs.find(run_id)
            if not run.checkpoint("best" if checkpoint == "best" else "last").exists():
                said = f"{run.short_id} has no checkpoint {checkpoint} to test."
                self.notify(said if run.has_checkpoint() else self._empty().partition("\n")[0], severity="warning",
                            markup=False)  # fmt: skip
                return
        self.run_tests(jobs)


def _find(source: Any, reference: str, wanted: CheckpointName) -> Found | None:
    """Read what there is of a run, or of the newest with a checkpoint."""
    run = run_with_model(source, reference)
    if run is None:
        return None
    checkpoint = checkpoint_of(run, wanted)
    try:
        configured = run.config().evaluation.protocols
    except UserError:
        configured = EvaluationConfig().protocols
    return Found(run, checkpoint, run.test_results(checkpoint), configured, trained_to(run.checkpoint(checkpoint)))
