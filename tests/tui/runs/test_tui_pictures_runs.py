"""Pictures of the runs and explore screens, as they look empty, running, paused, failed, broken and finished."""

import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from waiting import until_shown
from worlds import hold, make_dataset, make_run, make_test

from bert4rec_tui.runs import machine
from bert4rec_tui.tui.app import Bert4RecApp
from bert4rec_tui.tui.explore.screen import ExploreScreen

FAKE = str(Path(__file__).parents[1].joinpath("fake_recommender.py"))
NOON = 1_795_521_600.0  # 24 November 2026, 12:00 UTC
SIZES = [(80, 24), (120, 40)]
LookLike = Callable[[Any, str], Awaitable[None]]

pytestmark = pytest.mark.parametrize("size", SIZES)


@pytest.fixture(autouse=True)
def fixed_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr(time, "time", lambda: NOON)
    monkeypatch.setattr(machine, "process_started", lambda pid: NOON)
    monkeypatch.setattr(ExploreScreen, "program", (sys.executable, FAKE))
    yield
    monkeypatch.undo()
    os.environ.pop("TZ", None)
    time.tzset()


ADVICE = "out of memory on cpu; set training.batch_size = 64 (it is 128) and relaunch"
WORLDS: dict[str, tuple[dict[str, Any], str]] = {
    "running": ({"state": "training", "letters": "quad", "epoch": 7}, "4m 10s left"),
    "paused": ({"state": "paused", "letters": "band", "epoch": 8}, "paused"),
    "failed": ({"state": "failed", "letters": "rose", "epoch": 3, "message": ADVICE}, ADVICE[:50]),
    "broken": ({"state": "stopped", "letters": "moss", "epoch": 8, "not_finite": True}, "✗"),
    "finished": ({"state": "finished", "letters": "lamp", "epoch": 20, "gpu": True}, "GPU 87%"),
}


async def test_runs_empty(home: Path, size: tuple[int, int], look_like: LookLike) -> None:
    async with Bert4RecApp().run_test(size=size) as pilot:
        await pilot.press("3")
        await until_shown(pilot, "No runs yet")
        await look_like(pilot, "runs-empty")


@pytest.mark.parametrize("name", list(WORLDS))
async def test_runs(home: Path, size: tuple[int, int], name: str, look_like: LookLike) -> None:
    world, shows = WORLDS[name]
    run = make_run(home, **world)
    lock = hold(run) if name in ("running", "paused") else None
    async with Bert4RecApp().run_test(size=size) as pilot:
        await pilot.press("3")
        await until_shown(pilot, run.short_id)
        if size[0] < 100:
            await pilot.press("right_square_bracket")
        await until_shown(pilot, shows)
        await until_shown(pilot, "NDCG@10 full · validation")
        await until_shown(pilot, "samples/s")
        await pilot.pause(0.3)
        await look_like(pilot, f"runs-{name}")
    if lock is not None:
        lock.release()


async def test_explore_finished(home: Path, size: tuple[int, int], look_like: LookLike) -> None:
    dataset, run = make_dataset(home), make_run(home, "finished", "lamp", epoch=12)
    make_test(run, dataset, "full")
    async with Bert4RecApp().run_test(size=size) as pilot:
        await pilot.press("5")
        await until_shown(pilot, "held out:")
        await pilot.press("y")
        await until_shown(pilot, "why ")
        await look_like(pilot, "explore-finished")
