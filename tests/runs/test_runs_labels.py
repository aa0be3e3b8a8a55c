"""What a person writes on a run afterwards: it is found by it, it stays, and what cannot be is refused."""

import pytest
from making_runs import new_run, says

from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.labels import LONGEST_NAME, LONGEST_NOTE, Labels, read_labels, with_note
from bert4rec_tui.runs.store import LocalRuns, Run


@pytest.fixture
def store(home) -> LocalRuns:
    return LocalRuns(home / "runs")


def test_a_run_is_found_by_the_name_given_to_it_and_no_longer_by_the_old_one(store):
    run, other = new_run(store, "name=first try"), new_run(store)
    assert store.rename(run, "  the\tgood\x1b one ") == "the good one"
    assert store.find("the good one").id == run.id
    with pytest.raises(UserError, match="there is no such run"):
        store.find("first try")
    assert Run(run.path).name() == "the good one"
    assert store.rename(run, "") == ""  # not the configuration's again: a person took it away
    assert Run(run.path).name() == other.name() == ""


@pytest.mark.parametrize("taken", ["its letters", "its id", "its name", "latest", "long"])
def test_a_name_that_means_something_else_is_refused(store, taken):
    run, other = new_run(store), new_run(store, "name=lamp")
    words = {"its letters": other.short_id, "its id": other.id, "its name": "lamp", "long": "x" * (LONGEST_NAME + 1)}
    with pytest.raises(UserError, match=r"choose another|at most 64 characters"):
        store.rename(run, words.get(taken, taken))
    assert run.name() == ""


def test_a_name_a_note_and_a_pin_do_not_take_each_other_away_nor_does_the_worker(store):
    run = new_run(store)
    run.relabel(lambda labels: Labels(name=labels.name, note=labels.note, pinned=True))
    run.relabel(lambda labels: with_note(labels, "a wider\nnetwork"))
    store.rename(run, "wide")
    says(run, state="finished")
    assert Run(run.path).labels() == Labels(name="wide", note="a wider network", pinned=True)
    with pytest.raises(UserError, match="at most 500 characters"):
        run.relabel(lambda labels: with_note(labels, "x" * (LONGEST_NOTE + 1)))


def test_labels_that_cannot_be_read_hide_no_run_and_are_not_written_over(store):
    run = new_run(store, "name=lamp")
    (run.path / "labels.json").write_text("{")
    assert store.find("lamp").id == run.id
    with pytest.raises(UserError, match=r"labels\.json: cannot be read"):
        store.rename(run, "wide")
    with pytest.raises(UserError):
        read_labels(run.path)
