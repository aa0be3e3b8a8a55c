"""The views that stand beside the test screen's table or in its place: where it is weak, and against another."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from bert4rec_tui.tui.evaluation.against_pane import ApartList, TestAgainst
from bert4rec_tui.tui.evaluation.comparison import NOTE as AGAINST_NOTE
from bert4rec_tui.tui.evaluation.comparison import ApartRows
from bert4rec_tui.tui.evaluation.groups import NOTE as WEAK_NOTE
from bert4rec_tui.tui.evaluation.groups import GroupTable
from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.shell.lines import Lines

ALL_PROTOCOLS = 34  # lines of the terminal from which every protocol stands above the users


class TestViews(TestAgainst):
    """Draws the view."""

    def __init__(self) -> None:
        super().__init__()
        self.group_rows = GroupTable("", None)

    def compose_view(self) -> ComposeResult:
        """What the views are drawn in; each hides what is of the other one."""
        with Vertical(id="side-pane", classes="-absent"):
            yield Lines(id="paired")
            yield ArrayList(self._group_line, header=self._group_header, head=2, id="groups")
            yield ApartList(self._apart_line, header=self._apart_header, head=2, id="apart")
            yield Static(id="side-notes", markup=False)

    def heading(self) -> str:
        """What is shown: the run, its checkpoint, on how many users."""
        return ""

    def show_view(self) -> None:
        """Draw the view that is shown, if any."""
        self.query_one("#side-pane").set_class(not self.view, "-absent")
        for name, view in (("#groups", "weak"), ("#apart", "against"), ("#paired", "against")):
            part = self.query_one(name)
            part.display, part.disabled = self.view == view, self.view != view
        if self.view == "weak":
            self._show_groups()
        elif self.view == "against":
            self._show_against()

    def plain(self, text: str) -> str:
        """The text as this terminal can show it."""
        if not self.application.ascii:
            return text
        return text.replace("±", "~").replace("·", "|").replace("▼ ▲", "v ^")

    def _show_groups(self) -> None:
        pane, rows = self.query_one("#side-pane"), self.query_one("#groups", ArrayList)
        self.group_rows = table = self.group_table()
        pane.border_title = Content(self.heading() if self.alone else "Where it is weak")
        pane.border_subtitle = self._keys_of_view("")
        rows.empty = table.said
        rows.show_rows(len(table.rows))
        self.query_one("#side-notes", Static).update(Content(self.plain(WEAK_NOTE)))

    def _show_against(self) -> None:
        pane, rows, figures = (self.query_one(f"#{name}") for name in ("side-pane", "apart", "paired"))
        assert isinstance(rows, ArrayList)
        assert isinstance(figures, Lines)
        against, users = self.against, self.apart_rows()
        pane.border_title = Content(self.plain(against.title()) if against else "Against")
        pane.border_subtitle = self._keys_of_view("enter explore  ")
        shown = self.view_protocols() if self.size.height >= ALL_PROTOCOLS else [self.view_protocol]

        def write(width: int) -> list[Content]:
            return against.lines(shown, width) if against else [Content("reading…")]

        figures.styles.height = len(write(self._side_width()))
        figures.show(write)
        rows.empty = users if isinstance(users, str) else ""
        rows.show_rows(len(users.apart.users) if isinstance(users, ApartRows) else 0)
        self.query_one("#side-notes", Static).update(Content(self.plain(AGAINST_NOTE)))

    def _side_width(self) -> int:
        """The cells inside of the pane of the view; before it is drawn, those that it will have."""
        return self.query_one("#paired").size.width or self.size.width - 4

    def _keys_of_view(self, more: str) -> Content:
        turn = "[ ] other protocols" if self.alone else "left right other protocols"
        return Content(f"{more}{turn}{'  esc back' if self.wanted_view else ''}")

    def _group_line(self, row: int, width: int) -> Content:
        return self.group_rows.line(row, width, self.application.ascii)

    def _group_header(self, width: int) -> list[Content]:
        return self.group_rows.header(width)

    def _apart_line(self, row: int, width: int) -> Content:
        rows = self.apart_rows()
        return rows.line(row, width, self.application.ascii) if isinstance(rows, ApartRows) else Content("")

    def _apart_header(self, width: int) -> list[Content]:
        return self.against.users_header(self.view_protocol, width) if self.against else []
