"""What a first start shows: the quick start, one key away."""

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from bert4rec_tui.progress import Progress, describe_progress
from bert4rec_tui.tui.shell.text import MUTED

STEPS = ("Prepare the bundled MovieLens sample", "Train a small model on it", "See what a user would watch next")


class Welcome(Widget, can_focus=True):
    """Three steps from nothing to a prediction, and how far they are."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "start", "Quick start", id="welcome.start", tooltip="Prepare the sample and train on it"),
    ]
    DEFAULT_CSS = """
    Welcome { width: 1fr; height: 1fr; padding: 1 1; }
    """

    @dataclass
    class Started(Message):
        """The person wants the quick start."""

    def __init__(self, ascii: bool = False) -> None:
        super().__init__()
        self.ascii = ascii
        self.step = -1
        self.progress: Progress | None = None

    def show(self, step: int, progress: Progress | None = None) -> None:
        """Show which step is at work, -1 for none yet."""
        self.step, self.progress = step, progress
        self.refresh()

    def action_start(self) -> None:
        """Begin, once."""
        if self.step < 0:
            self.post_message(self.Started())

    def render(self) -> Content:
        """What this is, the steps, the keys."""
        done, now, later = ("+", "*", "o") if self.ascii else ("✓", "●", "◌")
        lines = [
            Content.styled("From raw ratings to the next movie, at the terminal", "bold"),
            Content(""),
            Content("Nothing is prepared yet. The quick start takes a few minutes on a laptop"),
            Content("and needs no network:"),
            Content(""),
        ]
        for number, words in enumerate(STEPS):
            sign, style = (done, "$text-success") if number < self.step else (later, MUTED)
            if number == self.step:
                sign, style = now, "bold"
            line = Content.styled(f"  {sign} {words}", style)
            if number == self.step and self.progress is not None:
                line += Content.styled(f"   {describe_progress(self.progress)}", MUTED)
            lines.append(line)
        lines.append(Content(""))
        if self.step < 0:
            lines += [
                Content.styled("  enter ", "bold $accent") + Content("starts it"),
                Content.styled("  i     ", "bold $accent") + Content("imports a file of your own ratings"),
                Content.styled("  ]     ", "bold $accent") + Content("goes to the list of known datasets"),
                Content.styled("  ?     ", "bold $accent") + Content("shows every key"),
            ]
        else:
            lines.append(Content.styled("  esc ", "bold $accent") + Content("cancels"))
        return Content("\n").join(lines)
