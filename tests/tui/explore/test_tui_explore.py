"""The explore screen by keyboard: users, a history that can be changed, predictions, why, neighbours."""

import asyncio
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.content import Content
from textual.pilot import Pilot
from waiting import screen_text, type_text, until, until_shown
from worlds import make_dataset, make_run, make_test

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.tui.app import Bert4RecApp
from bert4rec_tui.tui.explore.edited_history import EditedHistory, history_of_user
from bert4rec_tui.tui.explore.screen import ExploreScreen
from bert4rec_tui.tui.explore.session import ExploreSession
from bert4rec_tui.tui.explore.user_groups import users_with_item
from bert4rec_tui.tui.explore.users_pane import UsersPane

FAKE = str(Path(__file__).parents[1].joinpath("fake_recommender.py"))


@pytest.fixture(autouse=True)
def fake_recommender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExploreScreen, "program", (sys.executable, FAKE))


@pytest.fixture
def dataset(home: Path) -> PreparedDataset:
    """A prepared dataset, and one finished run on it."""
    made = make_dataset(home)
    make_run(home, "finished", "lamp", age=100)
    return made


async def open_explore(pilot: Pilot[Any], shows: str = "Matrix, The (1999)") -> None:
    await pilot.press("5")
    await until_shown(pilot, shows)


def state(pilot: Pilot[Any]) -> ExploreSession:
    assert isinstance(pilot.app.screen, ExploreScreen)
    return pilot.app.screen.session


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_without_a_model_it_says_how_to_get_one(home: Path, size: tuple[int, int]) -> None:
    async with Bert4RecApp().run_test(size=size) as pilot:
        await open_explore(pilot, "No run has")
        await pilot.press("a", "x", "u", "y", "n", "slash", "N", "i", "v", "b", "escape")


async def test_a_damaged_history_is_said_where_the_users_would_stand(home: Path, dataset: PreparedDataset) -> None:
    history = dataset.path / "history.npy"
    history.write_bytes(history.read_bytes()[:100])
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_explore(pilot, "cannot be read (EOF")
        await pilot.press("j", "y", "n", "x", "escape")
        assert "The history of a user, newest first" in screen_text(pilot)
        assert "loading the model" not in screen_text(pilot)


async def test_without_a_model_the_panes_say_what_would_be_there(home: Path) -> None:
    """In a narrow terminal the users, whose pane says how to get a model, are not on the screen."""
    async with Bert4RecApp().run_test(size=(80, 24)) as pilot:
        await pilot.press("5")
        await until_shown(pilot, "No run has")
        await pilot.press("right_square_bracket")
        await until_shown(pilot, "The history of a user, newest first")
        assert "The model's predictions" in screen_text(pilot)


@pytest.mark.parametrize(("first", "shown"), [(1, "1 "), (10_000_000_000_000, "10000000000000 ")])
async def test_long_ids_of_users_stand_whole_beside_dates(
    home: Path, dataset: PreparedDataset, first: int, shown: str
) -> None:
    np.savez(dataset.path / "users.npz", ids=first + np.arange(dataset.users))
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_explore(pilot, "held out")
        lines = screen_text(pilot).splitlines()
        row = next(line for line in lines if line.startswith(f"│ {shown}"))
        assert re.search(r"│ \d{4}-\d\d-\d\d ", row)


async def test_a_user_is_shown_with_history_and_predictions_and_the_held_out_movie(dataset: PreparedDataset) -> None:
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_explore(pilot, "held out")
        items = dataset.history_of(0).tolist()
        text = screen_text(pilot)
        assert f"User 1 · {len(items) - 1} movies" in text
        # Newest first, the validation item among them, the test item not.
        shown = [row for row in text.splitlines() if dataset.title(items[-2])[:18] in row]
        assert shown
        assert "2001-01-" in text
        rank = [item for item in range(1, 61) if item not in items[:-1]].index(items[-1]) + 1
        assert f"rank {rank} of" in text
        assert "✓" in text
        first = state(pilot).predictions.items[0]  # type: ignore[union-attr]
        assert f"{dataset.train_counts[first - 1]} interactions in training" in text


async def test_history_given_to_the_model_ends_before_the_held_out_movie(dataset: PreparedDataset) -> None:
    history = history_of_user(dataset, 3)
    items = dataset.history_of(3).tolist()
    assert (history.items, history.target) == (items[:-1], items[-1])
    assert (history_of_user(dataset, 3, includes_target=True).items, history_of_user(dataset, 3, True).target) == (
        items,
        None,
    )


async def test_ranks_of_the_last_test_stand_beside_the_users(dataset: PreparedDataset, home: Path) -> None:
    run = next(iter((home / "runs").iterdir()))
    from bert4rec_tui.runs.store import Run

    make_test(Run(run), dataset, "full")
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_explore(pilot, "hit #1")
        assert "hit #7" in screen_text(pilot)


async def test_a_movie_is_added_removed_and_each_undone_and_the_predictions_answer(dataset: PreparedDataset) -> None:
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_explore(pilot, "held out")
        before = state(pilot).history.items
        await pilot.press("a")
        await type_text(pilot, "the matrix")
        await until_shown(pilot, "Matrix, The (1999)")
        await until(pilot, lambda: len(pilot.app.screen.choices) > 0)  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until_shown(pilot, "changed")
        assert state(pilot).history.items == [*before, 2]
        await until(pilot, lambda: state(pilot).answer is not None and 2 not in state(pilot).answer.items)  # type: ignore[union-attr]
        await pilot.press("right_square_bracket", "j", "x")
        await until(pilot, lambda: len(state(pilot).history.items) == len(before))
        assert state(pilot).history.items == [*before[:-1], 2]
        await pilot.press("u", "u")
        await until(pilot, lambda: state(pilot).history.items == before)
        assert "changed" not in screen_text(pilot)


async def test_a_history_is_built_from_nothing(dataset: PreparedDataset) -> None:
    async with Bert4RecApp().run_test(size=(80, 24)) as pilot:
        await open_explore(pilot, "held out")
        await pilot.press("N")
        await until_shown(pilot, "New history")
        assert "Empty: press a to add a movie." in screen_text(pilot)
        await until_shown(pilot, "[REC] (2007)")
        await pilot.press("a")
        await type_text(pilot, "toy story")
        await until_shown(pilot, "Toy Story (1995)")
        await pilot.press("enter")
        await until_shown(pilot, "New history · 1 movie")
        assert "[bold red]Not mark" in screen_text(pilot)


async def test_why_draws_each_movies_share_and_names_the_strongest(dataset: PreparedDataset) -> None:
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_explore(pilot, "held out")
        await pilot.press("y")
        await until_shown(pilot, "why ")
        newest = dataset.title(dataset.history_of(0).tolist()[-2])
        count = len(dataset.history_of(0)) - 1
        share = f"+{0.1 * count:.2f}".replace("+0.", "+.")
        await until_shown(pilot, f"{share}  {newest[:20]}")
        await pilot.press("escape")
        await until(pilot, lambda: "why " not in screen_text(pilot))


async def test_neighbours_take_the_place_of_predictions_until_esc(dataset: PreparedDataset) -> None:
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_explore(pilot, "held out")
        await pilot.press("right_square_bracket", "n")
        newest = dataset.title(dataset.history_of(0).tolist()[-2])
        await until_shown(pilot, f"Nearest to {newest[:12]}")
        await pilot.press("escape")
        await until_shown(pilot, "Next, by lamp")


async def test_users_are_found_by_id_and_by_an_item_of_their_history(dataset: PreparedDataset) -> None:
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_explore(pilot, "held out")
        await pilot.press("slash")
        await type_text(pilot, "17")
        await until_shown(pilot, "user 17")
        await pilot.press("enter")
        await until_shown(pilot, "User 17 ·")
        await pilot.press("slash")
        await type_text(pilot, "[rec]")
        await until_shown(pilot, "users with [REC]")
        await until(pilot, lambda: len(pilot.app.screen.choices) > 0)  # type: ignore[attr-defined]
        await pilot.press("enter")
        watchers = users_with_item(dataset, 1)
        await until_shown(pilot, f"User {watchers[0] + 1} ·")
        assert "Users with [REC]" in screen_text(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: "Users with [REC]" not in screen_text(pilot))


def test_viewers_are_those_whose_history_has_the_movie(dataset: PreparedDataset) -> None:
    for item in (1, 2, 30):
        expected = [user for user in range(dataset.users) if item in dataset.history_of(user)]
        assert users_with_item(dataset, item).tolist() == expected


async def test_the_held_out_movie_can_be_made_known(dataset: PreparedDataset) -> None:
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_explore(pilot, "rank ")
        await pilot.press("i")
        await until_shown(pilot, "held-out included")
        await until(pilot, lambda: "held out:" not in screen_text(pilot))
        await pilot.press("i")
        await until_shown(pilot, "held out:")


async def test_moving_through_many_users_ends_at_the_last_one(dataset: PreparedDataset) -> None:
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_explore(pilot, "held out")
        await pilot.press(*["j"] * 20, "G")
        await until_shown(pilot, "User 40 ·")
        items = dataset.history_of(39).tolist()
        await until(pilot, lambda: (shown := state(pilot).predictions) is not None and shown.target == items[-1])


async def test_a_narrow_terminal_has_history_beside_predictions_and_picks_users_apart(dataset: PreparedDataset) -> None:
    async with Bert4RecApp().run_test(size=(80, 24)) as pilot:
        await open_explore(pilot, "held out")
        text = screen_text(pilot)
        assert "User 1 ·" in text
        assert "Next, by lamp" in text
        assert "─ Users" not in text
        await pilot.press("left_square_bracket")
        await until_shown(pilot, "─ Users")
        await pilot.press("j", "enter")
        await until_shown(pilot, "User 2 ·")
        assert "─ Users" not in screen_text(pilot)


async def test_a_recommender_that_refuses_or_dies_leaves_its_sentence(
    dataset: PreparedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ExploreScreen, "program", (sys.executable, FAKE, "--refuse"))
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_explore(pilot, "there is no best checkpoint")
    monkeypatch.setattr(ExploreScreen, "program", (sys.executable, FAKE, "--die-after", "0"))
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_explore(pilot, "the recommender ended 3 times in a row")


async def test_nothing_of_one_model_is_shown_under_the_name_of_another(dataset: PreparedDataset, home: Path) -> None:
    make_run(home, "stopped", "moss", age=200)
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_explore(pilot, "held out")
        assert isinstance(pilot.app.screen, ExploreScreen)
        client = pilot.app.screen.client

        async def never(*question: object, **requests: object) -> None:
            await asyncio.Event().wait()

        client.recommend = never  # pyright: ignore[reportAttributeAccessIssue]
        await pilot.press("b")
        await until_shown(pilot, "Explore which run?")
        await pilot.press("j", "enter")
        await until_shown(pilot, "Next, by moss")
        await until_shown(pilot, "loading the model")
        assert "held out" not in screen_text(pilot)
        assert "in training" not in screen_text(pilot)


async def test_a_model_that_was_removed_is_shown_no_more(dataset: PreparedDataset, home: Path) -> None:
    moss = make_run(home, "stopped", "moss", age=50)
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_explore(pilot, "Next, by moss")
        await pilot.press("3")
        await until_shown(pilot, "moss stopped")
        shutil.rmtree(moss.path)
        await pilot.press("5")
        await until_shown(pilot, "Next, by lamp")


async def test_a_dataset_that_is_gone_is_said_in_a_sentence(home: Path) -> None:
    make_run(home, "finished", "lamp")
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_explore(pilot, "tiny: is not prepared")


async def test_two_hundred_thousand_users_are_one_screenful_of_work(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_dataset(home, users=200_000, longest=6)
    make_run(home, "finished", "lamp")
    drawn: set[int] = set()
    line = UsersPane.draw_user

    def noted(self: UsersPane, row: int, width: int) -> Content:
        drawn.add(row)
        return line(self, row, width)

    monkeypatch.setattr(UsersPane, "draw_user", noted)
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_explore(pilot, "held out")
        await pilot.press("G")
        await until_shown(pilot, "User 200000 ·")
        assert 199_999 in drawn
        await pilot.press("g", "pagedown")
        await until(pilot, lambda: 30 < state(pilot).history.user < 40)
    assert len(drawn) <= 3 * 40  # the first screenful, the last and the second


def test_changes_of_a_history_can_all_be_undone() -> None:
    history, rng = EditedHistory(), np.random.default_rng(0)
    seen = [history.items]
    for step in range(50):
        if step % 3 == 2 and history.entries:
            history.remove(int(rng.integers(len(history.entries))))
        else:
            history.add(int(rng.integers(1, 60)))
        seen.append(history.items)
    for items in reversed(seen[:-1]):
        assert history.undo()
        assert history.items == items
    assert not history.undo()
