"""A dialog in which several rows are selected."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static
from textual.widgets.option_list import Option

from bert4rec_tui.tui.shell.choice_list import ChoiceList
from bert4rec_tui.tui.shell.dialogs import Dialog
from bert4rec_tui.tui.shell.text import MUTED


class MultipleChoice(Dialog[list[str]]):
    """A list with a checkbox for each row: its name, and what it means."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "check", "Toggle", id="dialog.take", tooltip="Select or deselect the row under the cursor"),
    ]
    DEFAULT_CSS = """
    MultipleChoice ChoiceList { height: auto; max-height: 12; }
    """

    def __init__(self, question: str, known: Mapping[str, str], selected: Sequence[str]) -> None:
        super().__init__()
        self.question, self.known, self.selected = question, known, set(selected)

    def compose(self) -> ComposeResult:
        """The list and what it asks."""
        with Vertical() as box:
            box.border_title = Content(f" {self.question} ")
            box.border_subtitle = Content(" space toggle  enter accept  esc cancel ")
            yield ChoiceList(markup=False)
            yield Static("Select at least one.", classes="detail -empty", markup=False)

    def on_mount(self) -> None:
        """Fill the list."""
        self._fill(0)
        self.query_one(ChoiceList).focus()

    def _fill(self, at: int) -> None:
        rows = self.query_one(ChoiceList)
        rows.clear_options()
        for name, meaning in self.known.items():
            box = "[x] " if name in self.selected else "[ ] "
            text = Content(f"{box}{name:<14}") + Content.styled(meaning, MUTED)
            rows.add_option(Option(text, id=name))
        rows.highlighted = at
        self.query_one(Static).set_class(bool(self.selected), "-empty")

    def action_check(self) -> None:
        """Select or deselect the row under the cursor."""
        at = self.query_one(ChoiceList).highlighted or 0
        self.selected ^= {list(self.known)[at]}
        self._fill(at)

    def on_option_list_option_selected(self, event: ChoiceList.OptionSelected) -> None:
        """Accept the selected rows."""
        event.stop()
        if self.selected:
            self.dismiss([name for name in self.known if name in self.selected])
