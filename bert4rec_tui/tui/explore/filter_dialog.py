"""A dialog for one line that filters the predictions: categories, years, popularity, in the history or not."""

from typing import ClassVar

import numpy as np
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from bert4rec_tui.errors import UserError
from bert4rec_tui.recommend.filters import ItemFilter, filter_text, genre_word, parse_filter
from bert4rec_tui.tui.explore.loaded_run import LoadedRun
from bert4rec_tui.tui.shell.dialogs import Dialog
from bert4rec_tui.tui.shell.text import count
from bert4rec_tui.tui.shell.text_input import TextInput

HINT = "such as: comedy drama 1990-1999 >100"
SYNTAX = "{0} {0} (any of them)   1994  1990-1999  -1980   >100 <50 (interactions in training)   seen | all"


class FilterDialog(Dialog[ItemFilter]):
    """Takes a filter as one line, and shows as it is typed how many items match, or what is wrong."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+l", "clear", "Clear", id="explore.clear_filter", show=False,
                tooltip="Clear the filter: every item matches"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    FilterDialog > Vertical { width: 96; }
    FilterDialog #result { height: auto; margin: 1 0 0 0; }
    FilterDialog #syntax { color: $text-muted; height: auto; margin: 1 0 0 0; }
    """

    def __init__(self, loaded: LoadedRun, item_filter: ItemFilter, history: list[int]) -> None:
        super().__init__()
        self.loaded, self.item_filter, self.history = loaded, item_filter, history

    def compose(self) -> ComposeResult:
        """The line, its result, and the syntax."""
        with Vertical() as box:
            box.border_title = Content(f" Filter {self.loaded.noun.several} ")
            box.border_subtitle = Content(" enter apply  empty shows all  esc cancel ")
            yield TextInput(filter_text(self.item_filter), placeholder=HINT)
            yield Static("", id="result", markup=False)
            yield Static("", id="syntax", markup=False)

    def on_mount(self) -> None:
        """Take characters; the categories are read in a thread."""
        self.query_one(TextInput).focus()
        self.read_categories()

    @work(thread=True, group="categories", exit_on_error=False)
    def read_categories(self) -> None:
        """Read categories and years, which a large catalogue takes a moment for."""
        facts = self.loaded.facts
        _ = facts.years
        categories = ", ".join(genre_word(genre) for genre in facts.genres)
        syntax = SYNTAX.format(self.loaded.dataset.category.one)
        self.app.call_from_thread(self._ready, f"{syntax}\n\n{categories}" if categories else syntax)

    def _ready(self, syntax: str) -> None:
        if self.is_attached:
            self.query_one("#syntax", Static).update(Content(syntax))
            self._parse(self.query_one(TextInput).value)

    def action_clear(self) -> None:
        """Empty the line."""
        self.query_one(TextInput).value = ""

    @on(TextInput.Changed)
    def parse_typed(self, event: TextInput.Changed) -> None:
        """Show what the line means."""
        event.stop()
        self._parse(event.value)

    def _parse(self, text: str) -> ItemFilter | None:
        result = self.query_one("#result", Static)
        try:
            item_filter = parse_filter(text, self.loaded.facts)
        except UserError as error:
            result.update(Content.styled(str(error), "$text-error"))
            return None
        matching = int(np.count_nonzero(self.loaded.facts.allowed(item_filter, self.history)))
        result.update(Content(f"{count(matching)} of {self.loaded.noun.counted(self.loaded.dataset.items)} match"))
        return item_filter

    @on(TextInput.Submitted)
    def accept(self, event: TextInput.Submitted) -> None:
        """A line that can be understood is the answer."""
        event.stop()
        item_filter = self._parse(event.value)
        if item_filter is not None:
            self.dismiss(item_filter)
