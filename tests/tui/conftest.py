"""What the tests of the screens share: pictures to compare with, and a command that only pretends."""

import html
import os
import re
import sys
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

# Tests wait for what becomes true, not for things to glide there; read when Textual is imported.
os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")

import textual
from textual.pilot import Pilot

HERE = Path(__file__).parent
FAKE = HERE / "fake_command.py"
SECONDS_TO_LOOK_SO = 5.0


@pytest.fixture
def look_like(tmp_path: Path) -> Callable[[Pilot[Any], str], Awaitable[None]]:
    """Compare the screen with its picture in snapshots/; UPDATE_SNAPSHOTS=1 takes new pictures.

    With the version of Textual that the picture was taken with every colour counts, with another one the text. On a
    busy machine the focus may still have to move and the screen to scroll, so that it has some seconds to look so.
    """

    async def compare(pilot: Pilot[Any], name: str) -> None:
        width, height = pilot.app.size
        picture = HERE / "snapshots" / f"{name}-{width}x{height}.svg"
        if os.environ.get("UPDATE_SNAPSHOTS"):
            await pilot.pause(1.0)
            picture.parent.mkdir(exist_ok=True)
            picture.write_text(screen_now(pilot), encoding="utf-8")
            return
        before, end = picture.read_text(encoding="utf-8"), time.monotonic() + SECONDS_TO_LOOK_SO
        while not looks_equal(before, now := screen_now(pilot)) and time.monotonic() < end:
            await pilot.pause(0.1)
        if looks_equal(before, now):
            return
        seen = tmp_path / picture.name
        seen.write_text(now, encoding="utf-8")
        changed = [f"- {a}\n+ {b}" for a, b in zip(text_of(before), text_of(now), strict=False) if a != b]
        pytest.fail(f"{picture.name} looks different, see {seen}:\n" + "\n".join(changed or ["only the colours"]))

    return compare


def screen_now(pilot: Pilot[Any]) -> str:
    """A picture of the screen."""
    return stable(pilot.app.export_screenshot(title="bert4rec"))


def looks_equal(before: str, now: str) -> bool:
    """Whether two pictures are equal: to the colours with the same version of Textual, else in their text."""
    other_version = before.partition("\n")[0] != now.partition("\n")[0]
    return before == now or (other_version and text_of(before) == text_of(now))


def stable(svg: str) -> str:
    """A picture without what changes from one process to the next, and with the version that drew it."""
    svg = re.sub(r"terminal-\d+", "terminal", svg)
    svg = re.sub(r"@font-face \{[^}]*\}", "", svg)
    # Where a line is clipped is most of the file and tells nothing that the text does not.
    svg = re.sub(r'<clipPath id="terminal-line-[^"]*">.*?</clipPath>\s*', "", svg, flags=re.DOTALL)
    svg = re.sub(r' clip-path="url\(#terminal-line-[^)]*\)"', "", svg)
    svg = svg.replace("&#160;", "\xa0")
    return (
        f"<!-- textual {textual.__version__}, rich {version('rich')} -->\n"
        + "\n".join(line.rstrip() for line in svg.splitlines())
        + "\n"
    )


def text_of(svg: str) -> list[str]:
    """The lines of text in a picture."""
    lines: dict[float, list[tuple[float, str]]] = {}
    for x, y, text in re.findall(r'<text[^>]* x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>', svg):
        lines.setdefault(float(y), []).append((float(x), html.unescape(text).replace("\xa0", " ")))
    return ["".join(text for _, text in sorted(parts)).rstrip() for _, parts in sorted(lines.items())]


@pytest.fixture
def pretending(tmp_path: Path) -> Callable[..., list[str]]:
    """The beginning of a command line that answers like ours without doing the work; its words are recorded."""

    def program(*options: str) -> list[str]:
        return [sys.executable, str(FAKE), "--record", str(tmp_path / "said.txt"), *options, "--"]

    return program


@pytest.fixture
def said(tmp_path: Path) -> Callable[[], list[list[str]]]:
    """The command lines that the pretending command was called with."""

    def read() -> list[list[str]]:
        file = tmp_path / "said.txt"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return [line.split("\x1f") for line in lines]

    return read
