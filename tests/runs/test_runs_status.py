"""What a reader concludes of a run: from its status, its lock, its process and its heartbeat."""

import errno
import fcntl
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

import msgspec
import pytest
from making_runs import holder, new_run, says

from bert4rec_tui.commands.runs import describe
from bert4rec_tui.errors import UserError
from bert4rec_tui.runs import machine
from bert4rec_tui.runs.control import request
from bert4rec_tui.runs.events import Note
from bert4rec_tui.runs.lock import worker_lock
from bert4rec_tui.runs.status import read_status, write_status
from bert4rec_tui.runs.store import LocalRuns, Run

LONG_AGO = 1_000_000_000.0


@pytest.fixture
def run(home) -> Run:
    return new_run(LocalRuns(home / "runs"))


@pytest.fixture
def hold(run) -> Iterator[Callable[[], subprocess.Popen]]:
    """Let another process hold the run's lock."""
    processes: list[subprocess.Popen] = []

    def start() -> subprocess.Popen:
        processes.append(holder(run))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen]:
    """A process that lives and holds no lock, like a worker that is still importing."""
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()


def test_a_new_run_is_queued(run):
    assert run.state() == "queued"


def test_a_run_whose_worker_holds_the_lock_is_training(run, hold):
    says(run, state="training", heartbeat=LONG_AGO)
    hold()
    assert run.state() == "training"


def test_a_worker_killed_leaves_a_lost_run_at_once(run, hold):
    """The kernel frees the lock whatever way a process ends; a zombie that nobody waits for is dead too."""
    says(run, state="training")
    worker = hold()
    worker.kill()
    os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)  # dead, and a zombie until it is waited for
    assert run.state() == "lost"


@pytest.mark.parametrize("state", ["training", "paused", "starting"])
def test_without_a_worker_no_run_is_live(run, state):
    says(run, state=state, pid=2**22 + 5)
    assert run.state() == "lost"


@pytest.mark.parametrize("state", ["finished", "stopped", "failed"])
def test_an_ending_stays_whoever_holds_the_lock(run, hold, state):
    says(run, state=state)
    assert run.state() == state
    hold()
    assert run.state() == state


def test_a_run_is_starting_while_its_process_imports(run, sleeper):
    """On a cold disk that takes minutes, in which neither lock nor heartbeat say anything."""
    started = machine.process_started(sleeper.pid)
    says(run, state="starting", pid=sleeper.pid, pid_started=started, heartbeat=LONG_AGO)
    assert run.state() == "starting"
    sleeper.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert run.state() == "lost"


def test_a_pid_that_was_given_out_again_is_another_process(run, sleeper):
    says(run, state="starting", pid=sleeper.pid, pid_started=machine.process_started(sleeper.pid) - 3600)
    assert run.state() == "lost"


def test_between_launch_and_process_a_run_is_starting_for_a_while(run):
    says(run, state="starting", pid=0)
    assert run.state() == "starting"
    says(run, state="starting", pid=0, heartbeat=time.time() - 61)
    assert run.state() == "lost"


def test_elsewhere_a_run_is_starting_for_as_long_as_a_large_dataset_takes(run):
    says(run, state="starting", pid=5, host="another", heartbeat=time.time() - 240)
    assert run.state() == "starting"
    says(run, state="starting", pid=5, host="another", heartbeat=time.time() - 301)
    assert run.state() == "lost"


def test_until_a_wish_is_echoed_a_run_is_pausing_or_stopping(run, hold):
    says(run, state="training", control=3)
    hold()
    asked = request(run.path, "pause", 3)
    assert run.state() == "pausing"
    says(run, state="paused", control=asked.number)
    assert run.state() == "paused"
    says(run, state="training", control=asked.number)
    assert run.state() == "training"
    request(run.path, "stop", asked.number)
    assert run.state() == "stopping"


@pytest.mark.parametrize(
    ("since", "interval", "state"),
    [(50, 0.1, "training"), (70, 0.1, "stalled"), (150, 20.0, "training"), (210, 20.0, "stalled")],
)
def test_a_loop_that_does_not_move_for_a_minute_or_ten_intervals_is_stalled(run, hold, since, interval, state):
    says(run, state="training", progressed_at=time.time() - since, interval=interval)
    hold()
    assert run.state() == state


def test_a_paused_run_is_never_stalled(run, hold):
    says(run, state="paused", progressed_at=LONG_AGO)
    hold()
    assert run.state() == "paused"


@pytest.mark.parametrize("elsewhere", [{"host": "another"}, {"boot_id": "another"}])
@pytest.mark.parametrize("state", ["training", "paused"])
def test_elsewhere_the_age_of_the_heartbeat_decides(run, hold, elsewhere, state):
    """A pid and a lock count only on this host and boot."""
    says(run, state=state, heartbeat=time.time() - 10, **elsewhere)
    assert run.state() == state
    says(run, state=state, heartbeat=time.time() - 70, **elsewhere)
    hold()
    assert run.state() == "lost"


def test_where_locks_cannot_be_tried_the_process_decides(run, sleeper, monkeypatch):
    def no_locks(*arguments: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    (run.path / "lock").touch()
    monkeypatch.setattr(fcntl, "flock", no_locks)
    says(run, state="training", pid=sleeper.pid, pid_started=machine.process_started(sleeper.pid))
    assert run.state() == "training"
    says(run, state="training", pid=sleeper.pid, pid_started=LONG_AGO)
    assert run.state() == "lost"


def test_many_readers_at_once_do_not_take_each_other_for_a_worker(run):
    (run.path / "lock").touch()
    says(run, state="training")
    found: set[str] = set()

    def look() -> None:
        found.update(run.state() for _ in range(100))

    readers = [threading.Thread(target=look) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(timeout=60)
    assert found == {"lost"}


def test_a_reader_does_not_keep_a_worker_out(run):
    (run.path / "lock").touch()
    says(run, state="training")
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            run.state()

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for _ in range(20):
            with worker_lock(run.path).acquire(timeout=10):
                pass
    finally:
        ended.set()
        reader.join(timeout=60)


def test_a_run_that_ends_between_two_looks_is_not_lost(run):
    """The status was read while it trained; when the lock is tried, the worker has written its ending and gone."""
    (run.path / "lock").touch()
    before = says(run, state="training")
    says(run, state="finished")
    assert run.state(before) == "finished"


def test_readers_write_nothing(run, hold):
    """Neither content nor time of any file changes, of a live run or a dead one."""
    run.events.append(Note(at=1, text="hello"))
    (run.path / "console.log").write_text("line\n")
    says(run, state="training")
    worker = hold()

    def everything() -> dict[str, tuple[int, int, int]]:
        paths = [run.path, *sorted(run.path.rglob("*"))]
        return {str(p): (p.stat().st_mtime_ns, p.stat().st_ctime_ns, p.stat().st_size) for p in paths}

    for state in ("training", "lost"):
        before = everything()
        described = describe(LocalRuns(run.path.parent).find(run.short_id))
        assert described["state"] == state
        assert run.events.read()[0]
        assert run.console_tail() == ["line"]
        assert run.test_results() == {}
        assert not run.has_checkpoint()
        assert everything() == before
        worker.kill()
        worker.wait()


def test_a_status_comes_back_as_it_was_written(run):
    status = says(run, state="training", loss=None, pids=[1, 2], seconds_left=5.5)
    assert read_status(run.path) == status


def test_a_folder_without_a_status_or_with_a_broken_one_is_said_to_be(run, tmp_path):
    with pytest.raises(UserError, match=r"is not a run \(status\.json is missing\)"):
        read_status(tmp_path)
    for content in (b"", b'{"state": "dancing"}', b"[]"):
        (run.path / "status.json").write_bytes(content)
        with pytest.raises(UserError, match=r"status\.json: cannot be read"):
            read_status(run.path)


def test_a_status_of_a_later_version_can_still_be_read(run):
    values = msgspec.to_builtins(says(run, state="paused", epoch=3)) | {"of_tomorrow": {"a": 1}}
    (run.path / "status.json").write_bytes(msgspec.json.encode(values))
    status = read_status(run.path)
    assert (status.state, status.epoch) == ("paused", 3)
    write_status(run.path, status)
