"""Compare on the runs screen: settings that differ, validation, tests, and the paired test of our own command."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from waiting import screen_text, until, until_shown
from worlds import make_dataset, make_run, make_test, small_config

from bert4rec_tui.config import with_assignments
from bert4rec_tui.tui.app import Bert4RecApp

PROGRAM = (sys.executable, "-m", "bert4rec_tui")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_marked_runs_stand_side_by_side_with_the_paired_test(home: Path, size: tuple[int, int]) -> None:
    dataset = make_dataset(home)
    wide = with_assignments(small_config(), ["model.hidden=64", "name=wide [one]"])
    tested = [make_run(home, "finished", "lamp", age=100), make_run(home, "finished", "moss", age=200, config=wide)]
    make_run(home, "stopped", "rose", age=300)
    for run in tested:
        make_test(run, dataset, "full")
    async with Bert4RecApp(program=PROGRAM).run_test(size=size, notifications=True) as pilot:
        await pilot.press("3")
        await until_shown(pilot, "rose")
        await pilot.press("c")
        await until_shown(pilot, "Mark another run with space")
        await pilot.press("space", "j", "space", "j")
        await until(pilot, lambda: pilot.app.screen.session.selected.endswith("rose"))  # pyright: ignore
        await pilot.press("k", "c")  # moss, compared with lamp
        await until_shown(pilot, "Compare 2 runs")
        assert words(pilot, "model.hidden") == ["model.hidden", "64", "32"]
        await until_shown(pilot, "Paired test, compared with moss, 40 users")
        await pilot.press("G")
        verdict = r"no significant difference \(40 users\)" if size[0] > 100 else r"not significant *│"
        verdict = rf"NDCG@10 full +lamp .* {verdict}"
        await until(pilot, lambda: re.search(verdict, screen_text(pilot)) is not None)
        await until_shown(pilot, "several seeds")
        await pilot.press("b")
        await until_shown(pilot, "Paired test, compared with lamp")
        await pilot.press("escape", "j", "c")  # rose has not been tested
        await until_shown(pilot, "Compare 3 runs")
        await pilot.press("G")
        await until_shown(pilot, "rose has not been tested; press t")


def words(pilot: Any, begin: str) -> list[str]:
    """The words of the first line that begins so."""
    lines = [line.strip("│ ") for line in screen_text(pilot).splitlines()]
    return next(line.split() for line in lines if line.startswith(begin))
