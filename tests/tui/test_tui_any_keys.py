"""Any keys, at any speed, in a terminal of any size: the app stays alive or ends cleanly, and never breaks."""

import asyncio
import fcntl
import os
import pty
import random
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.events import Key
from textual.pilot import Pilot
from worlds import make_dataset, make_run, make_test

from bert4rec_tui.tui.app import Bert4RecApp
from bert4rec_tui.tui.explore.asking import ExploreAsking
from bert4rec_tui.tui.screens import import_screens
from bert4rec_tui.tui.shell.keymap import our_classes
from bert4rec_tui.tui.shell.textual_private import all_bindings, name_of_key

SIZES = [(60, 20), (80, 24), (120, 40), (200, 60)]
HERE = Path(__file__).parent
FEW, MANY = range(1), range(1, 251)
# In a real process no key may start a training, a preparation or a download.
HARMLESS = [*"1234512345[]'?:/jkgG", "\x1b", "\t", "\x1b[B", "\x1b[A", "\x1b[C", "\x1b[6~"]

Pretend = Callable[..., list[str]]


def all_keys() -> list[str]:
    """Every key that means something somewhere, every character, and more of those that go somewhere."""
    import_screens()
    bound = {key for kind in our_classes() for binding in all_bindings(kind) for key in binding.key.split(",")}
    characters = {name_of_key(chr(code)) for code in range(33, 127)}
    often = ["1", "2", "3", "4", "5", "enter", "escape", "left_square_bracket", "right_square_bracket", "j", "down"]
    return [*sorted((bound | characters) - {"q", "ctrl+c"}), *often * 8]


def character_of(key: str) -> str | None:
    """What a key types."""
    names = {name_of_key(chr(code)): chr(code) for code in range(32, 127)} | {"enter": "\r", "tab": "\t"}
    return names.get(key)


@pytest.fixture
def world(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dataset, a run in several states, one of them tested; what is written goes to a folder of the test."""
    monkeypatch.setattr(ExploreAsking, "program", (sys.executable, str(HERE / "fake_recommender.py")))
    monkeypatch.setenv("PYTHONPATH", str(HERE.parents[1]))
    monkeypatch.setenv("BERT4REC_TUI_MIRROR", "http://127.0.0.1:9")
    dataset = make_dataset(home)
    make_test(make_run(home, "finished", "lamp", age=100), dataset, "full")
    make_run(home, "stopped", "moss", age=7200, epoch=5)
    make_run(home, "lost", "pine", age=8000, epoch=7)
    (elsewhere := tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(elsewhere)


async def type_hastily(pilot: Pilot[Any], keys: list[str], chance: random.Random) -> None:
    """Send keys without waiting for what they do, 0 to 100 ms apart, some of them in a burst."""
    longest = chance.choice([0.0, 0.01, 0.05, 0.1])
    for key in keys:
        if not pilot.app.is_running:
            return
        pilot.app.post_message(Key(key, character_of(key)))
        await asyncio.sleep(chance.uniform(0, longest))


async def end(app: Bert4RecApp) -> None:
    """Tell the app to exit, unless it does already, and let it come to its own end, which `run_test` would not."""
    deadline = time.monotonic() + 90
    app.exit()
    while app.is_running:
        assert time.monotonic() < deadline, "it goes on"
        await asyncio.sleep(0.01)


def by_seed(seeds: range, **marks: Any) -> list[Any]:
    return [pytest.param(size, seed, id=f"{size[0]}x{size[1]}-seed{seed}", **marks) for seed in seeds for size in SIZES]


@pytest.mark.parametrize(("size", "seed"), [*by_seed(FEW), *by_seed(MANY, marks=pytest.mark.long)])
async def test_any_keys_at_any_speed_leave_the_app_alive_or_end_it_cleanly(
    world: None, pretending: Pretend, size: tuple[int, int], seed: int
) -> None:
    chance = random.Random(f"{seed} {size}")
    keys = chance.choices(all_keys(), k=chance.randint(5, 60))
    keys += chance.choice([[], ["q"], ["escape", "escape", "q"], [chance.choice("12345"), "q"], ["q", "q", "q"]])
    app = Bert4RecApp(program=pretending(*chance.choice([[], ["--hang"], ["--fail", "no space left"]])))
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            await type_hastily(pilot, keys, chance)
            if chance.random() < 0.5:  # else it ends in the midst of what the keys have begun
                await asyncio.sleep(0.2)
            await end(app)
    except BaseException:
        print(f"seed {seed}, {size}: {' '.join(keys)}")
        raise
    assert not app.return_code, f"seed {seed}, {size}: {' '.join(keys)}"


@pytest.mark.parametrize("keys", ["12345q", "5q", "?q", ":q", "iq", "4]]q"])
@pytest.mark.parametrize("pause", [0.0, pytest.param(0.05, marks=pytest.mark.long)])
async def test_leaving_soon_after_a_key_that_opens_something_ends_cleanly(
    world: None, pretending: Pretend, keys: str, pause: float
) -> None:
    app = Bert4RecApp(program=pretending())
    async with app.run_test(size=(120, 40)) as pilot:
        for key in keys:
            pilot.app.post_message(Key(name_of_key(key), key))
            await asyncio.sleep(pause)
        await end(app)  # as a signal does, where a dialog took the q
    assert not app.return_code


@pytest.mark.parametrize(
    ("size", "seed"),
    [
        pytest.param((120, 40), 0, id="120x40-seed0"),
        pytest.param((60, 20), 1, id="60x20-seed1"),
        *by_seed(range(2, 12), marks=pytest.mark.long),
    ],
)
def test_any_keys_in_a_real_terminal_end_with_0_and_no_traceback(world: None, size: tuple[int, int], seed: int) -> None:
    """Hasty keys from the first painting on, then q until it goes, which esc helps where a dialog takes the q."""
    chance = random.Random(f"{seed} {size}")
    keys = list("12345q") if seed == 0 else chance.choices(HARMLESS, k=chance.randint(3, 40))
    code, screen = in_terminal(keys, chance.choice([0.0, 0.02, 0.05, 0.1]) if seed else 0.05, size)
    assert (code, b"Traceback" in screen) == (0, False), f"seed {seed}, {size}: {keys}\n{screen[-4000:]!r}"


def in_terminal(keys: list[str], pause: float, size: tuple[int, int]) -> tuple[int | None, bytes]:
    """Type into the app in a pseudo terminal and leave it. Returns its exit code and all that it wrote."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    app = subprocess.Popen(
        [sys.executable, "-m", "bert4rec_tui"],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env={**os.environ, "TERM": "xterm-256color"},
    )  # fmt: skip
    written, painted, deadline = b"", False, time.monotonic() + 120
    waiting, more, last = [*keys, "q"], len(keys), 0.0
    while app.poll() is None and time.monotonic() < deadline:
        if select.select([ours], [], [], 0.01)[0]:
            written += os.read(ours, 1 << 16)
            painted = painted or b"Explore" in written
        if painted and time.monotonic() - last >= (pause if more > 0 else 0.5):
            last, more = time.monotonic(), more - 1
            waiting = waiting or ["\x1b", "q"]
            os.write(ours, waiting.pop(0).encode())
    if app.poll() is None:
        app.kill()
    code = app.wait()
    while select.select([ours], [], [], 0.2)[0]:
        written += os.read(ours, 1 << 16)
    os.close(theirs)
    os.close(ours)
    return code, written
