"""A list that is drawn line by line from arrays, so that 200,000 rows cost what one screenful costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import ClassVar, Self, cast

import numpy as np
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import Reactive, reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget

from bert4rec_tui.tui.shell.text import clean, cut

DrawRow = Callable[[int, int], Content]  # (row, width in cells) → its line
DrawHeader = Callable[[int], Sequence[Content]]  # width in cells → the lines above the rows, as many as `head`


def cells(*parts: tuple[str | Content, int]) -> Content:
    """One line of columns, a space between them: a text and the cells it gets, negative to stand at the right."""
    pieces: list[Content] = []
    for part, width in parts:
        room = abs(width)
        content = part if isinstance(part, Content) else Content(clean(part))
        if content.cell_length > room:
            content = Content(cut(content.plain, room)) if isinstance(part, str) else content.truncate(room)
        gap = Content(" " * (room - content.cell_length))
        pieces.append(gap + content if width < 0 else content + gap)
    return Content(" ").join(pieces)


class ArrayList(ScrollView, can_focus=True, inherit_bindings=False):
    """A list; one of its rows has the cursor.

    Of the rows 0…n, `rows` says which are shown and in what order. `draw` gives the line of a row; nothing else is kept
    of a row, so that showing others costs nothing.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Down", id="list.down", show=False, tooltip="One row down"),
        Binding("k,up", "move(-1)", "Up", id="list.up", show=False, tooltip="One row up"),
        Binding("g,home", "first", "First", id="list.first", show=False, tooltip="To the first row"),
        Binding("G,end", "last", "Last", id="list.last", show=False, tooltip="To the last row"),
        Binding("pagedown", "page(1)", "Page down", id="list.page_down", show=False, tooltip="One page down"),
        Binding("pageup", "page(-1)", "Page up", id="list.page_up", show=False, tooltip="One page up"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"list--cursor", "list--header", "list--quiet"}
    DEFAULT_CSS = """
    ArrayList { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; background: transparent; }
    ArrayList > .list--cursor { background: $foreground 10%; }
    ArrayList:focus > .list--cursor { background: $accent 30%; text-style: bold; }
    ArrayList > .list--header { color: $text-muted; }
    ArrayList > .list--quiet { color: $text-muted; text-style: italic; }
    """

    cursor: reactive[int] = reactive(0, repaint=False)  # `watch_cursor` paints its two lines

    @dataclass
    class Moved(Message):
        """The cursor is on another row; `row` is -1 where nothing is shown."""

        list: "ArrayList"
        row: int

        @property
        def control(self) -> "ArrayList":
            """The list, for `@on` with a selector."""
            return self.list

        def can_replace(self, message: Message) -> bool:
            """A newer one is enough."""
            return isinstance(message, ArrayList.Moved) and message.list is self.list

    def __init__(
        self,
        draw: DrawRow,
        *,
        header: DrawHeader | None = None,
        head: int = 1,
        empty: str = "",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.draw_row, self.header, self.empty = draw, header, empty
        self.head = head if header else 0
        self.rows = np.zeros(0, np.int64)
        self._posted: int | None = None
        self._painted: dict[int, Strip] = {}
        self._drawn: dict[int, Strip] = {}  # drawn to be compared, and not painted yet

    @property
    def row(self) -> int:
        """The row under the cursor, -1 where nothing is shown."""
        return int(self.rows[self.cursor]) if 0 <= self.cursor < len(self.rows) else -1

    def show_rows(self, rows: np.ndarray | int, keep: int | None = None) -> None:
        """Show these rows, or the first so many; the cursor goes to the row `keep` if it is among them.

        Without `keep` the cursor stays where it is on the screen.
        """
        self.rows = np.arange(rows) if isinstance(rows, int) else rows
        at = self.cursor
        if keep is not None and len(found := np.flatnonzero(self.rows == keep)):
            at = int(found[0])
        self._set_length()
        self.cursor = max(0, min(at, len(self.rows) - 1))
        self._follow_cursor()
        self._post_moved()
        self._repaint_changed()

    def _set_length(self) -> None:
        """Fit what can be scrolled to the rows; the screen is laid out again only where the scrollbar comes or goes."""
        size, room = Size(self.size.width, len(self.rows) + self.head), self.container_size.height
        fits, fitted = size.height <= room, self.virtual_size.height <= room
        if not room or (self.styles.overflow_y != "scroll" and fits != fitted):
            self.virtual_size = size
            return
        self.set_reactive(cast(Reactive[Size], Widget.virtual_size), size)
        if self.show_vertical_scrollbar and not (fits and fitted):
            self.vertical_scrollbar.window_virtual_size = size.height
        if self.scroll_offset.y > self.max_scroll_y:
            self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True)

    def _repaint_changed(self) -> None:
        """Repaint the lines that are not as they were painted last: over SSH the others would be sent for nothing."""
        changed: list[Region] = []
        self._drawn.clear()  # of the rows before: a line may have changed back, or be out of sight
        for y in range(self.size.height):
            strip = self._drawn_line(y)
            if strip != self._painted.get(y):
                self._drawn[y] = strip
                changed.append(Region(0, y, self.size.width, 1))
        if changed:
            self.refresh(*changed)

    def go_to(self, row: int) -> bool:
        """Put the cursor on a row. Returns whether it is shown."""
        found = np.flatnonzero(self.rows == row)
        if not len(found):
            return False
        self.cursor = int(found[0])
        return True

    def watch_cursor(self, before: int, now: int) -> None:
        """Keep the cursor in sight and post it; of what stays in sight only the two lines are drawn again."""
        top = round(self.scroll_offset.y)
        self._follow_cursor()
        self._post_moved()
        if round(self.scroll_offset.y) != top:
            self.refresh()
            return
        for row in (before, now):
            self._drawn.pop(y := row - top + self.head, None)
            self.refresh(Region(0, y, self.size.width, 1))

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Paint again; what was drawn before a change of everything is not used."""
        if not regions:
            self._drawn.clear()
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _post_moved(self) -> None:
        if self.row != self._posted:
            self._posted = self.row
            self.post_message(self.Moved(self, self.row))

    def _follow_cursor(self) -> None:
        room = max(1, self.size.height - self.head)
        top = round(self.scroll_offset.y)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, immediate=True)
        elif self.cursor >= top + room:
            self.scroll_to(y=self.cursor - room + 1, animate=False, immediate=True)

    def on_resize(self) -> None:
        """Fit the lines to the new width and keep the cursor in sight."""
        self._set_length()
        self.call_after_refresh(self._follow_cursor)

    def render_line(self, y: int) -> Strip:
        """The header, a row, or what would be here."""
        strip = self._drawn.pop(y, None)
        if strip is None or strip.cell_length != self.scrollable_content_region.width:  # laid out again since
            strip = self._drawn_line(y)
        self._painted[y] = strip
        return strip

    def _drawn_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        base = self.visual_style
        if self.header and y < self.head:
            lines = self.header(width)
            content = lines[y] if y < len(lines) else Content("")
            return self._strip(content, self.get_visual_style("list--header"))
        at = y - self.head + round(self.scroll_offset.y)
        if at < len(self.rows):
            style = self.get_visual_style("list--cursor") if at == self.cursor else base
            return self._strip(self.draw_row(int(self.rows[at]), width), style)
        if not len(self.rows) and self.empty:
            lines = [part for line in self.empty.splitlines() for part in wrap(line, max(width, 1)) or [""]]
            if y - self.head < len(lines):
                return self._strip(Content(cut(lines[y - self.head], width)), self.get_visual_style("list--quiet"))
        return Strip.blank(width, base.rich_style)

    def _strip(self, content: Content, style: Style) -> Strip:
        width = self.scrollable_content_region.width
        parts = content.truncate(width).render(style, end="", parse_style=self._parsed)
        strip = Strip([Segment(text, (style + own).rich_style) for text, own in parts])
        return strip.adjust_cell_length(width, style.rich_style)

    def _parsed(self, style: str | Style) -> Style:
        return style if isinstance(style, Style) else Style.parse(style)

    def action_move(self, rows: int) -> None:
        """Go some rows down, or up."""
        self.cursor = max(0, min(self.cursor + rows, len(self.rows) - 1))

    def action_page(self, pages: int) -> None:
        """Go a page down, or up."""
        self.action_move(pages * max(1, self.size.height - self.head - 1))

    def action_first(self) -> None:
        """Go to the first row."""
        self.cursor = 0

    def action_last(self) -> None:
        """Go to the last row."""
        self.cursor = max(0, len(self.rows) - 1)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse points."""
        at = event.y - self.head + round(self.scroll_offset.y)
        if event.y >= self.head and 0 <= at < len(self.rows):
            self.cursor = at
