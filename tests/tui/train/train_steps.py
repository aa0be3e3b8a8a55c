"""What tests of the train screen do again and again, and the machine that they pretend to be on."""

from typing import Any

from textual.pilot import Pilot
from waiting import type_text, until

from bert4rec_tui.tui.train.devices import Device
from bert4rec_tui.tui.train.screen import TrainScreen

GIB = 2**30
MACHINE = [
    Device("cuda:0", "H100 80GB", 78 * GIB, 80 * GIB, load=2.0, processes=0),
    Device("cpu", "16 cores", 100 * GIB, 128 * GIB, load=3.0),
]


async def open_train(pilot: Pilot[Any]) -> TrainScreen:
    await pilot.press("2")
    await until(pilot, lambda: isinstance(pilot.app.screen, TrainScreen))
    screen = pilot.app.screen
    assert isinstance(screen, TrainScreen)
    await until(pilot, lambda: screen.session.scanned)
    return screen


async def edit(pilot: Pilot[Any], path: str, text: str) -> None:
    """Select a field and write into it."""
    screen = pilot.app.screen
    assert isinstance(screen, TrainScreen)
    screen.go_to_field(path)
    await until(pilot, lambda: (field := screen.form.selected_field) is not None and field.path == path)
    await pilot.press("enter")
    await type_text(pilot, text)
    await pilot.press("enter")
