"""Results by group: by length of the history, popularity, category, recency. Our own command groups the users."""

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from bert4rec_tui.tui.evaluation.checkpoint import CheckpointResults
from bert4rec_tui.tui.evaluation.group_table import NOTE, GroupTable
from bert4rec_tui.tui.evaluation.results import heading, keys_of_view, plain
from bert4rec_tui.tui.evaluation.session import NOT_TESTED, EvaluationSession
from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.shell.child_command import CommandCancelledError, CommandError
from bert4rec_tui.tui.shell.pane import Pane


class GroupsPane(Pane):
    """Results by group of users, lowest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "toggle_groups", "By group", id="test.weak",
                tooltip="Show results by group: history length, popularity, category, recency; again to go back"),
    ]  # fmt: skip

    class Toggled(Message):
        """The groups are to be shown, or hidden where they are."""

    def __init__(self, session: EvaluationSession) -> None:
        super().__init__(id="groups-pane", classes="-absent")
        self.session = session
        self.table = GroupTable("", None, "", "")
        self.rows = ArrayList(self._line, header=self._header, head=2, id="groups")
        self.notes = Static(classes="view-notes", markup=False)

    def compose(self) -> ComposeResult:
        """The groups, and what to know of them."""
        yield self.rows
        yield self.notes

    def action_toggle_groups(self) -> None:
        """Show the groups under the protocol of the table, or go back to the table."""
        if not self.session.results:
            self.notify(NOT_TESTED, severity="warning")
            return
        self.post_message(self.Toggled())

    def renew(self) -> None:
        """Read the groups where they are shown and not those that were read."""
        if (tested := self.session.groups_to_read()) is not None:
            self.read(tested)

    @work(exclusive=True, group="groups", exit_on_error=False)
    async def read(self, tested: CheckpointResults) -> None:
        """Ask our own command about all protocols at once, so that turning between them waits for nothing."""
        words = [word for protocol in tested.results for word in ("--protocol", protocol)]
        command = self.application.command(
            "test", tested.run.id, "--checkpoint", tested.checkpoint, *words, "--groups", "--kept"
        )
        try:
            async for _ in command.events():
                pass
            groups, problem = command.result.get("groups", {}), ""
        except CommandCancelledError:
            return
        except CommandError as error:
            groups, problem = None, str(error)
        if self.session.accept_groups(tested, groups, problem):
            self.show()

    def show(self) -> None:
        """Draw the groups, where they are the view."""
        session, ascii = self.session, self.application.ascii
        self.set_class(session.view != "groups", "-absent")
        if session.view != "groups":
            return
        category = session.tested.category.one if session.tested else ""
        self.table = GroupTable(session.view_protocol, session.shown_groups, session.groups_status, category)
        self.border_title = Content(heading(session.tested, ascii) if session.alone else "Results by group")
        self.border_subtitle = Content(keys_of_view(session.alone, bool(session.requested_view)))
        self.rows.empty = self.table.status
        self.rows.show_rows(len(self.table.rows))
        self.notes.update(Content(plain(NOTE, ascii)))

    def _line(self, row: int, width: int) -> Content:
        return self.table.line(row, width, self.application.ascii)

    def _header(self, width: int) -> list[Content]:
        return self.table.header(width)
