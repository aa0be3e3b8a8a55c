"""The runs screen by keyboard: every state, live curves, control, and what happens when a watched run dies."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from msgspec.structs import replace
from textual.pilot import Pilot
from waiting import screen_text, type_text, until, until_shown
from world_events import STEPS, training_step, validation
from worlds import hold, make_dataset, make_run, small_config, status_of

from bert4rec_tui.config import load_config, with_assignments
from bert4rec_tui.runs.control import read_control
from bert4rec_tui.runs.failure_advice import advised_setting
from bert4rec_tui.runs.status import read_status, write_status
from bert4rec_tui.runs.store import Run
from bert4rec_tui.settings import Settings
from bert4rec_tui.tui.app import Bert4RecApp
from bert4rec_tui.tui.runs import run_requests
from bert4rec_tui.tui.runs.reader import BackgroundReader
from bert4rec_tui.tui.runs.runs_pane import RunsTable
from bert4rec_tui.tui.runs.screen import RunsScreen

SIZES = [(80, 24), (120, 40)]


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BackgroundReader, "seconds_between_reads", 0.1)


@contextmanager
def held(*runs: Run) -> Iterator[list[FileLock]]:
    locks = [hold(run) for run in runs]
    yield locks
    for lock in locks:
        lock.release()


async def open_runs(pilot: Pilot[Any], shows: str) -> None:
    await pilot.press("3")
    await until_shown(pilot, shows)


@pytest.mark.parametrize("size", SIZES)
async def test_without_a_run_it_says_how_to_get_one(home: Path, size: tuple[int, int]) -> None:
    async with Bert4RecApp().run_test(size=size) as pilot:
        await open_runs(pilot, "No runs yet.")
        assert "Press 2 to configure and launch one" in screen_text(pilot)
        await pilot.press("p", "r", "s", "x", "e", "t", "o", "l", "plus", "space", "enter")


@pytest.mark.parametrize("size", SIZES)
async def test_every_state_has_its_sign_and_its_word(home: Path, size: tuple[int, int]) -> None:
    live = [make_run(home, state, f"aaa{n}", age=n) for n, state in enumerate(("training", "paused", "stalled"))]
    for n, state in enumerate(("queued", "finished", "stopped", "failed", "lost")):
        make_run(home, state, f"bbb{n}", age=100 + n, message="out of memory" if state == "failed" else "")
    with held(*live):
        async with Bert4RecApp().run_test(size=size) as pilot:
            await open_runs(pilot, "stalled")
            text = screen_text(pilot)
            words = ["training", "paused", "stalled", "queued", "finished", "stopped", "failed", "lost"]
            for sign, word in zip("●‖?◌✓■✗†", words, strict=True):
                assert any(sign in row and word in row for row in text.splitlines()), word
            assert "best by NDCG@10 full" in text


async def test_the_chosen_run_is_shown_with_progress_curves_machine_and_events(home: Path) -> None:
    with held(make_run(home, "training", "quad", epoch=3, age=60)):
        async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
            await open_runs(pilot, "NDCG@10 full · validation")
            await until_shown(pilot, "no GPU")
            text = screen_text(pilot)
            for words in (
                "epoch 3 of 20",
                "4m 10s left",
                "loss · smoothed 0.5",
                "learning rate",
                "CPU 8",
                "[not markup]",
            ):
                assert words in text, words
            assert any("\u2801" <= character <= "\u28ff" for character in text)


async def test_a_gpu_is_shown_where_there_is_one(home: Path) -> None:
    make_run(home, "finished", "lamp", gpu=True)
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_runs(pilot, "GPU 87%  41 of 78 GiB  61 °C")


async def test_the_screen_follows_a_run_that_goes_on(home: Path) -> None:
    run, rng = make_run(home, "training", "quad", epoch=3, age=60), np.random.default_rng(0)
    with held(run):
        async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
            await open_runs(pilot, "epoch 3 of 20")
            run.events.append(training_step(4 * STEPS, 0.0, rng))
            run.events.append(validation(4, 0.0, 0.16))
            write_status(run.path, status_of("training", 4, run.config(), begun=0))
            await until_shown(pilot, "epoch 4 of 20")
            await until_shown(pilot, "epoch 4 best")


async def test_the_cursor_stays_on_its_run_when_another_appears(home: Path) -> None:
    make_run(home, "finished", "lamp", age=100)
    make_run(home, "stopped", "moss", age=200)
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_runs(pilot, "moss")
        await pilot.press("j")
        await until_shown(pilot, "-moss ─")
        make_run(home, "queued", "dusk", age=1)
        await until_shown(pilot, "dusk")
        assert "-moss ─" in screen_text(pilot)


async def test_pause_and_resume_leave_a_request_for_the_worker(home: Path) -> None:
    run = make_run(home, "training", "quad")
    with held(run):
        async with Bert4RecApp().run_test(size=(80, 24)) as pilot:
            await open_runs(pilot, "quad")
            await pilot.press("p")
            await until(pilot, lambda: read_control(run.path).wanted == "pause")
            await until_shown(pilot, "pausing…")
            status = read_status(run.path)
            status.state, status.control = "paused", 1
            write_status(run.path, status)
            await until_shown(pilot, "paused")
            await pilot.press("r")
            await until(pilot, lambda: read_control(run.path).wanted == "train")
            assert read_control(run.path).number == 2


async def test_stop_asks_and_the_safe_answer_is_the_first(home: Path) -> None:
    run = make_run(home, "training", "quad")
    with held(run):
        async with Bert4RecApp().run_test(size=(80, 24)) as pilot:
            await open_runs(pilot, "quad")
            await pilot.press("s")
            await until_shown(pilot, "Stop quad?")
            await pilot.press("enter")
            await pilot.pause()
            assert read_control(run.path).wanted == "train"
            await pilot.press("s")
            await until_shown(pilot, "Stop quad?")
            await pilot.press("j", "enter")
            await until(pilot, lambda: read_control(run.path).wanted == "stop")


async def test_remove_asks_and_a_live_run_cannot_be_removed(home: Path) -> None:
    live, dead = make_run(home, "training", "quad", age=1), make_run(home, "stopped", "moss", age=100)
    with held(live):
        async with Bert4RecApp().run_test(size=(80, 24), notifications=True) as pilot:
            await open_runs(pilot, "moss")
            await pilot.press("x")
            await until_shown(pilot, "quad is training;")
            await pilot.press("j")
            await pilot.pause(1)
            await pilot.press("x")
            await until_shown(pilot, "Remove moss?")
            await pilot.press("enter")
            await pilot.pause()
            assert dead.path.exists()
            await pilot.press("x")
            await until_shown(pilot, "Remove moss?")
            await pilot.press("j", "enter")
            await until(pilot, lambda: not dead.path.exists())
            assert live.path.exists()


@pytest.mark.parametrize("size", SIZES)
async def test_a_run_that_dies_while_watched_says_so_with_its_last_words(
    home: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    launched: list[str] = []
    monkeypatch.setattr(run_requests, "launch", lambda run: launched.append(run.short_id) or 1)
    run = make_run(home, "training", "quad", epoch=3)
    with held(run) as locks:
        async with Bert4RecApp().run_test(size=size) as pilot:
            await open_runs(pilot, "training")
            (run.path / "console.log").write_text("epoch 3\nKilled [by] the kernel\n")
            locks[0].release()
            await until_shown(pilot, "quad is lost")
            text = screen_text(pilot)
            assert "Killed [by] the kernel" in text
            assert "r resume   e edit and relaunch" in text
            await pilot.press("r")
            await until(pilot, lambda: launched == ["quad"])
            assert "Killed [by]" not in screen_text(pilot)


async def test_a_failure_says_what_to_do_and_two_keys_launch_the_fix(
    home: Path, tmp_path: Path, pretending: Callable[..., list[str]]
) -> None:
    dataset, copy = make_dataset(home), tmp_path / "launched.toml"
    plain = with_assignments(small_config(), ['evaluation.protocols=["full"]'])
    run = make_run(home, "training", "quad", epoch=3, config=replace(plain, dataset=dataset.manifest.settings))
    app = Bert4RecApp(program=pretending("--config-copy", str(copy)))
    with held(run) as locks:
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await open_runs(pilot, "training")
            advice = "out of memory: set training.batch_size = 64 (it is 128) and start again"
            write_status(run.path, status_of("failed", 3, run.config(), begun=0, message=advice))
            locks[0].release()
            await until_shown(pilot, "set training.batch_size = 64")
            await until_shown(pilot, "e fix and relaunch")
            await pilot.press("e")
            await until_shown(pilot, "Batch size 128 → 64, as the failure advises")
            await pilot.press("r")
            await until(pilot, lambda: app.current_mode == "runs")
    assert load_config(copy) == with_assignments(run.config(), ["training.batch_size=64"])


def test_only_what_a_failure_says_to_set_is_taken_from_it() -> None:
    config = small_config()
    for sentence, expected in (
        ("the loss became not a number; train again with --config /a/b.toml and a lower rate, such as --set "
         "training.learning_rate=0.0001, or --set training.gradient_clip=1", ("training.learning_rate", 0.0001)),
        ("out of memory: set evaluation.batch_size = 64 (it is 128) and start again", ("evaluation.batch_size", 64)),
        ("evaluation.ks = 500 is larger than the catalogue", None),
        ("out of memory: make the model smaller, or use a machine with more memory", None),
        ("set training.batch_size = many and set model.colour = 3", None),
        ("set training.batch_size = 128", None),
    ):  # fmt: skip
        assert advised_setting(sentence, config) == expected, sentence


async def test_marked_runs_are_laid_over_the_chosen_one(home: Path) -> None:
    make_run(home, "finished", "lamp", epoch=20, age=100)
    make_run(home, "stopped", "moss", epoch=8, age=200)
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_runs(pilot, "moss")
        await pilot.press("space", "j")
        await until_shown(pilot, "●moss ■lamp")
        await pilot.press("k", "space", "j")
        await until(pilot, lambda: "■lamp" not in screen_text(pilot))


async def test_the_loss_can_be_smoothed_and_its_axis_made_logarithmic(home: Path) -> None:
    make_run(home, "finished", "lamp")
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_runs(pilot, "loss · smoothed 0.9")
        await pilot.press("plus", "l")
        await until_shown(pilot, "loss · smoothed 0.95 · log")
        await pilot.press(*["minus"] * 6, "l")
        await until_shown(pilot, "loss  ")


async def test_a_chart_can_be_enlarged_zoomed_and_turned(home: Path) -> None:
    make_run(home, "finished", "lamp", epoch=20)
    async with Bert4RecApp().run_test(size=(80, 24)) as pilot:
        await open_runs(pilot, "lamp")
        await pilot.press("enter")
        await until_shown(pilot, "arrows move the cursor  a x axis  z Z zoom  ] next  ? help")
        assert "└┬" in screen_text(pilot)
        await pilot.press("z", "z")
        await until_shown(pilot, "16.5")
        await pilot.press("left", "0", "right_square_bracket")
        await until_shown(pilot, "NDCG@10 full · validation")
        await pilot.press("escape")
        await until_shown(pilot, "1 Datasets")


async def test_a_loss_that_is_not_a_number_is_marked_in_the_chart_and_told_in_the_events(home: Path) -> None:
    make_run(home, "stopped", "moss", epoch=8, not_finite=True)
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_runs(pilot, "the loss is not a number since step 62")
        loss = next(row for row in screen_text(pilot).splitlines() if "✗" in row)
        assert loss.count("✗") >= 2


async def test_a_run_that_cannot_be_read_says_which_file_and_why(home: Path) -> None:
    run = make_run(home, "finished", "lamp")
    (run.path / "status.json").write_bytes(b"")
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await until_shown(pilot, "✗  lamp status.json: cannot be read")
        await until_shown(pilot, "Input data was truncated")
        assert str(home) not in screen_text(pilot)


async def test_the_console_log_is_one_key_away_and_shown_as_text(home: Path) -> None:
    run = make_run(home, "failed", "rose", message="boom")
    with (run.path / "console.log").open("a", encoding="utf-8") as file:
        file.write("\x1b[31mred\x1b[0m [bold]not markup\n")
    async with Bert4RecApp().run_test(size=(80, 24)) as pilot:
        await open_runs(pilot, "rose")
        await pilot.press("o")
        await until_shown(pilot, "[31mred [0m [bold]not markup")
        await pilot.press("g")
        await until_shown(pilot, "epoch 1  loss")
        await pilot.press("escape")
        await until_shown(pilot, "1 Datasets")


async def test_a_filter_narrows_the_table_and_esc_shows_all_again(home: Path) -> None:
    make_run(home, "finished", "lamp", age=100)
    make_run(home, "stopped", "moss", age=200)
    async with Bert4RecApp().run_test(size=(80, 24)) as pilot:
        await open_runs(pilot, "moss")
        await pilot.press("slash")
        await type_text(pilot, "stop")
        await until(pilot, lambda: "lamp" not in screen_text(pilot))
        assert "1 of 2" in screen_text(pilot)
        await pilot.press("enter", "slash", "escape")
        await until_shown(pilot, "lamp")


async def test_letters_that_no_run_has_on_the_way_to_a_filter_leave_the_cursor_on_its_run(home: Path) -> None:
    make_run(home, "finished", "lamp", age=100)
    moss = make_run(home, "stopped", "moss", age=200)
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_runs(pilot, "moss")
        await pilot.press("j")
        screen = pilot.app.screen
        assert isinstance(screen, RunsScreen)
        await until(pilot, lambda: screen.session.selected == moss.id)
        await pilot.press("slash")
        await type_text(pilot, "zz")
        await until_shown(pilot, "No match for “zz”")
        await until(pilot, lambda: not screen.session.selected)
        await pilot.pause(2.5 * screen.reader.seconds_between_reads)  # it looks again, and chooses none that is hidden
        assert not screen.session.selected
        await pilot.press("backspace", "backspace")
        await type_text(pilot, "state=stopped")
        await pilot.press("enter")
        await until_shown(pilot, "1 of 2")
        await until(pilot, lambda: screen.session.selected == moss.id)
        await until_shown(pilot, "stopped at step")
        await pilot.press("escape")
        await until_shown(pilot, "lamp")
        assert screen.session.selected == moss.id


async def test_panes_are_turned_in_a_narrow_terminal_and_all_seen_in_a_wide_one(home: Path) -> None:
    make_run(home, "finished", "lamp")
    async with Bert4RecApp().run_test(size=(80, 24)) as pilot:
        await open_runs(pilot, "lamp")
        assert "Events" not in screen_text(pilot)
        await pilot.press("right_square_bracket")
        await until_shown(pilot, "learning rate")
        await pilot.press("right_square_bracket")
        await until_shown(pilot, "Events")
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: all(words in screen_text(pilot) for words in ("Runs", "Events", "learning rate")))


async def test_a_very_wide_terminal_has_three_panes_beside_each_other_and_resizing_loses_nothing(home: Path) -> None:
    run = make_run(home, "finished", "fuse")
    async with Bert4RecApp().run_test(size=(200, 60)) as pilot:
        await open_runs(pilot, "fuse")
        await until_shown(pilot, "validation")
        await until(pilot, lambda: pilot.app.screen.has_class("-widest"))
        panes = [pilot.app.screen.query_one(f"#{name}-pane").region for name in ("runs", "run", "events")]
        assert all(one.right <= other.x for one, other in pairwise(panes))
        assert len({(pane.y, pane.height) for pane in panes}) == 1
        for size in ((80, 24), (120, 40), (200, 60)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, RunsScreen)
        assert screen.session.selected == run.id
        assert [pilot.app.screen.query_one(f"#{name}-pane").region for name in ("runs", "run", "events")] == panes


async def test_a_narrow_terminal_turns_back_to_the_table_from_every_chart(home: Path) -> None:
    make_run(home, "finished", "lamp")
    async with Bert4RecApp().run_test(size=(80, 24)) as pilot:
        await open_runs(pilot, "lamp")
        for steps in range(3):
            await pilot.press("right_square_bracket")
            await until_shown(pilot, "learning rate")
            await pilot.press(*["tab"] * steps)
            await pilot.pause()
            await pilot.press("left_square_bracket")
            await until_shown(pilot, "dataset")
            await pilot.pause()
            assert isinstance(pilot.app.screen.focused, RunsTable)


async def test_ascii_means_ascii(home: Path) -> None:
    runs = [make_run(home, "training", "quad", age=10), make_run(home, "stopped", "moss", age=200, not_finite=True)]
    with held(runs[0]):
        app = Bert4RecApp(Settings(ascii=True))
        async with app.run_test(size=(120, 40)) as pilot:
            await open_runs(pilot, "moss")
            await pilot.press("space", "j")
            await until_shown(pilot, "not a number since")
            odd = {c for c in screen_text(pilot) if not c.isascii()}
            assert odd <= set("╭╮╰╯─│▁▂▃▄▅▆▇█…–·±°"), odd
