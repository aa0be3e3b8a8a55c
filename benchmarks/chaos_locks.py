"""Locks that a file system refuses, or that two machines do not share: never two workers, nor a run without an end.

The fault is injected below our own code: a `sitecustomize` on the path of every Python that is started replaces what
the system answers to a lock. What is to be tried with a lock module of ours is one entry more in FAULTS.
"""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from chaos_process import ROOT, Fault, Skipped, Started, spawn
from chaos_world import CLEAN_SECONDS, World

REFUSED = """
import errno, fcntl, os
def refused(*_):
    raise OSError(errno.{code}, os.strerror(errno.{code}))
fcntl.flock = fcntl.lockf = refused
"""
UNSHARED = """
import fcntl
fcntl.flock = fcntl.lockf = lambda *_: None
"""
FAULTS: dict[str, str] = {
    "no lock daemon (ENOLCK)": REFUSED.format(code="ENOLCK"),
    "no locks (EOPNOTSUPP)": REFUSED.format(code="EOPNOTSUPP"),
    "no lock call (ENOSYS)": REFUSED.format(code="ENOSYS"),
    "not shared": UNSHARED,
}


def faulty(world: World, seed: int) -> str:
    """A run trains to its end where locks are no help, and a second worker does not join it."""
    if not (ROOT / "bert4rec_tui" / "runs" / "lock.py").exists():
        raise Skipped("there is no bert4rec_tui/runs/lock.py")
    name = list(FAULTS)[seed % len(FAULTS)]
    home = world.copy()
    place = home.parent / "injected"
    place.mkdir()
    (place / "sitecustomize.py").write_text(FAULTS[name], encoding="utf-8")
    more = {"PYTHONPATH": os.pathsep.join((str(place), str(ROOT)))}
    # Long enough that the others meet it alive; it is stopped when they have.
    folder = world.new_run(home, more=("training.epochs=100000",))
    first = spawn(["-m", "bert4rec_tui.training", str(folder)], home, more, python=True)
    _until(lambda: _status(folder).epoch >= 1, first, "the worker trains")
    listed = spawn(["runs", "--json"], home, more).ended(CLEAN_SECONDS).checked((0,))
    if f'"{folder.name}"' not in listed.out or _listed_state(listed.json(), folder.name) not in ("training", "stalled"):
        raise Fault(f"{name}: `runs` says {_listed_state(listed.json(), folder.name)!r} of a run that trains")
    time.sleep(random.Random(seed).uniform(0, 3))
    second = spawn(["-m", "bert4rec_tui.training", str(folder)], home, more, python=True).ended(CLEAN_SECONDS)
    if second.code == 0 or not (second.out + second.err).strip():
        raise Fault(f"{name}: a second worker joined the run, or said nothing ({second.code})")
    if _status(folder).pid != first.pid or not first.alive():
        raise Fault(f"{name}: the second worker has taken the run over")
    first.send(signal.SIGTERM)
    ended = first.ended(CLEAN_SECONDS).checked((0,))
    if (state := _status(folder).state) != "stopped":
        raise Fault(f"{name}: a run that was stopped is {state!r}")
    if name != "not shared" and "lock" not in ended.out + ended.err:
        raise Fault(f"{name}: the worker says nothing of locks that it cannot have")
    return name


def _status(folder: Path):
    from bert4rec_tui.runs.status import read_status

    return read_status(folder)


def _listed_state(listed: object, run: str) -> str:
    rows = listed["runs"] if isinstance(listed, dict) else listed
    return next((row["state"] for row in rows if row["run"] == run), "gone")


def _until(true: Callable[[], bool], process: Started, what: str) -> None:
    end = time.monotonic() + CLEAN_SECONDS
    while not true():
        if not process.alive():
            ended = process.ended()
            raise Fault(f"{what}: it ended with {ended.code} first ({(ended.out + ended.err).strip()[-300:]})")
        if time.monotonic() > end:
            raise Fault(f"{what}: not within {CLEAN_SECONDS:.0f} s")
        time.sleep(0.05)
