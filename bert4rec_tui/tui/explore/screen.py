"""Explore: a user, their history, what the model predicts next, and how that changes with the history."""

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget

from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.store import CheckpointName
from bert4rec_tui.settings import logs_folder
from bert4rec_tui.tui.explore import recommender_requests
from bert4rec_tui.tui.explore.client import OUR_SERVER, RecommenderClient, RecommendError
from bert4rec_tui.tui.explore.edited_history import history_of_user
from bert4rec_tui.tui.explore.history_pane import HistoryPane
from bert4rec_tui.tui.explore.loaded_run import LoadedRun
from bert4rec_tui.tui.explore.predictions_pane import PredictionsPane
from bert4rec_tui.tui.explore.run_loading import load_run_and_history, read_ranks
from bert4rec_tui.tui.explore.second_run_pane import SecondRunPane
from bert4rec_tui.tui.explore.session import ExploreSession, Question
from bert4rec_tui.tui.explore.users_pane import UsersPane
from bert4rec_tui.tui.shell.run_choice import choose_checkpoint, choose_run
from bert4rec_tui.tui.shell.screen import MainScreen
from bert4rec_tui.tui.shell.textual_private import paint_now

ROOM_FOR_HISTORY = 120  # columns from which the history stays where two lists are side by side


class ExploreScreen(MainScreen):
    """Users, a history, predictions; asks the recommender for all of them."""

    CSS_PATH = "screen.tcss"
    program: Sequence[str] = OUR_SERVER
    panes: ClassVar[list[str]] = ["#users-pane", "#history-pane", "#next-pane", "#second-run-pane"]
    keys_first: ClassVar[tuple[str, ...]] = (
        "explore.add", "explore.remove", "explore.why", "explore.nearest", "explore.find",
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "nearest", "Nearest", id="explore.nearest",
                tooltip="Show the nearest items by embedding, and how often they follow this one in training"),
        Binding("b", "choose_run", "Another run", id="explore.choose_run", show=False,
                tooltip="Explore the model of another run"),
        Binding("v", "choose_checkpoint", "Checkpoint", id="explore.checkpoint", show=False,
                tooltip="Choose the best checkpoint, or the last"),
        Binding("escape", "back", "Back", id="explore.back", show=False,
                tooltip="Back from neighbours to predictions, from some users to all"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.session = ExploreSession()
        self.users = UsersPane(self.session)
        self.history = HistoryPane(self.session)
        self.predictions = PredictionsPane(self.session)
        self.second_run = SecondRunPane(self.session)
        self.client = RecommenderClient(
            logs_folder() / "recommend.log",
            program=self.program,
            notify=lambda sentence: self.notify(sentence, severity="warning"),
        )

    def compose_body(self) -> ComposeResult:
        """Users, history, predictions, and a place for those of a second run."""
        with Horizontal():
            yield self.users
            yield self.history
            yield self.predictions
            yield self.second_run

    def on_mount(self) -> None:
        """Show the newest run that has a model."""
        self.users.list.focus()
        self._show_all()
        self.load()

    async def on_unmount(self) -> None:
        """End the recommender."""
        await self.client.close()

    def on_arrive(
        self,
        run: str | None = None,
        user: int | None = None,
        checkpoint: CheckpointName | None = None,
        beside: tuple[str, CheckpointName] | None = None,
        **what: Any,
    ) -> None:
        """Show a run's model, and a user; with `beside`, compared with another checkpoint."""
        del what
        self.session.request(run, checkpoint, user, beside)
        self.load()

    def on_screen_resume(self) -> None:
        """A model or a test that came meanwhile is there at once."""
        if not self._is_here():
            return
        loaded = self.session.loaded
        if loaded is None or not loaded.run.path.exists():  # it may have been removed meanwhile
            self.load()
        else:
            self.read_ranks_again()

    def choose_pane(self, chosen: Widget, focus: bool = True) -> None:
        """In a narrow terminal the users stand alone, and the history next to the predictions."""
        super().choose_pane(chosen, focus)
        self.set_class(chosen is self.users, "-picking")

    def on_resize(self, event: events.Resize) -> None:
        """Fit the second list to the width."""
        self.fit_second_run(event.size.width)

    def fit_second_run(self, width: int) -> None:
        """The users give way to a second list, in a narrow terminal the history too."""
        two = self.session.second is not None and self.session.neighbours is None
        self.set_class(two, "-side-by-side")
        self.second_run.set_class(not two, "-absent")
        self.users.set_class(two, "-absent")
        self.history.set_class(two and width < ROOM_FOR_HISTORY, "-absent")
        focused = self.focused.ancestors_with_self if self.focused else []
        if any(pane in focused and pane.has_class("-absent") for pane in (self.users, self.history, self.second_run)):
            self.choose_pane(self.predictions)

    def _is_here(self) -> bool:
        """Whether there is still a screen to show anything on: the app may have been left while something was read."""
        return self.is_mounted and self.is_attached and self.app.is_running

    def _show_all(self, keep: int | None = None) -> None:
        self.fit_second_run(self.size.width)
        self.users.show(keep)
        self.history.show()
        self.predictions.show()
        self.second_run.show()

    # The run

    @work(exclusive=True, group="load", exit_on_error=False)
    async def load(self) -> None:
        """Read the requested run and its dataset, in a thread; keep the history where the dataset stays."""
        session = self.session
        explored = session.loaded.dataset if session.loaded else None
        requested = session.requested_run, session.checkpoint, explored, session.requested_user
        found = await asyncio.to_thread(load_run_and_history, self.application.runs, *requested)
        if not self._is_here():
            return
        if isinstance(found, str):
            session.fail(found)
            self._show_all()
            return
        loaded, history = found
        session.load(loaded, history)
        self._show_all(keep=history.user if history else None)
        self.ask()
        if history is not None:
            self.history.list.cursor = self.predictions.list.cursor = 0
            if self.compact:
                self.choose_pane(self.history)
            second, session.requested_second = session.requested_second, None
            if second is not None:
                self.second_run.load(loaded, *second)

    @work(exclusive=True, group="ranks", exit_on_error=False)
    async def read_ranks_again(self) -> None:
        """Read the ranks of the last test again."""
        loaded = self.session.loaded
        if loaded is not None:
            found = await asyncio.to_thread(read_ranks, loaded.run, loaded.checkpoint, loaded.dataset.users)
            loaded.protocol, loaded.ranks = found
            if self._is_here():
                self.users.show()

    @work(exclusive=True, group="question")
    async def action_choose_run(self) -> None:
        """Explore the model of another run."""
        loaded = self.session.loaded
        chosen = await choose_run(self, "Explore which run?", loaded.run if loaded else None)
        if chosen is not None:
            self.session.request(chosen.id, "best")
            self.load()

    @work(exclusive=True, group="question")
    async def action_choose_checkpoint(self) -> None:
        """Choose the best checkpoint or the last."""
        loaded = self.session.loaded
        if loaded is not None:
            chosen = await choose_checkpoint(self, loaded.run, loaded.checkpoint)
            if chosen is not None:
                self.session.request(None, chosen)
                self.load()

    # From pane to pane

    @on(UsersPane.Chosen)
    def open_chosen(self, message: UsersPane.Chosen) -> None:
        """Open the history of a user, or a saved one."""
        session = self.session
        saved = session.loaded.saved_at(message.row) if session.loaded else None
        if saved is not None:
            self.show_history(session.open_saved(saved))
        elif message.row != session.history_row:
            self.open_user(message.row)
        if message.enter:
            self.choose_pane(self.history)

    @on(UsersPane.Listed)
    def look_at_users(self) -> None:
        """Go to the users that were found."""
        self.choose_pane(self.users)

    @on(HistoryPane.UserRequested)
    def open_requested(self, message: HistoryPane.UserRequested) -> None:
        """Open the history of a user with the held-out item, or without."""
        self.open_user(message.user, message.includes_target)

    def open_user(self, user: int, includes_target: bool = False) -> None:
        """Open the history of a user, a slice of a mapped array that takes no thread, and ask for what comes next."""
        if self.session.loaded is None:
            return
        try:
            history = history_of_user(self.session.loaded.dataset, user, includes_target)
        except UserError as error:
            self.session.fail(str(error))
            self._show_all()
        else:
            self.show_history(self.session.open(history))

    @on(HistoryPane.Opened)
    def show_opened(self, message: HistoryPane.Opened) -> None:
        """Show the history that the pane has opened, in the list of users too if it is there."""
        self.show_history(details_closed=True)
        if message.listed:
            self.users.show_all(self.session.history_row)
        if message.enter:
            self.choose_pane(self.history)

    def show_history(self, details_closed: bool) -> None:
        """Show another history from its newest item; the predictions when they are answered."""
        self.history.show(top=True)
        if details_closed:
            self._show_details_closed()
        self.predictions.list.cursor = 0
        paint_now(self)  # with the cursor among the users, in one frame
        self.ask()

    @on(HistoryPane.Edited)
    def show_edited(self, message: HistoryPane.Edited) -> None:
        """The history has drawn itself; ask again."""
        if message.details_closed:
            self._show_details_closed()
        self.ask()

    @on(PredictionsPane.QuestionChanged)
    def show_question_changed(self, message: PredictionsPane.QuestionChanged) -> None:
        """The predictions have drawn themselves; ask again."""
        if message.details_closed:
            self.history.show()
            self.fit_second_run(self.size.width)
        self.ask()

    @on(SecondRunPane.Changed)
    def show_second_run(self) -> None:
        """Make room for the second list, or take it back, and ask it."""
        self.fit_second_run(self.size.width)
        self.history.show()
        self.predictions.show()
        self.second_run.show()
        self.ask_second()

    def action_back(self) -> None:
        """Back from neighbours or an explanation to the predictions, else from some users to all."""
        if self.session.close_details():
            self.history.show()
            self._show_details_closed()
        elif self.session.selection is not None and self.session.loaded is not None:
            self.users.show_all(self.session.history_row)

    def _show_details_closed(self) -> None:
        """Draw what an explanation or neighbours stood in."""
        self.fit_second_run(self.size.width)
        self.predictions.show()

    # The recommender

    def ask(self) -> None:
        """Ask the run, and the second one, about the history as it is now."""
        question = self.session.question()
        if question is not None:
            self.predict(question)
            self.ask_second()

    def ask_second(self) -> None:
        """Ask the second run about the same history, where there is one."""
        question = self.session.second_question()
        if question is not None:
            self.predict(question, second=True)

    @work(group="predict", exit_on_error=False)
    async def predict(self, question: Question, second: bool = False) -> None:
        """Ask a run for its predictions; of several questions in a row the last alone is answered."""
        accept, refuse = self.session.accept, self.session.refuse
        if second:
            accept, refuse = self.session.accept_second, self.session.refuse_second
        try:
            answer = await recommender_requests.predict(self.client, question, second)
        except (RecommendError, UserError) as error:
            accepted = refuse(question, str(error))
        else:
            accepted = answer is not None and accept(question, answer)
        if accepted and self._is_here():
            self.predictions.show()
            self.second_run.show()
            paint_now(self)

    @on(PredictionsPane.ExplanationRequested)
    def explain_requested(self, message: PredictionsPane.ExplanationRequested) -> None:
        """Ask why an item is predicted."""
        loaded, question = self.session.loaded, self.session.question()
        if loaded is not None and question is not None:
            self.explain(loaded, question, message.item)

    @work(exclusive=True, group="explain", exit_on_error=False)
    async def explain(self, loaded: LoadedRun, question: Question, item: int) -> None:
        """Ask which items of the history caused a prediction."""
        try:
            explanation = await recommender_requests.explain(self.client, loaded, question, item)
        except (RecommendError, UserError) as error:
            self.notify(str(error), severity="error", markup=False)
            return
        if explanation is not None and self.session.explain(question, explanation) and self._is_here():
            self.history.show()
            self.predictions.show_explanation()

    def action_nearest(self) -> None:
        """Show the neighbours of the item under the cursor: of the history if it has the focus, else predicted."""
        item = self.history.item if self.history.list.has_focus else self.predictions.item
        if item and self.session.loaded is not None:
            self.find_neighbours(self.session.loaded, item)

    @work(exclusive=True, group="neighbours", exit_on_error=False)
    async def find_neighbours(self, loaded: LoadedRun, item: int) -> None:
        """Ask for the nearest items."""
        try:
            found = await recommender_requests.neighbours(self.client, loaded, item)
        except (RecommendError, UserError) as error:
            self.notify(str(error), severity="error", markup=False)
            return
        if found is not None and self.session.show_neighbours(found) and self._is_here():
            self.history.show()
            self.fit_second_run(self.size.width)
            self.predictions.show(top=True)
