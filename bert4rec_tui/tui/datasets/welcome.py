"""What a first start shows: the quick start, one key away."""

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from bert4rec_tui.progress import describe_progress
from bert4rec_tui.tui.datasets.session import DatasetsSession
from bert4rec_tui.tui.shell.pane import Pane
from bert4rec_tui.tui.shell.text import MUTED

STEPS = ("Prepare the bundled MovieLens sample", "Train a small model on it", "See what a user would watch next")


class Welcome(Widget, can_focus=True):
    """The quick start."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "start", "Quick start", id="welcome.start",
                tooltip="Prepare the bundled sample and train a small model on it"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    Welcome { width: 1fr; height: 1fr; padding: 1 1; }
    """

    @dataclass
    class Started(Message):
        """The person wants the quick start."""

    def __init__(self, session: DatasetsSession, ascii: bool = False) -> None:
        super().__init__()
        self.session, self.ascii = session, ascii

    def action_start(self) -> None:
        """Begin, once."""
        if self.session.job is None or self.session.job.step < 0:
            self.post_message(self.Started())

    def render(self) -> Content:
        """What this is, the steps, the keys."""
        done, now, later = ("+", "*", "o") if self.ascii else ("✓", "●", "◌")
        job = self.session.job
        at, progress = (job.step, job.progress) if job else (-1, None)
        lines = [
            Content.styled("From raw interactions to recommendations, in the terminal", "bold"),
            Content(""),
            Content("Nothing is prepared yet. The quick start takes a few minutes on a laptop"),
            Content("and needs no network:"),
            Content(""),
        ]
        for number, words in enumerate(STEPS):
            sign, style = (done, "$text-success") if number < at else (later, MUTED)
            if number == at:
                sign, style = now, "bold"
            line = Content.styled(f"  {sign} {words}", style)
            if number == at and progress is not None:
                line += Content.styled(f"   {describe_progress(progress)}", MUTED)
            lines.append(line)
        lines.append(Content(""))
        if at < 0:
            lines += [
                Content.styled("  enter ", "bold $accent") + Content("starts it"),
                Content.styled("  i     ", "bold $accent") + Content("imports a file of your own interactions"),
                Content.styled("  ]     ", "bold $accent") + Content("goes to the list of known datasets"),
                Content.styled("  ?     ", "bold $accent") + Content("shows every key"),
            ]
        else:
            lines.append(Content.styled("  esc ", "bold $accent") + Content("cancels"))
        return Content("\n").join(lines)


class WelcomePane(Pane):
    """Welcome."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "quick_start", "Quick start", id="datasets.quick_start", show=False,
                tooltip="Prepare the bundled sample and train a small model on it"),
    ]  # fmt: skip

    def __init__(self, session: DatasetsSession, id: str, classes: str) -> None:
        super().__init__(id=id, classes=classes)
        self.session = session

    def compose(self) -> ComposeResult:
        """What this is, the steps, the keys."""
        yield Welcome(self.session, self.application.ascii)

    def on_mount(self) -> None:
        """Name the pane."""
        self.border_title = "Welcome"

    def show_job(self) -> None:
        """Show how far the quick start is."""
        self.query_one(Welcome).refresh()

    def action_quick_start(self) -> None:
        """Begin from wherever one is on the screen."""
        self.post_message(Welcome.Started())
