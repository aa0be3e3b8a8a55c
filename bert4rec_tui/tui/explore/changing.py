"""What if: movies taken out of a history, put in and moved in time; histories of one's own, imported and kept."""

import asyncio
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from bert4rec_tui.errors import UserError
from bert4rec_tui.recommend.matching import read_titles
from bert4rec_tui.recommend.saved_histories import (
    SavedHistory,
    check_name,
    describe_existing,
    save_history,
    saved_histories,
)
from bert4rec_tui.tui.explore.edited_history import OWN, Taste, Watched
from bert4rec_tui.tui.explore.matches import MatchesDialog
from bert4rec_tui.tui.explore.why import ExploreWhy
from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.lists.search_dialog import SearchDialog
from bert4rec_tui.tui.shell.dialogs import Choice, Chooser, Prompt
from bert4rec_tui.tui.shell.path_prompt import PathPrompt
from bert4rec_tui.tui.shell.text import count


class ExploreChanging(ExploreWhy):
    """Changes the history that the model is asked about."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add", id="explore.add", tooltip="Add a movie to the history, as the newest"),
        Binding("x", "remove", "Remove", id="explore.remove", tooltip="Take the movie under the cursor out"),
        Binding("u", "undo", "Undo", id="explore.undo", show=False, tooltip="Take back the last change"),
        Binding("U", "redo", "Redo", id="explore.redo", show=False, tooltip="Make the change again that was undone"),
        Binding("K", "move_in_time(1)", "Later", id="explore.later", show=False,
                tooltip="Move the movie under the cursor up in the history, later in time"),
        Binding("J", "move_in_time(-1)", "Earlier", id="explore.earlier", show=False,
                tooltip="Move the movie under the cursor down in the history, earlier in time"),
        Binding("N", "start_from_nothing", "From nothing", id="explore.own", show=False,
                tooltip="Start from nothing and build a history of your own"),
        Binding("I", "import_titles", "Import titles", id="explore.import", show=False,
                tooltip="Make a history of your own from a file of titles, after a look at what they match"),
        Binding("s", "save_own", "Save", id="explore.save", show=False,
                tooltip="Keep this history under a name, as a user of your own"),
        Binding("o", "open_own", "Open own", id="explore.open_own", show=False,
                tooltip="Open a history of your own that was kept"),
        Binding("i", "include_target", "Include held out", id="explore.include", show=False,
                tooltip="Let the model know the held-out movie too, or not"),
    ]  # fmt: skip

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

    def action_move_in_time(self, steps: int) -> None:
        """Move the movie under the cursor of the history later in time, or earlier; the cursor goes with it."""
        history = self.query_one("#history", ArrayList)
        if self.world is not None and history.row >= 0:
            if self.taste.move(len(self.taste.watched) - 1 - history.row, steps):
                history.cursor -= steps
                self.ask()
            else:
                self.notify("It is the newest already." if steps > 0 else "It is the oldest already.")

    def action_undo(self) -> None:
        """Take the last change back."""
        if self.taste.undo():
            self.ask()
        else:
            self.notify("Nothing has been changed.")

    def action_redo(self) -> None:
        """Make the change again that was taken back."""
        if self.taste.redo():
            self.ask()
        else:
            self.notify("Nothing has been undone.")

    def action_start_from_nothing(self) -> None:
        """Begin a history of one's own."""
        if self.world is not None:
            self.open_taste(Taste())

    def open_own(self, own: SavedHistory, enter: bool) -> None:
        """Show a history of one's own that was kept, and go into it or stay in the list of users."""
        if self.world is not None:
            watched = tuple(map(Watched, own.items(self.world.dataset)))
            self.open_taste(Taste(watched=watched, name=own.name), enter)

    def open_taste(self, taste: Taste, enter: bool = True) -> None:
        """Show a history of one's own, and go into it."""
        self.taste = taste
        self.query_one("#history", ArrayList).cursor = 0
        self.query_one("#next", ArrayList).cursor = 0
        self.ask()
        if enter:
            self.choose_pane(self.query_one("#history-pane"))

    def action_include_target(self) -> None:
        """Give the model the held-out movie too, or hold it out again."""
        if self.world is None or self.taste.user == OWN:
            return
        self.open_user(self.taste.user, not self.taste.knows_target)

    @work(exclusive=True, group="question")
    async def action_save_own(self) -> None:
        """Keep the history under a name."""
        if self.world is not None and self.taste.watched:
            await self.ask_name(self.taste)
        elif self.world is not None:
            self.notify("The history is empty; a adds a movie.")

    async def ask_name(self, taste: Taste) -> None:
        """Ask for a name and keep a history under it; then it is the one that is shown."""
        world, hint = self.world, "such as: friday night"
        name = await self.app.push_screen_wait(Prompt("Keep this history under which name?", taste.name, hint))
        if name is None or world is None:
            return
        try:
            check_name(name)
            held = None if name.strip() == taste.name else await asyncio.to_thread(describe_existing, name)
            keep = {"keep": "Keep it, and this history without a name", "replace": "Replace it"}
            if held and await self.application.ask(f"{name.strip()} is taken", keep, f"It has {held}.") != "replace":
                return
            own = await asyncio.to_thread(save_history, name, world.dataset, taste.items)
            world.own = await asyncio.to_thread(saved_histories, world.dataset)
        except UserError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.notify(f"{own.name} is kept: it stands above the users, and o opens it.", markup=False)
        if self.world is world:
            self.open_taste(Taste(watched=taste.watched, name=own.name))
            self.show_all_users(world.row_of(self.taste))

    @work(exclusive=True, group="question")
    async def action_open_own(self) -> None:
        """Choose among the histories that were kept."""
        world = self.world
        if world is None:
            return
        known = {own.name: own for own in await asyncio.to_thread(saved_histories, world.dataset)}
        if not known:
            self.notify("No history is kept yet: s keeps the one that is shown, I imports a file of titles.")
            return
        choices = [Choice(name, name, f"{count(len(own.entries))} movies") for name, own in known.items()]
        title = "Open which history?"
        chosen = await self.app.push_screen_wait(Chooser(title, choices, self.taste.name, search=len(known) > 9))
        if chosen is not None and self.world is world:
            self.open_own(known[chosen], enter=True)
            self.show_all_users(world.row_of(self.taste))

    @work(exclusive=True, group="question")
    async def action_import_titles(self) -> None:
        """Ask for a file, show what its titles match, and make a history of what is confirmed."""
        world = self.world
        if world is None:
            return
        file = await self.app.push_screen_wait(PathPrompt("A file of titles, oldest first, one a line or as CSV"))
        if file is None:
            return
        try:
            matches = await asyncio.to_thread(lambda: list(map(world.matcher.match, read_titles_at(file))))
        except UserError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        items = await self.app.push_screen_wait(MatchesDialog(matches, world))
        if items and self.world is world:
            taste = Taste(watched=tuple(map(Watched, items)))
            self.open_taste(taste)
            await self.ask_name(taste)


def read_titles_at(file: str) -> list[str]:
    """The titles of a file that a person named."""
    from pathlib import Path

    return read_titles(Path(file).expanduser())
