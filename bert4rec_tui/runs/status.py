"""What a run says of itself now, and what a reader concludes from it."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from bert4rec_tui.errors import UNREADABLE, UserError, why_unreadable
from bert4rec_tui.files import replace_file
from bert4rec_tui.runs import machine
from bert4rec_tui.runs.control import Control
from bert4rec_tui.runs.events import Count, Moment, Seconds
from bert4rec_tui.runs.lock import SILENT_SECONDS, disk_time, lock_is_held

WrittenState = Literal["queued", "starting", "training", "paused", "finished", "stopped", "failed"]
State = WrittenState | Literal["pausing", "stopping", "stalled", "lost"]
ENDED: frozenset[str] = frozenset({"finished", "stopped", "failed", "lost"})
LIVE: frozenset[str] = frozenset({"starting", "training", "pausing", "stopping", "paused", "stalled"})

NO_REQUEST = Control()

STARTING_SECONDS = 60.0  # importing torch from a cold shared disk takes long
STARTING_ELSEWHERE_SECONDS = 300.0  # it does not beat before it has read its dataset and built its network
STALLED_SECONDS = 60.0
WATCH_SECONDS = 30.0  # two looks at a heartbeat so close together tell whether it beats


Pid = Annotated[int, Meta(ge=0, lt=2**31)]


class Best(Struct, frozen=True, kw_only=True):
    """The best validation so far; `metric` names its protocol, such as `full:NDCG@10`."""

    metric: str
    value: float
    epoch: Count


class Status(Struct, kw_only=True):
    """The content of status.json, written by the worker alone once it lives.

    Times are seconds since 1970. `step` counts from the start of training; `progress` is advanced by the loop only,
    last at `progressed_at`, usually every `interval` seconds. `control` is the number of the last request read.
    `uptime` is that of the machine at the heartbeat, 0 where it is not known.
    """

    state: WrittenState = "queued"
    phase: str = ""
    host: str = ""
    boot_id: str = ""
    pid: Pid = 0
    pid_started: Moment = 0.0
    pids: list[Pid] = []
    heartbeat: Moment = 0.0
    uptime: Seconds = 0.0
    progress: Count = 0
    progressed_at: Moment = 0.0
    interval: Seconds = 0.0
    epoch: Count = 0
    epochs: Count = 0
    step: Count = 0
    steps_per_epoch: Count = 0
    loss: float | None = None
    speed: float | None = None
    seconds_left: Seconds | None = None
    seconds: Seconds = 0.0
    best: Best | None = None
    control: Count = 0
    created: Moment = 0.0
    ended: Moment | None = None
    device: str = ""
    precision: str = ""
    message: str = ""


class _WithState(Struct):
    """What no status is without: one of nothing else would pass for a queued run, for which readers wait for ever."""

    state: WrittenState


def read_status(path: Path) -> Status:
    """The status in a run's folder. Raises UserError where it is missing or foreign."""
    file = path / "status.json"
    try:
        content = file.read_bytes()
        msgspec.json.decode(content, type=_WithState)
        return msgspec.json.decode(content, type=Status)
    except FileNotFoundError:
        raise UserError(f"{path}: is not a run (status.json is missing)") from None
    except UNREADABLE as error:
        raise UserError(f"{file}: cannot be read ({why_unreadable(error)})") from None


def write_status(path: Path, status: Status) -> None:
    """Put the status into a run's folder, whole or not at all."""
    replace_file(path / "status.json", msgspec.json.format(msgspec.json.encode(status), indent=1))


Owner = tuple[str, str, int, float]


def owner(status: Status) -> Owner:
    """Which process a status is of: host, boot, pid and when that began."""
    return status.host, status.boot_id, status.pid, status.pid_started


def beat(status: Status) -> None:
    """Set the heartbeat to now."""
    status.heartbeat, status.uptime = time.time(), machine.uptime()


def claim(status: Status, pid: int) -> None:
    """Make a process of this machine the one whose status it is; 0 for one that is still to be started."""
    status.host, status.boot_id, status.pid = machine.host(), machine.boot_id(), pid
    status.pid_started, status.pids = (machine.process_started(pid), [pid]) if pid else (0.0, [])
    beat(status)


def worker_lives(path: Path, status: Status) -> bool:
    """Whether a worker runs this run now.

    On this boot of this machine lock and pid tell; two mounts of one disk may not share locks, so a lock that looks
    free is not enough. Elsewhere the age of the heartbeat does.
    """
    if not _is_here(status):
        return heartbeat_age(path, status) < SILENT_SECONDS
    if machine.process_lives(status.pid, status.pid_started):
        return True
    try:
        return lock_is_held(path)
    except OSError:
        return False


# Run → its heartbeat, when that was found, and when it was last looked at.
_looks: dict[Path, tuple[float, float, float]] = {}


def heartbeat_age(path: Path, status: Status) -> float:
    """Seconds since a run's heartbeat.

    Clocks of two machines may differ by hours: whoever looks again and again goes by whether the heartbeat moves, and
    by the clocks only at the first look.
    """
    if status.uptime and _is_here(status):
        return max(0.0, machine.uptime() - status.uptime)
    now, by_clock = time.monotonic(), max(0.0, time.time() - status.heartbeat)
    heartbeat, found, looked = _looks.get(path, (0.0, 0.0, 0.0))
    if status.heartbeat != heartbeat:
        beats = status.heartbeat > heartbeat and now - looked < WATCH_SECONDS
        found = now if beats and looked else now - by_clock
    _looks[path] = (status.heartbeat, found, now)
    return now - found


def is_starting(path: Path, status: Status) -> bool:
    """Whether a worker was started that does not hold the lock yet, since it is still importing."""
    if status.state != "starting":
        return False
    if not _is_here(status):
        return heartbeat_age(path, status) < STARTING_ELSEWHERE_SECONDS
    if status.pid:
        return machine.process_lives(status.pid, status.pid_started)
    return heartbeat_age(path, status) < STARTING_SECONDS


def _is_here(status: Status) -> bool:
    return status.host == machine.host() and status.boot_id == machine.boot_id()


def other_worker(path: Path, ours: Sequence[int], wait: Callable[[float], None] = time.sleep) -> str:
    """Which other worker a run has, in words; empty where it has none. For who holds its lock, which may be unshared.

    ours: the pids that stand for the one who asks. A heartbeat of another machine that is younger than a minute, by
    the disk's own clock, is watched until it moves or is that old; `wait` is called with the seconds between two looks.
    Raises UserError where the status cannot be read.
    """
    first = read_status(path)
    if first.state not in LIVE or not first.host:
        return ""
    if _is_here(first):
        lives = first.pid not in (0, *ours) and machine.process_lives(first.pid, first.pid_started)
        return f"process {first.pid} of this machine" if lives else ""
    while disk_time(path) - (path / "status.json").stat().st_mtime < SILENT_SECONDS:
        status = read_status(path)
        if status.state not in LIVE:
            return ""
        if (status.heartbeat, owner(status)) != (first.heartbeat, owner(first)):
            return f"process {status.pid} on {status.host}"
        wait(1.0)
    return ""


def derive_state(path: Path, status: Status, control: Control = NO_REQUEST) -> State:
    """What a reader shows: the written state, or what it concludes from silence. Nothing is written.

    `control` is the request in the run's folder; until the worker echoes its number it is under way.
    """
    if status.state in ENDED:
        return status.state
    if status.state == "queued":
        return "queued"
    if not worker_lives(path, status):
        return "starting" if is_starting(path, status) else _ending(path, status)
    if status.state == "training":
        if control.number > status.control:
            return "stopping" if control.wanted == "stop" else "pausing"
        if _seconds_unmoved(status) > max(STALLED_SECONDS, 10 * status.interval):
            return "stalled"
    return status.state


def _seconds_unmoved(status: Status) -> float:
    """How long the loop has not moved, by the worker's clock; the reader's may be an hour ahead."""
    silent = max(0.0, machine.uptime() - status.uptime) if status.uptime and _is_here(status) else 0.0
    return status.heartbeat - status.progressed_at + silent


def _ending(path: Path, status: Status) -> State:
    """What became of a run whose worker is gone: what it wrote after `status` was read, if it wrote an ending."""
    try:
        written = read_status(path).state
    except UserError:
        return "lost"
    return written if written in ENDED and written != status.state else "lost"
