"""Over SSH only what has changed is sent: the cells of a chart, the lines of a list."""

import string
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from textual.app import App, ComposeResult
from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget
from textual.widgets import Static
from waiting import screen_text, until

from bert4rec_tui.tui.charts.changed_regions import NEAR, changed_regions
from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.shell.pane import Pane

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


async def test_a_moved_cursor_repaints_its_two_lines() -> None:
    class Shown(App[None]):
        def compose(self) -> ComposeResult:
            yield ArrayList(lambda row, width: Content(f"row {row}"))

    async with Shown().run_test(size=(30, 12)) as pilot:
        shown = pilot.app.query_one(ArrayList)
        shown.show_rows(9)
        await pilot.pause()
        asked: list[tuple[Region, ...]] = []
        refresh = shown.refresh
        shown.refresh = lambda *regions, **options: (asked.append(regions), refresh(*regions, **options))[1]
        await pilot.press("j")
        assert [[region.y for region in regions] for regions in asked] == [[0], [1]]
        await pilot.press("G")
        assert [[region.y for region in regions] for regions in asked[2:]] == [[1], [8]]


@pytest.mark.parametrize("overflow", ["auto", "scroll"])
async def test_a_list_of_another_length_is_laid_out_again_only_where_its_scrollbar_comes_or_goes(overflow: str) -> None:
    class Shown(App[None]):
        def compose(self) -> ComposeResult:
            yield ArrayList(lambda row, width: Content(f"row {row}"))

    async with Shown().run_test(size=(30, 10)) as pilot:
        shown = pilot.app.query_one(ArrayList)
        shown.styles.overflow_y = overflow
        shown.show_rows(5)
        await pilot.pause()
        laid_out: list[int] = []
        reflow = pilot.app.screen._refresh_layout
        pilot.app.screen._refresh_layout = lambda *a, **k: (laid_out.append(len(shown.rows)), reflow(*a, **k))[1]
        for number in (7, 50, 40, 3):
            shown.show_rows(number)
            await until(pilot, lambda: not pilot.app.screen._layout_required)
            await pilot.pause(0.1)
            assert len(screen_text(pilot).split("row")) - 1 == min(number, 10)
            assert shown.max_scroll_y == max(0, number - 10)
            if number > 10:
                assert shown.vertical_scrollbar.window_virtual_size == number
        assert set(laid_out) == ({50, 3} if overflow == "auto" else set())
        shown.show_rows(50)
        await pilot.press("G")
        await pilot.pause()
        shown.show_rows(20)  # what stood below the end is gone
        await pilot.pause()
        assert screen_text(pilot).split()[1::2] == [str(row) for row in range(10, 20)]


async def test_a_line_that_was_drawn_before_the_width_changed_is_drawn_again() -> None:
    class Shown(App[None]):
        def compose(self) -> ComposeResult:
            yield ArrayList(lambda row, width: Content(f"{'x' * width}"))

    async with Shown().run_test(size=(30, 5)) as pilot:
        shown = pilot.app.query_one(ArrayList)
        shown.show_rows(2)
        shown.styles.width = 20
        await pilot.pause()
        assert [line.rstrip() for line in screen_text(pilot).splitlines()[:2]] == ["x" * 20] * 2


async def test_a_line_that_was_drawn_and_never_painted_is_not_painted_later() -> None:
    """Between the two the list was smaller: another part of the screen stood there."""
    names = [f"old {row}" for row in range(9)]

    class Shown(App[None]):
        def compose(self) -> ComposeResult:
            yield ArrayList(lambda row, width: Content(names[row]))
            yield Static("below\n" * 3, id="below")

    async with Shown().run_test(size=(30, 9)) as pilot:
        shown, below = pilot.app.query_one(ArrayList), pilot.app.query_one("#below")
        below.display, shown.styles.overflow_y = False, "scroll"
        await pilot.pause()
        shown.show_rows(9)
        await pilot.pause()
        names[:] = [f"drawn {row}" for row in range(9)]
        shown.show_rows(9)
        below.display = True
        await pilot.pause()
        names[:] = [f"new {row}" for row in range(9)]
        shown.show_rows(9)
        await pilot.pause()
        below.display = False
        await until(pilot, lambda: "8" in screen_text(pilot))
        assert screen_text(pilot).split()[::2] == ["new"] * 9


async def test_a_new_title_repaints_its_line_of_the_border_alone() -> None:
    class Shown(App[None]):
        CSS = "Pane { border: round white; padding: 0 1; }"

        def compose(self) -> ComposeResult:
            yield Pane()

    async with Shown().run_test(size=(30, 6)) as pilot:
        pane = pilot.app.query_one(Pane)
        pane.retitle(Content("one"), Content("below"))
        await pilot.pause()
        asked: list[Region] = []
        refresh = Widget.refresh

        def noted(self: Widget, *regions: Region, **options: Any) -> Widget:
            asked.extend(regions or [self.outer_size.region])
            return refresh(self, *regions, **options)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Widget, "refresh", noted)
            pane.retitle(Content("one"), Content("below"))
            assert asked == []
            pane.retitle(Content("[two]"), Content("below"))
            pane.retitle(Content("[two]"), Content("far below"))
        assert [region.translate(pane.content_offset) for region in asked] == [Region(0, 0, 30, 1), Region(0, 5, 30, 1)]
        await pilot.pause()
        lines = screen_text(pilot).splitlines()
        assert "[two]" in lines[0]
        assert "far below" in lines[5]
        pane.refresh()
        assert pane._dirty_regions == {pane.outer_size.region}
