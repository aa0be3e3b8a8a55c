"""Over SSH only what has changed is sent: the cells of a chart, the lines of a list."""

import string

import hypothesis.strategies as st
import numpy as np
from hypothesis import given
from textual.app import App, ComposeResult
from textual.content import Content
from textual.geometry import Region
from waiting import screen_text

from bert4rec_tui.tui.charts.changed_regions import NEAR, changed_regions
from bert4rec_tui.tui.lists.array_list import ArrayList

LETTERS = st.lists(st.text(string.ascii_letters[:3], min_size=30, max_size=30), min_size=4, max_size=4)


def cells(rows: list[str]) -> tuple[list[list[str]], list[list[str]]]:
    return [list(row) for row in rows], [[character.upper() for character in row] for row in rows]


@given(before=LETTERS, now=LETTERS)
def test_every_changed_cell_is_repainted_and_a_row_without_one_is_not(before: list[str], now: list[str]) -> None:
    regions = changed_regions(cells(before), cells(now))
    assert regions is not None
    painted = {(x, region.y) for region in regions for x in range(region.x, region.right)}
    changed = {(x, y) for y in range(4) for x in range(30) if before[y][x] != now[y][x]}
    assert changed <= painted
    assert {y for _, y in painted} == {y for _, y in changed}
    for x, y in painted - changed:
        assert any((x + step, y) in changed for step in range(-NEAR, NEAR + 1))


def test_of_another_size_all_is_repainted() -> None:
    assert changed_regions(cells(["ab"]), cells(["abc"])) is None
    assert changed_regions(cells(["ab"]), cells(["ab", "cd"])) is None


async def test_a_list_repaints_the_lines_that_are_others_now() -> None:
    names = ["one", "two", "three", "four"]

    class Shown(App[None]):
        def compose(self) -> ComposeResult:
            yield ArrayList(lambda row, width: Content(names[row]), header=lambda width: [Content("name")])

    async with Shown().run_test(size=(30, 12)) as pilot:
        shown = pilot.app.query_one(ArrayList)
        shown.show_rows(4)
        await pilot.pause()
        asked: list[Region] = []
        refresh = shown.refresh
        shown.refresh = lambda *regions, **options: (asked.extend(regions), refresh(*regions, **options))[1]
        shown.show_rows(4)
        assert asked == []
        names[2] = "another"
        shown.show_rows(4)
        assert [(region.y, region.height) for region in asked] == [(3, 1)]
        shown.show_rows(np.array([3, 1]))
        await pilot.pause()
        assert {region.y for region in asked} >= {1, 3, 4}


async def test_a_line_that_changes_and_changes_back_before_it_is_painted_is_as_it_was() -> None:
    names = ["one", "two"]

    class Shown(App[None]):
        def compose(self) -> ComposeResult:
            yield ArrayList(lambda row, width: Content(names[row]))

    async with Shown().run_test(size=(30, 5)) as pilot:
        shown = pilot.app.query_one(ArrayList)
        shown.show_rows(2)
        await pilot.pause()
        names[0] = "another"
        shown.show_rows(2)
        names[0] = "one"
        shown.show_rows(2)
        await pilot.pause()
        assert screen_text(pilot).split() == ["one", "two"]
