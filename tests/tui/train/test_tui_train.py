"""The train screen by keyboard: configure, see what it means, launch; what is wrong is refused beside its field."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from train_steps import GIB, MACHINE, edit, open_train
from waiting import screen_text, type_text, until, until_shown
from worlds import make_dataset, make_run, small_config

from bert4rec_tui.config import (
    Config,
    from_dict,
    load_config,
    save_config,
    to_dict,
    value_at,
)
from bert4rec_tui.config.presets import preset
from bert4rec_tui.tui.app import Bert4RecApp
from bert4rec_tui.tui.shell.text_input import TextInput
from bert4rec_tui.tui.train import screen as train
from bert4rec_tui.tui.train.last_config import last_config
from bert4rec_tui.tui.train.screen import TrainScreen

SIZES = [(80, 24), (120, 40)]


def selected(screen: TrainScreen) -> str:
    """The path of the selected field."""
    field = screen.form.selected_field
    return field.path if field is not None else ""


Look = Callable[[Pilot[Any], str], Awaitable[None]]
Pretend = Callable[..., list[str]]
Heard = Callable[[], list[list[str]]]
EPOCHS = preset("recommended").training.epochs


@pytest.fixture(autouse=True)
def one_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same devices and the same disk wherever the tests run; files have short names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(train, "devices", lambda: MACHINE)
    monkeypatch.setattr("bert4rec_tui.tui.train.estimate.free_space", lambda: 412_000_000_000)


@pytest.mark.parametrize("size", SIZES)
async def test_the_form_begins_with_the_prepared_dataset(home: Path, size: tuple[int, int], look_like: Look) -> None:
    make_dataset(home)
    async with Bert4RecApp().run_test(size=size) as pilot:
        screen = await open_train(pilot)
        await until_shown(pilot, "tiny   40 users, 60 movies")
        if size[0] > 100:
            await until_shown(pilot, "steps per epoch")
        assert screen.form.values["dataset"]["name"] == "tiny"
        await look_like(pilot, "train-filled")


@pytest.mark.parametrize("size", SIZES)
async def test_a_setting_is_found_by_its_name_also_a_folded_one(home: Path, size: tuple[int, int]) -> None:
    """And what is typed to find it is no key of the screen: r would launch, e would save."""
    make_dataset(home)
    async with Bert4RecApp().run_test(size=size) as pilot:
        screen = await open_train(pilot)
        await until_shown(pilot, "tiny   40 users, 60 movies")
        await pilot.press("slash")
        await until_shown(pilot, "Find a setting")
        await type_text(pilot, "processes")
        await until(pilot, lambda: "training.processes" in screen_text(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: screen.is_active and selected(screen) == "training.processes")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(screen.focused, TextInput))
        assert "Find" not in screen_text(pilot).splitlines()[-1]  # a / would be typed now
        await type_text(pilot, "2")
        await pilot.press("enter")
        assert screen.form.values["training"]["processes"] == 2
        await pilot.press("slash")
        await type_text(pilot, "epochs")  # and not the warm-up epochs
        await pilot.press("enter")
        await until(pilot, lambda: screen.is_active and selected(screen) == "training.epochs")


@pytest.mark.parametrize("size", SIZES)
async def test_without_a_dataset_it_says_how_to_get_one(
    home: Path, size: tuple[int, int], look_like: Look, pretending: Pretend, said: Heard
) -> None:
    async with Bert4RecApp(program=pretending()).run_test(size=size) as pilot:
        await open_train(pilot)
        await until_shown(pilot, "sample is not prepared; press 1")
        if size[0] > 100:
            await until_shown(pilot, "No estimate ")
        await look_like(pilot, "train-empty")
        await pilot.press("r")
        await pilot.pause(0.2)
    assert said() == []


@pytest.mark.parametrize("size", SIZES)
async def test_launching_with_an_error_is_refused_beside_the_field(
    home: Path, size: tuple[int, int], look_like: Look, pretending: Pretend, said: Heard
) -> None:
    make_dataset(home)
    async with Bert4RecApp(program=pretending()).run_test(size=size) as pilot:
        screen = await open_train(pilot)
        await until_shown(pilot, "tiny   40 users")
        await edit(pilot, "model.hidden", "250")
        # It is selected after a refresh, which may come late: then it would be after the field with the error.
        screen.go_to_field("training.precision")
        await until(pilot, lambda: selected(screen) == "training.precision")
        await pilot.press("r")
        await until_shown(pilot, "Hidden size 250: is not divisible by Attention heads = 4")
        await until(pilot, lambda: selected(screen) == "model.hidden")
        if size[0] > 100:
            await until_shown(pilot, "No estimate ")
        await look_like(pilot, "train-failed")
    assert said() == []


async def test_what_the_dataset_cannot_give_is_said_beside_the_field(home: Path) -> None:
    make_dataset(home)
    async with Bert4RecApp().run_test(size=(140, 45)) as pilot:
        screen = await open_train(pilot)
        screen.form.replace(to_dict(fitting(screen)))
        for path, value, sentence in (
            ("evaluation.ks", (1, 10, 500), "500 is larger than the catalogue: tiny has 60 movies"),
            ("evaluation.protocols", ("full", "uniform-100"), "uniform-100 needs more negatives than the"),
            ("training.device", "cuda:3", "cuda:3 is not available; this machine has cuda:0, cpu"),
        ):
            screen.form.set_value(path, value)
            screen.go_to_field(path)
            await until_shown(pilot, sentence)
            await pilot.press("u")


def fitting(screen: TrainScreen) -> Config:
    """A configuration that the tiny dataset can be trained with."""
    config = small_config()
    values = {**to_dict(config), "dataset": screen.form.values["dataset"]}
    values["evaluation"] = {**values["evaluation"], "protocols": ("full",)}
    return from_dict(values, Config)


async def test_a_launch_hands_over_the_configuration_and_goes_to_the_run(
    home: Path, tmp_path: Path, pretending: Pretend
) -> None:
    make_dataset(home)
    copy = tmp_path / "launched.toml"
    app = Bert4RecApp(program=pretending("--config-copy", str(copy)))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_train(pilot)
        await until_shown(pilot, "tiny   40 users")
        screen.form.replace(to_dict(fitting(screen)))
        await edit(pilot, "training.epochs", "7")
        wanted = screen.form.values
        await pilot.press("r")
        await until(pilot, lambda: app.current_mode == "runs")
        await until_shown(pilot, "zuli")
    launched = load_config(copy)
    assert launched.training.epochs == 7
    assert to_dict(launched) == to_dict(load_config(copy, Config())) == wanted
    assert last_config() == launched, "it is offered again"


async def test_a_launch_that_fails_says_why_and_stays(home: Path, pretending: Pretend) -> None:
    make_dataset(home)
    app = Bert4RecApp(program=pretending("--fail", "init.safetensors: is of another network"))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        screen = await open_train(pilot)
        await until_shown(pilot, "tiny   40 users")
        screen.form.replace(to_dict(fitting(screen)))
        await pilot.pause()
        await pilot.press("r")
        await until_shown(pilot, "init.safetensors: is of another network")
        assert app.current_mode == "train"


async def test_c_benchmarks_the_configuration_and_shows_what_was_measured(
    home: Path, pretending: Pretend, said: Heard
) -> None:
    make_dataset(home)
    app = Bert4RecApp(program=pretending("--memory", str(7 * GIB)))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_train(pilot)
        await until_shown(pilot, "tiny   40 users")
        screen.form.replace(to_dict(fitting(screen)))
        await pilot.pause()
        await pilot.press("c")
        await until_shown(pilot, "measured over 8 steps")
        shown = screen_text(pilot)
        assert "1m 30s" in shown
        assert "7.0 of 78.0 GiB" in shown
        assert [words[0] for words in said() if "--try" in words] == ["train"]
        assert not list((home / "runs").glob("*"))
        await edit(pilot, "model.hidden", "64")
        await until(pilot, lambda: "measured over 8 steps" not in screen_text(pilot))


@pytest.mark.parametrize("keys", [("escape",), ("enter",), ("down", "enter")])
async def test_a_launch_that_will_not_fit_asks_first(
    home: Path, pretending: Pretend, said: Heard, keys: tuple[str, ...]
) -> None:
    make_dataset(home)
    app = Bert4RecApp(program=pretending("--memory", str(200 * GIB)))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_train(pilot)
        await until(pilot, lambda: "tiny" in str(screen.form.values))
        screen.form.replace(to_dict(fitting(screen)))
        await pilot.pause()
        await pilot.press("c")
        await until(pilot, lambda: screen.session.benchmark is not None)
        await until(pilot, lambda: (seen := screen.session.current_estimate) is not None and seen.fit == "too large")
        await pilot.press("r")
        await until_shown(pilot, "The run may not fit in the memory of cuda:0")
        await pilot.press(*keys)
        launched = keys[0] == "down"
        await until(pilot, lambda: len(app.screen_stack) == 1 and (app.current_mode == "runs") == launched)
        await pilot.pause()
        launches = [words for words in said() if "--try" not in words]
        assert len(launches) == launched


async def test_what_differs_from_the_preset_is_always_in_sight(home: Path) -> None:
    make_dataset(home)
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_train(pilot)
        await until_shown(pilot, "tiny   40 users")
        await edit(pilot, "training.epochs", "40")
        await until_shown(pilot, f"changed: training.epochs {EPOCHS} → 40")
        await until_shown(pilot, f"recommended: {EPOCHS}")
        await pilot.press("u")
        await until(pilot, lambda: "changed:" not in screen_text(pilot))


async def test_a_preset_is_taken_and_the_dataset_stays(home: Path) -> None:
    make_dataset(home)
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        screen = await open_train(pilot)
        await until_shown(pilot, "tiny   40 users")
        await pilot.press("n")
        await until_shown(pilot, "╭─ Start from")
        assert screen_text(pilot).splitlines()[-1].split() == ["esc", "Cancel"], "the keys below do not work now"
        await pilot.press("G", "enter")
        await until(pilot, lambda: screen.form.values["preset"] != "recommended")
        name = screen.form.values["preset"]
        assert screen.form.values["model"] == to_dict(preset(name))["model"]
        assert screen.form.values["dataset"]["name"] == "tiny"


async def test_the_last_launch_is_offered_again(home: Path) -> None:
    make_dataset(home)
    home.mkdir(exist_ok=True)
    config = preset("causal")
    save_config(config, home / "last-config.toml")
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        screen = await open_train(pilot)
        await pilot.press("n")
        await until_shown(pilot, "last used")
        await pilot.press("g", "enter")
        await until(pilot, lambda: screen.form.values["preset"] == "causal")


@pytest.mark.parametrize("size", [(80, 24), (120, 28), (200, 60)])
async def test_a_past_run_says_how_it_differs_from_the_form_and_is_taken_by_one_key(
    home: Path, size: tuple[int, int]
) -> None:
    make_dataset(home)
    config = small_config()
    tuned = {**to_dict(config), "name": "tuned", "training": {**to_dict(config.training), "learning_rate": 0.0375}}
    make_run(home, "finished", "lamp", config=from_dict(tuned, Config))
    make_run(home, "failed", "rose", age=9000.0)
    async with Bert4RecApp().run_test(size=size) as pilot:
        screen = await open_train(pilot)
        await until_shown(pilot, "tiny   40 users")
        screen.form.replace({**to_dict(config), "dataset": screen.form.values["dataset"]})
        assert ("] estimate, past runs" in screen_text(pilot)) == (size[0] == 80)
        await pilot.press("right_square_bracket", "right_square_bracket")
        await until_shown(pilot, "lamp  tuned")
        shown = screen_text(pilot)
        assert re.search(r"Learning rate +0.0375 +0.00", shown), shown
        assert ("learning rate 0.0375" in shown) == (size[0] != 120), "where there is room it stands in the line"
        assert "identical" in shown, "rose was configured like the form"
        await pilot.press("enter")
        await until(pilot, lambda: value_at(screen.form.values, "training.learning_rate") == 0.0375)
        assert value_at(screen.form.values, "name") == ""
        await until_shown(pilot, "Configuration")
        await pilot.press("u")
        await until(pilot, lambda: value_at(screen.form.values, "training.learning_rate") != 0.0375)


async def test_the_time_of_an_epoch_is_estimated_from_an_earlier_run(home: Path) -> None:
    make_dataset(home)
    make_run(home, "finished", "lamp", epoch=20)
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        screen = await open_train(pilot)
        await until_shown(pilot, "tiny   40 users")
        screen.form.replace(to_dict(fitting(screen)))
        screen.form.set_value("training.device", "cpu")
        await until_shown(pilot, "estimated from lamp")
