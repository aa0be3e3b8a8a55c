"""Configurations as files on the train screen: saved, opened, refused."""

from pathlib import Path

import pytest
from train_steps import edit, open_train
from waiting import screen_text, type_text, until, until_shown
from worlds import make_dataset

from bert4rec_tui.config import load_config, value_at
from bert4rec_tui.config.presets import preset
from bert4rec_tui.tui.app import Bert4RecApp

EPOCHS = preset("recommended").training.epochs


@pytest.fixture(autouse=True)
def short_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Files are named without their folder."""
    monkeypatch.chdir(tmp_path)


async def test_a_configuration_is_saved_and_opened_as_toml(home: Path, tmp_path: Path) -> None:
    make_dataset(home)
    file = tmp_path / "mine.toml"
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        screen = await open_train(pilot)
        await until_shown(pilot, "tiny   40 users")
        await edit(pilot, "training.epochs", "33")
        await pilot.press("e")
        await until_shown(pilot, "Save the configuration as")
        await pilot.press("ctrl+u")
        await type_text(pilot, file.name)
        await pilot.press("enter")
        await until(pilot, file.exists)
        assert load_config(file).training.epochs == 33
        await pilot.press("u")
        await until(pilot, lambda: value_at(screen.form.values, "training.epochs") == EPOCHS)
        await pilot.press("o")
        await until_shown(pilot, "Open a configuration")
        await type_text(pilot, file.name)
        await pilot.press("enter")
        await until(pilot, lambda: value_at(screen.form.values, "training.epochs") == 33)


async def test_a_file_is_replaced_only_after_a_question(home: Path, tmp_path: Path) -> None:
    make_dataset(home)
    file = tmp_path / "mine.toml"
    file.write_text("# precious\n", encoding="utf-8")
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await open_train(pilot)
        await until_shown(pilot, "tiny   40 users")
        await pilot.press("e")
        await until_shown(pilot, "Save the configuration as")
        await pilot.press("ctrl+u")
        await type_text(pilot, file.name)
        await pilot.press("enter")
        await until_shown(pilot, "mine.toml already exists")
        await pilot.press("enter")
        await until(pilot, lambda: "mine.toml already exists" not in screen_text(pilot))
    assert file.read_text(encoding="utf-8") == "# precious\n"


async def test_a_short_toml_file_is_filled_up_from_the_preset_that_it_names(home: Path, tmp_path: Path) -> None:
    """As `train --config` reads it, except that the dataset of the form stays; also where the form has an error."""
    make_dataset(home)
    file = tmp_path / "short.toml"
    file.write_text('preset = "fast"\n[training]\nepochs = 7\n', encoding="utf-8")
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        form = (await open_train(pilot)).form
        await until_shown(pilot, "tiny   40 users")
        dataset = form.values["dataset"]
        form.set_value("model.hidden", 250)
        await pilot.press("o")
        await until_shown(pilot, "Open a configuration")
        await type_text(pilot, str(file))
        await pilot.press("enter")
        await until_shown(pilot, "training.epochs 3 → 7")
        assert form.values["model"]["hidden"] == 128
        assert form.values["dataset"] == dataset


async def test_a_toml_file_with_an_unknown_key_changes_nothing(home: Path, tmp_path: Path) -> None:
    make_dataset(home)
    file = tmp_path / "mine.toml"
    file.write_text("[model]\nhiden = 64\n", encoding="utf-8")
    async with Bert4RecApp().run_test(size=(120, 40), notifications=True) as pilot:
        screen = await open_train(pilot)
        await until_shown(pilot, "tiny   40 users")
        before = screen.form.values
        await pilot.press("o")
        await until_shown(pilot, "Open a configuration")
        await type_text(pilot, file.name)
        await pilot.press("enter")
        await until_shown(pilot, "hiden is not")
        assert screen.form.values == before
