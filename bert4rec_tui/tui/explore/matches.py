"""What the titles of a file match, to look at and to put right before they become a history."""

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from bert4rec_tui.recommend.matching import Match
from bert4rec_tui.tui.explore.loaded_run import World
from bert4rec_tui.tui.lists.array_list import ArrayList, cells
from bert4rec_tui.tui.lists.search_dialog import SearchDialog
from bert4rec_tui.tui.shell.dialogs import Choice, Dialog
from bert4rec_tui.tui.shell.text import MUTED, count, cut


class MatchList(ArrayList):
    """The titles of the file, each with the movie it is taken for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.other", "Another", id="matches.other",
                tooltip="Choose what this title means: the guesses first, or search the catalogue"),
        Binding("x,space", "screen.leave_out", "Leave out", id="matches.leave_out",
                tooltip="Leave this title out, or take it again"),
        Binding("c", "screen.confirm", "Confirm", id="matches.confirm",
                tooltip="Make a history of what is matched, oldest first"),
    ]  # fmt: skip


class MatchesDialog(Dialog[list[int]]):
    """Every title with its match: sure, a guess, or none. Gives the items, oldest first, when they are confirmed."""

    DEFAULT_CSS = """
    MatchesDialog > Vertical { width: 110; height: 90%; }
    MatchesDialog .detail { padding: 0 0 1 0; }
    """

    def __init__(self, matches: Sequence[Match], world: World) -> None:
        super().__init__()
        self.matches, self.world = matches, world
        self.taken = [match.items[0] if match.items else 0 for match in matches]
        self.confirmed = [match.sure for match in matches]

    def compose(self) -> ComposeResult:
        """How many are sure, and the list."""
        with Vertical() as box:
            box.border_title = Content(" What the titles match ")
            box.border_subtitle = Content(" enter another  x leave out  c confirm  esc cancel ")
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
        sure = sum(self.confirmed[at] and item > 0 for at, item in enumerate(self.taken))
        guessed = sum(not self.confirmed[at] and item > 0 for at, item in enumerate(self.taken))
        out = len(self.taken) - sure - guessed
        text = (
            f"{count(sure)} sure, {count(guessed)} guessed (?), {count(out)} left out (x) of {count(len(self.taken))}"
        )
        self.query_one(Static).update(Content(text))
        self.query_one(MatchList).show_rows(len(self.matches))

    def _line(self, row: int, width: int) -> Content:
        item, ascii = self.taken[row], bool(getattr(self.app, "ascii", False))
        if not item:
            sign = Content.styled("x" if ascii else "✗", "$text-error")
        elif self.confirmed[row]:
            sign = Content.styled("+" if ascii else "✓", "$text-success")
        else:
            sign = Content.styled("?", "$text-warning bold")
        half = (width - 5) // 2
        title = cut(self.world.title(item) if item else "left out", half, ascii)
        shown = Content(title) if item else Content.styled(title, MUTED)
        return cells((sign, 1), (cut(self.matches[row].text, half, ascii), half), (">", 1), (shown, half))

    def action_leave_out(self) -> None:
        """Leave the title under the cursor out, or take its best guess again."""
        row = self.query_one(MatchList).row
        if row >= 0:
            guesses = self.matches[row].items
            self.taken[row] = 0 if self.taken[row] else guesses[0] if guesses else 0
            self._show()
            self.query_one(MatchList).action_move(1)

    @work(exclusive=True, group="question")
    async def action_other(self) -> None:
        """Choose another movie for the title under the cursor: the guesses, or what a search finds."""
        row = self.query_one(MatchList).row
        if row < 0:
            return
        match = self.matches[row]
        guesses = [Choice(str(item), self.world.title(item), "guess") for item in match.items]
        dialog = SearchDialog(f"What is {match.text}?", self.world.find_movies, "search another title", guesses)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is not None:
            self.taken[row], self.confirmed[row] = int(chosen), True
            self._show()

    def action_confirm(self) -> None:
        """The matched movies are the answer."""
        items = [item for item in self.taken if item]
        if items:
            self.dismiss(items)
        else:
            self.notify("Every title is left out; enter searches a movie for one.", severity="warning")
