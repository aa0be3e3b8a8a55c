"""What is explored, without a terminal: which answers are accepted, what an edit closes, what a second run marks."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import make_dataset, make_run

from bert4rec_tui.recommend.filters import ItemFilter
from bert4rec_tui.recommend.saved_histories import save_history
from bert4rec_tui.tui.explore.client import Diverse, Explained, Recommended
from bert4rec_tui.tui.explore.edited_history import EditedHistory, history_of_user
from bert4rec_tui.tui.explore.loaded_run import LoadedRun
from bert4rec_tui.tui.explore.notes import list_notes
from bert4rec_tui.tui.explore.ranked_items import ONLY, RankedItems
from bert4rec_tui.tui.explore.second_run import SecondRun, item_map
from bert4rec_tui.tui.explore.session import Explanation, ExploreSession, Neighbours, Question, UserSelection

ITEMS = 60


@pytest.fixture
def loaded(home: Path) -> LoadedRun:
    """A run with a model."""
    dataset = make_dataset(home, items=ITEMS)
    return LoadedRun(make_run(home, "finished", "lamp"), "best", dataset)


@pytest.fixture
def session(loaded: LoadedRun) -> ExploreSession:
    """A session with the first user's history."""
    made = ExploreSession()
    made.load(loaded, history_of_user(loaded.dataset, 0))
    return made


def answer_to(question: Question, **more: object) -> Recommended:
    """An answer that can be told from that to any other question: its score is the question."""
    score = float(hash(question) % 1_000_003)
    items = [item for item in range(1, ITEMS + 1) if item not in question.history][:10]
    rank = None if question.target is None else 3
    return Recommended(items, [score] * len(items), rank, ITEMS, **more)  # pyright: ignore[reportArgumentType]


def asked(session: ExploreSession) -> Question:
    question = session.question()
    assert question is not None
    return question


def explain(session: ExploreSession) -> None:
    shares = [0.1] * len(session.history)
    found = Explanation(7, session.history.items, Explained(shares), np.zeros(ITEMS + 1, int))
    assert session.explain(asked(session), found)


def test_the_session_needs_no_terminal() -> None:
    code = "import sys, bert4rec_tui.tui.explore.session; assert not {'textual', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


EDITS = st.one_of(
    st.tuples(st.just("add"), st.integers(1, ITEMS)),
    st.tuples(st.sampled_from(["remove", "move", "user", "diversify"]), st.integers(0, 3)),
    st.tuples(st.sampled_from(["undo", "redo", "include", "filter", "new", "ask"]), st.just(0)),
    st.tuples(st.just("answer"), st.integers(0, 20)),
    st.tuples(st.just("refuse"), st.integers(0, 20)),
)


@given(st.lists(EDITS, max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_answer_is_shown_only_while_its_question_is_open(loaded: LoadedRun, steps: list[tuple[str, int]]) -> None:
    """Whatever is edited between a question and its answer, in whatever order answers come."""
    session = ExploreSession()
    session.load(loaded, history_of_user(loaded.dataset, 0))
    questions = [asked(session)]
    for what, number in steps:
        history = session.history
        match what:
            case "add":
                history.add(number)
            case "remove" if history.entries:
                history.remove(number % len(history.entries))
            case "move":
                history.move(number, 1)
            case "undo":
                history.undo()
            case "redo":
                history.redo()
            case "user":
                session.open(history_of_user(loaded.dataset, number))
            case "include" if history.user is not None:
                session.open(history_of_user(loaded.dataset, history.user, not history.includes_target))
            case "new":
                session.open(EditedHistory())
            case "filter":
                session.item_filter = (
                    ItemFilter(genres=("Drama",)) if not session.item_filter.excludes else ItemFilter()
                )
            case "diversify":
                session.change_diversity(number - 1)
            case "ask":
                questions.append(asked(session))
            case "answer":
                question = questions[number % len(questions)]
                before = session.answer, session.answered, session.predictions
                answer = answer_to(question)
                if session.accept(question, answer):
                    assert question == session.question()
                    assert session.answer is answer
                    assert session.predictions is not None
                    assert session.predictions.items == answer.items
                else:
                    assert question != session.question()
                    assert before == (session.answer, session.answered, session.predictions)
            case "refuse":
                question, error = questions[number % len(questions)], session.error
                if session.refuse(question, "it cannot"):
                    assert (question, session.answer, session.error) == (session.question(), None, "it cannot")
                else:
                    assert (question != session.question(), session.error) == (True, error)
            case _:
                pass
        # What is shown is always the answer to the question that it is said to answer.
        assert (session.answer is None) == (session.answered is None) == (session.predictions is None)
        if session.answer is not None and session.answered is not None:
            assert session.answer.scores == answer_to(session.answered).scores
            assert session.predictions is not None
            assert session.predictions.target == session.answered.target


def test_a_change_that_is_undone_opens_the_question_again(session: ExploreSession) -> None:
    question = asked(session)
    session.history.add(5)
    assert not session.accept(question, answer_to(question))
    session.history.undo()
    assert session.accept(question, answer_to(question))


def test_the_rank_of_the_held_out_item_belongs_to_the_answer_and_not_to_the_next_user(
    session: ExploreSession, loaded: LoadedRun
) -> None:
    question = asked(session)
    session.accept(question, answer_to(question))
    session.open(history_of_user(loaded.dataset, 1))
    assert session.history.target != question.target
    assert session.held_out is not None
    assert (session.held_out.item, session.held_out.rank) == (question.target, 3)


def test_another_run_of_the_dataset_keeps_the_history_and_drops_the_answer(
    session: ExploreSession, loaded: LoadedRun, home: Path
) -> None:
    session.history.add(5)
    session.item_filter, question = ItemFilter(genres=("Drama",)), asked(session)
    session.accept(question, answer_to(question))
    session.load(LoadedRun(make_run(home, "finished", "moss"), "best", loaded.dataset), None)
    assert session.history.changed
    assert session.item_filter.excludes
    assert (session.answer, session.predictions, session.held_out) == (None, None, None)
    assert not session.accept(question, answer_to(question))


def test_starting_anew_takes_filter_selection_and_second_run_away(session: ExploreSession, loaded: LoadedRun) -> None:
    session.item_filter = ItemFilter(genres=("Drama",))
    session.selection = UserSelection("some", np.array([3]))
    session.compare_with(SecondRun(loaded, item_map(loaded.dataset, loaded.dataset), np.arange(ITEMS + 1)))
    session.load(loaded, history_of_user(loaded.dataset, 2))
    assert (session.item_filter, session.selection, session.second) == (ItemFilter(), None, None)
    assert (session.history.user, session.history_row) == (2, 2)


def test_a_requested_user_is_kept_until_a_run_is_loaded(loaded: LoadedRun) -> None:
    """The screen may begin to load twice: when it is arrived at for a user, and because it is shown again."""
    session = ExploreSession()
    session.request("lamp", "last", 3, ("moss", "best"))
    assert (session.requested_run, session.checkpoint) == ("lamp", "last")
    assert (session.requested_user, session.requested_second) == (3, ("moss", "best"))
    session.load(loaded, history_of_user(loaded.dataset, 3))
    assert (session.requested_run, session.requested_user) == (loaded.run.id, None)
    session.request("moss", None, None, ("lamp", "best"))
    assert (session.checkpoint, session.requested_second) == ("best", None)


def test_a_run_that_cannot_be_read_leaves_nothing_of_the_one_before(session: ExploreSession) -> None:
    question = asked(session)
    session.accept(question, answer_to(question))
    session.fail("it is damaged")
    assert (session.question(), session.second_question(), session.ranked, session.history.items) == (
        None,
        None,
        None,
        [],
    )
    assert (session.problem, session.user_rows.tolist(), session.history_row) == ("it is damaged", [], -1)


def test_an_explanation_of_another_history_is_not_taken(session: ExploreSession) -> None:
    question = asked(session)
    found = Explanation(7, session.history.items, Explained([0.1]), np.zeros(ITEMS + 1, int))
    session.history.remove(0)
    assert not session.explain(question, found)
    assert list(session.shares) == []


def test_neighbours_stand_in_place_of_the_predictions_until_they_are_closed(
    session: ExploreSession, loaded: LoadedRun
) -> None:
    question = asked(session)
    session.accept(question, answer_to(question))
    explain(session)
    assert len(session.shares) == len(session.history)
    near = Neighbours(7, RankedItems(loaded, [1, 2], [0.9, 0.8], follow_counts=[(1, 0), (0, 0)]))
    assert session.show_neighbours(near)
    assert (session.ranked, list(session.shares)) == (near.ranked, [])
    assert session.close_details()
    assert session.ranked is session.predictions is not None
    assert not session.close_details()


def test_neighbours_of_another_run_are_not_shown(session: ExploreSession, loaded: LoadedRun, home: Path) -> None:
    near = Neighbours(7, RankedItems(loaded, [1, 2], [0.9, 0.8]))
    session.load(LoadedRun(make_run(home, "finished", "moss"), "best", loaded.dataset), None)
    assert not session.show_neighbours(near)


def test_a_second_run_is_asked_in_its_own_numbers_and_what_differs_is_marked(
    session: ExploreSession, loaded: LoadedRun, home: Path
) -> None:
    other = LoadedRun(make_run(home, "finished", "moss"), "last", loaded.dataset)
    to_second = np.roll(np.arange(ITEMS + 1), 0)
    to_second[1:] = ITEMS + 1 - np.arange(1, ITEMS + 1)  # the other way round
    missing = session.history.items[0]
    to_second[missing] = 0
    to_first = np.zeros(ITEMS + 1, int)
    to_first[to_second[1:]] = np.arange(1, ITEMS + 1)
    question = asked(session)
    session.accept(question, answer_to(question))
    session.compare_with(second := SecondRun(other, to_second, to_first))
    theirs = session.second_question()
    assert theirs is not None
    assert theirs.history == tuple(ITEMS + 1 - item for item in session.history.items[1:])
    assert (theirs.run, theirs.checkpoint, theirs.baseline) == (other.run.path, "last", None)
    assert second.missing(session.history.items) == 1
    assert session.predictions is not None
    first = list(session.predictions.items)
    shown = [ITEMS + 1 - item for item in (first[1], first[0], *first[3:])]
    assert session.accept_second(theirs, Recommended(shown, [1.0] * len(shown)))
    assert session.second_predictions is not None
    assert [mark.text for mark in session.second_predictions.marks[:4]] == ["▲1", "▼1", "▲1", "▲1"]
    assert [mark for mark in session.predictions.marks if mark.text] == [ONLY]
    assert session.refuse_second(theirs, "it cannot")
    assert (second.error, session.second_predictions) == ("it cannot", None)
    assert not any(mark.text for mark in session.predictions.marks)
    session.history.add(5)
    assert not session.refuse_second(theirs, "it cannot")
    assert not session.accept_second(theirs, Recommended(shown, [1.0] * len(shown)))
    session.history.undo()
    session.compare_with(None)
    assert (session.second_question(), session.second_predictions, list(session.predictions.marks)) == (None, None, [])
    assert not session.accept_second(theirs, Recommended(shown, [1.0] * len(shown)))


def test_what_diversity_costs_is_told_of_the_answer_with_that_diversity_alone(session: ExploreSession) -> None:
    session.change_diversity(1)
    question = asked(session)
    session.accept(question, answer_to(question, diversified=Diverse(8.5, 8.75, 0.2, 0.4)))
    assert list_notes(session) == ["diversity 0.1: top 10 score 8.50 (-0.25)", "top 10 similarity 0.40 > 0.20"]
    session.change_diversity(1)
    assert list_notes(session) == ["diversity 0.2"]


@given(st.lists(st.integers(-3, 3), max_size=30))
def test_diversity_stays_between_0_and_1_and_changes_by_tenths(steps: list[int]) -> None:
    session = ExploreSession()
    for step in steps:
        before = session.diversity
        assert session.change_diversity(step) == (before != session.diversity)
        assert 0 <= session.diversity <= 1
        assert round(session.diversity * 10) == pytest.approx(session.diversity * 10)


def test_a_saved_history_is_listed_above_the_users_and_opened(session: ExploreSession, loaded: LoadedRun) -> None:
    saved = save_history("friday", loaded.dataset, [2, 3, 11])
    loaded.saved = [saved]
    users = loaded.dataset.users
    assert session.user_rows.tolist() == [users, *range(users)]
    explain(session)
    assert session.open_saved(saved)  # the explanation was of another history
    assert (session.history.items, session.history.name, session.history.user) == ([2, 3, 11], "friday", None)
    assert session.history_row == users
    assert loaded.saved_at(users) is saved
