"""Which machine this is, what of it may be used, and whether a process on it still lives."""

import os
import socket
import time
from functools import cache
from pathlib import Path

import psutil

_FIRST_PIDS = "pid:[4026531836]"  # the namespace that Linux begins with (PROC_PID_INIT_INO)


@cache
def host() -> str:
    """The name of this machine."""
    return socket.gethostname()


@cache
def boot_id() -> str:
    """What tells this start of the machine from every other; pids count only within one.

    In a container with pids of its own it names those too: two containers may share host name and boot.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        boot = str(round(psutil.boot_time()))
    try:
        pids = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return boot
    return boot if pids == _FIRST_PIDS else f"{boot}/{pids}"


def uptime() -> float:
    """Seconds since the machine was started, which no change of its clock moves; 0 where that is not known."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else 0.0


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
