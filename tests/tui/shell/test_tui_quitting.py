"""What is asked before leaving, what stands on the terminal afterwards, and how the ending of a run reads."""

from pathlib import Path

import pytest
from worlds import hold, make_run

from bert4rec_tui.runs.control import read_control
from bert4rec_tui.runs.store import LocalRuns
from bert4rec_tui.tui.shell.live_runs import LiveRun, LiveWatch
from bert4rec_tui.tui.shell.quitting import farewell, quit_question, stop_all
from bert4rec_tui.tui.shell.run_endings import ending_of


def live_runs(home: Path, **states: str) -> tuple[LiveRun, ...]:
    for age, (letters, state) in enumerate(states.items()):
        make_run(home, state, letters, age=100 + age)
    runs = LocalRuns(home / "runs")
    locks = [hold(run) for run in runs.runs()]
    live = LiveWatch(runs).look()
    for lock in locks:
        lock.release()
    return live


@pytest.mark.parametrize(
    ("states", "choice", "detail", "after"),
    [
        ({"quad": "training"}, "Quit, keep training  (q)", "quad keeps training", "watch quad"),
        ({"quad": "paused"}, "Quit, keep paused  (q)", "quad stays paused", "watch quad"),
        ({"quad": "paused", "band": "training"}, "Quit, keep training  (q)", "2 runs keep training", "runs"),
    ],
)
def test_who_leaves_is_told_what_the_runs_do_then_and_how_to_return(
    home: Path, states: dict[str, str], choice: str, detail: str, after: str
) -> None:
    live = live_runs(home, **states)
    question = quit_question(live)
    assert question.choices["detach"] == choice
    assert question.detail == f"{detail} after this program closes. To return:\nbert4rec-tui {after}"
    verb = detail.partition(" ")[2] if len(live) == 1 else "keep training"
    names = ", ".join(run.run.id for run in live)
    assert farewell(live, stopped=False) == f"{names} {verb}; to return: bert4rec-tui {after}"
    assert farewell(live, stopped=True) == f"{names}: saving, then stopping; to return: bert4rec-tui {after}"


def test_stopping_before_leaving_asks_every_run_to_save_and_end(home: Path) -> None:
    live = live_runs(home, quad="training", band="paused")
    stop_all(live)
    assert [read_control(run.run.path).wanted for run in live] == ["stop", "stop"]


@pytest.mark.parametrize(
    ("state", "message", "sentence"),
    [
        ("finished", "", "cogu finished; press 4 to test, 5 to explore"),
        ("failed", "out of memory; relaunch.", "cogu failed: out of memory; relaunch; press 3 to see it"),
        ("lost", "", "cogu is lost: its worker process is gone; press 3 to see it"),
    ],
)
def test_the_end_of_a_run_is_one_sentence_that_says_what_to_press(
    home: Path, state: str, message: str, sentence: str
) -> None:
    ending = ending_of(make_run(home, state, "cogu", message=message))
    assert ending is not None
    assert ending.sentence == sentence
    assert ending.bad == (state != "finished")


@pytest.mark.parametrize("state", ["stopped", "queued"])
def test_what_the_person_stopped_or_nothing_came_of_yet_is_not_told(home: Path, state: str) -> None:
    assert ending_of(make_run(home, state, "cogu")) is None
