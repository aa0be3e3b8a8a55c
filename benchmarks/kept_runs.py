"""Runs that a benchmark starts with the program's own commands, finds again, and resumes where they were cut short."""

import json
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from bert4rec_tui.errors import UserError
from bert4rec_tui.files import make_folder, replace_file
from bert4rec_tui.progress import duration
from bert4rec_tui.runs.status import LIVE, Status
from bert4rec_tui.runs.store import LocalRuns, Run
from bert4rec_tui.settings import runs_folder

LOOK_SECONDS = 1.0
MOST_LOSSES = 3  # of a worker, without a step between them


def command(*words: str) -> dict[str, Any]:
    """What a command of the program answers. Ends this program with the command's own sentence where it fails."""
    answer = subprocess.run(
        [sys.executable, "-m", "bert4rec_tui", *words, "--json"], capture_output=True, text=True, check=False
    )
    if answer.returncode == 0:
        return json.loads(answer.stdout)
    last = (answer.stderr.strip().splitlines() or ["no reason given"])[-1]
    with suppress(ValueError, KeyError, TypeError):
        last = json.loads(last)["error"]
    raise SystemExit(f"bert4rec-tui {' '.join(words)}: {last}")


@dataclass(frozen=True)
class Training:
    """What a run is to be.

    label: what it is called in what is printed. free: settings in which a run may differ and still be the one that is
    meant, such as threads.
    """

    label: str
    preset: str
    dataset: str
    assignments: tuple[str, ...]
    free: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The same for the same training."""
        return " ".join((self.preset, self.dataset, *self.assignments))

    @property
    def name(self) -> str:
        """The name that its run gets, by which it is found when the file of runs is lost."""
        return f"benchmark-{blake2b(self.key.encode(), digest_size=5).hexdigest()}"


class KeptRuns:
    """Which run belongs to which training, in a small JSON file: key → id."""

    def __init__(self, file: Path) -> None:
        self.file, self.store = file, LocalRuns(runs_folder())

    def find(self, training: Training) -> Run | None:
        """The run of a training, if it was started already."""
        for reference in (self._ids().get(training.key, ""), training.name):
            try:
                return self.store.find(reference)
            except UserError:
                continue
        return None

    def start(self, training: Training) -> Run:
        """Start a training that goes on whatever becomes of this program."""
        words = ["train", "--preset", training.preset, "--dataset", training.dataset, "--name", training.name]
        for assignment in (*training.assignments, *training.free):
            words += ["--set", assignment]
        run = self.store.find(command(*words, "--detach")["run"])
        self._keep(training, run)
        return run

    def finished(self, training: Training) -> Run:
        """The run of a training, started, resumed or followed until it has finished."""
        run = self.find(training)
        if run is None:
            run = self.start(training)
            tell(training, f"{run.id} started")
        else:
            self._keep(training, run)
            state = run.state()
            if state != "finished" and (state not in LIVE or state in ("paused", "pausing")):
                tell(training, f"{run.id} was {state}; it goes on")
                command("resume", run.id, "--detach")
        follow(training, run)
        return run

    def _ids(self) -> dict[str, str]:
        try:
            return json.loads(self.file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}

    def _keep(self, training: Training, run: Run) -> None:
        make_folder(self.file.parent)
        kept = self._ids() | {training.key: run.id}
        replace_file(self.file, (json.dumps(kept, indent=1) + "\n").encode())


def follow(training: Training, run: Run) -> None:
    """Wait until a run has finished; start a worker again that was lost. Ctrl-C leaves the run to itself."""
    told, losses, lost_at = -1, 0, -1
    while True:
        status = run.status()
        state = run.state(status)
        if status.epoch > told:
            told = status.epoch
            tell(training, progress(status))
        if state == "finished":
            return
        if state in ("stopped", "failed"):
            raise SystemExit(f"{run.id}: {state} ({status.message or 'somebody asked'}); start this again to resume it")
        if state == "lost":
            losses = losses + 1 if status.step == lost_at else 1
            lost_at = status.step
            if losses >= MOST_LOSSES:
                raise SystemExit(f"{run.id}: its worker was lost {losses} times without a step; see console.log there")
            tell(training, f"{run.id}: its worker is gone; another goes on")
            command("resume", run.id, "--detach")
        time.sleep(LOOK_SECONDS)


def progress(status: Status) -> str:
    """How far a run is, as a line."""
    best = f", best {status.best.metric} {status.best.value:.4f} in epoch {status.best.epoch}" if status.best else ""
    left = "" if status.seconds_left is None else f", at most {duration(status.seconds_left)} left"
    return f"epoch {status.epoch} of {status.epochs}{best}{left}"


def tell(training: Training, sentence: str) -> None:
    """Say something on stderr, so that stdout holds the result alone."""
    print(f"{training.label}: {sentence}", file=sys.stderr, flush=True)


def tested(run: Run) -> dict[str, dict[str, Any]]:
    """The test of a run's best checkpoint under all its protocols: protocol → what the run keeps of it."""
    best = run.status().best
    protocols = run.config().evaluation.protocols
    found = run.test_results("best")
    if any(protocol not in found or (best and found[protocol]["epoch"] != best.epoch) for protocol in protocols):
        command("test", run.id, "--checkpoint", "best")
        found = run.test_results("best")
    return {protocol: found[protocol] for protocol in protocols}
