"""Take the README's pictures of the app, from the runs that are here.

usage: python assets/pictures.py RUN USER

RUN is a tested run, USER the id of a user. Fonts are left out of the
pictures: whoever shows them has some.
"""

import asyncio
import re
import sys
import tempfile
from pathlib import Path

from textual.app import App
from textual.pilot import Pilot

from bert4rec_tui.runs.store import LocalRuns
from bert4rec_tui.settings import Settings, datasets_folder, runs_folder
from bert4rec_tui.tui.app import Bert4RecApp

HERE = Path(__file__).parent
OWN_TITLES = (
    "2001: A Space Odyssey",
    "Star Trek: The Wrath of Khan",
    "Blade Runner",
    "Aliens",
    "The Terminator",
    "Total Recall",
    "Star Wars: Episode V - The Empire Strikes Back",
)


def picture(app: App[str | None], title: str = "bert4rec-tui") -> str:
    """What is on the screen, as SVG without fonts and without blanks at the ends of lines."""
    svg = re.sub(r"@font-face \{[^}]*\}", "", app.export_screenshot(title=title))
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def keep(app: Bert4RecApp, name: str) -> None:
    """Write what is on the screen to NAME.svg."""
    (HERE / f"{name}.svg").write_text(picture(app), encoding="utf-8")


async def type_text(pilot: Pilot[str | None], text: str) -> None:
    """Press the keys of a text."""
    names = {" ": "space", ".": "full_stop", "/": "slash", "-": "minus", "_": "underscore"}
    await pilot.press(*(names.get(letter, letter) for letter in text))


async def import_titles(pilot: Pilot[str | None], titles: tuple[str, ...], name: str) -> None:
    """Make a history of one's own from titles, by the keys of the Explore screen."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "seen.txt"
        file.write_text("\n".join(titles) + "\n", encoding="utf-8")
        await pilot.press("I")
        await pilot.pause(1)
        await pilot.press(*["backspace"] * 200)
        await type_text(pilot, str(file))
        await pilot.press("enter")
        await pilot.pause(3)
        await pilot.press("c")
        await pilot.pause(1)
        await type_text(pilot, name)
        await pilot.press("enter")
        await pilot.pause(3)


async def take(reference: str, user: str) -> None:
    """Walk through the screens and keep four of them."""
    from bert4rec_tui.data.finding import find_dataset

    run = LocalRuns(runs_folder()).find(reference)
    number = find_dataset(run.config().dataset.id, datasets_folder()).user_index(user)
    app = Bert4RecApp(Settings())
    async with app.run_test(size=(120, 36)) as pilot:
        app.show_run(run.id)
        await pilot.pause(3)
        keep(app, "runs")
        app.show_test(run.id)
        await pilot.pause(3)
        keep(app, "test")
        app.explore(run.id, number)
        await pilot.pause(8)
        await pilot.press("]", "y")
        await pilot.pause(3)
        keep(app, "explore")
        await pilot.press("escape")
        await import_titles(pilot, OWN_TITLES, "space")
        app.clear_notifications()
        await pilot.pause(1)
        keep(app, "own-history")


if __name__ == "__main__":
    asyncio.run(take(sys.argv[1], sys.argv[2]))
