"""The table of metrics: each protocol with its intervals and baselines, the protocols to test under, the export."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from bert4rec_tui.data.nouns import Noun
from bert4rec_tui.tui.evaluation.exporting import export_results
from bert4rec_tui.tui.evaluation.protocols_dialog import protocols_dialog
from bert4rec_tui.tui.evaluation.results import NAME_WIDTH, Table, heading, metric_names, notes, plain
from bert4rec_tui.tui.evaluation.session import NO_RUN, NOT_TESTED, TEST_RUNNING, EvaluationSession
from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.shell.pane import Pane


class MetricsPane(Pane):
    """Metrics of the checkpoint under each protocol."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "choose_protocols", "Protocols", id="test.protocols",
                tooltip="Choose the protocols: which candidates the held-out item is ranked among"),
        Binding("e", "export", "Export", id="test.export",
                tooltip="Write the results to a file: Markdown for a paper, CSV or JSON"),
    ]  # fmt: skip

    class ProtocolsChosen(Message):
        """Other protocols are to be tested under."""

    def __init__(self, session: EvaluationSession) -> None:
        super().__init__(id="table-pane")
        self.session = session
        self.table = Table({}, [], [])
        self.rows = ArrayList(self._line, header=self._header, head=2, empty=NO_RUN, id="metrics")
        self.notes = Static(id="test-notes", markup=False)

    def compose(self) -> ComposeResult:
        """The table, and what to know of it."""
        yield self.rows
        yield self.notes

    @property
    def first_protocol(self) -> str:
        """The protocol that stands first in the table as it is drawn; empty where there is none."""
        return self.table.protocols[0] if self.table.protocols else ""

    def show(self) -> None:
        """Draw the results with as many protocols side by side as there is room for."""
        session, ascii = self.session, self.application.ascii
        results = session.results
        shown = session.table_protocols if results else []
        fitting = session.side_by_side(self._most(shown)) if results else []
        self.table = Table(results, fitting, metric_names({p: results[p] for p in fitting if p in results}))
        self.border_title = Content(heading(session.tested, ascii))
        self.border_subtitle = Content(self._place(shown, fitting))
        self.rows.empty = session.what_is_missing()
        self.rows.header = self._header if results else None
        self.rows.head = 2 if results else 0
        self.rows.show_rows(len(self.table.names))
        text = notes({p: results[p] for p in shown if p in results}, session.tested)
        self.notes.update(Content(plain(text, ascii)))

    def _most(self, shown: list[str]) -> int:
        """How many protocols fit side by side."""
        if self.screen.has_class("-compact"):
            return 1
        width = Table(self.session.results, shown, []).group_width() + 3
        return max(1, (self.app.size.width - 6 - NAME_WIDTH) // width)

    @staticmethod
    def _place(shown: list[str], fitting: list[str]) -> str:
        if len(fitting) < len(shown) and fitting:
            return f"{fitting[0]}: {shown.index(fitting[0]) + 1} of {len(shown)} protocols  [ ] previous, next"
        return ""

    def _line(self, row: int, width: int) -> Content:
        return self.table.line(row, width, self.application.ascii)

    def _header(self, width: int) -> list[Content]:
        return self.table.header(width)

    # One question at a time on the whole screen: the workers are the screen's, so that a newer one ends an older one.

    def action_choose_protocols(self) -> None:
        """Choose the protocols to test under."""
        if self.session.testing:
            self.notify(TEST_RUNNING, severity="warning")
        elif self.session.tested is not None:
            self.screen.run_worker(self._choose_protocols(self.session.tested.item), group="question", exclusive=True)

    async def _choose_protocols(self, item: Noun) -> None:
        dialog = protocols_dialog(self.session.known_protocols, self.session.protocols, item)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen:
            self.session.protocols = chosen
            self.post_message(self.ProtocolsChosen())

    def action_export(self) -> None:
        """Ask for a file and write all results of the checkpoint to it."""
        tested = self.session.tested
        if tested is None or not tested.results:
            self.notify(NOT_TESTED, severity="warning")
        else:
            self.screen.run_worker(export_results(self, tested), group="question", exclusive=True)
