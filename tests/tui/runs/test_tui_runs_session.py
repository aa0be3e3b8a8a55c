"""The state of the runs screen, without a terminal: selection, marks, order, filter, curves, chart options."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import small_config

from bert4rec_tui.config import with_assignments
from bert4rec_tui.runs.listing import STATES, RunRow
from bert4rec_tui.runs.status import Best, State, Status, WrittenState
from bert4rec_tui.runs.store import Run
from bert4rec_tui.tui.runs.chart_options import AXES, SMOOTHING_LEVELS, ChartOptions, default_smoothing
from bert4rec_tui.tui.runs.curves import RunCurves
from bert4rec_tui.tui.runs.session import RunsSession
from bert4rec_tui.tui.shell.text import SIGNS

LETTERS = ("aaaa", "bbbb", "cccc", "dddd")


def run_id(letters: str) -> str:
    return f"tiny-20260101-000000-{letters}"


def row(letters: str, state: State = "finished", best: float | None = None, **status: Any) -> RunRow:
    found = Best(metric="full:NDCG@10", value=best, epoch=1) if best is not None else None
    return RunRow(Run(Path(run_id(letters))), state, Status(best=found, **status), small_config())


def session(*rows: RunRow) -> RunsSession:
    made = RunsSession()
    made.set_rows(rows)
    return made


def shown(made: RunsSession) -> list[str]:
    return [made.rows[at].run.short_id for at in made.visible()]


def test_it_needs_no_textual() -> None:
    program = "import sys, bert4rec_tui.tui.runs.session; print([m for m in sys.modules if m.startswith('textual')])"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


def test_every_state_has_a_place_in_the_order_and_a_sign() -> None:
    literals = [part for part in get_args(State) if isinstance(part, str)] or [
        name for part in get_args(State) for name in get_args(part)
    ]
    assert set(STATES) == set(literals) | set(get_args(WrittenState)) == set(SIGNS)
    assert len(STATES) == len(set(STATES))


def test_the_newest_live_run_is_selected_first_else_the_newest() -> None:
    assert session(row("aaaa"), row("bbbb", "training"), row("cccc", "paused")).selected == run_id("bbbb")
    assert session(row("aaaa"), row("bbbb")).selected == run_id("aaaa")
    assert session().selected == ""
    assert session().selected_row is None


def test_the_selected_run_stays_selected_when_others_come_and_its_end_is_to_be_followed() -> None:
    made = session(row("aaaa", "training"))
    assert made.set_rows([row("bbbb", "training"), row("aaaa", "training")]) is False
    assert made.selected == run_id("aaaa")
    assert made.set_rows([row("bbbb", "training"), row("aaaa", "finished")]) is True


def test_a_requested_run_is_selected_once_it_is_listed_by_its_id_or_its_letters() -> None:
    for name in (run_id("bbbb"), "bbbb"):
        made = session(row("aaaa"))
        made.request(name)
        assert made.set_rows([row("bbbb"), row("aaaa")]) is True
        assert made.selected == run_id("bbbb")
        assert made.select(run_id("aaaa"))
        made.set_rows([row("bbbb"), row("aaaa")])
        assert made.selected == run_id("aaaa"), "it is requested once"


def test_a_run_that_is_gone_takes_its_mark_and_its_curves_along() -> None:
    made = session(row("aaaa"), row("bbbb"))
    made.toggle_mark()
    made.set_curves(RunCurves(run_id("aaaa")))
    made.set_rows([row("bbbb")])
    assert made.marks == {}
    assert made.curves == {}
    assert made.selected_row is None
    assert made.charted_rows() == []


@given(steps=st.lists(st.sampled_from(LETTERS), max_size=30))
def test_marked_runs_keep_a_colour_of_their_own_until_they_are_unmarked(steps: list[str]) -> None:
    made = session(*map(row, LETTERS))
    for letters in steps:
        before = dict(made.marks)
        made.select(run_id(letters))
        assert made.toggle_mark()
        changed = {run for run in {*before, *made.marks} if before.get(run) != made.marks.get(run)}
        assert changed == {run_id(letters)}
        assert len(set(made.marks.values())) == len(made.marks)
        assert all(1 <= number <= len(LETTERS) for number in made.marks.values())
        assert made.charted()[0] == run_id(letters)
        assert set(made.charted()) == {run_id(letters), *made.marks}
        assert len(made.charted()) == len(set(made.charted()))


def test_without_a_selected_run_nothing_is_marked() -> None:
    made = session()
    assert made.toggle_mark() is False
    assert made.charted() == []


def test_sorting_and_reversing_change_what_is_shown_and_not_what_is_selected() -> None:
    made = session(row("aaaa", best=0.1, created=3.0), row("bbbb", best=0.3, created=2.0), row("cccc", created=1.0))
    assert shown(made) == ["aaaa", "bbbb", "cccc"]
    made.sort_by_next_column()
    assert (made.order.column, shown(made)) == ("best", ["bbbb", "aaaa", "cccc"])
    made.reverse_order()
    assert shown(made) == ["aaaa", "bbbb", "cccc"]
    made.sort_by_next_column()
    assert made.order.reverse is False
    assert made.selected == run_id("aaaa")


def test_a_filter_sends_the_cursor_back_to_the_run_it_was_on_whenever_that_matches() -> None:
    made = session(row("aaaa"), row("bbbb", "stopped"))
    made.select(run_id("bbbb"))
    made.open_filter()
    made.set_filter("zz")
    assert shown(made) == []
    made.select("")  # as the table does, which shows none
    made.set_rows(made.rows)
    assert made.selected == "", "a filter that shows none leaves none selected"
    assert made.set_filter(" state=stopped ") == run_id("bbbb")
    assert made.filter_text == "state=stopped"
    assert shown(made) == ["bbbb"]
    assert made.set_filter("state=finished") == ""
    made.set_filter("model.hiden>3")
    assert "did you mean" in made.filter.problem


def test_a_filter_that_is_opened_while_none_is_selected_remembers_the_run_before() -> None:
    made = session(row("aaaa"), row("bbbb"))
    made.open_filter()
    made.select("")
    made.open_filter()
    assert made.set_filter("") == run_id("aaaa")


def test_the_metric_is_that_of_the_best_checkpoint_else_one_that_was_validated() -> None:
    points = (np.zeros(1), np.zeros(1))
    metrics = {"popular:MRR": points, "uniform-100:NDCG@10": points}
    made = session(row("aaaa"))
    assert made.metric == ""
    made.set_curves(RunCurves(run_id("aaaa"), metrics={"popular:MRR": points}))
    assert made.metric == "popular:MRR"
    made.set_curves(RunCurves(run_id("aaaa"), metrics=metrics))
    assert made.metric == "uniform-100:NDCG@10"
    made.set_rows([row("aaaa", best=0.1)])
    assert made.metric == "full:NDCG@10"


def test_curves_of_charted_runs_alone_ask_for_a_drawing_and_stand_in_the_order_of_the_charts() -> None:
    made = session(row("aaaa"), row("bbbb"), row("cccc"))
    made.select(run_id("cccc"))
    made.toggle_mark()
    made.select(run_id("aaaa"))
    assert made.set_curves(RunCurves(run_id("bbbb"))) is False
    assert made.set_curves(RunCurves(run_id("cccc"))) is True
    assert [(run.label, run.number) for run in made.charted_runs()] == [("cccc", 1)]
    assert made.set_curves(RunCurves(run_id("aaaa"))) is True
    assert [(run.label, run.number) for run in made.charted_runs()] == [("aaaa", 0), ("cccc", 1)]
    assert made.selected_curves.run == run_id("aaaa")


@given(levels=st.lists(st.integers(-3, 3), max_size=12), points=st.integers(0, 10_000))
def test_smoothing_starts_from_what_fits_the_curve_and_stays_within_its_levels(levels: list[int], points: int) -> None:
    options = ChartOptions()
    assert options.smoothing_for(points) == default_smoothing(points)
    at = SMOOTHING_LEVELS.index(default_smoothing(points))
    for step in levels:
        options = options.smoothed_more(step, points)
        at = max(0, min(len(SMOOTHING_LEVELS) - 1, at + step))
        assert options.smoothing_for(points) == SMOOTHING_LEVELS[at]
    if levels:
        assert options.smoothing_for(0) == SMOOTHING_LEVELS[at], "once chosen it holds for every curve"


def test_smoothing_more_is_kept_when_another_run_is_selected() -> None:
    made = session(row("aaaa"), row("bbbb"))
    made.set_curves(RunCurves(run_id("aaaa"), loss=np.ones(1000)))
    assert made.smoothing == 0.9
    made.smooth_more(1)
    made.select(run_id("bbbb"))
    assert made.smoothing == 0.95


def test_options_change_one_thing_at_a_time() -> None:
    options = ChartOptions()
    seen = [options.axis]
    for _ in AXES[1:]:
        options = options.with_next_axis()
        seen.append(options.axis)
    assert seen == list(AXES)
    assert options.with_next_axis() == ChartOptions()
    assert options.with_log_toggled() == replace(options, log=True)
    assert options.with_log_toggled().with_log_toggled() == options
    assert options.with_charts(["gpu"]) == replace(options, charts=("gpu",))


@pytest.mark.parametrize("dataset", ["ml-1m", "sample"])
def test_the_filter_reads_what_the_rows_hold_now(dataset: str) -> None:
    made = session(row("aaaa"))
    made.set_filter(f"dataset={dataset}")
    assert shown(made) == []
    config = with_assignments(small_config(), [f"dataset.name={dataset}"])
    made.set_rows([replace(row("aaaa"), config=config)])
    assert shown(made) == ["aaaa"]
