"""How tests of the screens wait: for what must come true, never for a time."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from textual.events import Key
from textual.pilot import Pilot


async def until(pilot: Pilot[Any], condition: Callable[[], bool], seconds: float = 90.0) -> None:
    """Let the app work until something is so; fail where it does not become so, also on a very busy machine."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        await pilot.pause()
        if condition():
            await pilot.pause()
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"did not come true; the screen shows\n{screen_text(pilot)}")


def burst(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys so fast that all are there before the first has done anything, as over a slow line."""
    for key in keys:
        character = "\r" if key == "enter" else key if len(key) == 1 else None
        pilot.app.post_message(Key(key, character))


async def until_shown(pilot: Pilot[Any], text: str) -> None:
    """Let the app work until the screen shows a text."""
    await until(pilot, lambda: text in screen_text(pilot))


def screen_text(pilot: Pilot[Any]) -> str:
    """What stands on the screen, line by line."""
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


async def type_text(pilot: Pilot[Any], text: str) -> None:
    """Press the key of each character."""
    await pilot.press(*("space" if character == " " else character for character in text))
