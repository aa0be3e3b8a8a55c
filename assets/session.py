"""Record a session of the app as one animated picture: a run is launched and watched, tested, asked why.

usage: bert4rec-tui prepare sample --min-item-interactions 5
       python assets/session.py

Every frame is a screen as it really was, with the keys that led there as its title; the run trains in the data folder
and stays there. A viewer without animation shows the first frame.
"""

import asyncio
import re
from pathlib import Path

from pictures import picture
from textual.pilot import Pilot

from bert4rec_tui.config import with_assignments
from bert4rec_tui.config.presets import preset
from bert4rec_tui.settings import Settings
from bert4rec_tui.tui.app import Bert4RecApp

DATASET, USER, SIZE, SECONDS, MOST_SECONDS = "sample+items5", 12, (100, 28), 3.0, 600


class Session:
    """The frames so far; `see` presses keys, waits, and keeps what is then on the screen."""

    def __init__(self, pilot: Pilot[str | None]) -> None:
        self.pilot, self.frames = pilot, list[str]()

    async def see(self, told: str, *keys: str, wait: float = 2.0) -> None:
        """Press keys, and keep the screen with what is told as its title."""
        await self.pilot.press(*keys)
        await self.pilot.pause(wait)
        self.frames.append(picture(self.pilot.app, told))


def animated(frames: list[str]) -> str:
    """One SVG that shows a frame after another, for ever."""
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', frames[0])
    if size is None:
        raise ValueError("a frame has no size")
    whole, rules, drawn = SECONDS * len(frames), list[str](), list[str]()
    for number, frame in enumerate(frames):
        begin, end = 100 * number / len(frames), 100 * (number + 1) / len(frames)
        first = "visible" if number == 0 else "hidden"
        rules.append(
            f"@keyframes frame{number} {{ 0% {{ visibility: {first}; }} {begin:.3f}% {{ visibility: visible; }} "
            f"{end:.3f}% {{ visibility: hidden; }} }} "
            f"#frame{number} {{ visibility: {first}; animation: frame{number} {whole:g}s step-end infinite; }}"
        )
        drawn.append(f'<g id="frame{number}">{frame}</g>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[1]} {size[2]}">'
    return "\n".join([head, "<style>", *rules, "</style>", *drawn, "</svg>"]) + "\n"


async def finished(app: Bert4RecApp) -> None:
    """Wait until nothing trains any more."""
    for _ in range(MOST_SECONDS):
        await asyncio.sleep(1)
        if not app.live:
            return
    raise SystemExit("the run did not end in time")


async def record() -> list[str]:
    """Walk from the datasets to a prediction's causes."""
    app = Bert4RecApp(Settings())
    config = with_assignments(preset("quickstart"), [f"dataset.name={DATASET.partition('+')[0]}"])
    async with app.run_test(size=SIZE) as pilot:
        session = Session(pilot)
        await session.see("bert4rec-tui: what there is to train on", wait=3)
        app.train_on(DATASET, config)
        await session.see("2: the configuration, and what it costs", wait=3)
        await session.see("r: it trains, and the screen follows", "r", wait=14)
        await session.see("it goes on if the terminal closes", wait=12)
        await finished(app)
        await session.see("finished", wait=3)
        await session.see("4, r: what the model is worth", "4", wait=2)
        await pilot.press("r")
        for _ in range(MOST_SECONDS):
            await pilot.pause(1)
            if "±" in app.export_screenshot():
                break
        await session.see("tested: intervals, and baselines beside it", wait=2)
        app.explore(user=USER)
        await session.see("5: a user, and their next movies", wait=8)
        await session.see("y: why?", "right_square_bracket", "y", wait=3)
        await session.see("x: and without this movie?", "x", wait=2)
        await session.see("n: its nearest", "n", wait=2)
        return session.frames


if __name__ == "__main__":
    frames = asyncio.run(record())
    (Path(__file__).parent / "session.svg").write_text(animated(frames), encoding="utf-8")
