"""What a run says of itself now, and what a reader concludes from it."""

import fcntl
import os
import time
from pathlib import Path
from typing import Literal

import msgspec
from filelock import FileLock
from msgspec import Struct

from bert4rec_tui.errors import UserError
from bert4rec_tui.files import replace_file
from bert4rec_tui.runs import machine
from bert4rec_tui.runs.control import Control

WrittenState = Literal["queued", "starting", "training", "paused", "finished", "stopped", "failed"]
State = WrittenState | Literal["pausing", "stopping", "stalled", "lost"]
ENDED: frozenset[str] = frozenset({"finished", "stopped", "failed", "lost"})
LIVE: frozenset[str] = frozenset({"starting", "training", "pausing", "stopping", "paused", "stalled"})

NO_WISH = Control()

STARTING_SECONDS = 60.0  # importing torch from a cold shared disk takes long
STARTING_ELSEWHERE_SECONDS = 300.0  # it does not beat before it has read its dataset and built its network
STALLED_SECONDS = 60.0
FOREIGN_SECONDS = 30.0  # a worker on another host beats every 2 s; clocks differ


class Best(Struct, frozen=True, kw_only=True):
    """The best validation so far; `metric` names its protocol, such as `full:NDCG@10`."""

    metric: str
    value: float
    epoch: int


class Status(Struct, kw_only=True):
    """The content of status.json, written by the worker alone once it lives.

    Times are seconds since 1970. `step` counts from the start of training; `progress` is advanced by the loop only,
    last at `progressed_at`, usually every `interval` seconds. `control` is the number of the last request read.
    """

    state: WrittenState = "queued"
    phase: str = ""
    host: str = ""
    boot_id: str = ""
    pid: int = 0
    pid_started: float = 0.0
    pids: list[int] = []
    heartbeat: float = 0.0
    progress: int = 0
    progressed_at: float = 0.0
    interval: float = 0.0
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps_per_epoch: int = 0
    loss: float | None = None
    speed: float | None = None
    seconds_left: float | None = None
    seconds: float = 0.0
    best: Best | None = None
    control: int = 0
    created: float = 0.0
    ended: float | None = None
    device: str = ""
    precision: str = ""
    message: str = ""


def read_status(path: Path) -> Status:
    """The status in a run's folder. Raises UserError where it is missing or foreign."""
    file = path / "status.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=Status)
    except FileNotFoundError:
        raise UserError(f"{path}: is not a run (status.json is missing)") from None
    except (OSError, msgspec.MsgspecError) as error:
        raise UserError(f"{file}: cannot be read ({error})") from None


def write_status(path: Path, status: Status) -> None:
    """Put the status into a run's folder, whole or not at all."""
    replace_file(path / "status.json", msgspec.json.format(msgspec.json.encode(status), indent=1))


def worker_lock(path: Path) -> FileLock:
    """The lock that a worker holds on its run for life."""
    return FileLock(path / "lock")


def worker_lives(path: Path, status: Status) -> bool:
    """Whether a worker runs this run now.

    On this boot of this machine the lock tells, since the kernel frees it whatever way a worker ends. Elsewhere,
    or where the lock cannot be tried, the age of the heartbeat does.
    """
    if _is_here(status):
        try:
            return lock_is_held(path)
        except OSError:
            return machine.process_lives(status.pid, status.pid_started)
    return time.time() - status.heartbeat < FOREIGN_SECONDS


def lock_is_held(path: Path) -> bool:
    """Whether a worker holds the lock of a run. Raises OSError where locks cannot be tried there."""
    try:
        descriptor = os.open(path / "lock", os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        # Shared, so that two readers who look at once do not take each other for a worker; and nothing is written.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def is_starting(status: Status) -> bool:
    """Whether a worker was started that does not hold the lock yet, since it is still importing."""
    if status.state != "starting":
        return False
    if not _is_here(status):
        return time.time() - status.heartbeat < STARTING_ELSEWHERE_SECONDS
    if status.pid:
        return machine.process_lives(status.pid, status.pid_started)
    return time.time() - status.heartbeat < STARTING_SECONDS


def _is_here(status: Status) -> bool:
    return status.host == machine.host() and status.boot_id == machine.boot_id()


def derive_state(path: Path, status: Status, control: Control = NO_WISH) -> State:
    """What a reader shows: the written state, or what it concludes from silence. Nothing is written.

    `control` is the request in the run's folder; until the worker echoes its number it is under way.
    """
    if status.state in ENDED:
        return status.state
    if status.state == "queued":
        return "queued"
    if not worker_lives(path, status):
        return "starting" if is_starting(status) else _ending(path, status)
    if status.state == "training":
        if control.number > status.control:
            return "stopping" if control.wanted == "stop" else "pausing"
        if time.time() - status.progressed_at > max(STALLED_SECONDS, 10 * status.interval):
            return "stalled"
    return status.state


def _ending(path: Path, status: Status) -> State:
    """What became of a run whose worker is gone: what it wrote after `status` was read, if it wrote an ending."""
    try:
        written = read_status(path).state
    except UserError:
        return "lost"
    return written if written in ENDED and written != status.state else "lost"
