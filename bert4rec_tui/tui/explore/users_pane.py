"""The users of the dataset with their ranks of the last test, below the saved histories."""

import asyncio
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from bert4rec_tui.tui.explore.rows import user_header, user_row
from bert4rec_tui.tui.explore.searches import find_users
from bert4rec_tui.tui.explore.session import ExploreSession, UserSelection
from bert4rec_tui.tui.explore.user_groups import users_by_rank, users_with_item
from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.lists.search_dialog import SearchDialog
from bert4rec_tui.tui.shell.dialogs import Choice, Chooser
from bert4rec_tui.tui.shell.pane import Pane
from bert4rec_tui.tui.shell.text import clean, count


class UsersList(ArrayList):
    """The users, one of them chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open_history", "History", id="explore.open_history", show=False,
                tooltip="Go to the history of this user"),
    ]  # fmt: skip

    class Entered(Message):
        """Enter was pressed on a user."""

    def action_open_history(self) -> None:
        """Report the key."""
        self.post_message(self.Entered())


class UsersPane(Pane):
    """The users, and which of them are listed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "find", "Find", id="explore.find",
                tooltip="Find a user by id, or users by an item in their history"),
        Binding("w", "users_by_rank", "Which users", id="explore.users", show=False,
                tooltip="List hits, near misses or misses of the last test, or go to a random user"),
    ]  # fmt: skip

    @dataclass
    class Chosen(Message):
        """A user or a saved history is chosen, by its row; `enter` where its history should get the focus."""

        row: int
        enter: bool = False

        def can_replace(self, message: Message) -> bool:
            """Only the last user counts."""
            return isinstance(message, UsersPane.Chosen)

    class Listed(Message):
        """Other users are listed, to be looked at."""

    def __init__(self, session: ExploreSession) -> None:
        super().__init__(id="users-pane")
        self.session = session
        self.border_title = "Users"
        self.list = UsersList(self.draw_user, header=self._header, empty="reading…", id="users")

    def compose(self) -> ComposeResult:
        """The list."""
        yield self.list

    def draw_user(self, row: int, width: int) -> Content:
        """The line of a user."""
        return user_row(self.session.loaded, row, width) if self.session.loaded else Content("")

    def _header(self, width: int) -> list[Content]:
        return [user_header(self.session.loaded, width) if self.session.loaded else Content("")]

    def show(self, keep: int | None = None) -> None:
        """Draw the users that are listed; the cursor goes to the row `keep` if it is among them."""
        loaded, selection = self.session.loaded, self.session.selection
        if loaded is None:
            self.list.empty = self.session.problem
        else:
            self.list.empty = f"No user has this {loaded.noun.one};\npress esc to list all."
            self.set_class(loaded.long_ids, "-long-ids")
        ranks = f"ranks: {loaded.protocol}" if loaded is not None and loaded.protocol else ""
        self.retitle(Content(selection.title if selection else "Users"), Content(ranks))
        self.list.show_rows(self.session.user_rows, keep=keep)

    def show_all(self, row: int) -> None:
        """List every user, with the cursor on a row if it is one."""
        self.session.selection = None
        self.show(row if row >= 0 else self.list.row)

    @on(ArrayList.Moved)
    def choose(self, message: ArrayList.Moved) -> None:
        """The row under the cursor is the chosen one."""
        message.stop()
        if message.row >= 0 and message.row != self.session.history_row:
            # Straight to the screen, so that the history is drawn in the frame in which the cursor moves.
            self.screen.post_message(self.Chosen(message.row))

    @on(UsersList.Entered)
    def enter(self) -> None:
        """The history of the user should get the focus."""
        if self.list.row >= 0:
            self.post_message(self.Chosen(self.list.row, enter=True))

    @work(exclusive=True, group="question")
    async def action_find(self) -> None:
        """Find a user by id, or the users with an item in their history."""
        loaded = self.session.loaded
        if loaded is None:
            return
        hint = f"a user's id, or the title of {loaded.noun.a}"
        dialog = SearchDialog("Find users", lambda text: find_users(loaded, text), hint)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is None or self.session.loaded is not loaded:
            return
        kind, _, number = chosen.partition(" ")
        if kind == "user":
            self.show_all(int(number))
            self.post_message(self.Chosen(int(number), enter=True))
            return
        rows = await asyncio.to_thread(users_with_item, loaded.dataset, int(number))
        self._select(f"Users with {clean(loaded.title(int(number)))}", rows)
        self.post_message(self.Listed())

    @work(exclusive=True, group="question")
    async def action_users_by_rank(self) -> None:
        """Ask which users to list."""
        loaded = self.session.loaded
        if loaded is None:
            return
        groups = users_by_rank(loaded.ranks)
        choices = [Choice(name, name, f"{count(len(rows))} users") for name, rows in groups.items() if len(rows)]
        choices.append(Choice("random", "a random user"))
        title = f"Which users? {loaded.protocol}" if loaded.protocol else "Which users? (press 4 to test the run)"
        chosen = await self.app.push_screen_wait(Chooser(title, choices))
        if chosen is None or self.session.loaded is not loaded:
            return
        if chosen in ("random", "all"):
            user = int(np.random.default_rng().integers(loaded.dataset.users)) if chosen == "random" else 0
            self.show_all(user)
            self.post_message(self.Chosen(user))
        else:
            self._select(chosen, groups[chosen])

    def _select(self, title: str, rows: np.ndarray) -> None:
        """List some users, and choose the first of them."""
        self.session.selection = UserSelection(title, rows)
        self.show(int(rows[0]) if len(rows) else None)
        if len(rows):
            self.post_message(self.Chosen(int(rows[0])))
