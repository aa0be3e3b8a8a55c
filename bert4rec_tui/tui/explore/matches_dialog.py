"""What the titles of a file match, to check and correct before they become a history."""

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from bert4rec_tui.recommend.matching import Match
from bert4rec_tui.tui.explore.loaded_run import LoadedRun
from bert4rec_tui.tui.explore.searches import find_items
from bert4rec_tui.tui.lists.array_list import ArrayList, cells
from bert4rec_tui.tui.lists.search_dialog import SearchDialog
from bert4rec_tui.tui.shell.dialogs import Choice, Dialog
from bert4rec_tui.tui.shell.text import MUTED, count, cut


class MatchList(ArrayList):
    """The titles of the file, each with the item that it matches."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.other", "Change", id="matches.other",
                tooltip="Choose another match: the candidates first, or search the catalogue"),
        Binding("x,space", "screen.leave_out", "Skip", id="matches.leave_out",
                tooltip="Skip this title, or include it again"),
        Binding("c", "screen.confirm", "Confirm", id="matches.confirm",
                tooltip="Make a history of the matches, oldest first"),
    ]  # fmt: skip


class MatchesDialog(Dialog[list[int]]):
    """Every title with its match: sure, a guess, or none. Gives the items, oldest first, once they are confirmed."""

    DEFAULT_CSS = """
    MatchesDialog > Vertical { width: 110; height: 90%; }
    MatchesDialog .detail { padding: 0 0 1 0; }
    """

    def __init__(self, matches: Sequence[Match], loaded: LoadedRun) -> None:
        super().__init__()
        self.matches, self.loaded = matches, loaded
        self.chosen = [match.items[0] if match.items else 0 for match in matches]
        self.confirmed = [match.sure for match in matches]

    def compose(self) -> ComposeResult:
        """How many match, and the list."""
        with Vertical() as box:
            box.border_title = Content(" Titles and their matches ")
            box.border_subtitle = Content(" enter change  x skip  c confirm  esc cancel ")
            yield Static("", classes="detail", markup=False)
            yield MatchList(self._line)

    def on_mount(self) -> None:
        """Begin at the first that is not sure."""
        unsure = next((at for at, match in enumerate(self.matches) if not match.sure), 0)
        self._show()
        rows = self.query_one(MatchList)
        rows.cursor = unsure
        rows.focus()

    def _show(self) -> None:
        sure = sum(self.confirmed[at] and item > 0 for at, item in enumerate(self.chosen))
        uncertain = sum(not self.confirmed[at] and item > 0 for at, item in enumerate(self.chosen))
        skipped = len(self.chosen) - sure - uncertain
        parts = f"{count(sure)} matched, {count(uncertain)} uncertain (?), {count(skipped)} skipped (x)"
        text = f"{parts} of {count(len(self.chosen))}"
        self.query_one(Static).update(Content(text))
        self.query_one(MatchList).show_rows(len(self.matches))

    def _line(self, row: int, width: int) -> Content:
        item, ascii = self.chosen[row], self.application.ascii
        if not item:
            sign = Content.styled("x" if ascii else "✗", "$text-error")
        elif self.confirmed[row]:
            sign = Content.styled("+" if ascii else "✓", "$text-success")
        else:
            sign = Content.styled("?", "$text-warning bold")
        half = (width - 5) // 2
        title = cut(self.loaded.title(item) if item else "skipped", half, ascii)
        shown = Content(title) if item else Content.styled(title, MUTED)
        return cells((sign, 1), (cut(self.matches[row].text, half, ascii), half), (">", 1), (shown, half))

    def _search(self, text: str) -> list[Choice]:
        return find_items(self.loaded, text)

    def action_leave_out(self) -> None:
        """Skip the title under the cursor, or take its best candidate again."""
        row = self.query_one(MatchList).row
        if row >= 0:
            candidates = self.matches[row].items
            self.chosen[row] = 0 if self.chosen[row] else candidates[0] if candidates else 0
            self._show()
            self.query_one(MatchList).action_move(1)

    @work(exclusive=True, group="question")
    async def action_other(self) -> None:
        """Choose another item for the title under the cursor: a candidate, or what a search finds."""
        row = self.query_one(MatchList).row
        if row < 0:
            return
        match = self.matches[row]
        candidates = [Choice(str(item), self.loaded.title(item), "candidate") for item in match.items]
        dialog = SearchDialog(f"Match {match.text} with", self._search, "search for another title", candidates)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is not None:
            self.chosen[row], self.confirmed[row] = int(chosen), True
            self._show()

    def action_confirm(self) -> None:
        """The matched items are the answer."""
        items = [item for item in self.chosen if item]
        if items:
            self.dismiss(items)
        else:
            self.notify("Every title is skipped; press enter to find a match for one.", severity="warning")
