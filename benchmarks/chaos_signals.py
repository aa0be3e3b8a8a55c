"""SIGINT, SIGTERM, SIGHUP at random moments of every command, from the moment it has its handlers."""

import random
import signal
import time
from pathlib import Path

from chaos_process import Ended, Started, about, no_process_left, spawn
from chaos_world import CLEAN_SECONDS, SETTINGS, World, nothing_left

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
HANDLERS_SECONDS = 5.0
_seconds: dict[str, float] = {}


def _commands(world: World) -> dict[str, list[str]]:
    a, b = world.runs()
    prepare = ["prepare", "third", "--source", str(world.source), "--columns", world.settings_of_source]
    settings = [word for setting in SETTINGS for word in ("--set", setting)]
    return {
        "paths": ["paths"],
        "runs": ["runs"],
        "datasets": ["datasets", "--json"],
        "prepare": prepare,
        "preview": [*prepare, "--preview"],
        "try": ["train", "--preset", "notebook", "--dataset", "toy", *settings, "--try"],
        "test": ["test", a],
        "groups": ["test", a, "--groups"],
        "compare": ["compare", f"{a}:best", f"{a}:last"],
        "recommend": ["recommend", a, "--user", "3"],
        "explain": ["recommend", a, "--user", "3", "--explain", "--json"],
        "export": ["export", a, "--format", "csv", "--out", "out.csv"],
        "watch": ["watch", b],
        "demo": ["demo", "--json"],
        "help": ["train", "--help"],
    }


def _has_handlers(process: Started) -> bool:
    """Whether the program has begun to look after SIGTERM; before that Python itself is starting."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return True
    caught = next((int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigCgt")), 0)
    return bool(caught >> (signal.SIGTERM - 1) & 1)


def at_a_moment(world: World, seed: int) -> str:
    """One signal to one command."""
    chance = random.Random(seed)
    name, words = chance.choice(list(_commands(world).items()))
    number = chance.choice(list(CODES))
    if name not in _seconds:
        home = world.copy()
        _seconds[name] = spawn(words, home).ended(CLEAN_SECONDS).checked((0,)).seconds
        world.gone(home)
    # A third of them at once: in the first moments most is still being imported.
    moment = 0.0 if chance.random() < 1 / 3 else chance.uniform(0, _seconds[name])
    said = f"{signal.Signals(number).name} to `{name}` after {moment:.2f} s"
    home = world.copy()
    process = spawn(words, home)
    while process.alive() and not _has_handlers(process) and time.monotonic() - process.began < HANDLERS_SECONDS:
        time.sleep(0.001)
    while process.alive() and time.monotonic() - process.began < moment:
        time.sleep(0.001)
    late = not process.alive()
    process.send(number)
    with about(said):
        ended = process.ended(_seconds[name] + CLEAN_SECONDS / 5)
        if ended.code != 0 or not late:
            _check(ended, number)
        no_process_left(home)
        nothing_left(home)
    return said


def _check(ended: Ended, number: int) -> None:
    if ended.code == 0:  # it was done before the signal reached it
        ended.checked((0,))
        return
    if ended.code == CODES[signal.Signals(number)] and not ended.err.strip():
        return
    ended.checked((CODES[signal.Signals(number)],))
