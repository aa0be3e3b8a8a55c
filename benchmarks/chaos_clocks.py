"""Clocks: a reader whose clock goes otherwise than the worker's, and times in files that no clock ever showed."""

import json
import random
import signal
import time
from pathlib import Path
from typing import Any

from chaos_process import Ended, Fault, about, command, fork, run, worker
from chaos_world import CLEAN_SECONDS, World

HOURS = 3600.0
SHIFTS = (-30 * 24 * HOURS, -24 * HOURS, -HOURS, -90.0, 90.0, HOURS, 24 * HOURS, 30 * 24 * HOURS)
TIMES: list[Any] = [0, -1.0, 1e9, 4e9, 1e12, 1e15, 1e18, 1e300, -1e300]
KEYS = ("created", "ended", "heartbeat", "progressed_at", "interval", "seconds", "seconds_left", "pid_started")


def _listed(home: Path, shift: float) -> Ended:
    """`runs --json`, by a clock that is wrong by some seconds."""

    def read() -> None:
        now = time.time
        time.time = lambda: now() + shift
        command(["runs", "--json"])()

    return fork(f"runs --json (clock {shift:+.0f} s)", read, home).ended().checked((0,))


def _state(ended: Ended, name: str) -> str:
    found = ended.json()
    rows = found["runs"] if isinstance(found, dict) else found
    assert isinstance(rows, list)
    return next((row["state"] for row in rows if row["run"] == name), "gone")


def reader(world: World, seed: int) -> str:
    """A run that trains is training to whoever looks, whatever their clock says."""
    chance, home = random.Random(seed), world.copy()
    folder = world.new_run(home, more=("training.epochs=100000",))
    process = fork("worker", worker(folder), home)
    end = time.monotonic() + CLEAN_SECONDS
    while (state := _state(_listed(home, 0.0), folder.name)) != "training":
        if time.monotonic() > end or not process.alive():
            process.send(signal.SIGKILL)
            raise Fault(f"a run that was started is {state!r}: {process.ended().err[-300:]}")
        time.sleep(0.1)
    try:
        for shift in chance.sample(SHIFTS, 4):
            if (state := _state(_listed(home, shift), folder.name)) != "training":
                raise Fault(f"a clock that is wrong by {shift:+,.0f} s makes a training run {state!r}")
    finally:
        process.send(signal.SIGTERM)
        process.ended(CLEAN_SECONDS)
    return "training by every clock"


def files(world: World, seed: int) -> str:
    """Times that no clock showed in a status: the run is listed as what it is or unreadable, the other is finished."""
    chance, home = random.Random(seed), world.copy()
    a, b = world.runs()
    file = home / "runs" / a / "status.json"
    status = json.loads(file.read_bytes())
    changed = {key: chance.choice(TIMES) for key in chance.sample(KEYS, chance.randint(1, 3))}
    file.write_text(json.dumps(status | changed), encoding="utf-8")
    with about(str(changed)):
        listed = _listed(home, 0.0)
        impossible = any(abs(value) > 1e11 or value < 0 for value in changed.values())  # no clock can show it
        for name in (a, b):
            expected = ("finished", "unreadable") if name == a and impossible else ("finished",)
            if (state := _state(listed, name)) not in expected:
                raise Fault(f"{name}, a finished run, is {state!r}")
        for words in (
            ["runs"],
            ["watch", a, "--json"],
            ["watch", a],
            ["compare", f"{a}:best", f"{a}:last"],
            ["label", a],
        ):
            run(words, home).checked((0, 1, 2))
    return str(changed)
