"""Which machine this is, and whether a process on it still lives."""

import socket
from functools import cache
from pathlib import Path

import psutil


@cache
def host() -> str:
    """The name of this machine."""
    return socket.gethostname()


@cache
def boot_id() -> str:
    """What tells this start of the machine from every other; pids count only within one."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return str(round(psutil.boot_time()))


def process_started(pid: int) -> float:
    """When a process began, in seconds since 1970; 0 where there is none."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return 0.0


def process_lives(pid: int, started: float) -> bool:
    """Whether the process that had this pid at that start time runs now; a zombie does not."""
    try:
        process = psutil.Process(pid)
        # A pid is given out again; its start time tells one holder from the next. The clock may be stepped by seconds.
        return abs(process.create_time() - started) < 5 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
