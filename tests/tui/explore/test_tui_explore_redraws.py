"""A change draws the pane that has changed and lays nothing out anew; q leaves the explore screen at once."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.geometry import Region
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from waiting import burst, until, until_shown
from worlds import make_dataset, make_run

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.tui.app import Bert4RecApp
from bert4rec_tui.tui.explore.screen import ExploreScreen

FAKE = str(Path(__file__).parents[1].joinpath("fake_recommender.py"))
Painted = dict[Any, set[Region | None]]
SILENT = (sys.executable, "-c", "import sys; sys.stdin.read()")


@pytest.fixture
def dataset(home: Path) -> PreparedDataset:
    """A prepared dataset, and one finished run on it."""
    made = make_dataset(home)
    make_run(home, "finished", "lamp", age=100)
    return made


def explore(pilot: Pilot[Any]) -> ExploreScreen:
    assert isinstance(pilot.app.screen, ExploreScreen)
    return pilot.app.screen


@contextmanager
def painted(
    screen: ExploreScreen, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[dict[Any, set[Region | None]], list[str]]]:
    """What is asked to be painted while this holds: by pane its regions, None for all of it; and how often laid out."""
    found: dict[Any, set[Region | None]] = {}
    layouts: list[str] = []
    refresh, layout = Widget.refresh, Screen._refresh_layout

    def noted(self: Widget, *regions: Region, **options: Any) -> Widget:
        for pane in (screen.users, screen.history, screen.predictions, screen.second_run):
            if pane in self.ancestors_with_self and self.display:
                found.setdefault(pane, set()).update(regions or [None])
        return refresh(self, *regions, **options)

    def laid_out(self: Screen[Any], *arguments: Any, **options: Any) -> None:
        layouts.append("laid out")
        layout(self, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(Widget, "refresh", noted)
        patched.setattr(Screen, "_refresh_layout", laid_out)
        yield found, layouts


async def test_an_edit_draws_the_history_at_once_and_the_predictions_when_they_are_answered(
    dataset: PreparedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ExploreScreen, "program", (sys.executable, FAKE))
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await pilot.press("5")
        await until_shown(pilot, "held out:")
        screen = explore(pilot)
        await pilot.press("right_square_bracket", "x")  # marks stand in the list from now on
        await until(pilot, lambda: screen.session.answered == screen.session.question())
        with painted(screen, monkeypatch) as (asked, layouts):
            await pilot.press("x")
            await until(pilot, lambda: screen.session.answered == screen.session.question())
        assert set(asked) == {screen.history, screen.predictions}
        assert None not in asked[screen.history], "its lines, and that of its title"
        assert layouts == []
        before = screen.session.predictions
        assert before is not None

        async def never(*question: object, **requests: object) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(screen.client, "recommend", never)
        with painted(screen, monkeypatch) as (asked, layouts):
            await pilot.press("x")
        assert set(asked) == {screen.history}
        assert (screen.session.predictions, layouts) == (before, [])


async def test_another_user_draws_two_lines_of_the_users_and_the_history(
    dataset: PreparedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ExploreScreen, "program", SILENT)
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await pilot.press("5")
        await until_shown(pilot, "User 1 ·")
        screen = explore(pilot)
        await pilot.pause()
        with painted(screen, monkeypatch) as (asked, layouts):
            await pilot.press("j")
            await until_shown(pilot, "User 2 ·")
        assert set(asked) == {screen.users, screen.history}
        assert {region.y for region in asked[screen.users] if region is not None} == {1, 2}
        assert None not in asked[screen.users] | asked[screen.history]
        assert layouts == []


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("delay", [0.0, 0.02, 0.05, 0.1, 0.2])
async def test_the_app_is_left_at_once_whenever_q_comes_after_the_screen_key(
    dataset: PreparedDataset, monkeypatch: pytest.MonkeyPatch, delay: float, size: tuple[int, int]
) -> None:
    """What is still being read finds no screen then, and says nothing."""
    monkeypatch.setattr(ExploreScreen, "program", (sys.executable, FAKE))
    async with Bert4RecApp().run_test(size=size) as pilot:
        burst(pilot, "5", "j", "y", "x")
        await asyncio.sleep(delay)
        burst(pilot, "q")
        await until(pilot, lambda: not pilot.app.is_running)
    assert pilot.app.return_code == 0
