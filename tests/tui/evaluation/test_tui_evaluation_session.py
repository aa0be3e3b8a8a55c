"""The state of the test screen by itself: which checkpoint, protocols and view, and which answers are still wanted."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import make_run, small_config

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.runs.store import LocalRuns, Run
from bert4rec_tui.tui.evaluation.checkpoint import CheckpointResults, read_checkpoint
from bert4rec_tui.tui.evaluation.comparison import Comparison, Job, comparable_checkpoints
from bert4rec_tui.tui.evaluation.session import EvaluationSession


def checkpoint(letters: str = "lamp", name: Any = "best", *protocols: str, epoch: int = 12) -> CheckpointResults:
    """A checkpoint that was tested under these protocols, and configured for `full` and `uniform-100`."""
    results = {protocol: {"epoch": epoch, "users": 40} for protocol in protocols}
    return CheckpointResults(Run(Path(f"runs/tiny-20261124-110000-{letters}")), name, results, ("full", "uniform-100"))


def session_on(tested: CheckpointResults, *, widest: bool = False) -> EvaluationSession:
    session = EvaluationSession()
    session.widest = widest
    session.accept(tested)
    session.settle_view()
    return session


def test_the_state_needs_no_terminal() -> None:
    code = "import sys, bert4rec_tui.tui.evaluation.session; sys.exit('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_another_run_begins_with_its_own_protocols_and_the_same_one_keeps_those_chosen() -> None:
    session = session_on(checkpoint())
    assert session.protocols == ["full", "uniform-100"]
    session.protocols, session.first_protocol = ["popular-100"], 1
    assert not session.accept(checkpoint("lamp", "last", "full"))
    assert (session.checkpoint, session.protocols) == ("last", ["popular-100"])
    assert session.table_protocols == ["full", "popular-100"]
    assert session.accept(checkpoint("moss"))
    assert (session.protocols, session.first_protocol) == (["full", "uniform-100"], 0)
    assert session.run_id.endswith("moss")
    session.choose_run("other")
    assert (session.run_id, session.checkpoint) == ("other", "best")


def test_without_any_run_it_says_what_to_do_and_has_nothing_to_test() -> None:
    session = EvaluationSession()
    session.accept(None)
    session.settle_view()
    assert "Press 2 to configure and launch one" in session.what_is_missing()
    assert (session.jobs(), session.table_protocols, session.view, session.view_protocols) == ([], [], "", [])
    assert session.side_by_side(3) == []
    assert not session.turn_view(1)


@given(st.integers(1, 5), st.integers(1, 6), st.integers(-9, 9))
def test_as_many_protocols_stand_side_by_side_as_there_is_room_for(tested: int, room: int, first: int) -> None:
    names = [f"uniform-{number}" for number in range(1, tested + 1)]
    session = session_on(replace(checkpoint("lamp", "best", *names), configured=("uniform-1",)))
    session.first_protocol = first
    shown = session.side_by_side(room)
    assert len(shown) == min(room, tested)
    assert names[names.index(shown[0]) :][: len(shown)] == shown


def test_the_table_turns_to_its_last_protocol_and_no_further() -> None:
    session = session_on(checkpoint("lamp", "best", "full", "uniform-100"))
    assert not session.turn_table(-1)
    assert session.turn_table(1)
    assert session.side_by_side(1) == ["uniform-100"]
    assert not session.turn_table(1)


@pytest.mark.parametrize("widest", [False, True])
def test_results_by_group_stand_beside_the_table_unasked_only_in_a_very_wide_terminal(widest: bool) -> None:
    session = session_on(checkpoint("lamp", "best", "full"), widest=widest)
    assert session.view == ("groups" if widest else "")
    assert not session.alone
    session.enter_view("groups", "full")
    assert session.view == "groups"
    assert session.alone is not widest
    session.accept(checkpoint())
    session.settle_view()
    assert (session.view, session.requested_view) == ("", ""), "what has no results has no groups"


def test_the_view_turns_round_and_alone_takes_the_table_with_it() -> None:
    session = session_on(checkpoint("lamp", "best", "full", "uniform-100"))
    session.enter_view("groups", "full")
    assert session.turn_view(1)
    assert (session.view_protocol, session.first_protocol) == ("uniform-100", 1)
    session.turn_view(1)
    assert (session.view_protocol, session.first_protocol) == ("full", 0)
    session.widest = True
    session.turn_view(-1)
    assert (session.view_protocol, session.first_protocol) == ("uniform-100", 0)


def test_groups_are_read_once_for_a_checkpoint_and_its_results_and_late_ones_are_refused() -> None:
    session = session_on(checkpoint("lamp", "best", "full"))
    assert session.groups_to_read() is None, "they are not shown"
    session.enter_view("groups", "full")
    asked = session.groups_to_read()
    assert asked is not None
    assert session.groups_to_read() is None, "they are being read"
    assert session.groups_status == "Grouping users…"
    assert session.accept_groups(asked, {"full": {"whole": 1}})
    assert session.shown_groups == {"whole": 1}
    session.accept(checkpoint("lamp", "best", "full"))
    assert session.groups_to_read() is None, "the same results have the same groups"
    session.accept(checkpoint("lamp", "best", "full", epoch=15))
    again = session.groups_to_read()
    assert again is not None
    assert not session.accept_groups(asked, {"full": {"whole": 2}}), "of the weights before"
    assert session.shown_groups is None
    assert session.accept_groups(again, None, "tiny: is not prepared")
    assert session.groups_status == "tiny: is not prepared"


def test_a_comparison_is_taken_only_of_the_two_that_are_compared_by_now() -> None:
    ours, other = checkpoint("lamp", "best", "full"), checkpoint("moss", "best", "full", "uniform-100")
    session = session_on(ours)
    session.compare_with(other.run.id, "best")
    session.enter_view("comparison", "full")
    assert session.accept_comparison(Comparison(ours, other))
    assert session.view_protocols == ["full", "uniform-100"], "also what only the other was tested under"
    assert not session.accept_comparison(Comparison(ours, checkpoint("rose", "best", "full")))
    assert not session.accept_comparison(Comparison(checkpoint("fern", "best", "full"), other))
    assert not session.accept_comparison(Comparison(checkpoint("lamp", "best"), other)), "before it was tested"
    assert session.comparison is not None
    session.compare_with(other.run.id, "last")
    assert session.comparison is None
    assert not session.accept_comparison(Comparison(ours, other))


def test_a_comparison_is_made_again_only_where_it_is_not_complete_or_the_results_are_others() -> None:
    ours, other = checkpoint("lamp", "best", "full"), checkpoint("moss", "best", "full")
    session = session_on(ours)
    session.compare_with(other.run.id, "best")
    session.accept_comparison(Comparison(ours, other, status="Resampling users…"))
    assert not session.is_compared(Comparison(ours, other))
    session.accept_comparison(Comparison(ours, other))
    assert session.is_compared(Comparison(checkpoint("lamp", "best", "full"), checkpoint("moss", "best", "full")))
    assert not session.is_compared(Comparison(ours, checkpoint("moss", "best", "full", epoch=15)))


def test_what_comes_to_be_compared_with_itself_or_another_checkpoint_leaves_the_comparison() -> None:
    ours, other = checkpoint("lamp", "best", "full"), checkpoint("lamp", "last", "full")
    session = session_on(ours)
    session.compare_with(other.run.id, "last")
    session.enter_view("comparison", "full")
    session.accept_comparison(Comparison(ours, other))
    session.accept(other)
    assert session.comparison is None
    session.settle_view()
    assert (session.view, session.compared_with) == ("", None)


def test_in_a_comparison_what_either_is_missing_is_tested_and_else_the_chosen_protocols() -> None:
    ours, other = checkpoint("lamp", "best", "full"), checkpoint("moss", "best", "uniform-100")
    session = session_on(ours)
    session.protocols = ["popular-100"]
    assert session.jobs() == [Job(ours, ("popular-100",))]
    session.compare_with(other.run.id, "best")
    session.accept_comparison(Comparison(ours, other))
    assert session.jobs() == [Job(ours, ("popular-100",))], "the comparison is not shown"
    session.enter_view("comparison")
    assert session.jobs() == [Job(ours, ("uniform-100",)), Job(other, ("full",))]
    neither = Comparison(checkpoint("lamp"), checkpoint("moss"))
    assert [job.protocols for job in neither.missing(["full"])] == [("full",), ("full",)]
    both = Comparison(ours, checkpoint("moss", "best", "full"))
    assert both.missing(["popular-100"]) == []


def test_a_checkpoint_is_read_with_the_words_of_its_dataset_also_where_its_configuration_is_gone(home: Path) -> None:
    shop = DatasetConfig(name="tiny", columns={"user": "u", "item": "i", "genres": "Departments"}, item_noun="product")
    run = make_run(home, "finished", "lamp", config=msgspec.structs.replace(small_config(), dataset=shop))
    found = read_checkpoint(run, "best")
    assert (found.item.one, found.category.one) == ("product", "department")
    assert found.configured == ("full", "uniform-100")
    (run.path / "config.toml").unlink()
    assert read_checkpoint(run, "best").item.one == "item"
    assert "full" in read_checkpoint(run, "best").configured


def test_the_other_checkpoint_of_the_run_comes_first_then_what_was_tested(home: Path) -> None:
    lamp = make_run(home, "finished", "lamp", age=9)
    make_run(home, "finished", "moss", age=99)
    fern = make_run(home, "finished", "fern", age=999)
    folder = fern.test_folder("last", "full")
    folder.mkdir(parents=True)
    (folder / "ranks.npz").write_bytes(b"")
    found = comparable_checkpoints(LocalRuns(home / "runs"), read_checkpoint(lamp, "best"))
    assert [(one.run.short_id, one.checkpoint) for one in found] == [
        ("lamp", "last"), ("fern", "last"), ("moss", "best"), ("fern", "best"),
    ]  # fmt: skip
    assert [one.note for one in found] == ["not tested", "tested under 1 protocol", "not tested", "not tested"]
