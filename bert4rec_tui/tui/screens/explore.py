"""Explore: a user, their history, what the model makes of it, and what becomes of that when the history changes."""

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from bert4rec_tui.tui.explore_rows import HistoryRows, user_header, user_row
from bert4rec_tui.tui.explore_world import World
from bert4rec_tui.tui.run_choice import choose_checkpoint, choose_run
from bert4rec_tui.tui.screens.explore_asking import ExploreAsking
from bert4rec_tui.tui.search_dialog import SearchDialog
from bert4rec_tui.tui.taste import OWN, Taste
from bert4rec_tui.tui.widgets.array_list import ArrayList
from bert4rec_tui.tui.widgets.lines import Lines
from bert4rec_tui.tui.widgets.signs import clean, count, cut


class UsersList(ArrayList):
    """The users, one of them chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.open_history", "History", id="explore.open_history", show=False,
                tooltip="Go into the history of this user"),
    ]  # fmt: skip


class ExploreScreen(ExploreAsking):
    """Users, a history, predictions."""

    CSS_PATH = "explore.tcss"
    panes: ClassVar[list[str]] = ["#users-pane", "#history-pane", "#next-pane"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add", id="explore.add", tooltip="Add a movie to the history, as the newest"),
        Binding("x", "remove", "Remove", id="explore.remove", tooltip="Take the movie under the cursor out"),
        Binding("y", "why", "Why", id="explore.why", tooltip="Which movies of the history caused this prediction"),
        Binding("n", "nearest", "Nearest", id="explore.nearest", tooltip="The movies that the model holds nearest"),
        Binding("slash", "find", "Find", id="explore.find", tooltip="Find a user by id, or by a movie they watched"),
        Binding("u", "undo", "Undo", id="explore.undo", show=False, tooltip="Take back the last change"),
        Binding("N", "start_from_nothing", "From nothing", id="explore.own", show=False,
                tooltip="Start from nothing and build a history of your own"),
        Binding("i", "include_target", "Include held out", id="explore.include", show=False,
                tooltip="Let the model know the held-out movie too, or not"),
        Binding("b", "choose_run", "Another run", id="explore.choose_run", show=False,
                tooltip="Ask the model of another run"),
        Binding("v", "choose_checkpoint", "Checkpoint", id="explore.checkpoint", show=False,
                tooltip="The best checkpoint, or the last"),
        Binding("escape", "back", "Back", id="explore.back", show=False,
                tooltip="Back from neighbours to predictions, from found users to all"),
    ]  # fmt: skip

    def compose_body(self) -> ComposeResult:
        """Users, history, predictions."""
        with Horizontal():
            with Vertical(id="users-pane") as users:
                users.border_title = "Users"
                yield UsersList(self._user_line, header=self._users_header, empty="reading…", id="users")
            with Vertical(id="history-pane"):
                yield ArrayList(self._history_line, id="history")
            with Vertical(id="next-pane"):
                yield ArrayList(self._movie_line, id="next")
                yield Lines(id="held-out")
                yield Lines(id="why")

    def on_mount(self) -> None:
        """Show the newest run that has a model."""
        super().on_mount()
        self.start_server()
        self.query_one("#users").focus()
        self.show()
        self.load()

    def choose_pane(self, chosen: Widget, focus: bool = True) -> None:
        """In a narrow terminal the users stand alone, and the history beside the predictions."""
        super().choose_pane(chosen, focus)
        self.set_class(chosen.id == "users-pane", "-picking")

    def on_arrive(self, run: str | None = None, user: int | None = None, **what: Any) -> None:
        """Show a run's model, and a user."""
        del what
        self.wanted = run or self.wanted
        self.load(user)

    def on_screen_resume(self) -> None:
        """A model or a test that came meanwhile is there at once."""
        if self.is_mounted and self._server is not None:
            if self.world is None:
                self.load()
            else:
                self.read_ranks_again()

    # Showing

    def show(self, keep_why: bool = False) -> None:
        """Draw the three lists as things stand."""
        world, taste = self.world, self.taste
        users, history, movies = (self.query_one(f"#{name}", ArrayList) for name in ("users", "history", "next"))
        users.empty = self.problem if world is None else "Nobody watched it; esc shows all."
        self.query_one("#users-pane").border_title = Content(self.found_by or "Users")
        pane, beside = self.query_one("#history-pane"), self.query_one("#next-pane")
        if world is None:
            pane.border_title, beside.border_title = "History", "Next"
        else:
            name = "Your own history" if taste.user == OWN else f"User {clean(str(world.dataset.user_ids[taste.user]))}"
            number = "1 movie" if len(taste.watched) == 1 else f"{count(len(taste.watched))} movies"
            parts = [name, number, *(["changed"] if taste.changed and taste.user != OWN else [])]
            parts += ["all known"] if taste.knows_target else []
            pane.border_title = Content(self._joined(parts))
            beside.border_title = Content(self._joined(self._next_title(world)))
        beside.border_subtitle = "esc: back to predictions" if self.near_to else ""
        ranks = world.protocol if world is not None else ""
        self.query_one("#users-pane").border_subtitle = Content(f"ranks: {ranks}" if ranks else "")
        history.empty = "Nothing yet: a adds a movie." if world is not None else ""
        history.show_rows(len(taste.watched))
        movies.empty = self.problem or ("the model is being loaded…" if self.answer is None else "")
        if world is None:
            movies.empty = ""
        movies.show_rows(len(self.movies.items) if self.movies else 0)
        self._show_held_out()
        if not keep_why:
            self.say_why(())
        history.refresh()

    def _joined(self, parts: Sequence[str]) -> str:
        return (" - " if self.shell.ascii else " · ").join(parts)

    def _next_title(self, world: World) -> list[str]:
        if self.near_to:
            return [f"Nearest to {clean(world.title(self.near_to))}"]
        epoch = f" (epoch {self.answer.epoch})" if self.answer else ""
        return [f"Next, by {world.run.short_id}", f"{world.checkpoint}{epoch}"]

    def _show_held_out(self) -> None:
        line, world, answer, target = self.query_one("#held-out", Lines), self.world, self.answer, self.taste.target
        if world is None or answer is None or target is None or answer.target_rank is None:
            line.display = False
            return
        mark = Content.styled("+ " if self.shell.ascii else "✓ ", "$text-success bold")
        rank = f"  rank {count(answer.target_rank)} of {count(answer.candidates)}"
        title = f"held out: {clean(world.title(target))}"

        def write(width: int) -> list[Content]:
            room = max(8, width - 2 - len(rank))
            return [mark + Content(cut(title, room, self.shell.ascii).rstrip()) + Content.styled(rank, "bold")]

        line.display = True
        line.show(write)

    def say_why(self, lines: Sequence[Content]) -> None:
        """Show what a prediction is due to; nothing takes the lines away."""
        line = self.query_one("#why", Lines)
        line.display = bool(lines)
        line.styles.height = len(lines)
        line.show(lambda _: lines)

    def _user_line(self, row: int, width: int) -> Content:
        return user_row(self.world, row, width) if self.world else Content("")

    def _users_header(self, width: int) -> list[Content]:
        return [user_header(self.world, width) if self.world else Content("")]

    def _history_line(self, row: int, width: int) -> Content:
        if self.world is None:
            return Content("")
        return HistoryRows(self.world, self.taste.watched, self.shares).line(row, width, self.shell.ascii)

    def _movie_line(self, row: int, width: int) -> Content:
        return self.movies.line(row, width, self.shell.ascii) if self.movies else Content("")

    # What the keys do

    @on(ArrayList.Moved, "#users")
    def choose_user(self, message: ArrayList.Moved) -> None:
        """The user under the cursor is the chosen one."""
        if message.row >= 0 and message.row != self.taste.user:
            self.open_user(message.row)

    def _movie_under_cursor(self) -> int:
        """The item under the cursor of the predictions, or of the history when that has the focus; 0 for none."""
        history, movies = self.query_one("#history", ArrayList), self.query_one("#next", ArrayList)
        if history.has_focus and history.row >= 0:
            return self.taste.items[len(self.taste.watched) - 1 - history.row]
        return self.movies.items[movies.row] if self.movies and movies.row >= 0 else 0

    def action_open_history(self) -> None:
        """Go into the history of the user."""
        self.choose_pane(self.query_one("#history-pane"))

    @work(exclusive=True, group="question")
    async def action_add(self) -> None:
        """Search a movie and add it."""
        world = self.world
        if world is None:
            return
        dialog = SearchDialog("Add a movie", world.find_movies, "a title, such as: the matrix")
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is not None and self.world is world:
            self.taste.add(int(chosen))
            self.query_one("#history", ArrayList).cursor = 0
            self.ask()

    def action_remove(self) -> None:
        """Take the movie under the cursor of the history out."""
        history = self.query_one("#history", ArrayList)
        if self.world is not None and history.row >= 0:
            self.taste.remove(len(self.taste.watched) - 1 - history.row)
            self.ask()

    def action_undo(self) -> None:
        """Take the last change back."""
        if self.taste.undo():
            self.ask()
        else:
            self.notify("Nothing has been changed.")

    def action_start_from_nothing(self) -> None:
        """Begin a history of one's own."""
        if self.world is not None:
            self.taste = Taste()
            self.ask()
            self.choose_pane(self.query_one("#history-pane"))

    def action_include_target(self) -> None:
        """Give the model the held-out movie too, or hold it out again."""
        if self.world is None or self.taste.user == OWN:
            return
        self.open_user(self.taste.user, not self.taste.knows_target)

    def action_why(self) -> None:
        """Explain the prediction under the cursor."""
        movies = self.query_one("#next", ArrayList)
        if self.near_to or not self.movies or movies.row < 0:
            return
        if not self.taste.watched:
            self.notify("The history is empty; there is nothing that could be the cause.")
            return
        self.explain(self.movies.items[movies.row])

    def action_nearest(self) -> None:
        """Show the nearest movies of the one under the cursor."""
        if (item := self._movie_under_cursor()) > 0:
            self.find_near(item)

    @work(exclusive=True, group="question")
    async def action_find(self) -> None:
        """Find a user by id, or the users who watched a movie."""
        world = self.world
        if world is None:
            return
        hint = "a user's id, or a title that they watched"
        chosen = await self.app.push_screen_wait(SearchDialog("Find users", world.find_users, hint))
        if chosen is None or self.world is not world:
            return
        kind, _, number = chosen.partition(" ")
        users = self.query_one(UsersList)
        if kind == "user":
            self._show_all_users(int(number))
        else:
            rows = await asyncio.to_thread(world.viewers, int(number))
            self.found_by = f"watched {clean(world.title(int(number)))}"
            users.show_rows(rows, keep=int(rows[0]) if len(rows) else None)
            self.query_one("#users-pane").border_title = Content(self.found_by)
        if users.row >= 0:
            self.open_user(users.row)
        self.choose_pane(self.query_one("#users-pane" if kind == "item" else "#history-pane"))

    def _show_all_users(self, user: int) -> None:
        if self.world is not None:
            self.found_by = ""
            self.query_one(UsersList).show_rows(np.arange(self.world.dataset.users), keep=max(0, user))
            self.query_one("#users-pane").border_title = "Users"

    def action_back(self) -> None:
        """Back from what was looked at last."""
        if self.near_to or self.shares:
            self.ask()
        elif self.found_by:
            self._show_all_users(self.taste.user)

    @work(exclusive=True, group="question")
    async def action_choose_run(self) -> None:
        """Ask the model of another run."""
        chosen = await choose_run(self, "Ask which run?", self.world.run if self.world else None)
        if chosen is not None:
            self.checkpoint = "best"
            self.wanted = chosen.id
            self.load()

    @work(exclusive=True, group="question")
    async def action_choose_checkpoint(self) -> None:
        """Choose the best checkpoint or the last."""
        if self.world is not None:
            chosen = await choose_checkpoint(self, self.world.run, self.world.checkpoint)
            if chosen is not None:
                self.checkpoint = chosen
                self.load()
