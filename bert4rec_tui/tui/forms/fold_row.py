"""The line of a form that stands for the hidden settings of a group."""

from textual.content import Content
from textual.widget import Widget

from bert4rec_tui.tui.forms.values import in_sentence
from bert4rec_tui.tui.shell.text import cut


class FoldRow(Widget, can_focus=True):
    """Stands for the settings of a group that are rarely changed; enter shows or hides them."""

    DEFAULT_CSS = """
    FoldRow { height: 1; width: 1fr; color: $text-muted; }
    FoldRow:focus { background: $accent 20%; color: $foreground; }
    """

    def __init__(self, group: str, labels: list[str], group_width: int, ascii: bool = False) -> None:
        super().__init__()
        self.group, self.labels, self.group_width, self.ascii = group, labels, group_width, ascii
        self.folded = True

    def fold(self, folded: bool) -> None:
        """Hide the settings, or show them."""
        self.folded = folded
        self.refresh()

    def render(self) -> Content:
        """How many settings are hidden, and which."""
        sign = ("+" if self.folded else "-") if self.ascii else ("▸" if self.folded else "▾")
        words = f"{sign} {len(self.labels)} more: {', '.join(in_sentence(label) for label in self.labels)}"
        if not self.folded:
            words = f"{sign} fewer settings"
        room = self.size.width - self.group_width
        return Content(" " * self.group_width + cut(words, room, self.ascii))
