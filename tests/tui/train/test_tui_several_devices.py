"""The train screen for several GPUs of a machine, and for several machines: chosen, refused, launched, written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from waiting import screen_text, until, until_shown
from worlds import make_dataset, small_config

from bert4rec_tui.config import from_dict, load_config, to_dict
from bert4rec_tui.tui.app import Bert4RecApp
from bert4rec_tui.tui.train import screen as train
from bert4rec_tui.tui.train.devices import Device
from bert4rec_tui.tui.train.preflight import memory
from bert4rec_tui.tui.train.screen import TrainScreen

GIB = 2**30
CPU = Device("cpu", "16 cores", 100 * GIB, 128 * GIB, load=3.0)
GPUS = [Device(f"cuda:{number}", "H100 80GB", 78 * GIB, 80 * GIB, load=2.0, processes=0) for number in range(2)]
Pretend = Callable[..., list[str]]


async def open_train(pilot: Pilot[Any], **training: Any) -> TrainScreen:
    """The train screen with a small configuration that fits the prepared dataset."""
    await pilot.press("2")
    await until(pilot, lambda: isinstance(pilot.app.screen, TrainScreen))
    screen = pilot.app.screen
    assert isinstance(screen, TrainScreen)
    await until(pilot, lambda: screen.session.scanned)
    values = {**to_dict(small_config()), "dataset": screen.form.values["dataset"]}
    values["evaluation"] = {**values["evaluation"], "protocols": ("full",)}
    values["training"] = {**values["training"], "device": "auto"} | training
    screen.form.replace(values)
    return screen


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: Path) -> list[Device]:
    """A machine with two GPUs and a prepared dataset."""
    found = [*GPUS, CPU]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(train, "devices", lambda: found)
    make_dataset(home)
    return found


@pytest.mark.parametrize(
    ("training", "sentence"),
    [
        ({"processes": 3}, "need a GPU each, but this machine has 2; on device cpu they share the cores"),
        ({"processes": 4, "device": "cuda"}, "need a GPU each, but this machine has 2"),
        ({"processes": 2, "device": "cuda:1"}, "is one device"),
    ],
)
async def test_more_processes_than_gpus_are_refused_beside_the_field(training: dict[str, Any], sentence: str) -> None:
    async with Bert4RecApp().run_test(size=(140, 45)) as pilot:
        screen = await open_train(pilot, **training)
        screen.go_to_field("training.processes")
        await until(pilot, lambda: sentence in str(screen.form.errors))


@pytest.mark.parametrize(
    "training", [{"processes": 2}, {"processes": 2, "device": "cuda"}, {"processes": 8, "device": "cpu"}]
)
async def test_what_the_machine_has_is_allowed(training: dict[str, Any]) -> None:
    async with Bert4RecApp().run_test(size=(140, 45)) as pilot:
        screen = await open_train(pilot, **training)
        await pilot.pause(0.3)
        assert screen.form.errors == {}


async def test_without_a_gpu_processes_share_the_cpu(machine: list[Device]) -> None:
    machine[:] = [CPU]
    async with Bert4RecApp().run_test(size=(140, 45)) as pilot:
        screen = await open_train(pilot, processes=2)
        await pilot.pause(0.3)
        assert screen.form.errors == {}


async def test_each_gpu_is_shown_with_its_share_of_the_memory() -> None:
    async with Bert4RecApp().run_test(size=(140, 45)) as pilot:
        await open_train(pilot, processes=2)
        await until_shown(pilot, "memory per device")
        text = screen_text(pilot)
        assert "› cuda:0" in text
        assert "› cuda:1" in text


def test_each_process_holds_all_weights_and_its_share_of_the_batch() -> None:
    values = to_dict(small_config())
    one = memory(from_dict(values, type(small_config())), 1000, 50.0, on_gpu=True)
    values["training"] = {**values["training"], "processes": 2}
    two = memory(from_dict(values, type(small_config())), 1000, 50.0, on_gpu=True)
    assert one / 2 < two < one


async def test_processes_are_handed_over_at_launch(tmp_path: Path, pretending: Pretend) -> None:
    copy = tmp_path / "launched.toml"
    app = Bert4RecApp(program=pretending("--config-copy", str(copy)))
    async with app.run_test(size=(120, 40)) as pilot:
        await open_train(pilot, processes=2)
        await pilot.press("r")
        await until(pilot, lambda: app.current_mode == "runs")
    assert load_config(copy).training.processes == 2


@pytest.mark.parametrize(("keys", "kind"), [(["enter"], "torchrun"), (["down", "enter"], "sbatch"), (["escape"], "")])
async def test_for_several_machines_what_starts_them_is_written(
    keys: list[str], kind: str, pretending: Pretend, said: Callable[[], list[list[str]]]
) -> None:
    app = Bert4RecApp(program=pretending())
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        # What other machines have is not known here.
        await open_train(pilot, machines=2, processes=8)
        await pilot.press("r")
        await until_shown(pilot, "Write the launch script for 2 machines")
        await pilot.press(*keys)
        if kind:
            await until(pilot, lambda: any(kind in words for words in said()))
            await until_shown(pilot, "Run queued")
        else:
            await pilot.pause(0.2)
    launches = [words[words.index("--print-launch") + 1] for words in said() if "train" in words]
    assert launches == ([kind] if kind else [])
