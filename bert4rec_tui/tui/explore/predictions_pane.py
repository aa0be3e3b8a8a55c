"""What the model predicts next, or the neighbours of an item: the list, and the lines around it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from bert4rec_tui.settings import home
from bert4rec_tui.tui.explore.filter_dialog import FilterDialog
from bert4rec_tui.tui.explore.list_export import as_csv, as_titles
from bert4rec_tui.tui.explore.notes import explanation_lines, held_out_line, item_note, list_notes, run_title
from bert4rec_tui.tui.explore.rows import ranked_row
from bert4rec_tui.tui.explore.session import ExploreSession
from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.shell.export import write_export
from bert4rec_tui.tui.shell.lines import Lines
from bert4rec_tui.tui.shell.pane import Pane
from bert4rec_tui.tui.shell.text import MUTED, clean, cut


class PredictionsList(ArrayList):
    """The predicted items, or the neighbours of one."""

    help_text = """The next items by score, with the score as a bar. After a change of the history, ^ or v (or a
        triangle) and a number show by how many ranks an item rose or fell compared with the unchanged history; `new`
        marks an item that was not a candidate there. For neighbours: the cosine similarity of the embeddings, and how
        often each came right after the item in training, and right before it."""


class PredictionsPane(Pane):
    """The predictions with the held-out item and why: filtered, diversified, exported."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "explain", "Why", id="explore.why",
                tooltip="Show which items of the history caused this prediction"),
        Binding("f", "filter", "Filter", id="explore.filter", show=False,
                tooltip="Filter the list by category, year or popularity, or show what is in the history"),
        Binding("d", "diversify(1)", "More diverse", id="explore.more_diverse", show=False,
                tooltip="Weigh diversity more; shows what it costs in score"),
        Binding("D", "diversify(-1)", "Less diverse", id="explore.less_diverse", show=False,
                tooltip="Weigh diversity less; 0 is the plain list"),
        Binding("c", "copy", "Copy", id="explore.copy", show=False,
                tooltip="Copy the titles of the list, where the terminal allows it; e writes a file"),
        Binding("e", "export", "Export", id="explore.export", show=False,
                tooltip="Write the list to a CSV file in the current folder"),
    ]  # fmt: skip

    @dataclass
    class QuestionChanged(Message):
        """Another list is asked for; `details_closed` where an explanation or neighbours went with that."""

        details_closed: bool

    @dataclass
    class ExplanationRequested(Message):
        """An explanation of a prediction is asked for."""

        item: int

    def __init__(self, session: ExploreSession) -> None:
        super().__init__(id="next-pane")
        self.session = session
        self.border_title = "Next"
        self.list = PredictionsList(self._line, id="next")
        self._list_notes = Lines(id="list-notes")
        self._item_note = Lines(id="item-note")
        self._held_out = Lines(id="held-out")
        self._explanation = Lines(id="explanation")

    def compose(self) -> ComposeResult:
        """The list between its notes."""
        yield self._list_notes
        yield self.list
        yield self._item_note
        yield self._held_out
        yield self._explanation

    def _line(self, row: int, width: int) -> Content:
        ranked = self.session.ranked
        return ranked_row(ranked, row, width, self.application.ascii) if ranked else Content("")

    def show(self, top: bool = False) -> None:
        """Draw the list and its notes; `top` puts the cursor on the best item."""
        ranked, ascii = self.session.ranked, self.application.ascii
        self.retitle(
            Content(self._title()), Content("esc: back to predictions" if self.session.neighbours is not None else "")
        )
        notes = list_notes(self.session)
        show_lines(
            self._list_notes,
            len(notes),
            lambda width: [Content.styled(cut(clean(note), width, ascii).rstrip(), MUTED) for note in notes],
        )
        self.list.empty = self._empty()
        if top:
            self.list.cursor = 0
        self.list.show_rows(len(ranked) if ranked else 0)
        self.show_item_note()
        self._show_held_out()
        self.show_explanation()

    def _title(self) -> str:
        session = self.session
        if session.loaded is None:
            return "Next"
        if session.neighbours is not None:
            return f"Nearest to {clean(session.loaded.title(session.neighbours.item))}"
        return run_title(session.loaded.run.short_id, session.loaded.checkpoint, session.answer, self.application.ascii)

    def _empty(self) -> str:
        session = self.session
        if session.loaded is None:
            return "The model's predictions appear here."
        if session.error:
            return session.error
        if session.answer is None:
            return "loading the model…"
        return f"No {session.loaded.noun.one} matches the filter; press f to change it."

    @property
    def item(self) -> int:
        """The item under the cursor, 0 for none."""
        ranked = self.session.ranked
        return ranked.items[self.list.row] if ranked and 0 <= self.list.row < len(ranked) else 0

    def show_item_note(self) -> None:
        """Say of the item under the cursor what its line has no room for."""
        loaded, item, ascii = self.session.loaded, self.item, self.application.ascii
        if loaded is None or not item:
            show_lines(self._item_note, 0, lambda _: ())
            return
        text = item_note(loaded, item)
        show_lines(self._item_note, 1, lambda width: [Content.styled(cut(text, width, ascii).rstrip(), MUTED)])

    def _show_held_out(self) -> None:
        loaded, held_out, ascii = self.session.loaded, self.session.held_out, self.application.ascii
        if loaded is None or held_out is None:
            show_lines(self._held_out, 0, lambda _: ())
        else:
            show_lines(self._held_out, 1, lambda width: [held_out_line(loaded, held_out, width, ascii)])

    def show_explanation(self) -> None:
        """Show why an item is predicted, or nothing where none is explained."""
        loaded, explanation, ascii = self.session.loaded, self.session.explanation, self.application.ascii

        def write(width: int) -> Sequence[Content]:
            if loaded is None or explanation is None:
                return ()
            return explanation_lines(loaded, explanation, max(20, width), ascii)

        show_lines(self._explanation, len(write(0)), write)

    @on(ArrayList.Moved)
    def describe_item(self, message: ArrayList.Moved) -> None:
        """The note follows the cursor."""
        message.stop()
        self.show_item_note()

    def action_explain(self) -> None:
        """Ask why the item under the cursor is predicted."""
        if self.session.neighbours is not None:
            self.notify("These are neighbours; press esc to go back to the predictions, then y.")
        elif not self.item:
            return
        elif not self.session.history.entries:
            self.notify("The history is empty, so there is nothing to explain.")
        else:
            self.post_message(self.ExplanationRequested(self.item))

    @work(exclusive=True, group="question")
    async def action_filter(self) -> None:
        """Ask for a filter."""
        session, loaded = self.session, self.session.loaded
        if loaded is None:
            return
        chosen = await self.app.push_screen_wait(FilterDialog(loaded, session.item_filter, session.history.items))
        if chosen is not None and session.loaded is loaded:
            session.item_filter = chosen
            self._question_changed(top=True)

    def action_diversify(self, steps: int) -> None:
        """Weigh diversity more, or less."""
        if self.session.loaded is None:
            return
        if self.session.change_diversity(steps):
            self._question_changed()
        else:
            self.notify("Diversity is already 0." if steps < 0 else "Diversity is already 1.")

    def _question_changed(self, top: bool = False) -> None:
        details_closed = self.session.close_details()
        self.show(top)
        self.post_message(self.QuestionChanged(details_closed))

    def action_copy(self) -> None:
        """Copy the titles; a terminal that refuses does not report it, so the file is mentioned too."""
        ranked = self.session.ranked
        if ranked is not None:
            self.app.copy_to_clipboard(as_titles(ranked))
            titles = f"{len(ranked):,} {'title' if len(ranked) == 1 else 'titles'}"
            self.notify(f"Sent {titles} to the terminal's clipboard; press e to write a file instead.")

    @work(exclusive=True, group="export")
    async def action_export(self) -> None:
        """Write the list to a file."""
        loaded, ranked = self.session.loaded, self.session.ranked
        if loaded is not None and ranked is not None:
            kind = "nearest" if self.session.neighbours is not None else "next"
            name, content = f"{loaded.run.id}-{kind}.csv", as_csv(ranked).encode()
            written, failed = await asyncio.to_thread(write_export, content, name, [Path.cwd(), home()])
            self.notify(written, severity="error" if failed else "information", markup=False)


def show_lines(lines: Lines, number: int, write: Callable[[int], Sequence[Content]]) -> None:
    """Show so many lines, or none; the screen is laid out again only where their number changes."""
    if lines.display != (number > 0):
        lines.display = number > 0
    if not number:
        return
    height = lines.styles.height
    if height is None or height.value != number:
        lines.styles.height = number
    lines.show(write)
