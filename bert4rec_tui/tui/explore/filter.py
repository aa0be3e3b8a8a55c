"""A dialog for one line that says which movies may be shown: genres, years, popularity, seen or not."""

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
from bert4rec_tui.tui.explore.loaded_run import World
from bert4rec_tui.tui.shell.dialogs import Dialog
from bert4rec_tui.tui.shell.text import count
from bert4rec_tui.tui.shell.text_input import TextInput

HINT = "such as: comedy drama 1990-1999 >100"
WORDS = "genre genre (one is enough)   1994  1990-1999  -1980   >100 <50 (times watched)   seen | all"


class FilterDialog(Dialog[ItemFilter]):
    """Takes a filter as one line, and says as it is typed how many movies pass, or what is wrong."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+l", "clear", "Everything", id="explore.clear_filter", show=False, tooltip="Let every movie pass again"
        ),
    ]
    DEFAULT_CSS = """
    FilterDialog > Vertical { width: 96; }
    FilterDialog #said { height: auto; margin: 1 0 0 0; }
    FilterDialog #words { color: $text-muted; height: auto; margin: 1 0 0 0; }
    """

    def __init__(self, world: World, wanted: ItemFilter, history: list[int]) -> None:
        super().__init__()
        self.world, self.wanted, self.history = world, wanted, history

    def compose(self) -> ComposeResult:
        """The line, what it means, and what may be written."""
        with Vertical() as box:
            box.border_title = Content(" Which movies? ")
            box.border_subtitle = Content(" enter show these  empty shows all  esc cancel ")
            yield TextInput(filter_text(self.wanted), placeholder=HINT)
            yield Static("", id="said", markup=False)
            yield Static("", id="words", markup=False)

    def on_mount(self) -> None:
        """Take characters; the genres are read in a thread."""
        self.query_one(TextInput).focus()
        self.read_genres()

    @work(thread=True, group="genres", exit_on_error=False)
    def read_genres(self) -> None:
        """Read genres and years, which a large catalogue takes a moment for."""
        facts = self.world.facts
        _ = facts.years
        genres = ", ".join(genre_word(genre) for genre in facts.genres)
        self.app.call_from_thread(self._ready, f"{WORDS}\n\n{genres}" if genres else WORDS)

    def _ready(self, words: str) -> None:
        if self.is_attached:
            self.query_one("#words", Static).update(Content(words))
            self._say(self.query_one(TextInput).value)

    def action_clear(self) -> None:
        """Empty the line."""
        self.query_one(TextInput).value = ""

    @on(TextInput.Changed)
    def look(self, event: TextInput.Changed) -> None:
        """Say what the line means."""
        event.stop()
        self._say(event.value)

    def _say(self, text: str) -> ItemFilter | None:
        said = self.query_one("#said", Static)
        try:
            wanted = parse_filter(text, self.world.facts)
        except UserError as error:
            said.update(Content.styled(str(error), "$text-error"))
            return None
        passing = int(np.count_nonzero(self.world.facts.allowed(wanted, self.history)))
        said.update(Content(f"{count(passing)} of {count(self.world.dataset.items)} movies pass"))
        return wanted

    @on(TextInput.Submitted)
    def accept(self, event: TextInput.Submitted) -> None:
        """A line that can be understood is the answer."""
        event.stop()
        wanted = self._say(event.value)
        if wanted is not None:
            self.dismiss(wanted)
