"""The runs screen while it comes and goes: keys faster than the screen, and readings that arrive too early or late."""

import asyncio
import random
from pathlib import Path

import pytest
from waiting import burst, until, until_shown
from worlds import hold, make_run

from bert4rec_tui.runs.listing import RunsReader
from bert4rec_tui.runs.store import LocalRuns
from bert4rec_tui.tui.app import Bert4RecApp
from bert4rec_tui.tui.runs.curves import CurveReader
from bert4rec_tui.tui.runs.reader import BackgroundReader
from bert4rec_tui.tui.runs.screen import RunsScreen
from bert4rec_tui.tui.runs.session import RunEnded

# What asks nothing of the system outside: no file is written, no worker is started.
KEYS = ["3", "j", "k", "space", "l", "a", "plus", "minus", "S", "R", "o", "v", "c", "enter", "escape", "tab",
        "right_square_bracket", "slash", "question_mark", "x", "n", "s"]  # fmt: skip


@pytest.mark.parametrize("ticks", [*range(16), 20, 25, 30, 40, 60])
async def test_leaving_at_whatever_moment_after_a_screen_key_ends_without_a_traceback(home: Path, ticks: int) -> None:
    """The screen may be half composed by then (its `on_mount` looked for a table that was not there yet)."""
    make_run(home, "finished", "lamp", epoch=12)
    app = Bert4RecApp()
    async with app.run_test(size=(120, 40)) as pilot:
        burst(pilot, "3")
        for _ in range(ticks):
            await asyncio.sleep(0)
        app.exit()
        await until(pilot, lambda: not app.is_running)
    assert app.return_code == 0


@pytest.mark.parametrize("seed", range(4))
async def test_random_keys_at_any_speed_leave_the_app_alive(home: Path, seed: int) -> None:
    drawn = random.Random(seed)
    runs = [make_run(home, "finished", "lamp", epoch=12, age=100), make_run(home, "training", "quad", age=10)]
    lock = hold(runs[1])
    app = Bert4RecApp(program=("false",))
    size = drawn.choice([(80, 24), (120, 40), (60, 15), (200, 60)])

    def shows_runs() -> bool:
        return isinstance(app.screen, RunsScreen) and len(app.screen.session.rows) == 2

    async with app.run_test(size=size) as pilot:
        await pilot.press("3")
        await until(pilot, shows_runs)
        for _ in range(12):
            burst(pilot, "3", *drawn.choices(KEYS, k=drawn.randrange(1, 6)))
            await pilot.pause(drawn.choice([0, 0.02, 0.1]))
        while len(app.screen_stack) > 1:
            await pilot.press("escape")
        await pilot.press("escape", "escape", "3")
        await until(pilot, shows_runs)
    lock.release()


async def test_what_is_read_before_the_panes_are_mounted_is_shown_once_they_are(home: Path) -> None:
    run = make_run(home, "finished", "lamp", epoch=12)
    rows = RunsReader(LocalRuns(home / "runs")).look()
    curves = CurveReader(run).read()
    assert curves is not None
    app = Bert4RecApp()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = RunsScreen()
        screen.show_runs(BackgroundReader.TableRead(rows))
        screen.show_curves(BackgroundReader.CurvesRead(curves))
        screen.show_failure(BackgroundReader.EndedBadly(RunEnded(rows[0], ["Killed"])))
        screen.close_notice()
        await app.push_screen(screen)
        await until_shown(pilot, "epoch 12 of 20")
        await app.pop_screen()
        screen.show_runs(BackgroundReader.TableRead([]))
        screen.show_curves(BackgroundReader.CurvesRead(curves))
