"""The commands `runs`, `pause`, `resume`, `stop`, `remove` and `paths`."""

import json
import os
import pty
import signal
import subprocess

import pytest
from terminal import ENDLESS, Terminal
from waits import wait_for

from bert4rec_tui.config import Config
from bert4rec_tui.runs.control import read_control, request
from bert4rec_tui.runs.status import LIVE, Best, Status, write_status
from bert4rec_tui.runs.store import Run


def add_run(terminal: Terminal, **fields: object) -> Run:
    """Another run, newer than the trained one, with a status."""
    run = terminal.store.create(Config(), "toy")
    write_status(run.path, Status(**fields))
    return run


def test_a_run_is_listed_with_all_that_programs_need(terminal):
    (row,) = terminal.run("runs", "--json").json()["runs"]
    run = terminal.last_run()
    assert {key: row[key] for key in ("run", "name", "state", "dataset", "objective", "preset", "message")} == {
        "run": run.id,
        "name": "mine",
        "state": "finished",
        "dataset": "toy+users3",
        "objective": "causal",
        "preset": "fast",
        "message": "",
    }
    assert (row["epoch"], row["epochs"], row["step"]) == (2, 2, run.status().step)
    assert row["best"].keys() == {"metric", "value", "epoch"}
    assert row["pids"] == [row["pid"]]
    assert row["path"] == str(run.path)
    assert row["seconds_left"] is None
    assert (row["device"], row["precision"] in ("fp32", "bf16")) == ("cpu", True)


def test_a_run_is_labelled_and_found_by_its_name(terminal, here):
    run, other = add_run(terminal, state="stopped"), add_run(terminal, state="failed")
    try:
        said = here("label", run.short_id, "--name", "wide", "--note", "heads 8\nat last", "--pin").out
        assert said == f'{run.id}: named "wide", pinned\nheads 8 at last\n'
        labels = {"run": run.id, "name": "wide", "note": "heads 8 at last", "pinned": True}
        assert here("label", "wide", "--json").json() == labels
        assert here("runs", "--json").json()["runs"][0].items() >= labels.items()
        assert "already has this name" in here.refuses("label", other.short_id, "--name", "wide", "--note", "x")
        assert "500 characters" in here.refuses("label", other.short_id, "--name", "deep", "--note", "x" * 501)
        assert here("label", other.short_id).out == f"{other.id}: no name\n", "a refusal changes nothing"
        here("label", "wide", "--no-pin", "--note", "")
        assert here("label", "wide", "--json").json() == labels | {"note": "", "pinned": False}
    finally:
        terminal.store.remove(run)
        terminal.store.remove(other)


def test_people_read_a_table_newest_first(terminal, here):
    newer = add_run(terminal, state="failed", epoch=3, epochs=9, best=Best(metric="full:MRR", value=0.25, epoch=2))
    lines = here("runs").out.splitlines()
    assert lines[0].split() == ["run", "state", "objective", "epoch", "best", "left", "age", "name"]
    assert lines[1].split()[:6] == [newer.id, "failed", "cloze", "3/9", "0.2500", "full:MRR"]
    assert "finished" in lines[2]
    assert len({line.index("full:") for line in lines[1:]}) == 1


def test_without_runs_it_says_how_to_start_one(here, tmp_path, monkeypatch):
    monkeypatch.setenv("BERT4REC_TUI_HOME", str(tmp_path / "empty"))
    assert here("runs").out == "no runs yet; start one with `bert4rec-tui train`\n"
    assert here("runs", "--json").json() == {"runs": []}
    assert not (tmp_path / "empty").exists()


def test_a_run_that_cannot_be_read_is_listed_with_the_reason(terminal, here):
    run = add_run(terminal, state="stopped")
    (run.path / "status.json").write_text("{")
    rows = here("runs", "--json").json()["runs"]
    assert [row["state"] for row in rows] == ["unreadable", "finished"]
    assert "status.json: cannot be read" in rows[0]["message"]
    title, broken, whole = here("runs").out.splitlines()
    assert broken.endswith(rows[0]["message"])
    assert len(title) < len(broken) > len(whole)  # the reason widens no column of the other runs
    assert here("remove", run.short_id, "--yes").out == f"{run.id} removed\n"


def test_pause_resume_and_stop_wait_until_they_are_obeyed(terminal):
    terminal.run("train", "--dataset", "toy", *ENDLESS, "--detach")
    run = terminal.until("training")
    answer = terminal.run("pause", "--json")
    assert answer.json()["run"] == run.id
    assert answer.json()["state"] == run.state() == "paused"
    assert run.checkpoint("last").exists()
    step = run.status().step
    assert terminal.run("pause", run.short_id).out == f"{run.id}: paused\n"
    refused = terminal.run("remove", run.short_id, "--yes", code=2)
    assert refused.err == f"bert4rec-tui: {run.id}: is paused; stop it before removing it\n"
    resumed = terminal.run("resume", "--detach", "--json")
    started = {"run": run.id, "pid": run.status().pid, "path": str(run.path)}
    assert resumed.json() == started | {"warning": ""}
    assert json.loads(resumed.err.splitlines()[0])["message"] == f"{run.id}: continues from step {step:,}"
    wait_for(lambda: run.status().step > step)
    terminal.run("pause", run.id)
    answer = terminal.run("stop", run.id[:-3], "--json")  # an unambiguous prefix; out of a pause too
    assert answer.json()["state"] == run.state() == "stopped"
    events = [getattr(event, "state", None) for event in run.events.read()[0]]
    assert [state for state in events if state] == ["training", "paused", "training", "paused", "stopped"]


@pytest.mark.parametrize("command", ["pause", "stop"])
def test_what_is_not_live_cannot_be_paused_or_stopped(terminal, here, command):
    run = terminal.last_run()
    assert here.refuses(command, "mine") == f"{run.id}: is finished; nothing to {command}"
    assert here.refuses(command) == "latest: no run is live; `bert4rec-tui runs` lists them all"


def test_a_finished_run_is_not_resumed_but_it_is_said_how_to_go_further(terminal, here):
    run = terminal.last_run()
    assert here.refuses("resume", "mine") == (
        f"{run.id}: has finished its 2 epochs; to train further, start a new run with "
        f"--config {run.path / 'config.toml'} --init-from {run.checkpoint('last')}"
    )
    early = add_run(terminal, state="finished", epoch=7, epochs=10)
    assert "has finished after 7 of 10 epochs: uniform-100:NDCG@10 did not improve in 0 validations" in here.refuses(
        "resume", early.short_id
    )
    terminal.store.remove(early)
    assert here.refuses("resume") == "latest: no run can be resumed; `bert4rec-tui runs` lists them all"


def test_a_run_is_called_by_id_letters_name_prefix_and_latest(terminal, here):
    run = terminal.last_run()
    for reference in (run.id, run.short_id, "mine", "toy", "latest"):
        assert run.id in here("watch", reference).out
    add_run(terminal, state="stopped")
    assert "2 runs match (" in here.refuses("watch", "toy")
    assert here.refuses("watch", "zzzz") == "zzzz: there is no such run; `bert4rec-tui runs` lists them"
    assert here.refuses("remove", "", "--yes") == ": there is no such run; `bert4rec-tui runs` lists them"


def test_remove_deletes_a_run_and_nothing_else(terminal, here):
    run = add_run(terminal, state="stopped")
    assert here("remove", run.short_id, "--yes", "--json").json() == {"run": run.id, "removed": True}
    assert not run.path.exists()
    assert [left.config().name for left in terminal.store.runs()] == ["mine"]
    assert sorted(path.name for path in (terminal.home / "runs").iterdir()) == [terminal.last_run().id]


@pytest.mark.parametrize(("typed", "stays"), [("y\n", False), ("\n", True), ("no\n", True), ("\x04", True)])
def test_on_a_terminal_remove_asks_and_the_safe_answer_is_the_default(terminal, typed, stays):
    run = add_run(terminal, state="stopped")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        terminal.command("remove", run.short_id),
        env=terminal.environment(),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.write(ours, typed.encode())
    answer = Terminal.ended(process)
    os.close(ours)
    os.close(theirs)
    assert f"Delete {run.id} with its checkpoints and results? [y/N]" in answer.out
    assert run.path.exists() == stays
    assert answer.out.endswith(f"{run.id} kept\n" if stays else f"{run.id} removed\n")


def test_paths_says_where_everything_is(terminal, here):
    places = here("paths", "--json").json()
    assert places["home"] == str(terminal.home)
    assert places["runs"] == str(terminal.home / "runs")
    assert here("paths").out.splitlines()[0].split() == ["home", str(terminal.home)]


def test_nothing_is_left_running(terminal):
    assert not [run for run in terminal.store.runs() if run.state() in LIVE]


def test_who_waits_for_a_pause_hears_of_a_stop_that_came_after_it(terminal):
    terminal.run("train", "--dataset", "toy", *ENDLESS, "--detach")
    run = terminal.until("training")
    os.kill(run.status().pid, signal.SIGSTOP)  # so that it obeys neither
    pause = terminal.start("pause")
    wait_for(lambda: read_control(run.path).wanted == "pause")
    request(run.path, "stop", run.status().control)
    assert "has not paused; it received a later request to stop" in terminal.ended(pause, 1).err
    assert "a stop is already requested" in terminal.run("pause", code=2).err
    os.kill(run.status().pid, signal.SIGCONT)
    terminal.until("stopped")
