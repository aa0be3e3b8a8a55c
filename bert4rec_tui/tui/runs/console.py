"""The console log of a run: its worker's stdout and stderr."""

import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from bert4rec_tui.runs.store import Run
from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.lists.filter_line import FilterLine
from bert4rec_tui.tui.shell.overlay import Overlay
from bert4rec_tui.tui.shell.text import clean

MOST_LINES = 5000
KEYS = " j k g G scroll  / search  esc back "


class Console(Overlay[None], inherit_bindings=False):
    """The console log of a run, its end in sight; it grows while the run does."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,o", "leave", "Back", id="console.back", tooltip="Back to the run"),
        Binding("slash", "search", "Search", id="console.search", tooltip="Search the log"),
        Binding("n", "next_match(1)", "Next match", id="console.next_match", tooltip="Go to the next matching line"),
        Binding("N", "next_match(-1)", "Previous match", id="console.previous_match", show=False,
                tooltip="Go to the previous matching line"),
        Binding("question_mark", "app.help", "Help", id="console.help", show=False,
                tooltip="All keys that work here"),
        Binding("W", "app.picture", "Screenshot", id="console.picture", show=False,
                tooltip="Save a screenshot as an SVG file"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    Console { background: $background; }
    Console > Vertical {
        border: round $accent; border-title-color: $accent; border-title-style: bold;
        border-subtitle-color: $text-muted; padding: 0 1;
    }
    """

    @dataclass
    class Read(Message):
        """The last lines of the log."""

        lines: list[str]

        def can_replace(self, message: Message) -> bool:
            """A newer one is enough."""
            return isinstance(message, Console.Read)

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run, self.lines = run, list[str]()
        self.search_text = ""
        self.frame = Vertical()
        self.list = ArrayList(self._line, empty="The worker has written nothing yet.")
        self.search = FilterLine(placeholder="search")
        self.matches = np.zeros(0, np.int64)

    def compose(self) -> ComposeResult:
        """The lines in a frame."""
        self.frame.border_title = Content(f" {self.run.id} · console ")
        self.frame.border_subtitle = Content(KEYS)
        with self.frame:
            yield self.list
            yield self.search

    def _line(self, row: int, width: int) -> Content:
        del width
        line = Content(clean(self.lines[row]))
        if not self.search_text:
            return line
        return line.highlight_regex(f"(?i){re.escape(self.search_text)}", style="reverse")

    def on_mount(self) -> None:
        """Read, and again as the log grows."""
        self.list.focus()
        self.read_log()
        self.set_interval(1.0, self.read_log)

    @work(thread=True, exclusive=True, group="console", exit_on_error=False)
    def read_log(self) -> None:
        """Read the end of the log, in a thread."""
        self.post_message(self.Read(self.run.console_tail(MOST_LINES)))

    @on(Read)
    def show_lines(self, message: Read) -> None:
        """Show the lines; the cursor stays at the end if it was there."""
        if message.lines == self.lines:
            return
        at_end = self.list.cursor >= len(self.lines) - 1
        self.lines = message.lines
        self.list.show_rows(len(self.lines))
        self._find()
        if at_end and not self.search_text:
            self.list.action_last()
        self.list.refresh()

    def _find(self) -> None:
        """Find the lines that match again, and say how many."""
        text = self.search_text.casefold()
        found = [row for row, line in enumerate(self.lines) if text in clean(line).casefold()] if text else []
        self.matches = np.array(found, np.int64)
        self._show_count()

    def _show_count(self) -> None:
        words = KEYS
        if self.search_text:
            at = np.flatnonzero(self.matches == self.list.cursor)
            number = f"{at[0] + 1} of " if len(at) else ""
            words = (
                f" {number}{len(self.matches)} lines match “{clean(self.search_text)}”  n N next, previous  esc back "
            )
        self.frame.border_subtitle = Content(words)

    def action_search(self) -> None:
        """Find lines as one types."""
        self.search.open()

    @on(FilterLine.Narrowed)
    def find(self, message: FilterLine.Narrowed) -> None:
        """Go to the last matching line, from the cursor back; the newest lines matter most."""
        self.search_text = message.text
        self._find()
        if len(self.matches):
            before = self.matches[self.matches <= self.list.cursor]
            self.list.go_to(int(before[-1] if len(before) else self.matches[-1]))
        self._show_count()
        self.list.refresh()

    @on(FilterLine.Closed)
    def back_to_lines(self) -> None:
        """The lines have the focus again."""
        self.list.focus()

    def action_next_match(self, direction: int) -> None:
        """Go to the next matching line, or the previous one; after the last comes the first."""
        if not len(self.matches):
            return
        if direction > 0:
            ahead = self.matches[self.matches > self.list.cursor]
            self.list.go_to(int(ahead[0] if len(ahead) else self.matches[0]))
        else:
            behind = self.matches[self.matches < self.list.cursor]
            self.list.go_to(int(behind[-1] if len(behind) else self.matches[-1]))
        self._show_count()

    def action_leave(self) -> None:
        """Back to the run."""
        self.dismiss()
