"""Two workers at one run: where locks are refused, where two mounts do not share them, where one was overlooked."""

import os
import signal

import pytest
from waits import wait_for
from working import start

from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.events import Note
from bert4rec_tui.runs.launcher import launch
from bert4rec_tui.runs.status import read_status, write_status

ENDLESS = "training.epochs=100000"


@pytest.mark.parametrize("locks", ["refused", "unshared"])
def test_without_locks_a_run_trains_and_no_second_worker_begins(new_run, monkeypatch, locks):
    monkeypatch.setenv("BERT4REC_TUI_LOCKS", locks)
    run = new_run(ENDLESS)
    first = start(run)
    wait_for(lambda: run.status().step > 0, worker=first)
    assert run.state() == "training"
    with pytest.raises(UserError, match="is already training"):
        launch(run)
    second = start(run)
    assert second.wait(60) == 2
    assert any(line.endswith(" trains this run; this worker stops") for line in run.console_tail(500))
    step = run.status().step
    wait_for(lambda: run.status().step > step, worker=first)
    assert run.status().pid == first.pid
    first.send_signal(signal.SIGTERM)
    assert first.wait(60) == 0
    assert run.state() == "stopped"
    notes = [event.text for event in run.events.read()[0] if isinstance(event, Note)]
    assert any("does not support locks (No locks available)" in text for text in notes) == (locks == "refused")
    assert not list(run.path.glob("*.holder"))


def test_without_locks_a_killed_worker_is_lost_at_once_and_another_goes_on(new_run, monkeypatch):
    monkeypatch.setenv("BERT4REC_TUI_LOCKS", "refused")
    run = new_run(ENDLESS)
    first = start(run)
    wait_for(lambda: run.status().step > 0, worker=first)
    first.kill()
    first.wait()
    assert run.state() == "lost"
    pid = launch(run)
    assert run.status().pid == pid
    wait_for(lambda: run.state() == "training" and run.status().phase != "loading")
    os.kill(pid, signal.SIGTERM)
    wait_for(lambda: run.state() == "stopped")


def test_a_worker_that_finds_the_heartbeat_of_another_in_its_run_stops_and_says_so(new_run):
    run = new_run(ENDLESS)
    worker = start(run)
    wait_for(lambda: run.status().step > 0, worker=worker)
    theirs = read_status(run.path)
    theirs.host, theirs.pid = "another", 4711

    def ended() -> bool:
        write_status(run.path, theirs)  # again and again, as a worker does
        return worker.poll() is not None

    wait_for(ended)
    assert worker.returncode == 2
    assert read_status(run.path) == theirs
    last = run.console_tail(1)[0]
    assert last == f"{run.id}: process 4711 on another trains this run too; this worker stops"
