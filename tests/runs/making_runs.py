"""Runs for tests: made on disk, some with a process that plays their worker."""

import os
import subprocess
import sys
import time
from pathlib import Path

from bert4rec_tui.config import Config, with_assignments
from bert4rec_tui.runs import machine
from bert4rec_tui.runs.status import Status, write_status
from bert4rec_tui.runs.store import LocalRuns, Run

ROOT = Path(__file__).parent.parent.parent

# Takes the lock of a run and keeps it until its stdin ends, or it is killed.
HOLDER = """
import sys
from pathlib import Path
from bert4rec_tui.runs.lock import worker_lock
with worker_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def environment(*paths: Path) -> dict[str, str]:
    """The environment of a child process that finds this package, and before it what is in `paths`."""
    path = os.pathsep.join([*map(str, paths), str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return os.environ | {"PYTHONPATH": path}


def new_run(runs: LocalRuns, *assignments: str, preparation: str = "toy") -> Run:
    return runs.create(with_assignments(Config(), list(assignments)), preparation)


def says(run: Run, **fields: object) -> Status:
    """Give a run a status, written here and now unless the fields say otherwise."""
    here = {
        "host": machine.host(),
        "boot_id": machine.boot_id(),
        "heartbeat": time.time(),
        "progressed_at": time.time(),
    }
    status = Status(**(here | fields))
    write_status(run.path, status)
    return status


def holder(run: Run) -> subprocess.Popen[str]:
    """A process that holds the lock of a run as a worker does."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(run.path)],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process
