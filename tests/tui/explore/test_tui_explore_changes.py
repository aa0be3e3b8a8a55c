"""What if, on the explore screen: what rose and fell, filters, diversity, a run beside, histories of one's own."""

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from waiting import screen_text, type_text, until, until_shown
from worlds import make_dataset, make_run, make_test

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.recommend.saved_histories import find_history, save_history
from bert4rec_tui.runs.store import Run
from bert4rec_tui.tui.app import Bert4RecApp
from bert4rec_tui.tui.explore.edited_history import EditedHistory
from bert4rec_tui.tui.explore.ranked_items import change_mark
from bert4rec_tui.tui.explore.screen import ExploreScreen
from bert4rec_tui.tui.explore.session import ExploreSession
from bert4rec_tui.tui.explore.user_groups import users_by_rank

FAKE = str(Path(__file__).parents[1].joinpath("fake_recommender.py"))


@pytest.fixture(autouse=True)
def fake_recommender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExploreScreen, "program", (sys.executable, FAKE))


@pytest.fixture
def dataset(home: Path) -> PreparedDataset:
    """A prepared dataset, and two finished runs on it."""
    made = make_dataset(home)
    make_run(home, "finished", "lamp", age=100)
    make_run(home, "finished", "moss", age=7200)
    return made


def state(pilot: Pilot[Any]) -> ExploreSession:
    assert isinstance(pilot.app.screen, ExploreScreen)
    return pilot.app.screen.session


async def open_explore(pilot: Pilot[Any]) -> None:
    await pilot.press("5")
    await until_shown(pilot, "held out:")


def marks(pilot: Pilot[Any], ascii: bool = False) -> list[str]:
    movies = state(pilot).predictions
    return [mark.ascii if ascii else mark.text for mark in movies.marks] if movies else []


async def test_what_rose_and_fell_is_shown_and_undo_and_redo_go_both_ways(dataset: PreparedDataset) -> None:
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_explore(pilot)
        before = state(pilot).history.items
        first = min(item for item in range(1, 61) if item not in before)
        await pilot.press("right_square_bracket", "j", "x")
        await until(pilot, lambda: "new" in marks(pilot))
        removed = before[-2]
        # The fake ranks by number: what stands behind the movie that is free again fell by one place.
        movies = state(pilot).predictions
        assert movies is not None
        assert {item: mark.text for item, mark in zip(movies.items, movies.marks, strict=True)} == {
            item: "new" if item == removed else "▼1" if item > removed else "" for item in movies.items
        }
        assert first in movies.items
        await pilot.press("u")
        await until(pilot, lambda: state(pilot).history.items == before and not marks(pilot))
        await pilot.press("U")
        await until(pilot, lambda: state(pilot).history.items == [i for i in before if i != removed])
        await until(pilot, lambda: "new" in marks(pilot))
        assert "▼1" in screen_text(pilot)
        await pilot.press("u", "K")  # the cursor is on the second row: up is later in time
        await until(pilot, lambda: state(pilot).history.items == [*before[:-2], before[-1], before[-2]])
        await pilot.press("J")
        await until(pilot, lambda: state(pilot).history.items == before)


@given(st.lists(st.tuples(st.sampled_from(["add", "remove", "move", "undo", "redo"]), st.integers(0, 9)), max_size=40))
def test_undo_and_redo_are_each_others_reverse(steps: list[tuple[str, int]]) -> None:
    history = EditedHistory(user=0)
    for what, number in steps:
        now = history.items
        match what:
            case "add":
                history.add(number + 1)
            case "remove" if history.entries:
                history.remove(number % len(history.entries))
            case "move":
                history.move(number, 1 if number % 2 else -1)
                assert sorted(history.items) == sorted(now)
            case "undo" if history.undo():
                undone = history.items
                assert history.redo()
                assert history.items == now
                history.undo()
                assert history.items == undone
            case "redo":
                history.redo()
            case _:
                pass
        assert history.baseline in (None, [])  # a user's is compared with how it began
        assert (history.baseline is None) == (not history.changed)


@pytest.mark.parametrize(
    ("by", "text"), [(12, "▲12"), (1863, "▲1863"), (12_999, "▲12k"), (999_999, "▲999k"), (3_000_000, "▲3M")]
)
def test_a_change_is_never_cut_off(by: int, text: str) -> None:
    """In a narrow terminal ▲1,863 was shown as ▲1,86."""
    assert change_mark(1, 1 + by).text == text


@given(now=st.integers(1, 99_999), before=st.integers(0, 99_999))
def test_a_change_is_the_same_in_ascii(now: int, before: int) -> None:
    mark = change_mark(now, before)
    assert mark.ascii.isascii()
    assert len(mark.text) <= 5
    assert mark.ascii.replace("^", "▲").replace("v", "▼" if before and mark.ascii.startswith("v") else "v") == mark.text


async def test_a_filter_and_diversity_are_asked_for_and_what_they_cost_is_said(dataset: PreparedDataset) -> None:
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_explore(pilot)
        await pilot.press("f")
        await type_text(pilot, "comdy")
        await until_shown(pilot, "has no genre comdy; did you mean Comedy?")
        await pilot.press("enter")
        await pilot.press(*["backspace"] * 2)
        await type_text(pilot, "edy")
        await until_shown(pilot, "movies match")
        await pilot.press("enter")
        await until_shown(pilot, "filter: Comedy")
        await until(pilot, lambda: state(pilot).predictions is not None and len(state(pilot).predictions.items) == 2)  # type: ignore[union-attr]
        await pilot.press("d")
        await until_shown(pilot, "diversity 0.1: top 10 score 8.50 (-0.25)")
        assert "top 10 similarity 0.40 > 0.20" in screen_text(pilot)
        await pilot.press("D")
        await until(pilot, lambda: "diversity" not in screen_text(pilot))


async def test_another_runs_list_stands_beside_with_what_differs_marked(dataset: PreparedDataset) -> None:
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_explore(pilot)
        await pilot.press("B")
        await until_shown(pilot, "Compare with which run?")
        first = next(line for line in screen_text(pilot).splitlines() if "lamp" in line and "last" in line)
        assert "of this run" in first, "its other checkpoint, and not itself"
        await pilot.press("j", "enter")
        await until_shown(pilot, "Next, by moss")
        await until(pilot, lambda: state(pilot).second_predictions is not None)
        beside, movies = state(pilot).second_predictions, state(pilot).predictions
        assert beside is not None
        assert movies is not None
        assert [mark.text for mark in beside.marks[:4]] == ["▲1", "▼1", "▲1", "▲1"]
        assert [mark.text for mark in movies.marks[:4]] == ["", "", "only", ""]
        text = screen_text(pilot)
        assert "─ Users" not in text
        assert "User 1 ·" in text
        await pilot.press("B")
        await until(pilot, lambda: "Next, by moss" not in screen_text(pilot))
        assert "─ Users" in screen_text(pilot)


async def test_titles_of_a_file_are_confirmed_named_and_opened_again(dataset: PreparedDataset, tmp_path: Path) -> None:
    file = tmp_path / "seen.csv"
    file.write_text("title\nThe Matrix\nMatrx\nMulan (1998)\nqzxqzxqzx\n", encoding="utf-8")
    async with Bert4RecApp().run_test(size=(80, 24)) as pilot:
        await open_explore(pilot)
        await pilot.press("I")
        await until_shown(pilot, "A file of titles")
        pilot.app.screen.query_one("PathInput").value = str(file)  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until_shown(pilot, "2 matched, 1 uncertain (?), 1 skipped (x) of 4")
        await pilot.press("enter")  # the cursor is on the guess
        await type_text(pilot, "toy story")
        await until_shown(pilot, "Toy Story (1995)")
        await until(pilot, lambda: len(pilot.app.screen.choices) == 1)  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until_shown(pilot, "3 matched, 0 uncertain")
        await pilot.press("c")
        await until_shown(pilot, "under which name?")
        await type_text(pilot, "friday")
        await pilot.press("enter")
        await until_shown(pilot, "friday · 3 movies")
        assert state(pilot).history.items == find_history("friday", dataset).items(dataset) == [2, 3, 11]
        await pilot.press("N")
        await until_shown(pilot, "New history")
        await pilot.press("o")
        await until_shown(pilot, "Open which history?")
        await pilot.press("enter")
        await until_shown(pilot, "friday · 3 movies")
        assert (state(pilot).history.user, state(pilot).history.items) == (None, [2, 3, 11])
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: re.search(r"friday +3 +saved", screen_text(pilot)) is not None)
        await pilot.press("j")
        await until(pilot, lambda: state(pilot).history.user == 0)
        await pilot.press("k")
        await until(pilot, lambda: (state(pilot).history.name, state(pilot).history.items) == ("friday", [2, 3, 11]))


async def test_a_name_that_is_taken_is_not_replaced_unasked(dataset: PreparedDataset) -> None:
    """Names are files, shared by all datasets: a history of another one would be lost too."""
    save_history("friday", dataset, [2, 3, 11])
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_explore(pilot)
        await pilot.press("s")
        await until_shown(pilot, "under which name?")
        await type_text(pilot, "friday")
        await pilot.press("enter")
        await until_shown(pilot, "It has 3 movies of tiny.")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ExploreScreen))
        assert find_history("friday", dataset).items(dataset) == [2, 3, 11]
        items = state(pilot).history.items
        await pilot.press("s")
        await until_shown(pilot, "under which name?")
        await type_text(pilot, "friday")
        await pilot.press("enter")
        await until_shown(pilot, "is taken")
        await pilot.press("j", "enter")
        await until_shown(pilot, f"friday · {len(items)} movies")
        assert find_history("friday", dataset).items(dataset) == items


async def test_users_are_listed_by_how_the_model_did_and_the_list_is_written_to_a_file(
    dataset: PreparedDataset, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = next(path for path in (home / "runs").iterdir() if path.name.endswith("lamp"))
    make_test(Run(run), dataset, "full")
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_explore(pilot)
        await pilot.press("w")
        await until_shown(pilot, "Which users? full")
        await pilot.press("G", "k", "enter")
        await until_shown(pilot, "near misses (11-100)")
        ranks = state(pilot).loaded.ranks  # type: ignore[union-attr]
        await until(pilot, lambda: ranks[state(pilot).history.user] == ranks[ranks > 10].min())
        await pilot.press("escape")
        await until_shown(pilot, "─ Users")
        await until(pilot, lambda: state(pilot).predictions is not None)
        await pilot.press("e")
        await until(pilot, lambda: len(list(tmp_path.glob("*-next.csv"))) == 1)
        movies = state(pilot).predictions
        assert movies is not None
        lines = next(tmp_path.glob("*-next.csv")).read_text(encoding="utf-8").splitlines()
        assert lines[0] == "rank,item,title,genres,score"
        assert len(lines) == 1 + len(movies.items)
        assert lines[1].startswith(f"1,{100 + movies.items[0]},")


@given(st.lists(st.integers(0, 500), max_size=60))
def test_every_tested_user_is_a_hit_a_near_miss_or_a_miss(ranks: list[int]) -> None:
    everybody, hits, near, misses = (group.tolist() for group in users_by_rank(np.array(ranks, dtype=int)).values())
    assert everybody == list(range(len(ranks)))
    assert sorted([*hits, *near, *misses]) == [user for user, rank in enumerate(ranks) if rank]
    assert all(ranks[user] <= 10 for user in hits)
    assert [ranks[user] for user in misses] == sorted((rank for rank in ranks if rank > 100), reverse=True)


async def test_neighbours_have_their_similarity_and_how_often_they_followed(dataset: PreparedDataset) -> None:
    newest = int(dataset.history_of(0)[-2])
    after = np.zeros(dataset.items + 1, int)
    for user in range(dataset.users):
        trained = dataset.history_of(user)[: dataset.split.train_end[user]].tolist()
        for place, item in enumerate(trained[:-1]):
            after[trained[place + 1]] += item == newest
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_explore(pilot)
        await pilot.press("right_square_bracket", "n")
        await until_shown(pilot, "followed by")
        movies = state(pilot).ranked
        assert movies is not None
        assert [pair[0] for pair in movies.follow_counts] == [after[item] for item in movies.items]
        assert "  1  .90 " in screen_text(pilot)
