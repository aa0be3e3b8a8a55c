"""Pictures of the test screen: the table with its curves, results by group, and a comparison."""

import os
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from waiting import screen_text, until, until_shown
from worlds import make_dataset, make_run, make_test

from bert4rec_tui.runs import machine
from bert4rec_tui.tui.app import Bert4RecApp

NOON = 1_795_521_600.0  # 24 November 2026, 12:00 UTC
LookLike = Callable[[Any, str], Awaitable[None]]


@pytest.fixture(autouse=True)
def fixed_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr(time, "time", lambda: NOON)
    monkeypatch.setattr(machine, "process_started", lambda pid: NOON)
    yield
    monkeypatch.undo()
    os.environ.pop("TZ", None)
    time.tzset()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_tested_run_its_groups_and_a_comparison(home: Path, size: tuple[int, int], look_like: LookLike) -> None:
    dataset, run = make_dataset(home), make_run(home, "finished", "lamp", epoch=12)
    make_test(run, dataset, "full", top=0.3)
    make_test(run, dataset, "uniform-100", top=0.6)
    other = make_run(home, "finished", "moss", epoch=12, age=7200)
    make_test(other, dataset, "full", top=0.28, seed=4)
    async with Bert4RecApp().run_test(size=size) as pilot:
        await pilot.press("4")
        await until_shown(pilot, ".3000 ±.015")
        await look_like(pilot, "test-finished")
        await pilot.press("w")
        await until_shown(pilot, "History length  ")
        await look_like(pilot, "test-groups")
        await pilot.press("b", "j", "enter")
        await until_shown(pilot, "95% interval")
        await until_shown(pilot, "of 40 differ")
        await until(pilot, lambda: "Resampling" not in screen_text(pilot))
        await look_like(pilot, "test-comparison")
