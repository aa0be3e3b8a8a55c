"""Explore: a user, their history, what the model makes of it, and what becomes of that when the history changes."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from bert4rec_tui.runs.store import CheckpointName
from bert4rec_tui.tui.explore.edited_history import OWN
from bert4rec_tui.tui.explore.loaded_run import World
from bert4rec_tui.tui.explore.rows import HistoryRows, change_mark, user_header, user_row
from bert4rec_tui.tui.explore.taking import ExploreTaking
from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.lists.search_dialog import SearchDialog
from bert4rec_tui.tui.shell.lines import Lines
from bert4rec_tui.tui.shell.run_choice import choose_checkpoint, choose_run
from bert4rec_tui.tui.shell.text import clean, count, cut


class HistoryList(ArrayList):
    """The history of the chosen user, or one's own."""

    help_text = """The history that the model is given, newest first. After y each movie has its share in the
        prediction: by how much the logarithm of its probability falls when this movie alone is left out. + speaks for
        it, - against it; the longest bar is the strongest. The shares need not add up to the difference between the
        probability with the history and without, which stands under the causes: of two movies that say the same,
        neither is missed alone."""


class MoviesList(ArrayList):
    """What the model would show next, or the neighbours of a movie."""

    help_text = """What comes next, with the score as a bar. After a change of the history ^ or v with a number, or a
        triangle, says by how many ranks a movie rose or fell against the unchanged history, and `new` that it was no
        candidate there. Of neighbours: the cosine of the embeddings, how often the movie came right after the asked one
        in training, and how often right before it."""


class UsersList(ArrayList):
    """The users, one of them chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.open_history", "History", id="explore.open_history", show=False,
                tooltip="Go into the history of this user"),
    ]  # fmt: skip


class ExploreScreen(ExploreTaking):
    """Users, a history, predictions."""

    CSS_PATH = "screen.tcss"
    panes: ClassVar[list[str]] = ["#users-pane", "#history-pane", "#next-pane", "#beside-pane"]
    keys_first: ClassVar[tuple[str, ...]] = (
        "explore.add", "explore.remove", "explore.why", "explore.nearest", "explore.find",
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "find", "Find", id="explore.find", tooltip="Find a user by id, or by a movie they watched"),
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
                yield HistoryList(self._history_line, id="history")
            with Vertical(id="next-pane"):
                yield Lines(id="told")
                yield MoviesList(self._movie_line, id="next")
                yield Lines(id="about-movie")
                yield Lines(id="held-out")
                yield Lines(id="why")
            with Vertical(id="beside-pane", classes="-absent"):
                yield ArrayList(self._beside_line, id="beside")

    def on_mount(self) -> None:
        """Show the newest run that has a model."""
        self.start_server()
        self.query_one("#users").focus()
        self.show()
        self.load()

    def choose_pane(self, chosen: Widget, focus: bool = True) -> None:
        """In a narrow terminal the users stand alone, and the history beside the predictions."""
        super().choose_pane(chosen, focus)
        self.set_class(chosen.id == "users-pane", "-picking")

    def on_arrive(
        self,
        run: str | None = None,
        user: int | None = None,
        checkpoint: CheckpointName | None = None,
        beside: tuple[str, CheckpointName] | None = None,
        **what: Any,
    ) -> None:
        """Show a run's model, and a user; with `beside`, another checkpoint's list beside that."""
        del what
        self.wanted = run or self.wanted
        self.checkpoint = checkpoint or self.checkpoint
        self.wanted_beside = beside if user is not None else None
        self.load(user)

    def on_screen_resume(self) -> None:
        """A model or a test that came meanwhile is there at once."""
        if self.is_mounted and self._server is not None:
            if self.world is None or not self.world.run.path.exists():  # it may have been removed meanwhile
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
            name = (
                clean(taste.name) or "Your own history"
                if taste.user == OWN
                else f"User {clean(str(world.dataset.user_ids[taste.user]))}"
            )
            number = "1 movie" if len(taste.watched) == 1 else f"{count(len(taste.watched))} movies"
            parts = [name, number, *(["changed"] if taste.changed and taste.user != OWN else [])]
            parts += ["all known"] if taste.knows_target else []
            pane.border_title = Content(self._joined(parts))
            beside.border_title = Content(self._joined(self._next_title(world)))
        beside.border_subtitle = "esc: back to predictions" if self.near_to else ""
        ranks = world.protocol if world is not None else ""
        self.query_one("#users-pane").border_subtitle = Content(f"ranks: {ranks}" if ranks else "")
        history.empty = (
            "Nothing yet: a adds a movie." if world is not None else "A user's movies stand here, newest first."
        )
        history.show_rows(len(taste.watched))
        movies.empty = self.problem or ("the model is being loaded…" if self.answer is None else "")
        if world is None:
            movies.empty = "What the model would show next stands here."
        elif self.answer is not None and not self.problem:
            movies.empty = "Nothing passes the filter; f changes it."
        self.show_beside()
        movies.show_rows(len(self.movies.items) if self.movies else 0)
        self.show_told()
        self.show_about_movie()
        self._show_held_out()
        if not keep_why:
            self.say_why(lambda _: ())

    def _joined(self, parts: Sequence[str]) -> str:
        return (" - " if self.application.ascii else " · ").join(parts)

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
        mark = Content.styled("+ " if self.application.ascii else "✓ ", "$text-success bold")
        rank = f"  rank {count(answer.target_rank)} of {count(answer.candidates)}"
        change = Content("")
        if answer.target_before:
            change = change_mark(answer.target_rank, answer.target_before).drawn(self.application.ascii)
            change = Content(" ") + change if change else change
        title = f"held out: {clean(world.title(target))}"

        def write(width: int) -> list[Content]:
            room = max(8, width - 2 - len(rank) - change.cell_length)
            return [
                mark
                + Content(cut(title, room, self.application.ascii).rstrip())
                + Content.styled(rank, "bold")
                + change
            ]

        line.display = True
        line.show(write)

    def say_why(self, write: Callable[[int], Sequence[Content]]) -> None:
        """Show what a prediction is due to; where nothing is written the lines go."""
        line = self.query_one("#why", Lines)
        number = len(write(line.size.width))
        line.display = number > 0
        line.styles.height = number
        line.show(write)

    def _user_line(self, row: int, width: int) -> Content:
        return user_row(self.world, row, width) if self.world else Content("")

    def _users_header(self, width: int) -> list[Content]:
        return [user_header(self.world, width) if self.world else Content("")]

    def _history_line(self, row: int, width: int) -> Content:
        if self.world is None:
            return Content("")
        return HistoryRows(self.world, self.taste.watched, self.shares).line(row, width, self.application.ascii)

    def _movie_line(self, row: int, width: int) -> Content:
        return self.movies.line(row, width, self.application.ascii) if self.movies else Content("")

    def _beside_line(self, row: int, width: int) -> Content:
        return self.beside_rows.line(row, width, self.application.ascii) if self.beside_rows else Content("")

    # What the keys do

    @on(ArrayList.Moved, "#users")
    def choose_user(self, message: ArrayList.Moved) -> None:
        """The user under the cursor is the chosen one, or the history of one's own."""
        world = self.world
        if world is None or message.row < 0 or message.row == world.row_of(self.taste):
            return
        own = world.own_at(message.row)
        if own is None:
            self.open_user(message.row)
        else:
            self.open_own(own, enter=False)

    @on(ArrayList.Moved, "#next")
    def tell_of_movie(self) -> None:
        """Say of the movie under the cursor what its line has no room for."""
        self.show_about_movie()

    def action_open_history(self) -> None:
        """Go into the history of the user."""
        self.choose_pane(self.query_one("#history-pane"))

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
            self.show_all_users(int(number))
        else:
            rows = await asyncio.to_thread(world.viewers, int(number))
            self.found_by = f"watched {clean(world.title(int(number)))}"
            users.show_rows(rows, keep=int(rows[0]) if len(rows) else None)
            self.query_one("#users-pane").border_title = Content(self.found_by)
        if users.row >= 0:
            self.open_user(users.row)
        self.choose_pane(self.query_one("#users-pane" if kind == "item" else "#history-pane"))

    def action_back(self) -> None:
        """Back from what was looked at last."""
        if self.near_to or self.shares:
            self.ask()
        elif self.found_by and self.world is not None:
            self.show_all_users(self.world.row_of(self.taste))

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
