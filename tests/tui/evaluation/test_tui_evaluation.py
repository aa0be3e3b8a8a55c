"""The test screen by keyboard: the table of a tested run, running a test, cancelling it, choosing what to test."""

import asyncio
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from textual.pilot import Pilot
from waiting import burst, screen_text, until, until_shown
from worlds import make_dataset, make_run, make_test

from bert4rec_tui.tui.app import Bert4RecApp
from bert4rec_tui.tui.shell.dialogs import Choice, Chooser

PROGRAM = (sys.executable, str(Path(__file__).parents[1].joinpath("fake_test_command.py")))
LONG = "movielens-1m-with-many-filters-20261124-111111-lamp"


@pytest.fixture(autouse=True)
def fake_test_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))


async def open_test(pilot: Pilot[Any], shows: str) -> None:
    await pilot.press("4")
    await until_shown(pilot, shows)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_without_a_model_it_says_how_to_get_one(home: Path, size: tuple[int, int]) -> None:
    make_run(home, "queued", "dusk")
    async with Bert4RecApp(program=PROGRAM).run_test(size=size) as pilot:
        await open_test(pilot, "No run has a checkpoint yet.")
        await pilot.press("r", "v", "p", "n", "escape")


async def test_a_tested_run_shows_every_protocol_with_interval_and_baselines(home: Path) -> None:
    dataset, run = make_dataset(home), make_run(home, "finished", "lamp")
    make_test(run, dataset, "full", top=0.3)
    make_test(run, dataset, "uniform-100", top=0.6)
    async with Bert4RecApp(program=PROGRAM).run_test(size=(120, 40)) as pilot:
        await open_test(pilot, "Recall@10")
        text = screen_text(pilot)
        line = next(row for row in text.splitlines() if "Recall@10" in row)
        for figure in (".3000 ±.015", ".0750", ".1500", ".6000 ±.030", ".3000"):
            assert figure in line, figure
        for words in (
            "full",
            "uniform-100",
            "popu.",
            "tran.",
            "ease",
            "40 users",
            "61.2% of the catalogue",
            "Recall by k",
        ):
            assert words in text, words


async def test_a_narrow_terminal_turns_the_protocols_and_then_the_plots(home: Path) -> None:
    dataset, run = make_dataset(home), make_run(home, "finished", "lamp")
    make_test(run, dataset, "full", top=0.3)
    make_test(run, dataset, "uniform-100", top=0.6)
    async with Bert4RecApp(program=PROGRAM).run_test(size=(80, 24)) as pilot:
        await open_test(pilot, ".3000 ±.015")
        assert ".6000 ±.030" not in screen_text(pilot)
        await pilot.press("right_square_bracket")
        await until_shown(pilot, ".6000 ±.030")
        assert "uniform-100: 2 of 2 protocols" in screen_text(pilot)
        await pilot.press("right_square_bracket")
        await until_shown(pilot, "NDCG by k")
        await pilot.press("right_square_bracket")
        await until_shown(pilot, ".3000 ±.015")


async def test_all_baselines_of_all_protocols_fit_and_one_left_out_is_explained(home: Path) -> None:
    dataset, run = make_dataset(home), make_run(home, "finished", "lamp")
    for protocol in ("full", "uniform-100", "popular-100"):
        make_test(run, dataset, protocol)
    async with Bert4RecApp(program=PROGRAM).run_test(size=(120, 40)) as pilot:
        await open_test(pilot, "Recall@10")
        lines = screen_text(pilot).splitlines()
        assert next(line for line in lines if "model" in line).count("popu. tran.  ease") == 3
    for protocol in ("full", "uniform-100", "popular-100"):
        file = run.test_folder("best", protocol) / "metrics.json"
        result = json.loads(file.read_text())
        del result["baselines"]["ease"]
        file.write_text(json.dumps(result | {"left_out": "EASE was skipped: would take too long."}))
    for size in ((80, 24), (120, 40)):
        async with Bert4RecApp(program=PROGRAM).run_test(size=size) as pilot:
            await open_test(pilot, "EASE was skipped")
            assert "412 interactions, mean" in screen_text(pilot)


async def test_a_baseline_that_wins_and_a_checkpoint_that_went_on_are_said(home: Path) -> None:
    dataset, run = make_dataset(home), make_run(home, "stopped", "moss", epoch=15)
    make_test(run, dataset, "full")
    save_file({"weight": np.zeros(1)}, run.checkpoint("best"), {"epoch": "15", "step": "1200"})
    async with Bert4RecApp(program=PROGRAM).run_test(size=(120, 40)) as pilot:
        await open_test(pilot, "tested at epoch 12, the checkpoint is now at epoch 15: press r to test again")
    save_file({"weight": np.zeros(1)}, run.checkpoint("best"), {"epoch": "12", "step": "900"})
    file = run.test_folder("best", "full") / "metrics.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"step": 800}))
    async with Bert4RecApp(program=PROGRAM).run_test(size=(120, 40)) as pilot:
        await open_test(pilot, "the checkpoint is now at step 900: press r to test again")


async def test_r_runs_the_test_and_its_table_appears(home: Path) -> None:
    make_dataset(home)
    make_run(home, "finished", "lamp")
    async with Bert4RecApp(program=PROGRAM).run_test(size=(120, 40)) as pilot:
        await open_test(pilot, "has not been tested yet")
        assert "Press r to test it under full, uniform-100;" in screen_text(pilot)
        await pilot.press("r")
        await until_shown(pilot, "±.015")
        assert "uniform-100" in screen_text(pilot)


async def test_a_test_shows_its_progress_and_esc_cancels_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_TEST", "slow")
    make_dataset(home)
    run = make_run(home, "finished", "lamp")
    async with Bert4RecApp(program=PROGRAM).run_test(size=(80, 24)) as pilot:
        await open_test(pilot, "has not been tested yet")
        await pilot.press("r")
        await until_shown(pilot, "Testing  40 of 40 users  100%")
        assert "quad trains on cuda: the test runs on the CPU" in screen_text(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: "Testing" not in screen_text(pilot))
        assert not (run.path / "test").exists()


async def test_a_test_that_fails_says_its_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_TEST", "fail")
    make_dataset(home)
    make_run(home, "finished", "lamp")
    async with Bert4RecApp(program=PROGRAM).run_test(size=(120, 40), notifications=True) as pilot:
        await open_test(pilot, "has not been tested yet")
        await pilot.press("r")
        await until_shown(pilot, "the scores of 3 of 40")


async def test_protocols_and_checkpoint_are_chosen_by_key(home: Path) -> None:
    dataset, run = make_dataset(home), make_run(home, "finished", "lamp")
    make_test(run, dataset, "full", checkpoint="last", top=0.5)
    async with Bert4RecApp(program=PROGRAM).run_test(size=(120, 40)) as pilot:
        await open_test(pilot, "the best checkpoint has not been tested")
        await pilot.press("p")
        await until_shown(pilot, "[ ] popular-100")
        await pilot.press("space", "j", "space", "j", "space", "enter")
        await until_shown(pilot, "Press r to test it under popular-100;")
        await pilot.press("v")
        await until_shown(pilot, "last, the most recent epoch")
        await pilot.press("j", "enter")
        await until_shown(pilot, ".5000 ±.025")
        assert "not tested" in screen_text(pilot)


async def test_another_run_is_chosen_by_key_and_a_run_can_be_sent_here(home: Path) -> None:
    dataset = make_dataset(home)
    make_run(home, "finished", "lamp", age=100)
    older = make_run(home, "stopped", "moss", age=200)
    make_test(older, dataset, "full")
    async with Bert4RecApp(program=PROGRAM).run_test(size=(120, 40)) as pilot:
        await open_test(pilot, "lamp: the best checkpoint has not been tested")
        await pilot.press("n")
        await until_shown(pilot, "Test which run?")
        await pilot.press("j", "enter")
        await until_shown(pilot, "moss · best (epoch 12)")
        await pilot.press("3")
        await until_shown(pilot, "lamp finished")
        await pilot.press("t")
        await until_shown(pilot, "lamp: the best checkpoint has not been tested")


@pytest.mark.parametrize(("size", "shown"), [((80, 24), "movielens-1m-with-m…261124-111111-lamp"), ((140, 40), LONG)])
async def test_a_long_row_keeps_its_ends_and_its_figure_where_one_chooses(
    home: Path, size: tuple[int, int], shown: str
) -> None:
    figure = "finished  full NDCG@10 .1407"
    async with Bert4RecApp(program=PROGRAM).run_test(size=size) as pilot:
        await pilot.app.push_screen(Chooser("Test which run?", [Choice("a", LONG, figure), Choice("b", "moss", "")]))
        await until_shown(pilot, figure)
        assert f"{shown}  finished" in screen_text(pilot), screen_text(pilot)
        assert "moss" in screen_text(pilot)


async def test_a_run_that_was_removed_gives_way_to_the_newest_that_has_a_model(home: Path) -> None:
    make_dataset(home)
    make_run(home, "finished", "lamp", age=100)
    moss = make_run(home, "stopped", "moss", age=200)
    async with Bert4RecApp(program=PROGRAM).run_test(size=(120, 40)) as pilot:
        await open_test(pilot, "lamp: the best checkpoint has not been tested")
        await pilot.press("n")
        await until_shown(pilot, "Test which run?")
        await pilot.press("j", "enter")
        await until_shown(pilot, "moss: the best checkpoint has not been tested")
        await pilot.press("3")
        await until_shown(pilot, "lamp finished")
        shutil.rmtree(moss.path)
        await pilot.press("4")
        await until_shown(pilot, "lamp: the best checkpoint has not been tested")


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
@pytest.mark.parametrize("pause", [0.0, 0.05])
@pytest.mark.parametrize("keys", ["4 q", "4 1 q", "4 1 4 q", "4 r q", "4 w q", "4 b q", "4 right_square_bracket q"])
async def test_leaving_right_after_any_key_ends_the_program_cleanly(
    home: Path, keys: str, pause: float, size: tuple[int, int]
) -> None:
    dataset, run = make_dataset(home), make_run(home, "finished", "lamp")
    make_run(home, "finished", "moss", age=7200)
    make_test(run, dataset, "full")
    app = Bert4RecApp(program=PROGRAM)
    async with app.run_test(size=size) as pilot:  # raises what broke
        for key in keys.split():
            burst(pilot, key)
            await asyncio.sleep(pause)
        await until(pilot, lambda: not app.is_running or len(app.screen_stack) > 1)
        if app.is_running:  # a dialog was there before the q, and took it
            app.exit()


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_leaving_while_the_screen_is_built_ends_the_program_cleanly(home: Path, size: tuple[int, int]) -> None:
    """The program ends after each number of turns of the event loop, from before the screen is there until it stands.

    Some of them came between the screen and its parts, which then were looked for in vain.
    """
    dataset, run = make_dataset(home), make_run(home, "finished", "lamp")
    make_test(run, dataset, "full")
    for turns in range(30):
        app = Bert4RecApp(program=PROGRAM)
        async with app.run_test(size=size) as pilot:  # raises what broke
            burst(pilot, "4")
            for _ in range(turns):
                await asyncio.sleep(0)
            app.exit()


async def test_while_a_test_runs_no_key_takes_its_checkpoint_away(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_TEST", "slow")
    make_dataset(home)
    make_run(home, "finished", "lamp")
    make_run(home, "finished", "moss", age=7200)
    async with Bert4RecApp(program=PROGRAM).run_test(size=(80, 24), notifications=True) as pilot:
        await open_test(pilot, "lamp: the best checkpoint has not been tested")
        await pilot.press("r")
        await until_shown(pilot, "Testing  40 of 40 users  100%")
        for key in "rvpnb":
            pilot.app.clear_notifications()
            await until(pilot, lambda: "A test is running" not in screen_text(pilot))
            await pilot.press(key)
            await until_shown(pilot, "A test is running; esc cancels it.")
            assert len(pilot.app.screen_stack) == 1
        await pilot.press("escape")
        await until_shown(pilot, "Test cancelled; no results saved.")
