"""The last line of a pane: progress of what runs in the background, and the key that cancels it; else a hint."""

from textual.content import Content
from textual.widget import Widget

from bert4rec_tui.progress import Progress, describe_progress
from bert4rec_tui.tui.shell.text import MUTED, cut

BAR = 16


class JobLine(Widget):
    """Progress while something works; a hint otherwise."""

    DEFAULT_CSS = """
    JobLine { height: 1; width: 1fr; dock: bottom; }
    """

    def __init__(self, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.ascii = ascii
        self.progress: Progress | None = None
        self.hint = ""
        self.error = False

    def show(self, progress: Progress | None) -> None:
        """Show the progress of the work; None when there is none."""
        self.progress = progress
        self.refresh()

    def say(self, hint: str, error: bool = False) -> None:
        """Show a hint while nothing is running."""
        self.hint, self.error = hint, error
        self.refresh()

    def render(self) -> Content:
        """A bar where the end is known, the words, and the key that cancels."""
        if self.progress is None:
            return Content.styled(cut(self.hint, self.size.width, self.ascii), "$text-error" if self.error else MUTED)
        words = describe_progress(self.progress)
        cancel = Content.styled("  esc ", "bold $accent") + Content.styled("cancel", MUTED)
        room = self.size.width - cancel.cell_length
        bar = Content("")
        if self.progress.total and room > len(words) + BAR + 1:
            bar = self._bar(self.progress.done / self.progress.total)
        return bar + Content(words[: room - bar.cell_length]) + cancel

    def _bar(self, part: float) -> Content:
        done = round(min(1.0, max(0.0, part)) * BAR)
        full, empty = ("#", ".") if self.ascii else ("━", "─")
        return Content.styled(full * done, "$accent") + Content.styled(empty * (BAR - done) + " ", MUTED)
