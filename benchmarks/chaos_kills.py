"""Kills (SIGKILL) at random moments; what is done again afterwards ends at the same bits, with nothing left over."""

import random
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from chaos_process import Fault, Started, command, fork, worker
from chaos_world import CLEAN_SECONDS, World, digest, nothing_left, same

Result = Callable[[Path], dict[str, Any]]
LONGER = ("training.epochs=6",)
_clean: dict[str, tuple[float, dict[str, Any]]] = {}


def _start(words: Sequence[str], home: Path) -> Started:
    line = [word.replace("{home}", str(home)) for word in words]
    return fork(" ".join(line), command(line), home)


def _kill_at(moment: float, process: Started) -> None:
    """Kill a process so many seconds after its start, if it still runs."""
    while process.alive() and time.monotonic() - process.began < moment:
        time.sleep(0.002)
    process.send(signal.SIGKILL)
    process.ended()


def _again(world: World, seed: int, home: Callable[[], Path], words: Sequence[str], result: Result) -> str:
    """Kill a command at a random moment, once or twice, do it again, and compare what it makes with the clean case."""
    key = words[0]
    if key not in _clean:
        whole = home()
        ended = _start(words, whole).ended(CLEAN_SECONDS).checked((0,))
        _clean[key] = (ended.seconds, result(whole))
        world.gone(whole)
    seconds, expected = _clean[key]
    chance, place = random.Random(seed), home()
    moments = [chance.uniform(0, seconds) for _ in range(chance.choice((1, 1, 2)))]
    for moment in moments:
        _kill_at(moment, _start(words, place))
    _start(words, place).ended(CLEAN_SECONDS).checked((0,))
    same(expected, result(place), f"`{words[0]}` after a kill")
    nothing_left(place)
    return ", ".join(f"{moment:.2f} s" for moment in moments)


def prepare(world: World, seed: int) -> str:
    """`prepare`, killed and repeated."""
    words = ["prepare", "toy", "--source", str(world.source), "--columns", world.settings_of_source]
    return _again(world, seed, world.fresh, words, lambda home: digest(home / "datasets"))


def test(world: World, seed: int) -> str:
    """`test`, killed and repeated: the ranks of every user and all metrics."""
    words = ["test", world.run_id]
    return _again(world, seed, world.copy, words, lambda home: digest(home / "runs" / world.run_id / "test"))


def export(world: World, seed: int) -> str:
    """`export`, killed and repeated: what the next items of all users are."""
    words = ["export", world.run_id, "--format", "csv", "--out", "{home}/out.csv"]
    return _again(world, seed, world.copy, words, lambda home: {"file": (home / "out.csv").read_bytes()})


def demo(world: World, seed: int) -> str:
    """`demo --json`, killed and repeated: the dataset and the run that come with the program."""

    def laid_out(home: Path) -> dict[str, Any]:
        return digest(home / "datasets") | digest(home / "runs")

    return _again(world, seed, world.fresh, ["demo", "--json"], laid_out)


def trained(folder: Path) -> dict[str, Any]:
    """What has become of a run: its state, its validations, the digests of its weights."""
    from bert4rec_tui.runs.events import Validation
    from bert4rec_tui.runs.store import Run

    run = Run(folder)
    status = run.status()
    return {
        "state": run.state(),
        "message": status.message,
        "epoch": status.epoch,
        "best": status.best,
        # An epoch that is validated twice, before a kill and after, is the same weights twice.
        "validations": {e.epoch: e.metrics for e in run.events.read()[0] if isinstance(e, Validation)},
        "weights": digest(folder / "checkpoints", lambda name: not name.endswith(".safetensors")),
    }


def reference(world: World) -> tuple[float, dict[str, Any]]:
    """The seconds that a training takes which nothing disturbs, and what becomes of it."""
    if "train" not in _clean:
        home = world.copy()
        whole = world.new_run(home, more=LONGER)
        ended = fork("worker", worker(whole), home).ended(CLEAN_SECONDS).checked((0,))
        _clean["train"] = (ended.seconds, trained(whole))
        world.gone(home)
    return _clean["train"]


def train(world: World, seed: int) -> str:
    """A worker, killed one to four times and started again: weights and validations are those of a run never killed."""
    seconds, expected = reference(world)
    chance, home = random.Random(seed), world.copy()
    folder = world.new_run(home, more=LONGER)
    moments = [chance.uniform(0, seconds) for _ in range(chance.randint(1, 4))]
    for moment in moments:
        _kill_at(moment, fork("worker", worker(folder), home))
    if _state(folder) != "finished":  # as `resume`, which leaves a finished run alone
        fork("worker", worker(folder), home).ended(CLEAN_SECONDS).checked((0,))
    same(expected, trained(folder), "a run after kills")
    nothing_left(home)
    return ", ".join(f"{moment:.2f} s" for moment in moments)


def _state(folder: Path) -> str:
    from bert4rec_tui.errors import UserError
    from bert4rec_tui.runs.store import Run

    try:
        return Run(folder).state()
    except UserError as error:
        raise Fault(f"a killed run cannot be read: {error}") from error
