"""Two checkpoints side by side on the test screen: what is missing, the paired test, the users, the way to Explore."""

import shutil
import sys
from pathlib import Path

import msgspec
import pytest
from stored_ranks import change_ranks
from waiting import screen_text, until, until_shown
from worlds import make_dataset, make_run, make_test, small_config

from bert4rec_tui.commands.compare import describe_difference
from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.evaluation.paired import Difference
from bert4rec_tui.tui.app import Bert4RecApp
from bert4rec_tui.tui.evaluation import comparison_pane
from bert4rec_tui.tui.explore.screen import ExploreScreen

PROGRAM = (sys.executable, str(Path(__file__).parents[1].joinpath("fake_test_command.py")))
NO_DIFFERENCE = describe_difference(Difference(0.0, -0.1, 0.1, 1.0, few=False), 40)
FAKE_SERVER = Path(__file__).parents[1].joinpath("fake_recommender.py")


@pytest.fixture(autouse=True)
def fake_test_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExploreScreen, "program", (sys.executable, str(FAKE_SERVER)))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))


async def test_another_run_in_a_narrow_terminal_with_the_users_who_differ_and_explore(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison_pane, "MANY_USERS", 10)  # a protocol after the other
    dataset = make_dataset(home)
    lamp = make_run(home, "finished", "lamp", age=100)
    moss = make_run(home, "finished", "moss", age=200)
    for run in (lamp, moss):
        make_test(run, dataset, "full")
    make_test(moss, dataset, "uniform-100")
    change_ranks(moss, "full", {7: 1, 3: 2})
    change_ranks(lamp, "full", {7: 50, 3: 1})
    async with Bert4RecApp(program=PROGRAM).run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "Recall@10")
        await pilot.press("b")
        await until_shown(pilot, "Compare lamp best with which?")
        lines = [line for line in screen_text(pilot).splitlines() if "tested" in line]
        assert ["lamp last of this run" in line or "moss best" in line for line in lines] == [True, True]
        await pilot.press("j", "enter")
        await until_shown(pilot, f"NDCG@10 full, lamp best: {NO_DIFFERENCE}")
        text = screen_text(pilot)
        assert text.count("not significant") == 3
        assert "lamp best (epoch 12) vs moss best (epoch 12) · test set · 40 users" in text
        assert "moss → lamp" in text
        assert "2 of 40 differ" in text
        rows = [line.split() for line in text.splitlines() if "→" in line][1:]
        assert [(row[1], row[-5:-1]) for row in rows] == [
            ("8", ["1", "→", "50", "▼49"]),
            ("4", ["2", "→", "1", "▲1"]),
        ]
        assert rows[0][2] == str(dataset.split.test[7])
        await pilot.press("right_square_bracket")  # moss alone was tested so
        await until_shown(pilot, "lamp best not tested; press r to test")
        await pilot.press("r")
        await until_shown(pilot, f"NDCG@10 uniform-100, lamp best: {NO_DIFFERENCE}")
        assert "Both checkpoints give every user the same rank." in screen_text(pilot)
        await pilot.press("left", "j", "enter")
        await until_shown(pilot, "Next, by moss · best")
        assert "Next, by lamp" in screen_text(pilot)
        assert isinstance(explore := pilot.app.screen, ExploreScreen)
        assert explore.session.history.user == 3
        await pilot.press("4", "escape")
        await until_shown(pilot, "coverage@10")


async def test_the_other_checkpoint_of_the_run_is_tested_by_a_key_and_stands_as_a_third_pane(home: Path) -> None:
    dataset, run = make_dataset(home), make_run(home, "finished", "lamp")
    elsewhere = msgspec.structs.replace(small_config(), dataset=DatasetConfig(name="elsewhere"))
    make_run(home, "finished", "else", age=9000, config=elsewhere)
    make_test(run, dataset, "full")
    async with Bert4RecApp(program=PROGRAM).run_test(size=(200, 60), notifications=True) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "History length  movies in the history before the target")  # beside the table, unasked
        assert "coverage@10" in screen_text(pilot)
        await pilot.press("b")
        await until_shown(pilot, "lamp last of this run")
        assert "else" not in screen_text(pilot)
        await pilot.press("enter")
        await until_shown(pilot, "lamp last not tested; press r to test")
        await pilot.press("r")
        await until_shown(pilot, NO_DIFFERENCE)
        text = screen_text(pilot)
        assert "not significant" in text
        assert "last   best difference" in text
        assert "coverage@10" in text
        assert "Recall by k" in text
        await pilot.press("v")  # the checkpoint that it is compared with
        await until_shown(pilot, "last, the most recent epoch")
        await pilot.press("j", "enter")
        await until(pilot, lambda: " vs " not in screen_text(pilot).splitlines()[1])
        assert "Results by group" in screen_text(pilot)


async def test_without_another_checkpoint_on_the_dataset_it_says_what_to_do(home: Path) -> None:
    dataset, run = make_dataset(home), make_run(home, "finished", "lamp")
    make_test(run, dataset, "full")
    run.checkpoint("last").unlink()
    async with Bert4RecApp(program=PROGRAM).run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "Recall@10")
        await pilot.press("b")
        await until_shown(pilot, "No other checkpoint on this dataset with the same")
        assert "coverage@10" in screen_text(pilot)


async def test_where_the_other_run_is_removed_the_table_stands_again(home: Path) -> None:
    dataset = make_dataset(home)
    lamp, moss = make_run(home, "finished", "lamp", age=100), make_run(home, "finished", "moss", age=200)
    for run in (lamp, moss):
        make_test(run, dataset, "full")
    change_ranks(lamp, "full", {7: 50})
    async with Bert4RecApp(program=PROGRAM).run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "Recall@10")
        await pilot.press("b")
        await until_shown(pilot, "Compare lamp best with which?")
        await pilot.press("j", "enter")
        await until_shown(pilot, "1 of 40 differ")
        await pilot.press("question_mark")
        await until_shown(pilot, "Users whose held-out movie the two checkpoints rank differently")
        await pilot.press("escape", "1")
        await until(pilot, lambda: pilot.app.current_mode == "datasets")
        shutil.rmtree(moss.path)
        await pilot.press("4")
        await until_shown(pilot, "coverage@10")
        assert " vs " not in screen_text(pilot)
        await until_shown(pilot, f"{moss.id}:")  # and why


async def test_a_checkpoint_whose_weights_are_gone_is_compared_but_not_tested(home: Path) -> None:
    dataset = make_dataset(home)
    lamp, moss = make_run(home, "finished", "lamp", age=100), make_run(home, "finished", "moss", age=200)
    make_test(lamp, dataset, "full")
    make_test(moss, dataset, "uniform-100")
    moss.checkpoint("best").unlink()
    async with Bert4RecApp(program=PROGRAM).run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "Recall@10")
        await pilot.press("b")
        await until_shown(pilot, "Compare lamp best with which?")
        await pilot.press("j", "enter")
        await until_shown(pilot, "moss best not tested; press r to test")
        await pilot.press("r")
        await until_shown(pilot, "moss has no best checkpoint to test.")
        assert not moss.test_folder("best", "full").exists()
