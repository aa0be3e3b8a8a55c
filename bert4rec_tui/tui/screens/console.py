"""What a run's worker wrote to its stdout and stderr."""

from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen

from bert4rec_tui.runs.store import Run
from bert4rec_tui.tui.widgets.array_list import ArrayList
from bert4rec_tui.tui.widgets.signs import clean

MOST_LINES = 5000


class Console(ModalScreen[None], inherit_bindings=False):
    """The console log of a run, its end in sight; it grows while the run does."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,o", "leave", "Back", id="console.back", tooltip="Back to the run"),
    ]
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

    def compose(self) -> ComposeResult:
        """The lines in a frame."""
        with Vertical() as frame:
            frame.border_title = Content(f" {self.run_shown.id} · console ")
            frame.border_subtitle = Content(" j k g G scroll  esc back ")
            yield ArrayList(self._line, empty="The worker has written nothing.")

    def _line(self, row: int, width: int) -> Content:
        del width
        return Content(clean(self.lines[row]))

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
        if at_end:
            rows.action_last()
        rows.refresh()

    def action_leave(self) -> None:
        """Back to the run."""
        self.dismiss()
