"""What is explored, without a terminal: a run's model, a history that can be edited, and the answers about it."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bert4rec_tui.recommend.filters import ItemFilter
from bert4rec_tui.recommend.saved_histories import SavedHistory
from bert4rec_tui.runs.store import CheckpointName
from bert4rec_tui.tui.explore.client import Explained, Recommended
from bert4rec_tui.tui.explore.edited_history import EditedHistory, Entry
from bert4rec_tui.tui.explore.loaded_run import LoadedRun
from bert4rec_tui.tui.explore.ranked_items import RankedItems, change_mark
from bert4rec_tui.tui.explore.second_run import SecondRun

DIVERSITY_STEP = 0.1


@dataclass(frozen=True)
class Question:
    """What a recommender is asked; an answer belongs to exactly one question."""

    run: Path
    checkpoint: CheckpointName
    history: tuple[int, ...]
    target: int | None
    baseline: tuple[int, ...] | None
    item_filter: ItemFilter
    diversity: float


@dataclass(frozen=True)
class Explanation:
    """Which items of a history caused a prediction.

    item: the predicted one. history: what it was explained by, with a share each. preceded: (N + 1,) how often each
    item came right before the predicted one in training.
    """

    item: int
    history: Sequence[int]
    explained: Explained
    preceded: np.ndarray


@dataclass(frozen=True)
class Neighbours:
    """The items nearest to an item."""

    item: int
    ranked: RankedItems


@dataclass(frozen=True)
class UserSelection:
    """Some of the users, and what they have in common."""

    title: str
    rows: np.ndarray


@dataclass(frozen=True)
class HeldOut:
    """The held-out item, and its rank among all candidates: now, and before the history was changed."""

    item: int
    rank: int
    candidates: int
    rank_before: int | None


class ExploreSession:
    """The state of the Explore screen.

    An answer is accepted only for the question that is open: the history, the filter or the run may have changed while
    it was under way. Until the next answer the last one stays, with the question that it answers.
    """

    def __init__(self) -> None:
        self.loaded: LoadedRun | None = None
        self.problem = "reading…"  # why there is nothing to explore
        self.requested_run = ""  # empty for the newest with a model
        self.requested_user: int | None = None
        self.checkpoint: CheckpointName = "best"
        self.history = EditedHistory()
        self.item_filter = ItemFilter()
        self.diversity = 0.0
        self.selection: UserSelection | None = None  # None: all users
        self.answer: Recommended | None = None
        self.answered: Question | None = None  # what the answer is to
        self.error = ""  # of the recommender
        self.predictions: RankedItems | None = None
        self.second: SecondRun | None = None
        self.second_predictions: RankedItems | None = None
        self.requested_second: tuple[str, CheckpointName] | None = None  # to compare with once a run is loaded
        self.explanation: Explanation | None = None
        self.neighbours: Neighbours | None = None

    # The run

    def request(
        self,
        run: str | None,
        checkpoint: CheckpointName | None,
        user: int | None = None,
        second: tuple[str, CheckpointName] | None = None,
    ) -> None:
        """Set what to load: a run and its checkpoint, None for those that are there, a user, and a run to compare with.

        The second run is the user's: without one it is not asked for.
        """
        self.requested_run = run or self.requested_run
        self.checkpoint = checkpoint or self.checkpoint
        self.requested_user = user
        self.requested_second = second if user is not None else None

    def load(self, loaded: LoadedRun, history: EditedHistory | None) -> None:
        """Take a run, and the history to start anew with: all users, no filter, no second run; None keeps all that."""
        self.loaded, self.problem, self.error = loaded, "", ""
        self.requested_run, self.checkpoint, self.requested_user = loaded.run.id, loaded.checkpoint, None
        self._forget_answers()  # they are another model's, and maybe another catalogue's
        self.close_details()
        if history is not None:
            self.history = history
            self.selection, self.item_filter, self.second = None, ItemFilter(), None

    def fail(self, problem: str) -> None:
        """There is nothing to explore, for a reason."""
        self.loaded, self.problem, self.history = None, problem, EditedHistory()
        self._forget_answers()
        self.close_details()

    def _forget_answers(self) -> None:
        self.answer = self.answered = self.predictions = self.second_predictions = None

    # The users

    @property
    def user_rows(self) -> np.ndarray:
        """The rows of the list of users."""
        if self.loaded is None:
            return np.zeros(0, np.int64)
        return self.loaded.rows if self.selection is None else self.selection.rows

    @property
    def history_row(self) -> int:
        """The row of the history in the list of users, -1 where it is in none."""
        return self.loaded.row_of(self.history) if self.loaded else -1

    # The history

    def open(self, history: EditedHistory) -> bool:
        """Show a history. Returns whether an explanation or neighbours went."""
        self.history = history
        return self.close_details()

    def open_saved(self, saved: SavedHistory) -> bool:
        """Show a saved history, as far as the dataset has its items. Returns whether an explanation or neighbours went.

        Without a run nothing happens.
        """
        if self.loaded is None:
            return False
        entries = tuple(map(Entry, saved.items(self.loaded.dataset)))
        return self.open(EditedHistory(entries=entries, name=saved.name))

    # The question and its answer

    def question(self) -> Question | None:
        """What the model is to be asked now; None without a run."""
        if self.loaded is None:
            return None
        baseline = self.history.baseline
        return Question(
            self.loaded.run.path,
            self.loaded.checkpoint,
            tuple(self.history.items),
            self.history.target,
            None if baseline is None else tuple(baseline),
            self.item_filter,
            self.diversity,
        )

    def accept(self, question: Question, answer: Recommended) -> bool:
        """Take the answer to a question. Returns False, and takes nothing, where the question is no longer open."""
        if question != self.question():
            return False
        self.answer, self.answered, self.error = answer, question, ""
        self._rank()
        return True

    def refuse(self, question: Question, error: str) -> bool:
        """Take the sentence with which a question was refused. Returns False where the question is no longer open."""
        if question != self.question():
            return False
        self.answer, self.answered, self.error = None, None, error
        self._rank()
        return True

    def second_question(self) -> Question | None:
        """What the second run is to be asked now; None without one."""
        question, second = self.question(), self.second
        if question is None or second is None:
            return None
        return dataclasses.replace(
            question,
            run=second.loaded.run.path,
            checkpoint=second.loaded.checkpoint,
            history=tuple(second.translated(question.history)),
            target=second.target(question.target),
            baseline=None,
        )

    def accept_second(self, question: Question, answer: Recommended) -> bool:
        """Take the second run's answer. Returns False where the question is no longer open."""
        return self._take_second(question, answer, "")

    def refuse_second(self, question: Question, error: str) -> bool:
        """Take the sentence with which the second run was refused. Returns False where the question is not open."""
        return self._take_second(question, None, error)

    def _take_second(self, question: Question, answer: Recommended | None, error: str) -> bool:
        if self.second is None or question != self.second_question():
            return False
        self.second.answer, self.second.error = answer, error
        self._rank()
        return True

    def compare_with(self, second: SecondRun | None) -> None:
        """Set the run to compare with, or none."""
        self.second = second
        self.close_details()
        self._rank()

    def _rank(self) -> None:
        """The two lists with their marks: changed ranks, else the difference between the runs."""
        loaded, answer, question, second = self.loaded, self.answer, self.answered, self.second
        self.predictions = self.second_predictions = None
        if loaded is not None and answer is not None and question is not None:
            marks = list(map(change_mark, answer.ranks, answer.ranks_before))
            if second is not None and not marks:
                marks = second.marks_for(answer.items)
            self.predictions = RankedItems(loaded, answer.items, answer.scores, question.target, marks)
        if second is not None:
            self.second_predictions = second.ranked(self.predictions, self.history.target)

    @property
    def held_out(self) -> HeldOut | None:
        """The held-out item of the answer; None where nothing is held out or answered."""
        answer, question = self.answer, self.answered
        if answer is None or question is None or question.target is None or answer.target_rank is None:
            return None
        return HeldOut(question.target, answer.target_rank, answer.candidates, answer.target_before)

    def change_diversity(self, steps: int) -> bool:
        """Weigh diversity by so many steps more, or less. Returns whether that changed anything."""
        diversity = round(min(1.0, max(0.0, self.diversity + steps * DIVERSITY_STEP)), 2)
        changed, self.diversity = diversity != self.diversity, diversity
        return changed

    # Details: an explanation, or neighbours

    @property
    def ranked(self) -> RankedItems | None:
        """The list that is shown: the predictions, or the neighbours of an item."""
        return self.neighbours.ranked if self.neighbours else self.predictions

    @property
    def shares(self) -> Sequence[float]:
        """The share of each item of the history in the explained prediction; empty without an explanation."""
        return self.explanation.explained.shares if self.explanation else ()

    def explain(self, question: Question, explanation: Explanation) -> bool:
        """Take an explanation. Returns False where the question that it belongs to is no longer open."""
        if question != self.question():
            return False
        self.explanation = explanation
        return True

    def show_neighbours(self, neighbours: Neighbours) -> bool:
        """Show the neighbours of an item. Returns False where they are another run's."""
        if self.loaded is not neighbours.ranked.loaded:
            return False
        self.neighbours, self.explanation = neighbours, None
        return True

    def close_details(self) -> bool:
        """Back to the plain predictions. Returns whether there was an explanation or neighbours to close."""
        found = self.explanation is not None or self.neighbours is not None
        self.explanation = self.neighbours = None
        return found
