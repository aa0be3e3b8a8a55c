"""The predictions of a second run for the same history, side by side with the first one's."""

import asyncio
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from bert4rec_tui.runs.store import CheckpointName
from bert4rec_tui.tui.explore.loaded_run import LoadedRun
from bert4rec_tui.tui.explore.notes import run_title
from bert4rec_tui.tui.explore.rows import ranked_row
from bert4rec_tui.tui.explore.run_loading import load_second_run
from bert4rec_tui.tui.explore.session import ExploreSession
from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.shell.pane import Pane
from bert4rec_tui.tui.shell.run_choice import choose_other


class SecondRunPane(Pane):
    """The predictions of a second run."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("B", "compare", "Compare runs", id="explore.beside", show=False,
                tooltip="Compare with the predictions of another run side by side; again closes them"),
    ]  # fmt: skip

    class Changed(Message):
        """A second run was chosen, or closed."""

    def __init__(self, session: ExploreSession) -> None:
        super().__init__(id="second-run-pane", classes="-absent")
        self.session = session
        self.list = ArrayList(self._line, id="second-run")

    def compose(self) -> ComposeResult:
        """The list."""
        yield self.list

    def _line(self, row: int, width: int) -> Content:
        ranked = self.session.second_predictions
        return ranked_row(ranked, row, width, self.application.ascii) if ranked else Content("")

    def show(self) -> None:
        """Draw the second run's list."""
        second, ranked = self.session.second, self.session.second_predictions
        if second is None:
            return
        loaded, missing = second.loaded, second.missing(self.session.history.items)
        title = run_title(loaded.run.short_id, loaded.checkpoint, second.answer, self.application.ascii)
        unknown = f"{loaded.noun.counted(missing)} not in its dataset" if missing else ""
        self.retitle(Content(title), Content(unknown))
        if second.answer is None:
            self.list.empty = second.error or "loading the model…"
        else:
            self.list.empty = f"No {loaded.noun.one} matches the filter."
        self.list.show_rows(len(ranked) if ranked else 0)

    @work(exclusive=True, group="question")
    async def action_compare(self) -> None:
        """Choose the run to compare with, or close it."""
        session, loaded = self.session, self.session.loaded
        if session.second is not None:
            session.compare_with(None)
            self.post_message(self.Changed())
            return
        if loaded is None:
            return
        chosen = await choose_other(self, "Compare with which run?", loaded.run, loaded.checkpoint)
        if chosen is not None and session.loaded is loaded:
            await self._load(loaded, *chosen)

    @work(exclusive=True, group="second-run", exit_on_error=False)
    async def load(self, loaded: LoadedRun, run_id: str, checkpoint: CheckpointName) -> None:
        """Compare with a checkpoint that another screen asked for."""
        await self._load(loaded, run_id, checkpoint)

    async def _load(self, loaded: LoadedRun, run_id: str, checkpoint: CheckpointName) -> None:
        found = await asyncio.to_thread(load_second_run, self.application.runs, run_id, loaded, checkpoint)
        if isinstance(found, str):
            self.notify(found, severity="warning", markup=False)
        elif self.session.loaded is loaded:
            self.session.compare_with(found)
            self.post_message(self.Changed())

    @on(ArrayList.Moved)
    def keep_moves(self, message: ArrayList.Moved) -> None:
        """Nobody else needs to know where the cursor is."""
        message.stop()
