"""Which machine this is, what of it may be used, and whether a process on it still lives."""

import os
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


def usable_cores(quota: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """How many cores this process may keep busy: a job may be bound to some, a container allowed the time of a few.

    quota: the file in which Linux says what a control group may use, "max 100000" or microseconds of every so many.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        allowed, period = quota.read_text(encoding="ascii").split()
        return min(cores, max(1, round(int(allowed) / int(period))))
    except (OSError, ValueError):  # no such file, or no limit
        return cores
