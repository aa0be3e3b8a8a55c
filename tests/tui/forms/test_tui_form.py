"""The form: a field is selected or edited, and only an edited one takes characters."""

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.pilot import Pilot
from waiting import screen_text, type_text

from bert4rec_tui.config import Config, DatasetConfig, to_dict, value_at
from bert4rec_tui.config.fields import Field, fields_of, labels_of
from bert4rec_tui.config.presets import PRESETS, preset
from bert4rec_tui.tui.forms.draft import Draft
from bert4rec_tui.tui.forms.form import Form
from bert4rec_tui.tui.forms.validation import errors_of, in_labels
from bert4rec_tui.tui.forms.values import text_of, value_of
from bert4rec_tui.tui.shell.text_input import TextInput
from bert4rec_tui.tui.train.fields import train_sections

LABELS = labels_of(Config)


def check(values: dict[str, Any], edited: str) -> dict[str, str]:
    return {path: in_labels(text, LABELS) for path, text in errors_of(values, Config, edited).items()}


class FormApp(App[None]):
    """A form alone, and one key of the screen to see whether it arrives."""

    BINDINGS = [Binding("r,x,1", "note", "Note", id="note")]  # noqa: RUF012  as Textual declares it

    def __init__(self) -> None:
        super().__init__()
        self.noted = 0
        self.changes = 0

    def compose(self) -> ComposeResult:
        yield Form(train_sections(), Draft(to_dict(Config()), check))

    def action_note(self) -> None:
        self.noted += 1

    def on_form_changed(self) -> None:
        self.changes += 1


def form_of(pilot: Pilot[None]) -> Form:
    return pilot.app.query_one(Form)


async def test_a_selected_field_takes_no_characters() -> None:
    app = FormApp()
    async with app.run_test(size=(110, 60)) as pilot:
        form = form_of(pilot)
        form.select("training.epochs")
        await pilot.pause()
        before = form.values
        await pilot.press("r", "x", "1")
        assert app.noted == 3, "every key of the screen works while a field is merely selected"
        assert form.values == before
        assert not form.query(TextInput)


async def test_an_edited_field_takes_characters_and_keeps_the_screens_keys_out() -> None:
    app = FormApp()
    async with app.run_test(size=(110, 60)) as pilot:
        form = form_of(pilot)
        form.select("training.epochs")
        await pilot.press("enter", "1", "2", "enter")
        assert app.noted == 0
        assert value_at(form.values, "training.epochs") == 12
        await pilot.press("r")
        assert app.noted == 1, "enter has ended editing"


async def test_esc_brings_back_what_was_there() -> None:
    async with FormApp().run_test(size=(110, 60)) as pilot:
        form = form_of(pilot)
        form.select("model.dropout")
        await pilot.press("enter", "9", "9")
        assert value_at(form.values, "model.dropout") == 99
        assert "model.dropout" in form.errors
        await pilot.press("escape")
        assert value_at(form.values, "model.dropout") == 0.1
        assert form.errors == {}
        assert form.editing is None


async def test_what_is_wrong_stands_beside_the_field_while_one_types() -> None:
    async with FormApp().run_test(size=(120, 60)) as pilot:
        form_of(pilot).select("model.hidden")
        await pilot.press("enter")
        await type_text(pilot, "250")
        await pilot.pause()
        (line,) = [line for line in screen_text(pilot).splitlines() if "Hidden size" in line]
        assert "✗ is not divisible by Attention heads = 4" in line


async def test_a_fault_between_two_fields_stands_beside_the_edited_one() -> None:
    async with FormApp().run_test(size=(120, 60)) as pilot:
        form_of(pilot).select("model.heads")
        await pilot.press("enter", "7")
        await pilot.pause()
        (line,) = [line for line in screen_text(pilot).splitlines() if " Attention heads " in line]
        assert "Hidden size = 256 is not divisible by Attention heads = 7" in line


async def test_undo_goes_back_through_edits_and_choices() -> None:
    async with FormApp().run_test(size=(110, 60)) as pilot:
        form = form_of(pilot)
        first = form.values
        form.select("model.objective")
        await pilot.press("enter")
        assert value_at(form.values, "model.objective") == "causal"
        form.select("training.epochs")
        await pilot.press("enter", "3", "enter", "u")
        assert (value_at(form.values, "training.epochs"), value_at(form.values, "model.objective")) == (10, "causal")
        await pilot.press("u", "u", "u")
        assert form.values == first


async def test_tab_ends_editing_like_enter_and_goes_on() -> None:
    async with FormApp().run_test(size=(110, 60)) as pilot:
        form = form_of(pilot)
        form.select("training.epochs")
        await pilot.press("enter", "7", "tab")
        await pilot.pause()
        assert value_at(form.values, "training.epochs") == 7
        assert form.editing is None
        await pilot.press("r")
        assert pilot.app.noted == 1  # pyright: ignore[reportAttributeAccessIssue]


async def test_every_field_of_the_configuration_can_be_reached_by_keyboard() -> None:
    async with FormApp().run_test(size=(110, 40)) as pilot:
        form = form_of(pilot)
        await pilot.press("tab", "f", "g")
        reached = set()
        for _ in range(len(fields_of(Config)) + 12):
            row = form.selected
            if row is not None and hasattr(row, "item"):
                reached.add(row.item.path)  # pyright: ignore[reportAttributeAccessIssue]
            form.action_move(1)
            await pilot.pause()
        assert reached == {field.path for field in fields_of(Config)}


async def test_a_folded_field_that_is_wrong_is_in_sight() -> None:
    async with FormApp().run_test(size=(110, 60)) as pilot:
        form = form_of(pilot)
        assert "Bootstrap" not in screen_text(pilot)
        form.set_value("evaluation.bootstrap", 5)
        await pilot.pause()
        assert "Bootstrap" in screen_text(pilot)


PRINTABLE = string.ascii_letters + string.digits + ".,-_ /"


@hypothesis_settings(max_examples=5)
@given(text=st.text(PRINTABLE, max_size=6), path=st.sampled_from(["training.epochs", "name", "evaluation.ks"]))
async def test_whatever_is_typed_esc_takes_back_and_no_screen_key_runs(text: str, path: str) -> None:
    app = FormApp()
    async with app.run_test(size=(110, 60)) as pilot:
        form = form_of(pilot)
        before = form.values
        form.select(path)
        await pilot.press("enter")
        await type_text(pilot, text)
        assert app.noted == 0
        assert form.editing is not None
        await pilot.press("escape")
        assert form.values == before


@pytest.mark.parametrize("name", PRESETS)
def test_every_value_survives_being_edited_without_a_change(name: str) -> None:
    values = to_dict(preset(name))
    for field in fields_of(Config):
        value = value_at(values, field.path)
        assert value_of(text_of(value), field) == value, field.path


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_no_digit_of_a_number_is_lost_in_the_form(number: float) -> None:
    field = Field("training.learning_rate", "float", 0.001, "")
    assert value_of(text_of(number), field) == number


@pytest.mark.parametrize("text", ["", "abc", "1.5", "nan", "inf", "1e400", "--", "٣x", "0,001"])
def test_what_is_no_number_is_an_error_and_no_crash(text: str) -> None:
    fields = {field.path: field for field in fields_of(Config)}
    values = to_dict(Config())
    for path in ("training.epochs", "training.learning_rate"):
        group, _, name = path.partition(".")
        value = value_of(text, fields[path])
        changed = {**values, group: {**values[group], name: value}}
        if path == "training.learning_rate" and text == "1.5":
            assert check(changed, "") == {}
        else:
            assert list(check(changed, "")) == [path]


def test_several_faults_are_found_at_once_and_none_is_invented() -> None:
    values = to_dict(Config())
    values["model"] = {**values["model"], "hidden": "x", "heads": 7}
    values["training"] = {**values["training"], "epochs": 0, "device": "gpu"}
    found = check(values, "")
    assert set(found) == {"model.hidden", "training.epochs", "training.device"}
    assert found["training.epochs"] == "expected a whole number from 1 to 100000"


def test_the_settings_of_a_dataset_are_checked_in_the_same_way() -> None:
    values = {**to_dict(DatasetConfig()), "min_user_interactions": 2}
    assert errors_of(values, DatasetConfig) == {"min_user_interactions": "expected a whole number from 3"}
