"""Take the README's pictures of the app, from the runs that are here.

usage: python assets/pictures.py RUN USER

RUN is a tested run, USER the id of a user. Fonts are left out of the pictures: whoever shows them has some.
"""

import asyncio
import re
import sys
from pathlib import Path

from bert4rec_tui.runs.store import LocalRuns
from bert4rec_tui.settings import Settings, datasets_folder, runs_folder
from bert4rec_tui.tui.app import Bert4RecApp

HERE = Path(__file__).parent


def keep(app: Bert4RecApp, name: str) -> None:
    """Write what is on the screen to NAME.svg."""
    svg = re.sub(r"@font-face \{[^}]*\}", "", app.export_screenshot(title="bert4rec-tui"))
    (HERE / f"{name}.svg").write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")


async def take(reference: str, user: str) -> None:
    """Walk through the screens and keep three of them."""
    from bert4rec_tui.data.dataset import find_dataset

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


if __name__ == "__main__":
    asyncio.run(take(sys.argv[1], sys.argv[2]))
