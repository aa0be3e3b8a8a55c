"""The shell: five screens, panes, the run in progress, leaving, the keys of the user."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from textual.dom import DOMNode
from textual.screen import Screen
from waiting import screen_text, type_text, until, until_shown
from worlds import fill, hold, make_dataset, make_run, make_test

from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.control import read_control
from bert4rec_tui.runs.status import read_status, write_status
from bert4rec_tui.settings import Settings
from bert4rec_tui.tui.app import Bert4RecApp
from bert4rec_tui.tui.screens import import_screens
from bert4rec_tui.tui.shell.footer import MOST_KEYS, shown_bindings
from bert4rec_tui.tui.shell.keymap import check_key, check_keymap, our_classes
from bert4rec_tui.tui.shell.text_input import TextInput
from bert4rec_tui.tui.shell.textual_private import active_keys, all_bindings
from bert4rec_tui.tui.shell.top_line import SCREENS
from bert4rec_tui.tui.start import draws_sparingly, run_app


@pytest.fixture(autouse=True)
def all_screens() -> None:
    """The keys of all screens are known, as they are before a keymap is checked."""
    import_screens()


SIZES = [(80, 24), (120, 40)]


@pytest.fixture
def training(home: Path) -> Iterator[FileLock]:
    """A dataset, and a run that trains."""
    make_dataset(home)
    lock = hold(make_run(home, "training", "quad", epoch=3, age=60))
    yield lock
    lock.release()


@pytest.mark.parametrize("size", SIZES)
async def test_the_digits_go_to_the_screens_and_the_top_line_says_where_one_is(
    home: Path, size: tuple[int, int]
) -> None:
    async with Bert4RecApp().run_test(size=size) as pilot:
        for number, (mode, title) in enumerate(SCREENS, start=1):
            await pilot.press(str(number))
            await until(pilot, lambda mode=mode: pilot.app.current_mode == mode)
            await until_shown(pilot, f"[{number} {title}]")


async def test_brackets_turn_the_panes_of_a_narrow_terminal_and_an_apostrophe_jumps_to_one(home: Path) -> None:
    make_dataset(home)
    async with Bert4RecApp().run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "✓ prepared")
        assert "Min. interactions per user" not in screen_text(pilot)
        await pilot.press("right_square_bracket")
        await until_shown(pilot, "Min. interactions per user")
        await pilot.press("left_square_bracket")
        await until_shown(pilot, "not downloaded")
        await pilot.press("apostrophe")
        await until_shown(pilot, "Go to which pane?")
        await pilot.press("2")
        await until_shown(pilot, "Min. interactions per user")
        assert pilot.app.focused is not None
        assert "detail" in {node.id for node in pilot.app.focused.ancestors_with_self}


@pytest.mark.parametrize(("size", "shown"), [((80, 24), "● 3/20 4m"), ((120, 40), "● tiny 3/20")])
async def test_every_screen_shows_the_run_in_progress(training: FileLock, size: tuple[int, int], shown: str) -> None:
    async with Bert4RecApp().run_test(size=size) as pilot:
        await until_shown(pilot, shown)
        await pilot.press("2")
        await until_shown(pilot, "[2 Train]")
        assert shown in screen_text(pilot)


async def test_leaving_while_something_trains_asks_and_q_again_detaches(training: FileLock) -> None:
    app = Bert4RecApp()
    async with app.run_test() as pilot:
        await until(pilot, lambda: bool(app.live))
        await pilot.press("q")
        await until_shown(pilot, "bert4rec-tui watch quad")
        await pilot.press("q")
        await until(pilot, lambda: app.return_value is not None)
    assert "quad keeps training; to return: bert4rec-tui watch quad" in (app.return_value or "")
    assert read_control(app.runs.runs()[0].path).number == 0, "the run was left alone"


async def test_esc_stays_and_the_second_answer_stops_after_saving(training: FileLock) -> None:
    app = Bert4RecApp()
    async with app.run_test() as pilot:
        await until(pilot, lambda: bool(app.live))
        await pilot.press("q", "escape")
        await until(pilot, lambda: "Quit?" not in screen_text(pilot))
        await pilot.press("q", "j", "enter")
        await until(pilot, lambda: app.return_value is not None)
    assert read_control(app.runs.runs()[0].path).wanted == "stop"


async def test_leaving_asks_nothing_where_nothing_trains(home: Path) -> None:
    app = Bert4RecApp()
    async with app.run_test() as pilot:
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    assert app.return_value is None


async def test_a_run_that_ends_says_so_on_whatever_screen(training: FileLock) -> None:
    app = Bert4RecApp()
    async with app.run_test(notifications=True, size=(120, 40)) as pilot:
        await until(pilot, lambda: bool(app.live))
        run = app.live[0].run
        status = read_status(run.path)
        status.state = "finished"
        write_status(run.path, status)
        app.look_for_live_runs()
        await until_shown(pilot, "quad finished; press 4 to test, 5 to explore")


async def test_help_shows_every_key_that_works_here_with_its_id(home: Path) -> None:
    make_dataset(home)
    async with Bert4RecApp().run_test(size=(120, 60)) as pilot:
        await until_shown(pilot, "✓ prepared")
        await pilot.press("question_mark")
        await until_shown(pilot, "datasets.prepare")
        text = screen_text(pilot)
        for name in ("list.down", "datasets.import", "screen.next_pane", "app.palette", "app.quit"):
            assert name in text
        await pilot.press("escape")
        await until(pilot, lambda: "datasets.prepare" not in screen_text(pilot))


async def test_help_of_a_field_says_what_the_field_means(home: Path) -> None:
    make_dataset(home)
    async with Bert4RecApp().run_test(size=(120, 60)) as pilot:
        await pilot.press("2")
        await until_shown(pilot, "Hidden size")
        pilot.app.screen.go_to_field("model.hidden")  # pyright: ignore[reportAttributeAccessIssue]
        await until_shown(pilot, "› Hidden size")
        await pilot.press("question_mark")
        await until_shown(pilot, "Width of embeddings and layers. A whole number from 8 to 4096.")


@pytest.mark.parametrize("key", ["colon", "ctrl+p"])
async def test_the_palette_does_what_is_chosen(home: Path, key: str) -> None:
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await pilot.press(key)
        await until_shown(pilot, "All actions")
        await type_text(pilot, "Explore")
        await until_shown(pilot, "Users, their histories")
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.current_mode == "explore")


async def test_the_palette_changes_the_colours_and_settings_toml_keeps_them(home: Path) -> None:
    home.mkdir()
    settings = home / "settings.toml"
    settings.write_text('# mine\nascii = true\n\n[keymap]\n"app.quit" = "Q"\n', encoding="utf-8")
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await pilot.press("colon")
        await until_shown(pilot, "All actions")
        await type_text(pilot, "nord")
        await until_shown(pilot, "Theme: nord")
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.theme == "nord")
    kept = settings.read_text(encoding="utf-8")
    assert kept == 'theme = "nord"\n# mine\nascii = true\n\n[keymap]\n"app.quit" = "Q"\n'


async def test_a_key_of_the_users_own_works_and_the_old_one_does_not(home: Path) -> None:
    app = Bert4RecApp(Settings(keymap={"app.runs": "R"}))
    async with app.run_test() as pilot:
        await pilot.press("3")
        assert app.current_mode == "datasets"
        await pilot.press("R")
        await until(pilot, lambda: app.current_mode == "runs")


@pytest.mark.parametrize(
    ("keymap", "sentence"),
    [
        ({"runs.puase": "P"}, "keymap.runs.puase is not the id of an action; did you mean runs.pause"),
        ({"datasets.prepare": "i"}, 'the key "i" to datasets.import and to datasets.prepare'),
        ({"app.quit": "j"}, 'the key "j" to app.quit and to'),
        ({"runs.pause": "F8"}, 'keymap.runs.pause = "F8" is not a key; did you mean f8'),
        ({"runs.pause": "z,Ctrl+f88"}, 'keymap.runs.pause = "Ctrl+f88" is not a key; did you mean ctrl+f8'),
        ({"runs.pause": ""}, 'keymap.runs.pause = "" is not a key; write f8'),
    ],
)
def test_a_keymap_that_cannot_be_is_said_at_the_start(keymap: dict[str, str], sentence: str) -> None:
    with pytest.raises(UserError, match=re.escape(sentence)):
        check_keymap(keymap, Path("settings.toml"))


def test_a_theme_that_is_not_there_is_refused_at_the_start(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bert4rec_tui.tui.start.check_terminal", lambda: None)
    home.mkdir()
    (home / "settings.toml").write_text('theme = "nordd"\n', encoding="utf-8")
    with pytest.raises(UserError, match='unknown theme = "nordd"; try nord'):
        run_app()


@pytest.mark.parametrize("key", ["f8", "z", "Z", "§", "+", "plus", "ctrl+k", "shift+f5", "question_mark", "?", "z,f8"])
def test_a_keymap_may_name_any_key(key: str) -> None:
    for one in key.split(","):
        check_key(one, "settings.toml")


def test_a_keymap_may_exchange_two_keys() -> None:
    check_keymap({"datasets.prepare": "i", "datasets.import": "p"}, Path("settings.toml"))


def test_every_key_has_an_id_and_says_what_it_does() -> None:
    nameless = [
        (kind.__name__, binding.key)
        for kind in our_classes()
        for binding in all_bindings(kind)
        if not (binding.id and binding.tooltip and binding.description)
    ]
    assert nameless == []


@pytest.mark.parametrize("size", [(80, 24), pytest.param((120, 40), marks=pytest.mark.long)])
async def test_no_key_means_two_things_wherever_one_is(home: Path, size: tuple[int, int]) -> None:
    """Goes to everything on every screen that can have the focus, edits what can be edited, and compares the keys."""
    runs = fill(home)
    locks = [hold(runs[state]) for state in ("training", "paused", "stalled")]
    seen: set[str] = set()
    async with Bert4RecApp().run_test(size=size) as pilot:
        for number in range(1, 6):
            await pilot.press(str(number))
            await until(pilot, lambda number=number: pilot.app.current_mode == SCREENS[number - 1][0])
            await pilot.pause()
            for _ in range(3):
                kinds = {type(widget): widget for widget in reversed(pilot.app.screen.focus_chain)}
                for kind, widget in kinds.items():
                    pilot.app.screen.set_focus(widget)
                    assert_no_clash(pilot.app.screen)
                    seen.add(kind.__name__)
                await pilot.press("right_square_bracket")
        await pilot.press("2")
        await until(pilot, lambda: pilot.app.current_mode == "train")
        pilot.app.screen.go_to_field("model.hidden")  # pyright: ignore[reportAttributeAccessIssue]
        await until_shown(pilot, "Width of embeddings")
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen.focused, TextInput)
        assert_no_clash(pilot.app.screen)
    for lock in locks:
        lock.release()
    assert {"ChoiceList", "FieldRow", "PreflightFigures"} <= seen


def assert_no_clash(screen: Screen[Any]) -> None:
    holders: dict[str, list[tuple[DOMNode, str]]] = {}
    for node, key, binding in active_keys(screen):
        holders.setdefault(key, []).append((node, binding.id or binding.action))
    clashes = {key: found for key, found in holders.items() if len(found) > 1}
    assert clashes == {}, f"with the focus on {screen.focused} of {screen}"
    assert len(shown_bindings(screen)) <= MOST_KEYS


@pytest.mark.parametrize(
    ("settings", "environment", "sparing"),
    [
        (Settings(), {}, False),
        (Settings(), {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, True),
        (Settings(), {"SSH_TTY": "/dev/pts/1"}, True),
        (Settings(remote="yes"), {}, True),
        (Settings(remote="no"), {"SSH_TTY": "/dev/pts/1"}, False),
    ],
)
def test_over_ssh_or_by_the_setting_it_draws_sparingly(
    settings: Settings, environment: dict[str, str], sparing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SSH_CONNECTION", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert draws_sparingly(settings) is sparing


def test_the_interface_imports_no_torch_no_pandas_no_pyarrow(home: Path) -> None:
    code = (
        "import sys, importlib\n"
        "import bert4rec_tui.tui.app, bert4rec_tui.tui.start, bert4rec_tui.tui.shell.keymap\n"
        "bert4rec_tui.tui.app.import_screens()\n"
        "print([name for name in ('torch', 'pandas', 'pyarrow', 'rapidfuzz.nothing') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize("number", ["1", "2", "3", "4", "5"])
async def test_with_ascii_alone_nothing_else_is_drawn_but_what_the_data_says(home: Path, number: str) -> None:
    dataset = make_dataset(home)
    run = make_run(home, "finished", "lamp", epoch=20)
    make_test(run, dataset, "full")
    async with Bert4RecApp(Settings(ascii=True)).run_test(size=(120, 40)) as pilot:
        await pilot.press(number)
        await until(pilot, lambda: pilot.app.current_mode == SCREENS[int(number) - 1][0])
        await pilot.pause(0.3)
        strange = sorted({c for c in screen_text(pilot) if ord(c) > 127} - set("".join(dataset.titles.all())))
        assert strange == []


@pytest.mark.parametrize("size", SIZES)
async def test_no_color_is_honoured(home: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    """Also where a screen is painted before all of it has its size, and when its panes are turned."""
    monkeypatch.setenv("NO_COLOR", "1")
    make_test(make_run(home, "finished", "lamp"), make_dataset(home), "full")
    async with Bert4RecApp().run_test(size=size) as pilot:
        for number, shown in ("1", "✓ prepared"), ("2", "Before you launch"), ("3", "lamp"), ("4", "Recall@10"):
            await pilot.press(number)
            await until_shown(pilot, shown if size[0] > 80 or number != "2" else "Preset")
            await pilot.press("right_square_bracket")
            await pilot.pause(0.2)
            if number == "3":
                await pilot.press("enter")
                await pilot.pause(0.2)
                await pilot.press("escape")
            for strip in pilot.app.screen._compositor.render_strips():
                for segment in strip:
                    colours = [segment.style.color, segment.style.bgcolor] if segment.style else []
                    triplets = [colour.triplet for colour in colours if colour is not None and colour.triplet]
                    assert all(red == green == blue for red, green, blue in triplets), segment
