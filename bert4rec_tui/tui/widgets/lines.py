"""Lines of text that depend on the width they get."""

from collections.abc import Callable, Sequence

from textual.content import Content
from textual.widget import Widget


class Lines(Widget):
    """Lines that are written anew for whatever width there is."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._write: Callable[[int], Sequence[Content]] = lambda _: []

    def show(self, write: Callable[[int], Sequence[Content]]) -> None:
        """Show what `write` gives for the width."""
        self._write = write
        self.refresh()

    def render(self) -> Content:
        """The lines, cut to the width."""
        width = self.size.width
        return Content("\n").join(line.truncate(width, ellipsis=True) for line in self._write(width))
