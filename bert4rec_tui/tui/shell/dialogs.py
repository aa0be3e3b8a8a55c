"""Dialogs that every screen uses: a question with a safe answer, a line of text, a list to choose from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.fuzzy import Matcher
from textual.reactive import Reactive
from textual.widget import Widget
from textual.widgets import Static
from textual.widgets.option_list import Option

from bert4rec_tui.tui.shell.choice_list import ChoiceList
from bert4rec_tui.tui.shell.footer import FooterLine
from bert4rec_tui.tui.shell.overlay import Answer, Overlay
from bert4rec_tui.tui.shell.text import MUTED
from bert4rec_tui.tui.shell.text_input import TextInput

CHOOSER_WIDTH = 80  # of the box of a list, unless its rows are longer
CHOOSER_FRAME = 8  # of that width, what is not a row


class Dialog(Overlay[Answer], Generic[Answer], inherit_bindings=False):
    """A dialog; esc closes it without an answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel", id="dialog.cancel", tooltip="Close without answering"),
        Binding("question_mark", "app.help", "Help", id="dialog.help", show=False,
                tooltip="Help on what has the focus, and all keys that work here"),
        Binding("tab", "app.focus_next", "Next widget", id="dialog.focus_next", show=False,
                tooltip="Move the focus to the next widget"),
        Binding("shift+tab", "app.focus_previous", "Previous widget", id="dialog.focus_previous", show=False,
                tooltip="Move the focus to the previous widget"),
    ]  # fmt: skip

    # As on the five screens: a moved focus does not repaint everything.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 60%; }
    Dialog > Vertical {
        width: 64; max-width: 95%; height: auto; max-height: 90%;
        border: round $accent; border-title-color: $accent; border-title-style: bold;
        border-subtitle-color: $text-muted;
        background: $surface; padding: 0 1;
    }
    Dialog .detail { color: $text-muted; height: auto; padding: 0 1 1 1; }
    Dialog .detail.-empty { display: none; }
    """

    def on_mount(self) -> None:
        """Cover the footer of the screen below, whose keys do not work now."""
        self.mount(FooterLine())

    def action_leave(self) -> None:
        """Close without an answer."""
        self.dismiss(None)


class Question(Dialog[str]):
    """A question with a few answers, the safe one first and chosen.

    `keys` are further keys for single answers, such as a second `q` that means the default.
    """

    DEFAULT_CSS = """
    Question ChoiceList { height: auto; max-height: 12; }
    """

    def __init__(
        self, question: str, choices: Mapping[str, str], detail: str = "", keys: Mapping[str, str] | None = None
    ) -> None:
        super().__init__()
        self.question, self.choices, self.detail, self.keys = question, dict(choices), detail, dict(keys or {})

    def compose(self) -> ComposeResult:
        """The question in the border, what there is to know, the answers."""
        with Vertical() as box:
            box.border_title = Content(self.question)
            box.border_subtitle = Content("enter choose  esc cancel")
            yield Static(Content(self.detail), classes="detail" if self.detail else "detail -empty", markup=False)
            yield ChoiceList(*(Option(Content(text), id=key) for key, text in self.choices.items()), markup=False)

    def on_key(self, event: Key) -> None:
        """Take the keys that stand for an answer."""
        if event.key in self.keys:
            event.stop()
            self.dismiss(self.keys[event.key])

    @on(ChoiceList.OptionSelected)
    def answer(self, event: ChoiceList.OptionSelected) -> None:
        """The chosen row is the answer."""
        event.stop()
        self.dismiss(event.option_id)


class Prompt(Dialog[str]):
    """Asks for one line of text; an empty one is an answer too."""

    def __init__(self, title: str, value: str = "", placeholder: str = "") -> None:
        super().__init__()
        self.dialog_title, self.value, self.placeholder = title, value, placeholder

    def compose(self) -> ComposeResult:
        """One line to write in."""
        with Vertical() as box:
            box.border_title = Content(self.dialog_title)
            box.border_subtitle = Content("enter accept  esc cancel")
            yield TextInput(self.value, placeholder=self.placeholder)

    @on(TextInput.Submitted)
    def accept(self, event: TextInput.Submitted) -> None:
        """The line is the answer."""
        event.stop()
        self.dismiss(event.value)


@dataclass(frozen=True)
class Choice:
    """One row of a chooser: what it is called inside, what is shown, what is at its right."""

    key: str
    text: str
    note: str = ""


class Chooser(Dialog[str]):
    """A list to choose from.

    With `search` it begins by taking characters that narrow it.
    """

    DEFAULT_CSS = """
    Chooser ChoiceList { height: auto; max-height: 16; }
    Chooser ChoiceList > .option-list--option-highlighted { background: $accent 30%; text-style: bold; }
    Chooser .none { color: $text-muted; padding: 0 1; display: none; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,ctrl+n", "move(1)", "Down", id="chooser.down", show=False, tooltip="One row down"),
        Binding("up,ctrl+b", "move(-1)", "Up", id="chooser.up", show=False, tooltip="One row up"),
    ]

    def __init__(self, title: str, choices: Sequence[Choice], chosen: str | None = None, search: bool = False) -> None:
        super().__init__()
        self.dialog_title, self.choices, self.chosen, self.search = title, list(choices), chosen, search

    def compose(self) -> ComposeResult:
        """The search line where there is one, and the list."""
        with Vertical() as box:
            box.border_title = Content(self.dialog_title)
            box.border_subtitle = Content("enter choose  esc cancel")
            if self.search:
                yield TextInput(placeholder="type to search")
            yield ChoiceList(markup=False)
            yield Static("No match.", classes="none", markup=False)

    def on_mount(self) -> None:
        """Fill the list, in a box as wide as its rows where the terminal has room."""
        self.query_one(Vertical).styles.width = self._width()
        self._fill(self.choices)
        self.query_one(TextInput if self.search else ChoiceList).focus()

    def _width(self) -> int:
        longest = max(
            (Content(choice.text).cell_length + Content(choice.note).cell_length + 2 for choice in self.choices),
            default=0,
        )
        return min(max(CHOOSER_WIDTH, longest + CHOOSER_FRAME), int(self.app.size.width * 0.95))

    def _fill(self, choices: Sequence[Choice]) -> None:
        rows = self.query_one(ChoiceList)
        room = max(20, self._width() - CHOOSER_FRAME)
        rows.clear_options()
        rows.add_options(Option(_row(choice, room), id=choice.key) for choice in choices)
        at = next((i for i, choice in enumerate(choices) if choice.key == self.chosen), 0)
        rows.highlighted = at if choices else None
        rows.display = bool(choices)
        self.query_one(".none").display = not choices

    @on(TextInput.Changed)
    def narrow(self, event: TextInput.Changed) -> None:
        """Show the rows that match what is typed: those that begin with it, then the best matches."""
        event.stop()
        query = event.value.strip()
        if not query:
            self._fill(self.choices)
            return
        matcher = Matcher(query)
        scored = [(matcher.match(f"{choice.text} {choice.note}"), choice) for choice in self.choices]
        found = [pair for pair in scored if pair[0] > 0]
        found.sort(key=lambda pair: (not pair[1].text.lower().startswith(query.lower()), -pair[0]))
        self._fill([choice for _, choice in found])

    def action_move(self, rows: int) -> None:
        """Move in the list while the search line has the focus."""
        choices = self.query_one(ChoiceList)
        if rows > 0:
            choices.action_cursor_down()
        else:
            choices.action_cursor_up()

    @on(TextInput.Submitted)
    def choose_highlighted(self, event: TextInput.Submitted) -> None:
        """Enter in the search line takes the row that is marked."""
        event.stop()
        option = self.query_one(ChoiceList).highlighted_option
        if option is not None:
            self.dismiss(option.id)

    @on(ChoiceList.OptionSelected)
    def choose(self, event: ChoiceList.OptionSelected) -> None:
        """The chosen row is the answer."""
        event.stop()
        self.dismiss(event.option_id)


def _row(choice: Choice, room: int) -> Content:
    text, note = Content(choice.text), Content.styled(choice.note, MUTED)
    gap = room - text.cell_length - note.cell_length
    if gap < 2 and note.cell_length <= room // 2 and text.cell_length == len(choice.text):
        # The middle gives way: what tells one from another is at the ends, and the note is why one looks here.
        kept = room - note.cell_length - 3
        text = Content(f"{choice.text[: kept - kept // 2]}…{choice.text[-(kept // 2) :]}")
        gap = 2
    if gap < 2:
        return (text + "  " + note).truncate(room, ellipsis=True)
    return text + Content(" " * gap) + note
