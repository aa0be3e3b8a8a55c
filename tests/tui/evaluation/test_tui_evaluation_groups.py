"""The test screen's other keys: results by group, and the results as a file to take along."""

import json
import sys
from pathlib import Path

import msgspec
import pytest
from waiting import screen_text, until, until_shown
from worlds import make_dataset, make_run, make_test, small_config

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.runs.report import report
from bert4rec_tui.tui.app import Bert4RecApp

PROGRAM = (sys.executable, str(Path(__file__).parents[1].joinpath("fake_test_command.py")))


@pytest.fixture(autouse=True)
def fake_test_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))


async def test_w_shows_results_by_group_and_goes_back_in_a_narrow_terminal(home: Path) -> None:
    dataset, run = make_dataset(home, users=200), make_run(home, "finished", "lamp")
    make_test(run, dataset, "full")
    make_test(run, dataset, "uniform-100")
    async with Bert4RecApp(program=PROGRAM).run_test(size=(80, 24)) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "Recall@10")
        await pilot.press("right_square_bracket", "right_square_bracket")
        await until_shown(pilot, "NDCG by k")
        await pilot.press("w")
        await until_shown(pilot, "History length  movies in the history before the target")
        lines = screen_text(pilot).splitlines()
        (whole,) = (line for line in lines if line.startswith("│   all users"))
        assert whole.split()[1:4] == ["all", "users", "200"]
        assert "uniform-100  results by group" in screen_text(pilot)
        at = next(number for number, line in enumerate(lines) if "History length" in line)
        shown = [float(line.split("±")[0].split()[-1]) for line in lines[at + 1 : at + 4]]
        assert shown == sorted(shown), "the weakest come first"
        await pilot.press("right_square_bracket")
        await until_shown(pilot, "full  results by group")
        await pilot.press("question_mark", "escape", "G")
        await until_shown(pilot, "seen in training")
        await pilot.press("w")
        await until_shown(pilot, "coverage@10")


async def test_without_a_dataset_the_sentence_of_the_command_stands_in_place_of_the_groups(home: Path) -> None:
    dataset, run = make_dataset(home), make_run(home, "finished", "lamp")
    make_test(run, dataset, "full")
    (home / "datasets" / "tiny" / "manifest.json").unlink()
    async with Bert4RecApp(program=PROGRAM).run_test(size=(120, 40)) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "Recall@10")
        await pilot.press("w")
        await until_shown(pilot, "tiny: is not prepared; run `bert4rec-tui prepare tiny` first")
        await pilot.press("escape")
        await until_shown(pilot, "Recall@10")


async def test_groups_by_category_are_called_as_the_column_of_the_dataset(home: Path) -> None:
    shop = DatasetConfig(name="tiny", columns={"user": "u", "item": "i", "genres": "departments"}, item_noun="product")
    dataset = make_dataset(home)
    run = make_run(home, "finished", "lamp", config=msgspec.structs.replace(small_config(), dataset=shop))
    make_test(run, dataset, "full")
    dataset.path.rename(dataset.path.with_name(shop.id))
    async with Bert4RecApp(program=PROGRAM).run_test(size=(120, 40)) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "Recall@10")
        await pilot.press("w")
        await until_shown(pilot, "Department  ")
        assert "Genre" not in screen_text(pilot)


def test_a_table_says_where_its_figures_are_not_of_the_same_weights(home: Path) -> None:
    dataset, run = make_dataset(home), make_run(home, "finished", "lamp")
    for protocol, epoch in ("full", 12), ("uniform-100", 15):
        make_test(run, dataset, protocol)
        file = run.test_folder("best", protocol) / "metrics.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"epoch": epoch}))
    assert "best checkpoint (full at epoch 12, uniform-100 at epoch 15) of" in report(run, "best", "md")


async def test_e_writes_the_results_by_the_ending_of_the_name_and_asks_before_it_replaces(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    dataset, run = make_dataset(home), make_run(home, "finished", "lamp")
    make_test(run, dataset, "full")
    file = tmp_path / f"{run.id}-best-test.md"
    async with Bert4RecApp(program=PROGRAM).run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "Recall@10")
        await pilot.press("e")
        await until_shown(pilot, "Write the results as .md, .csv or .json")
        await pilot.press("enter")
        await until(pilot, file.exists)
        assert file.read_text() == report(run, "best", "md")
        file.write_text("mine")
        await pilot.press("e")
        await until_shown(pilot, "Write the results")
        await pilot.press("enter")
        await until_shown(pilot, "exists")
        await pilot.press("enter", "e")
        await until_shown(pilot, "Write the results")
        await pilot.press(*["backspace"] * 2, *"json", "enter")
        await until(pilot, file.with_suffix(".json").exists)
        assert json.loads(file.with_suffix(".json").read_text())["split"] == "leave-one-out"
        assert file.read_text() == "mine"
        await pilot.press("e")
        await until_shown(pilot, "Write the results")
        await pilot.press("backspace", "enter")
        await until_shown(pilot, "The name must end in")
