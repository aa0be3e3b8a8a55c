"""Values under edit, without a terminal: whatever is done can be undone, and typing is one change."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bert4rec_tui.tui.forms.draft import MAX_UNDO, Draft

VALUES: dict[str, Any] = {"name": "", "model": {"hidden": 8, "heads": 2}}


def check(values: dict[str, Any], edited: str) -> dict[str, str]:
    """One error between two values, reported at the edited one."""
    divides = isinstance(values["model"]["hidden"], int) and values["model"]["hidden"] % values["model"]["heads"] == 0
    return {} if divides else {edited or "model.hidden": "is not divisible"}


def new() -> Draft:
    return Draft(VALUES, check)


CHANGES = st.lists(st.tuples(st.sampled_from(["name", "model.hidden", "model.heads"]), st.integers(1, 9)), max_size=12)


@given(changes=CHANGES)
def test_undo_goes_back_through_every_change_to_the_first_values(changes: list[tuple[str, int]]) -> None:
    draft, before = new(), [VALUES]
    for path, value in changes:
        if draft.set_value(path, value):
            before.append(draft.values)
    while draft.undo():
        before.pop()
        assert draft.values == before[-1]
    assert draft.values == VALUES
    assert not draft.can_undo


@given(typed=st.lists(st.integers(0, 9), min_size=1, max_size=6))
def test_what_is_typed_is_one_change_to_undo_and_none_when_it_is_cancelled(typed: list[int]) -> None:
    draft = new()
    draft.begin_edit()
    for value in typed:
        draft.type_value("model.heads", value)
    assert draft.values["model"]["heads"] == typed[-1]
    draft.cancel_edit()
    assert (draft.values, draft.editing, draft.can_undo) == (VALUES, False, False)
    draft.begin_edit()
    for value in typed:
        draft.type_value("model.heads", value)
    draft.end_edit()
    assert draft.can_undo == (typed[-1] != 2)
    draft.undo()
    assert draft.values == VALUES


def test_the_values_given_are_never_changed_in_place() -> None:
    draft = new()
    draft.set_value("model.heads", 4)
    assert VALUES["model"]["heads"] == 2
    assert draft.values["model"] == {"hidden": 8, "heads": 4}


def test_a_change_that_changes_nothing_is_none() -> None:
    draft = new()
    assert not draft.set_value("model.heads", 2)
    assert not draft.replace({**VALUES})
    assert not draft.can_undo


def test_values_of_something_else_cannot_be_undone_into_the_former() -> None:
    draft = new()
    draft.set_value("name", "a")
    draft.begin_edit()
    draft.load({**VALUES, "name": "other"})
    assert not draft.undo()
    assert not draft.editing
    draft.set_value("name", "b")
    draft.undo()
    assert draft.values["name"] == "other"


def test_a_replacement_may_be_kept_from_undo() -> None:
    draft = new()
    draft.replace({**VALUES, "name": "found"}, undoable=False)
    assert not draft.undo()
    assert draft.values["name"] == "found"


def test_only_so_many_changes_are_remembered() -> None:
    draft = new()
    for number in range(MAX_UNDO + 20):
        draft.set_value("name", str(number))
    undone = 0
    while draft.undo():
        undone += 1
    assert undone == MAX_UNDO
    assert draft.values["name"] == "19"


def test_an_error_between_two_values_is_reported_at_the_edited_one() -> None:
    draft = new()
    draft.set_value("model.heads", 3)
    assert draft.validate("model.heads") == draft.errors == {"model.heads": "is not divisible"}
    assert draft.validate() == {"model.hidden": "is not divisible"}
    draft.undo()
    assert draft.validate() == {}
