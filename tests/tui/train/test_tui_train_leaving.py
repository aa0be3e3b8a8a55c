"""The app may be left, or another screen shown, at any moment after the key of the Train screen."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.events import Key
from worlds import make_dataset, make_run

from bert4rec_tui.tui.app import Bert4RecApp

Pretend = Callable[..., list[str]]


@pytest.mark.parametrize("pause", [0, 2, 10, 50, 150])
@pytest.mark.parametrize("keys", ["2q", "212q", "2cq", "2rq", "2nq", "2]]q", "2/q"])
async def test_leaving_soon_after_the_key_of_the_screen_ends_without_a_traceback(
    home: Path, keys: str, pause: int, pretending: Pretend
) -> None:
    """What is still to be composed, read or estimated then finds widgets that are gone, or not there yet.

    The app runs as in a terminal, whose keys come whatever it is doing. A q that a dialog took is pressed again.
    """
    make_dataset(home)
    make_run(home, "finished", "lamp")
    app = Bert4RecApp(program=pretending())
    running = asyncio.create_task(app.run_async(headless=True, size=(120, 40)))
    async with asyncio.timeout(90):
        while not (app.is_running and app.screen_stack):
            await asyncio.sleep(0.01)
        for key in keys:
            app.post_message(Key({"/": "slash", "]": "right_square_bracket"}.get(key, key), key))
            await asyncio.sleep(pause / 1000)
        while not (await asyncio.wait([running], timeout=0.5))[0]:
            for key in ("escape", "q"):
                app.post_message(Key(key, key if len(key) == 1 else None))
        await running
    assert app.return_code == 0
