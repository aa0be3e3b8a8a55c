"""The history that the model is given, and everything that edits it."""

from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from bert4rec_tui.tui.explore.edited_history import EditedHistory
from bert4rec_tui.tui.explore.rows import history_row, largest_share
from bert4rec_tui.tui.explore.saved_histories import choose_saved, import_titles, save_under_name
from bert4rec_tui.tui.explore.searches import find_items
from bert4rec_tui.tui.explore.session import ExploreSession
from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.lists.search_dialog import SearchDialog
from bert4rec_tui.tui.shell.pane import Pane
from bert4rec_tui.tui.shell.text import clean


class HistoryList(ArrayList):
    """The history, newest first."""

    help_text = """The model's input, newest first. y shows each item's contribution to the prediction: how much the
        log-probability falls when only this item is left out. + supports the prediction, - opposes it; the longest bar
        is the strongest. The contributions need not add up to the difference between the log-probability with and
        without the history, shown below them: of two items that carry the same information, neither is missed alone."""


class HistoryPane(Pane):
    """The history, and how it is edited."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add", id="explore.add", tooltip="Add an item to the history, as the newest"),
        Binding("x", "remove", "Remove", id="explore.remove", tooltip="Remove the item under the cursor"),
        Binding("u", "undo", "Undo", id="explore.undo", show=False, tooltip="Undo the last change"),
        Binding("U", "redo", "Redo", id="explore.redo", show=False, tooltip="Redo the change that was undone"),
        Binding("K", "move_in_time(1)", "Later", id="explore.later", show=False,
                tooltip="Move the item under the cursor up in the history, later in time"),
        Binding("J", "move_in_time(-1)", "Earlier", id="explore.earlier", show=False,
                tooltip="Move the item under the cursor down in the history, earlier in time"),
        Binding("N", "new_history", "New history", id="explore.own", show=False,
                tooltip="Start a new, empty history"),
        Binding("I", "import_titles", "Import titles", id="explore.import", show=False,
                tooltip="Make a new history of a file of titles; shows first what they match"),
        Binding("s", "save", "Save history", id="explore.save", show=False,
                tooltip="Save this history under a name; it is listed above the users"),
        Binding("o", "open_saved", "Open saved", id="explore.open_own", show=False, tooltip="Open a saved history"),
        Binding("i", "include_target", "Include held-out", id="explore.include", show=False,
                tooltip="Include the held-out item in the history, or hold it out again"),
    ]  # fmt: skip

    @dataclass
    class Edited(Message):
        """The history was edited; `details_closed` where an explanation or neighbours went with that."""

        details_closed: bool

    @dataclass
    class Opened(Message):
        """Another history was opened here; `enter` to go into it, `listed` where it is among the users."""

        enter: bool = True
        listed: bool = False

    @dataclass
    class UserRequested(Message):
        """The history of a user is asked for, with or without the held-out item."""

        user: int
        includes_target: bool

    def __init__(self, session: ExploreSession) -> None:
        super().__init__(id="history-pane")
        self.session = session
        self.border_title = "History"
        self.list = HistoryList(self._line, id="history")
        self._largest_share = 0.0  # of the shares that are drawn, so that not every line looks for it

    def compose(self) -> ComposeResult:
        """The list."""
        yield self.list

    def _line(self, row: int, width: int) -> Content:
        loaded, entries, shares = self.session.loaded, self.session.history.entries, self.session.shares
        position = len(entries) - 1 - row
        if loaded is None or position < 0:
            return Content("")
        share = (shares[position] if position < len(shares) else 0.0, self._largest_share) if shares else None
        return history_row(loaded, entries[position], width, self.application.ascii, share)

    def show(self, top: bool = False) -> None:
        """Draw the history; `top` puts the cursor on the newest item."""
        loaded, history = self.session.loaded, self.session.history
        self._largest_share = largest_share(self.session.shares)
        self.retitle(Content(self._title()))
        self.list.empty = (
            f"Empty: press a to add {loaded.noun.a}."
            if loaded is not None
            else "The history of a user, newest first, appears here."
        )
        if top:
            self.list.cursor = 0
        self.list.show_rows(len(history))

    def _title(self) -> str:
        loaded, history = self.session.loaded, self.session.history
        if loaded is None:
            return "History"
        if history.user is None:
            name = clean(history.name) or "New history"
        else:
            name = f"User {clean(str(loaded.dataset.user_ids[history.user]))}"
        parts = [name, loaded.noun.counted(len(history))]
        parts += ["changed"] if history.changed and history.user is not None else []
        parts += ["held-out included"] if history.includes_target else []
        return (" - " if self.application.ascii else " · ").join(parts)

    @property
    def position(self) -> int:
        """The position in the history of the item under the cursor, -1 where there is none."""
        return len(self.session.history) - 1 - self.list.row if self.session.loaded and self.list.row >= 0 else -1

    @property
    def item(self) -> int:
        """The item under the cursor, 0 for none."""
        return self.session.history.items[self.position] if self.position >= 0 else 0

    def _edited(self, top: bool = False) -> None:
        details_closed = self.session.close_details()
        self.show(top)
        self.post_message(self.Edited(details_closed))

    def _open(self, history: EditedHistory, listed: bool = False) -> None:
        self.session.open(history)
        self.post_message(self.Opened(listed=listed))

    @work(exclusive=True, group="question")
    async def action_add(self) -> None:
        """Search an item and add it."""
        loaded = self.session.loaded
        if loaded is None:
            return
        hint = "a title, such as: the matrix" if loaded.noun.one == "movie" else "a title"
        dialog = SearchDialog(f"Add {loaded.noun.a}", lambda text: find_items(loaded, text), hint)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is not None and self.session.loaded is loaded:
            self.session.history.add(int(chosen))
            self._edited(top=True)

    def action_remove(self) -> None:
        """Remove the item under the cursor."""
        if self.position >= 0:
            self.session.history.remove(self.position)
            self._edited()

    def action_move_in_time(self, steps: int) -> None:
        """Move the item under the cursor later in time, or earlier; the cursor goes with it."""
        if self.position < 0:
            return
        if self.session.history.move(self.position, steps):
            self.list.cursor -= steps
            self._edited()
        else:
            self.notify("It is already the newest." if steps > 0 else "It is already the oldest.")

    def action_undo(self) -> None:
        """Undo the last change."""
        if self.session.history.undo():
            self._edited()
        else:
            self.notify("Nothing to undo.")

    def action_redo(self) -> None:
        """Redo the change that was undone."""
        if self.session.history.redo():
            self._edited()
        else:
            self.notify("Nothing to redo.")

    def action_new_history(self) -> None:
        """Start a new, empty history."""
        if self.session.loaded is not None:
            self._open(EditedHistory())

    def action_include_target(self) -> None:
        """Include the held-out item, or hold it out again."""
        history = self.session.history
        if self.session.loaded is not None and history.user is not None:
            self.post_message(self.UserRequested(history.user, not history.includes_target))

    @work(exclusive=True, group="question")
    async def action_save(self) -> None:
        """Save the history under a name."""
        loaded, history = self.session.loaded, self.session.history
        if loaded is None:
            return
        if not history.entries:
            self.notify(f"The history is empty; press a to add {loaded.noun.a}.")
            return
        saved = await save_under_name(self, loaded, history)
        if saved is not None and self.session.loaded is loaded:
            self._open(saved, listed=True)

    @work(exclusive=True, group="question")
    async def action_open_saved(self) -> None:
        """Choose among the saved histories."""
        loaded = self.session.loaded
        if loaded is None:
            return
        saved = await choose_saved(self, loaded, self.session.history.name)
        if saved is not None and self.session.loaded is loaded:
            self.session.open_saved(saved)
            self.post_message(self.Opened(listed=True))

    @work(exclusive=True, group="question")
    async def action_import_titles(self) -> None:
        """Make a new history of a file of titles, then ask for its name."""
        loaded = self.session.loaded
        if loaded is None:
            return
        history = await import_titles(self, loaded)
        if history is None or self.session.loaded is not loaded:
            return
        self._open(history)
        saved = await save_under_name(self, loaded, history)
        if saved is not None and self.session.loaded is loaded:
            self._open(saved, listed=True)

    @on(ArrayList.Moved)
    def keep_moves(self, message: ArrayList.Moved) -> None:
        """Nobody else needs to know where the cursor is."""
        message.stop()
