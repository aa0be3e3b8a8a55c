"""A worker that outlives whoever started it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from making_runs import new_run, says
from waits import wait_for

import bert4rec_tui
from bert4rec_tui.errors import UserError, WorkFailedError
from bert4rec_tui.runs import launcher
from bert4rec_tui.runs.control import read_control, request
from bert4rec_tui.runs.events import StateChange
from bert4rec_tui.runs.launcher import launch, logout_warning
from bert4rec_tui.runs.store import LocalRuns, Run

# Plays the worker without torch: takes the lock, says that it trains, and waits for a file named `end`.
WORKER = """
import json, os, sys, time
from pathlib import Path
from bert4rec_tui.runs.lock import worker_lock
from bert4rec_tui.runs.status import read_status, write_status
folder = Path(sys.argv[1])
if (folder / "broken").exists():
    raise ImportError("no torch here")
import signal
signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())  # as the worker does
with worker_lock(folder).acquire(timeout=10):
    numbers = [number for number in range(20) if os.path.exists(f"/proc/self/fd/{number}")]
    seen = {"files": [os.readlink(f"/proc/self/fd/{number}") for number in numbers]}
    seen |= {"session": os.getsid(0), "parent": os.getppid()}
    (folder / "seen.json").write_text(json.dumps(seen))
    status = read_status(folder)
    status.state, status.pid, status.progressed_at = "training", os.getpid(), time.time()
    write_status(folder, status)
    while not (folder / "end").exists():
        time.sleep(0.02)
    status.state = "finished"
    write_status(folder, status)
"""


@pytest.fixture
def stand_in(tmp_path, monkeypatch) -> None:
    """Put a copy of the package before this one, whose worker needs no torch."""
    package = tmp_path / "site" / "bert4rec_tui"
    original = Path(bert4rec_tui.__file__).parent
    for room in ("config", "runs"):
        shutil.copytree(original / room, package / room)
    for file in original.glob("*.py"):
        shutil.copy(file, package)
    (package / "training").mkdir()
    (package / "training" / "__init__.py").touch()
    (package / "training" / "__main__.py").write_text(WORKER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(home, stand_in) -> Iterator[Run]:
    run = new_run(LocalRuns(home / "runs"))
    yield run
    (run.path / "end").touch()
    pid = run.status().pid
    if pid:
        wait_for(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_a_worker_is_nobodys_child_in_a_session_of_its_own_with_no_file_of_ours(run, tmp_path):
    ours = os.open(tmp_path / "ours", os.O_RDWR | os.O_CREAT)
    os.set_inheritable(ours, True)
    pid = launch(run)
    wait_for(lambda: run.state() == "training")
    os.close(ours)
    seen = json.loads((run.path / "seen.json").read_text())
    assert run.status().pid == pid
    assert seen["session"] == pid != os.getsid(0)
    assert seen["parent"] != os.getpid()
    assert pid not in {child.pid for child in psutil.Process().children(recursive=True)}
    files = [file for file in seen["files"] if not file.startswith("/proc/")]
    console = str(run.path / "console.log")
    assert files == ["/dev/null", console, console, str(run.path / "lock")]


def test_its_pid_is_known_as_soon_as_it_is_launched(run):
    pid = launch(run)
    status = run.status()
    assert status.pid == pid
    assert psutil.Process(pid).create_time() == pytest.approx(status.pid_started, abs=1)
    assert run.state() in ("starting", "training")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGKILL])
def test_it_goes_on_when_the_session_that_launched_it_ends(run, number):
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom bert4rec_tui.runs.launcher import launch\n"
        "from bert4rec_tui.runs.store import Run\nprint(launch(Run(Path(sys.argv[1]))), flush=True)\ntime.sleep(600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(run.path)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    wait_for(lambda: run.state() == "training")
    os.killpg(parent.pid, number)
    assert parent.wait(30) == -number
    assert run.state() == "training"
    assert psutil.Process(pid).is_running()
    (run.path / "end").touch()
    wait_for(lambda: run.state() == "finished")


def test_a_live_run_is_not_launched_again(run):
    launch(run)
    with pytest.raises(UserError, match=r"is already (starting|training)"):
        launch(run)
    wait_for(lambda: run.state() == "training")
    before = run.status()
    with pytest.raises(UserError, match="is already training"):
        launch(run)
    assert run.status() == before


def test_of_many_who_launch_at_once_one_does(run):
    pids: list[int] = []
    refusals: list[str] = []

    def try_it() -> None:
        try:
            pids.append(launch(run))
        except UserError as error:
            refusals.append(str(error))

    threads = [threading.Thread(target=try_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(pids) == 1
    assert len(refusals) == 3
    wait_for(lambda: run.state() == "training")
    assert run.status().pid == pids[0]


def test_a_worker_that_dies_while_it_imports_is_lost_at_once_and_leaves_its_reason(run):
    (run.path / "broken").touch()
    pid = launch(run)
    wait_for(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    assert run.state() == "lost"
    assert run.console_tail(1) == ["ImportError: no torch here"]
    (run.path / "broken").unlink()
    launch(run)
    wait_for(lambda: run.state() == "training")


def test_a_worker_that_cannot_be_started_leaves_a_failed_run_that_says_why(run):
    (run.path / "console.log").mkdir()
    with pytest.raises(WorkFailedError, match="the worker could not be started: IsADirectoryError"):
        launch(run)
    assert run.state() == "failed"
    assert "IsADirectoryError" in run.status().message


def test_a_launch_forgets_what_was_wanted_of_the_worker_before(run):
    request(run.path, "stop", 7)
    says(run, state="failed", control=8, message="out of memory", ended=1.0)
    launch(run)
    assert read_control(run.path).number == 0
    wait_for(lambda: run.state() == "training")
    status = run.status()
    assert (status.control, status.message, status.ended) == (0, "", None)


def busctl(folder: Path, script: str) -> None:
    folder.mkdir()
    (folder / "busctl").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "busctl").chmod(0o755)


@pytest.mark.parametrize(
    ("script", "warns"),
    [
        ('[ "$5" = KillUserProcesses ] && echo "b true"', True),
        ('echo "b false"', False),
        ("echo no such bus >&2; exit 1", False),
    ],
)
def test_where_a_logout_ends_processes_the_launch_says_what_helps(tmp_path, monkeypatch, script, warns):
    busctl(tmp_path / "bin", script)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr(launcher, "_LINGERING", tmp_path / "linger")
    warning = logout_warning()
    assert bool(warning) == warns
    if warns:
        assert "loginctl enable-linger" in warning
        assert "systemd-run --user --scope" in warning
        (tmp_path / "linger").mkdir()
        monkeypatch.setenv("LOGNAME", "somebody")
        (tmp_path / "linger" / "somebody").touch()
        assert logout_warning() == ""


def test_without_systemd_or_a_name_for_the_user_nothing_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert logout_warning() == ""

    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    busctl(tmp_path / "bin", 'echo "b false"')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr("getpass.getuser", nameless)
    assert logout_warning() == ""


def test_a_worker_that_cannot_be_started_says_so_in_the_events_too(run):
    (run.path / "console.log").mkdir()
    with pytest.raises(WorkFailedError):
        launch(run)
    last = run.events.read()[0][-1]
    assert isinstance(last, StateChange)
    assert (last.state, last.message) == ("failed", run.status().message)


def test_a_file_where_the_user_stands_is_not_taken_for_the_librarys_module(run, stand_in, tmp_path, monkeypatch):
    (tmp_path / "random.py").write_text("raise ImportError('not this one')", encoding="utf-8")
    (tmp_path / "inspect.py").write_text("raise ImportError('nor this one')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    launch(run)
    wait_for(lambda: run.state() == "training")
    (run.path / "end").touch()
    wait_for(lambda: run.state() == "finished")
