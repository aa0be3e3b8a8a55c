"""What a run's worker wrote to its stdout and stderr."""

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
        Binding("slash", "search", "Search", id="console.search", tooltip="Find the lines that have some letters"),
        Binding("n", "next_match(1)", "Next match", id="console.next_match", tooltip="To the next line that was found"),
        Binding("N", "next_match(-1)", "Match before", id="console.previous_match", show=False,
                tooltip="To the line found before this one"),
        Binding("question_mark", "app.help", "Help", id="console.help", show=False,
                tooltip="Every key that works here"),
        Binding("W", "app.picture", "Picture", id="console.picture", show=False,
                tooltip="Write what the terminal shows to an SVG file"),
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
        self.run_shown, self.lines = run, list[str]()
        self.needle = ""
        self.matches = np.zeros(0, np.int64)

    def compose(self) -> ComposeResult:
        """The lines in a frame."""
        with Vertical() as frame:
            frame.border_title = Content(f" {self.run_shown.id} · console ")
            frame.border_subtitle = Content(KEYS)
            yield ArrayList(self._line, empty="The worker has written nothing.")
            yield FilterLine(placeholder="letters of a line")

    def _line(self, row: int, width: int) -> Content:
        del width
        line = Content(clean(self.lines[row]))
        if not self.needle:
            return line
        return line.highlight_regex(f"(?i){re.escape(self.needle)}", style="reverse")

    def on_mount(self) -> None:
        """Read, and again as the log grows."""
        self.query_one(ArrayList).focus()
        self.read_log()
        self.set_interval(1.0, self.read_log)

    @work(thread=True, exclusive=True, group="console", exit_on_error=False)
    def read_log(self) -> None:
        """Read the end of the log, in a thread."""
        self.post_message(self.Read(self.run_shown.console_tail(MOST_LINES)))

    @on(Read)
    def show_lines(self, message: Read) -> None:
        """Show the lines; the cursor stays at the end if it was there."""
        if message.lines == self.lines:
            return
        rows = self.query_one(ArrayList)
        at_end = rows.cursor >= len(self.lines) - 1
        self.lines = message.lines
        rows.show_rows(len(self.lines))
        self._find()
        if at_end and not self.needle:
            rows.action_last()
        rows.refresh()

    def _find(self) -> None:
        """Know again which lines have the letters, and say how many."""
        wanted = self.needle.casefold()
        found = [row for row, line in enumerate(self.lines) if wanted in clean(line).casefold()] if wanted else []
        self.matches = np.array(found, np.int64)
        self._tell()

    def _tell(self) -> None:
        words = KEYS
        if self.needle:
            at = np.flatnonzero(self.matches == self.query_one(ArrayList).cursor)
            number = f"{at[0] + 1} of " if len(at) else ""
            words = f" {number}{len(self.matches)} lines have “{clean(self.needle)}”  n N next, before  esc back "
        self.query_one(Vertical).border_subtitle = Content(words)

    def action_search(self) -> None:
        """Find lines as one types."""
        self.query_one(FilterLine).open()

    @on(FilterLine.Narrowed)
    def find(self, message: FilterLine.Narrowed) -> None:
        """Go to the last line that has the letters, from the cursor back; the newest lines matter most."""
        self.needle = message.text
        self._find()
        rows = self.query_one(ArrayList)
        if len(self.matches):
            before = self.matches[self.matches <= rows.cursor]
            rows.go_to(int(before[-1] if len(before) else self.matches[-1]))
        self._tell()
        rows.refresh()

    @on(FilterLine.Closed)
    def back_to_lines(self) -> None:
        """The lines have the focus again."""
        self.query_one(ArrayList).focus()

    def action_next_match(self, direction: int) -> None:
        """Go to the next line that was found, or the one before; past the last is the first."""
        if not len(self.matches):
            return
        rows = self.query_one(ArrayList)
        if direction > 0:
            ahead = self.matches[self.matches > rows.cursor]
            rows.go_to(int(ahead[0] if len(ahead) else self.matches[0]))
        else:
            behind = self.matches[self.matches < rows.cursor]
            rows.go_to(int(behind[-1] if len(behind) else self.matches[-1]))
        self._tell()

    def action_leave(self) -> None:
        """Back to the run."""
        self.dismiss()
