"""Start a worker that outlives its parent."""

import getpass
import shutil
import subprocess
import sys
import time
from pathlib import Path

from bert4rec_tui.errors import UserError, WorkFailedError
from bert4rec_tui.runs import machine
from bert4rec_tui.runs.control import clear_control
from bert4rec_tui.runs.status import LIVE, write_status
from bert4rec_tui.runs.store import Run


def launch(run: Run) -> int:
    """Start the worker of a run that is not live; it goes on from the last checkpoint, if there is one.

    Returns the worker's pid. Raises UserError while another worker has the run.
    """
    status = run.status()
    state = run.state(status)
    if state in LIVE:
        raise UserError(f"{run.id}: is {state} already")
    clear_control(run.path)
    status.state, status.phase, status.message, status.ended = "starting", "", "", None
    status.host, status.boot_id, status.pid, status.pid_started = machine.host(), machine.boot_id(), 0, 0.0
    status.pids, status.control, status.heartbeat = [], 0, time.time()
    write_status(run.path, status)
    answer = subprocess.run(
        [sys.executable, "-m", "bert4rec_tui.runs.spawn", str(run.path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        close_fds=True,
        check=False,
    )
    if answer.returncode != 0:
        raise WorkFailedError(f"{run.id}: the worker could not be started ({answer.stderr.strip()[-300:]})")
    return int(answer.stdout.strip())


def logout_warning() -> str:
    """What to do where this machine ends a user's processes at logout; empty where it does not."""
    busctl = shutil.which("busctl")
    if not busctl or Path(f"/var/lib/systemd/linger/{getpass.getuser()}").exists():
        return ""
    service, place = "org.freedesktop.login1", "/org/freedesktop/login1"
    try:
        answer = subprocess.run(
            [busctl, "get-property", service, place, f"{service}.Manager", "KillUserProcesses"],
            capture_output=True,
            text=True,
            timeout=2,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    if "true" not in answer.stdout:
        return ""
    return (
        "this machine ends your processes when you log out (KillUserProcesses): run `loginctl enable-linger` once, "
        "or start with `systemd-run --user --scope bert4rec-tui …`"
    )
