"""The lock of a run, and what stands in for it where a disk grants none."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from making_runs import environment, holder, new_run, says

from bert4rec_tui.errors import UserError
from bert4rec_tui.runs import machine, status
from bert4rec_tui.runs.launcher import launch
from bert4rec_tui.runs.lock import SILENT_SECONDS, Lock, LockHeldError, lock_is_held, worker_lock
from bert4rec_tui.runs.status import other_worker, read_status
from bert4rec_tui.runs.store import LocalRuns, Run

DEAD_PID = 2**22 + 5
LONG_AGO = 1_000_000_000.0


@pytest.fixture
def run(home) -> Run:
    return new_run(LocalRuns(home / "runs"))


@pytest.fixture(params=["", "refused"])
def locks(request, monkeypatch) -> str:
    """Locks that the kernel grants, and such as it refuses."""
    monkeypatch.setenv("BERT4REC_TUI_LOCKS", request.param)
    return request.param


def holder_of_ended_process() -> bytes:
    values = {"host": machine.host(), "boot_id": machine.boot_id(), "pid": DEAD_PID, "pid_started": 1.0, "token": "t"}
    return json.dumps(values).encode()


def test_one_at_a_time_holds_a_lock_whoever_asks(tmp_path, locks):
    inside: list[int] = []
    most: list[int] = []
    if locks == "refused":  # what a worker has left that was killed, which all of them find dead at once
        (tmp_path / "lock.holder").write_bytes(holder_of_ended_process())

    def take_turns(number: int) -> None:
        for _ in range(20):
            with Lock(tmp_path / "lock").acquire(timeout=60, poll=0.001):
                inside.append(number)
                most.append(len(inside))
                inside.remove(number)

    threads = [threading.Thread(target=take_turns, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert most == [1] * 80
    assert [file.name for file in tmp_path.iterdir()] == ["lock"]


def test_a_lock_that_another_process_holds_is_waited_for_and_comes_free_when_it_is_killed(run, locks):
    process = holder(run)
    assert lock_is_held(run.path)
    with pytest.raises(LockHeldError):
        worker_lock(run.path).acquire(timeout=0.1)
    process.kill()
    process.communicate()
    assert not lock_is_held(run.path)
    with worker_lock(run.path).acquire(timeout=10) as lock:
        assert bool(lock.refused) == (locks == "refused")
        assert lock_is_held(run.path)
    assert not lock_is_held(run.path)
    assert not list(run.path.glob("*.holder"))


def test_a_holder_on_another_machine_counts_until_it_has_been_silent_for_a_minute(run, monkeypatch):
    monkeypatch.setenv("BERT4REC_TUI_LOCKS", "refused")
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(machine, "host", lambda: "another")
        worker_lock(run.path).acquire()
    (held,) = run.path.glob("*.holder")
    with pytest.raises(LockHeldError):
        worker_lock(run.path).acquire(timeout=0.1)
    silent = time.time() - SILENT_SECONDS - 1
    os.utime(held, (silent, silent))
    assert not lock_is_held(run.path)
    with worker_lock(run.path).acquire(timeout=10):
        pass


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 100_000, b"\xff" * 50])
def test_a_stand_in_that_cannot_be_read_counts_for_a_minute_and_no_longer(run, monkeypatch, content):
    monkeypatch.setenv("BERT4REC_TUI_LOCKS", "refused")
    held = run.path / "lock.holder"
    held.write_bytes(content)
    with pytest.raises(LockHeldError):
        worker_lock(run.path).acquire(timeout=0.05)
    os.utime(held, (LONG_AGO, LONG_AGO))
    with worker_lock(run.path).acquire(timeout=10):
        pass


@pytest.fixture
def sleeper():
    """A process that lives and holds no lock."""
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()


def test_a_lock_that_looks_free_is_not_enough_while_the_pid_lives(run, sleeper):
    """As through two mounts of one disk that do not share locks."""
    started = machine.process_started(sleeper.pid)
    before = says(run, state="training", pid=sleeper.pid, pid_started=started, heartbeat=LONG_AGO)
    assert not lock_is_held(run.path)
    assert run.state() in ("training", "stalled")
    with pytest.raises(UserError, match=r"already|trains it"):
        launch(run)
    assert other_worker(run.path, ours=()) == f"process {sleeper.pid} of this machine"
    assert other_worker(run.path, ours=(sleeper.pid,)) == ""
    with pytest.raises(UserError, match="stop it before removing it"):
        LocalRuns(run.path.parent).remove(run)
    assert read_status(run.path) == before


def test_a_heartbeat_of_another_machine_that_moves_forbids_a_second_worker_whatever_the_clocks_say(run):
    """The other machine's clock is an hour behind, so that its heartbeat looks long dead."""
    says(run, state="training", host="another", pid=7, heartbeat=time.time() - 3600)

    def beat(seconds: float) -> None:
        says(run, state="training", host="another", pid=7, heartbeat=time.time() - 3599)

    assert other_worker(run.path, (), beat) == "process 7 on another"


def test_a_heartbeat_of_another_machine_that_stands_still_is_waited_for_until_it_is_a_minute_old(run):
    says(run, state="training", host="another", pid=7)
    looks: list[float] = []

    def age(seconds: float) -> None:
        looks.append(seconds)
        moment = time.time() - 25 * len(looks)
        os.utime(run.path / "status.json", (moment, moment))

    assert other_worker(run.path, (), age) == ""
    assert len(looks) == 3


def test_a_run_that_another_machine_ends_meanwhile_has_no_worker(run):
    says(run, state="training", host="another", pid=7)
    assert other_worker(run.path, (), lambda _: says(run, state="stopped", host="another", pid=7)) == ""


def test_a_reader_whose_clock_is_an_hour_ahead_calls_nothing_stalled_or_lost(run, monkeypatch):
    """Here by the machine's uptime; elsewhere from the second look on, when the heartbeat has moved."""
    hour_ahead = time.time() + 3600
    says(run, state="training", pid=os.getpid(), pid_started=machine.process_started(os.getpid()))
    says(run, state="training", host="another", heartbeat=1000.0, progressed_at=999.0)
    monkeypatch.setattr(status.time, "time", lambda: hour_ahead)
    run.state()
    says(run, state="training", host="another", heartbeat=1002.0, progressed_at=1001.0)
    assert run.state() == "training"
    here = says(run, state="training", pid=os.getpid(), pid_started=machine.process_started(os.getpid()))
    here.heartbeat = here.progressed_at = hour_ahead - 3600
    assert run.state(here) == "training"


def test_a_worker_that_stands_still_as_a_whole_is_stalled_by_the_uptime_of_its_heartbeat(run):
    process = holder(run)
    try:
        says(run, state="training", uptime=machine.uptime() - 61)
        assert run.state() == "stalled"
        says(run, state="training", uptime=machine.uptime() - 5)
        assert run.state() == "training"
    finally:
        process.kill()
        process.communicate()


ASKER = """
import sys
from pathlib import Path
from bert4rec_tui.runs.control import request
for _ in range(20):
    print(request(Path(sys.argv[1]), "pause").number)
"""


def test_where_locks_are_refused_no_two_requests_get_the_same_number(tmp_path):
    (tmp_path / "run").mkdir()
    askers = [
        subprocess.Popen(
            [sys.executable, "-c", ASKER, str(tmp_path / "run")],
            env=environment() | {"BERT4REC_TUI_LOCKS": "refused"},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    numbers = [int(line) for asker in askers for line in asker.communicate(timeout=60)[0].split()]
    assert sorted(numbers) == list(range(1, 61))
    left = sorted(path.name for path in Path(tmp_path / "run").iterdir())
    assert left == ["control.json", "control.lock"]
