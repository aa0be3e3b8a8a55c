"""Lines of text that depend on the width they get."""

from collections.abc import Callable, Sequence

from textual.content import Content
from textual.widget import Widget


class Lines(Widget):
    """Lines that are laid out again for each width."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._write: Callable[[int], Sequence[Content]] = lambda _: []
        self._drawn: Content | None = None

    def show(self, write: Callable[[int], Sequence[Content]]) -> None:
        """Show what `write` gives for the width; nothing is drawn where that is what is there already."""
        self._write = write
        if self._written() != self._drawn:
            self.refresh()

    def _written(self) -> Content:
        width = self.size.width
        return Content("\n").join(line.truncate(width, ellipsis=True) for line in self._write(width))

    def render(self) -> Content:
        """The lines, cut to the width."""
        self._drawn = self._written()
        return self._drawn
