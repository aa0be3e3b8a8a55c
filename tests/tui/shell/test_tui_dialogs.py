"""What stands over a screen: it gives one answer, however fast and often keys are pressed."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen
from waiting import burst, screen_text, until, until_shown
from worlds import hold, make_dataset, make_run, make_test

from bert4rec_tui.tui.app import Bert4RecApp
from bert4rec_tui.tui.explore.asking import ExploreAsking
from bert4rec_tui.tui.lists.search_dialog import SearchDialog
from bert4rec_tui.tui.shell.dialogs import Choice

FAKE = str(Path(__file__).parents[1].joinpath("fake_recommender.py"))

OPENED = [  # the screen, what it shows, the keys that open something over it, what is typed there
    ("datasets", "prepared", "i", ""),
    ("datasets", "prepared", "colon", "help"),
    ("datasets", "prepared", "apostrophe", ""),
    ("train", "Preset", "e", ""),
    ("train", "Preset", "o", "x"),
    ("train", "Preset", "n", "foo"),
    ("train", "Preset", "slash", "hidden"),
    ("runs", "lamp", "n", "foo"),
    ("runs", "lamp", "x", ""),
    ("runs", "lamp", "o", ""),
    ("runs", "lamp", "enter", ""),
    ("test", "Recall@10", "p", ""),
    ("test", "Recall@10", "v", ""),
    ("test", "Recall@10", "b", ""),
    ("test", "Recall@10", "e", ""),
    ("explore", "held out:", "a", "e"),
    ("explore", "held out:", "f", ""),
    ("explore", "held out:", "s", "mine"),
    ("explore", "held out:", "B", ""),
]


@pytest.fixture
def world(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dataset, two finished runs, one of them tested."""
    monkeypatch.setattr(ExploreAsking, "program", (sys.executable, FAKE))
    dataset = make_dataset(home)
    make_test(make_run(home, "finished", "lamp", age=100), dataset, "full")
    make_run(home, "finished", "moss", age=7200)


@pytest.mark.parametrize(("mode", "shown", "key", "typed"), OPENED)
async def test_a_key_that_is_pressed_twice_answers_once(
    world: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, shown: str, key: str, typed: str
) -> None:
    """The second comes before the first has done anything, as on a busy machine or over a slow line."""
    monkeypatch.chdir(tmp_path)
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        pilot.app.action_show_screen(mode)
        await until_shown(pilot, shown)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(pilot.app.screen, ModalScreen))
        await pilot.press(*typed)
        burst(pilot, "enter", "enter", "escape")
        await pilot.pause(0.2)
        for _ in range(3):  # what a confirmed answer has opened
            await pilot.press("escape")
        await until(pilot, lambda: len(pilot.app.screen_stack) == 1)
        assert pilot.app.is_running


async def test_q_twice_leaves_however_fast(home: Path) -> None:
    make_dataset(home)
    lock = hold(make_run(home, "training", "quad", epoch=3, age=60))
    app = Bert4RecApp()
    async with app.run_test() as pilot:
        await until(pilot, lambda: bool(app.live))
        burst(pilot, "q", "q")
        await until(pilot, lambda: app.return_value is not None)
    assert "quad keeps training; to return: bert4rec-tui watch quad" in (app.return_value or "")
    lock.release()


async def test_after_esc_q_asks_again(home: Path) -> None:
    make_dataset(home)
    lock = hold(make_run(home, "training", "quad", epoch=3, age=60))
    async with Bert4RecApp().run_test() as pilot:
        await until(pilot, lambda: bool(pilot.app.live))
        for _ in range(2):
            await pilot.press("q")
            await until_shown(pilot, "Quit?")
            burst(pilot, "escape", "escape")
            await until(pilot, lambda: "Quit?" not in screen_text(pilot))
        assert pilot.app.is_running
    lock.release()


def test_a_program_that_breaks_says_so_by_its_exit_code(home: Path) -> None:
    """Textual tells what broke; what starts the program must not take that for a good end."""
    broken = (
        "from bert4rec_tui.tui import app, start\n"
        "class Broken(app.Bert4RecApp):\n"
        "    def on_mount(self): raise RuntimeError('broken')\n"
        "    def run(self, **options): return super().run(headless=True)\n"
        "app.Bert4RecApp = Broken\n"
        "start.check_terminal = lambda: None\n"
        "start.run_app()\n"
    )
    done = subprocess.run([sys.executable, "-c", broken], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stderr


async def test_what_was_notified_does_not_stand_behind_a_dialog_for_ever(home: Path) -> None:
    make_run(home, "finished", "lamp")
    make_dataset(home)
    async with Bert4RecApp().run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("3")
        await until_shown(pilot, "lamp")
        pilot.app.notify("Written to a file of a long name", timeout=60)
        await until_shown(pilot, "Written to a file")
        await pilot.press("n")
        await until_shown(pilot, "enter accept")
        await until(pilot, lambda: not shown_behind(pilot, "Written to a file"))
        await pilot.press("escape")
        await until(pilot, lambda: "enter accept" not in screen_text(pilot))
        assert "Written to a file" not in screen_text(pilot)


def shown_behind(pilot: Pilot[Any], text: str) -> bool:
    return any(text in strip.text for strip in pilot.app.screen_stack[0]._compositor.render_strips())


async def test_enter_takes_what_was_searched_for_and_no_row_of_other_letters(home: Path) -> None:
    """Whoever types fast presses enter before the search has ended."""
    let_go = threading.Event()

    def search(text: str) -> list[Choice]:
        if text != "mat":
            return [Choice(f"wrong {text}", text)]
        let_go.wait(10)
        return [Choice("right", "Matrix, The"), Choice("second", "Matilda")]

    answers: list[str | None] = []
    async with Bert4RecApp().run_test() as pilot:
        dialog = SearchDialog("Find", search, "letters", first=[Choice("wrong", "the first of all")])
        pilot.app.push_screen(dialog, answers.append)
        await until_shown(pilot, "the first of all")
        await pilot.press(*"mat", "enter")
        assert answers == []
        let_go.set()
        await until(pilot, lambda: bool(answers))
    assert answers == ["right"]
