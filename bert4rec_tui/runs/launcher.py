"""Start a worker that outlives its parent."""

import getpass
import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from bert4rec_tui.errors import OutOfReachError, UserError, WorkFailedError
from bert4rec_tui.files import explain_os_error
from bert4rec_tui.runs.control import clear_control
from bert4rec_tui.runs.ending import write_failure
from bert4rec_tui.runs.lock import LockHeldError, worker_lock
from bert4rec_tui.runs.python import OUR_PYTHON
from bert4rec_tui.runs.status import LIVE, claim, is_starting, other_worker, write_status
from bert4rec_tui.runs.store import Run

_LINGERING = Path("/var/lib/systemd/linger")  # a file for each user whose processes stay after logout


def launch(run: Run) -> int:
    """Start the worker of a run that is not live; it continues from the last checkpoint, if there is one.

    Returns the worker's pid. Raises UserError while another worker has the run.
    """
    state = run.state()
    if state in LIVE:
        raise UserError(f"{run.id}: is already {state}")
    try:
        # Of two who launch at once one comes too late: it finds the run starting.
        with worker_lock(run.path).acquire(timeout=5):
            status = run.status()
            if is_starting(run.path, status):
                raise UserError(f"{run.id}: is already starting")
            # Beyond a lock, which two mounts of one disk may not share.
            if other := other_worker(run.path, ours=()):
                raise UserError(f"{run.id}: {other} trains it")
            clear_control(run.path)
            status.state, status.phase, status.message, status.ended = "starting", "", "", None
            claim(status, pid=0)
            status.control = 0
            status.loss = status.speed = status.seconds_left = None
            write_status(run.path, status)
    except LockHeldError:
        raise UserError(f"{run.id}: already has a worker") from None
    except (OSError, OutOfReachError) as error:
        failure = explain_os_error(error, run.path) if isinstance(error, OSError) else error
        with suppress(OSError, UserError):  # else a new run would be queued for ever
            write_failure(run.path, f"the worker could not be started: {failure}")
        raise failure from error
    answer = subprocess.run(
        [*OUR_PYTHON, "-m", "bert4rec_tui.runs.spawn", str(run.path.absolute())],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        close_fds=True,
        check=False,
    )
    if answer.returncode != 0:
        reason = (answer.stderr.strip().splitlines() or ["no reason given"])[-1][-300:]
        sentence = f"the worker could not be started: {reason}"
        write_failure(run.path, sentence)
        raise WorkFailedError(f"{run.id}: {sentence}")
    return int(answer.stdout.strip())


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number without a name
        return str(os.getuid())


def logout_warning() -> str:
    """What to do where this machine ends a user's processes at logout; empty where it does not."""
    busctl = shutil.which("busctl")
    if not busctl or (_LINGERING / _user()).exists():
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
