"""The table of runs: its order, what a filter shows, names, notes and pins; the cursor stays on its run."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from waiting import screen_text, type_text, until, until_shown
from worlds import make_run, small_config

from bert4rec_tui.config import with_assignments
from bert4rec_tui.runs.labels import Labels
from bert4rec_tui.runs.listing import RunRow
from bert4rec_tui.runs.status import Best, Status
from bert4rec_tui.runs.store import LocalRuns, Run
from bert4rec_tui.tui.app import Bert4RecApp
from bert4rec_tui.tui.runs.reader import BackgroundReader
from bert4rec_tui.tui.runs.sort_order import SORT_KEYS, SortOrder, next_column, sorted_rows
from bert4rec_tui.tui.runs.table import columns_for, draw_header, draw_run


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BackgroundReader, "seconds_between_reads", 0.1)


def row(letters: str, best: float | None = None, metric: str = "full:NDCG@10", **status: Any) -> RunRow:
    found = Best(metric=metric, value=best, epoch=1) if best is not None else None
    return RunRow(
        Run(Path(f"tiny-20260101-000000-{letters}")), "finished", Status(best=found, **status), small_config()
    )


def test_the_pinned_stand_first_then_the_best_of_each_metric_and_last_those_without() -> None:
    rows = [row("aaaa"), row("bbbb", 0.1), row("cccc", 0.6, "uniform-100:NDCG@10"), row("dddd", 0.3), row("eeee", 0.1)]
    rows.append(replace(row("ffff"), labels=Labels(pinned=True)))
    letters = [row.run.short_id for row in rows]
    assert [letters[at] for at in sorted_rows(rows, SortOrder("best"))] == [
        "ffff",
        "dddd",
        "bbbb",
        "eeee",
        "cccc",
        "aaaa",
    ]
    assert [letters[at] for at in sorted_rows(rows, SortOrder("best", reverse=True))][1:3] == ["bbbb", "eeee"]
    assert [letters[at] for at in sorted_rows(rows, SortOrder("speed"))] == ["ffff", *letters[:-1]]


def test_the_key_goes_through_the_columns_that_say_something_and_back_to_the_first() -> None:
    rows, order, seen = [row("aaaa", 0.1, created=1.0), row("bbbb", 0.2, epoch=3)], SortOrder(), []
    while not seen or order.column != "age":
        order = next_column(rows, order)
        seen.append(order.column)
    assert seen == ["best", "epoch", "state", "dataset", "task", "age"]


@pytest.mark.parametrize("column", list(SORT_KEYS))
@pytest.mark.parametrize("width", [42, 54, 76])
def test_the_column_that_is_sorted_by_is_shown_and_marked_and_lines_fit(column: str, width: int) -> None:
    live = RunRow(
        Run(Path("tiny-20260101-000000-quad")),
        "training",
        Status(epoch=3, epochs=100, created=1.0, seconds_left=250.0, speed=61_000.0),
        with_assignments(small_config(), ["name=a name that is long enough"]),
    )
    rows = [live, row("aaaa", 0.1, epoch=20, epochs=100, created=1.0)]
    columns = columns_for(rows, {}, width, False, SortOrder(column))
    head = draw_header(columns).plain
    assert head.count("↓") + head.count("↑") == 1
    assert f"{column}↓" in head or f"{column}↑" in head
    assert all(draw_run(row, columns).cell_length <= width for row in rows)
    if width == 54 and column == "age":  # as in a terminal of 120 columns
        assert all(title in head for title in ("dataset", "task", "left"))


def lines_of_runs(pilot: Pilot[Any]) -> list[str]:
    """The letters of the runs in the table, from the top."""
    found = [line[:40] for line in screen_text(pilot).splitlines()]
    return [word for line in found for word in line.split() if word in ("lamp", "moss", "rose", "wide")]


async def test_by_keyboard_runs_are_sorted_filtered_named_noted_and_pinned(home: Path) -> None:
    make_run(home, "finished", "lamp", epoch=20, age=100)
    make_run(home, "stopped", "moss", epoch=5, age=200)
    make_run(home, "failed", "rose", epoch=8, age=300, config=with_assignments(small_config(), ["model.hidden=64"]))
    runs = LocalRuns(home / "runs")
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: lines_of_runs(pilot) == ["lamp", "moss", "rose"])
        await pilot.press("j")
        await until_shown(pilot, "-moss ─")
        await pilot.press("S", "R")  # by the best, the lowest first
        await until(pilot, lambda: lines_of_runs(pilot) == ["moss", "rose", "lamp"])
        assert "best↑" in screen_text(pilot)
        assert "-moss ─" in screen_text(pilot)
        await pilot.press("slash")
        await type_text(pilot, "model.hidden<64 model.hiden=3")
        await until(pilot, lambda: lines_of_runs(pilot) == ["moss", "lamp"])
        await until_shown(pilot, "did you mean")
        assert "2 of 3" in screen_text(pilot)
        await pilot.press("escape", "P")
        await until(pilot, lambda: runs.find("moss").labels().pinned)
        await pilot.press("R")
        await until(pilot, lambda: lines_of_runs(pilot) == ["moss", "lamp", "rose"])
        await pilot.press("n")
        await until_shown(pilot, "Name of moss")
        await type_text(pilot, "low rate")
        await pilot.press("enter")
        await until_shown(pilot, "low rate · pinned")
        await pilot.press("N")
        await until_shown(pilot, "Note on moss")
        await type_text(pilot, "was [too] slow")
        await pilot.press("enter")
        await until_shown(pilot, "was [too] slow")
        assert runs.find("low rate").short_id == "moss"
