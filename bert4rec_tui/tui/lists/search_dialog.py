"""A dialog that searches a catalogue as you type, in a thread."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from bert4rec_tui.tui.lists.array_list import ArrayList, cells
from bert4rec_tui.tui.shell.dialogs import Choice, Dialog
from bert4rec_tui.tui.shell.text import MUTED, clean
from bert4rec_tui.tui.shell.text_input import TextInput


class SearchDialog(Dialog[str]):
    """A line to type in and what was found, the best first; gives the key of the chosen one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,ctrl+n", "move(1)", "Down", id="search.down", show=False, tooltip="One row down"),
        Binding("up,ctrl+b", "move(-1)", "Up", id="search.up", show=False, tooltip="One row up"),
    ]
    DEFAULT_CSS = """
    SearchDialog > Vertical { width: 84; height: 20; }
    SearchDialog ArrayList { margin: 1 0 0 0; }
    """

    @dataclass
    class Found(Message):
        """What a search gave."""

        text: str
        choices: Sequence[Choice]

        def can_replace(self, message: Message) -> bool:
            """A newer one is enough."""
            return isinstance(message, SearchDialog.Found)

    def __init__(
        self,
        title: str,
        search: Callable[[str], Sequence[Choice]],
        hint: str,
        first: Sequence[Choice] = (),
    ) -> None:
        """`first` is what is there before anything is typed."""
        super().__init__()
        self.dialog_title, self.search, self.hint, self.first = title, search, hint, first
        self.choices: Sequence[Choice] = ()
        self._shown_for = ""  # the text whose rows are shown
        self._choose_first = False  # enter was pressed before the rows of the text came

    def compose(self) -> ComposeResult:
        """The line and the list."""
        with Vertical() as box:
            box.border_title = Content(f" {self.dialog_title} ")
            box.border_subtitle = Content(" up/down move  enter choose  esc cancel ")
            yield TextInput(placeholder=self.hint)
            rows = ArrayList(self._line, empty="")
            rows.can_focus = False
            yield rows
            yield Static("", classes="detail -empty", markup=False)

    def on_mount(self) -> None:
        """Take characters."""
        self.query_one(TextInput).focus()
        self.post_message(self.Found("", self.first))

    def _line(self, row: int, width: int) -> Content:
        choice = self.choices[row]
        note = Content.styled(clean(choice.note), MUTED)
        return cells((choice.text, width - note.cell_length - 1), (note, -note.cell_length))

    @on(TextInput.Changed)
    def look(self, event: TextInput.Changed) -> None:
        """Search for what is typed."""
        event.stop()
        self._choose_first = False
        self.find(event.value)

    @work(thread=True, exclusive=True, group="search", exit_on_error=False)
    def find(self, text: str) -> None:
        """Search, in a thread."""
        found = self.search(text) if text.strip() else self.first
        self.post_message(self.Found(text, found))

    @on(Found)
    def show_found(self, message: Found) -> None:
        """Show what was found for the text that is there now."""
        if message.text != self.query_one(TextInput).value:
            return
        self.choices, self._shown_for = message.choices, message.text
        rows = self.query_one(ArrayList)
        rows.empty = "No match." if message.text.strip() else ""
        rows.cursor = 0
        rows.show_rows(len(self.choices))
        if self._choose_first and self.choices:
            self.dismiss(self.choices[0].key)

    def action_move(self, rows: int) -> None:
        """Move in the list while the line has the focus."""
        self.query_one(ArrayList).action_move(rows)

    @on(TextInput.Submitted)
    def choose(self, event: TextInput.Submitted) -> None:
        """Enter takes the row under the cursor; while the search is still under way, the best that it will find."""
        event.stop()
        row = self.query_one(ArrayList).row
        if self._shown_for != event.value:  # the rows shown are those of an earlier text
            self._choose_first = True
        elif 0 <= row < len(self.choices):
            self.dismiss(self.choices[row].key)
