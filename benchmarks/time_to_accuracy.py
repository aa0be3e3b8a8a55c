"""Claim: we reach an accuracy in a fraction of the training time that the notebook's code needs; and the published
accuracy of BERT4Rec, full NDCG@10 of 0.1516, in less than the time of one epoch of the notebook.

usage: python benchmarks/time_to_accuracy.py --notebook FILE.md --source ml-1m.zip [--preset P] [--set KEY=VALUE]…
       [--goal uniform|full] [--most-epochs N] [--notebook-epochs N]

Two goals, each with a training of ours on MovieLens-1M, leave-one-out, all users validating: `uniform` is uniform-100
NDCG@10 of 0.50 on all items, as the notebook has them; `full` is full NDCG@10 of 0.1516 on the 3,416 items with 5
interactions and more, as published. Ours and the notebook take epochs alternately, each in a process of its own, until
all goals are reached or the epochs are used up. After each epoch, outside of the clock, the test items of all users are
ranked, the validation item known to both sides. The notebook is scored by its own code with its own negatives, and
trains until it has reached the goal `uniform`, or for the one epoch that the goal `full` is compared with.

Our clock also holds what is made before the first step: the network, and what it starts from, such as popularity or
transitions; the notebook's holds its epochs only. Printed: every epoch with the training time so far; a table of
seconds until each goal, ours, the notebook's and the ratio (above 1 in our favour; "at least" where the notebook's
epochs were used up); then, apart, the time of one validation of each side, and of our warm-up: imports, and what is
compiled. Imports and preparation are in none of the ratios. The last line is one JSON object.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from against_notebook import Side, notebook_phases, serve
from tables import as_table


@dataclass(frozen=True)
class Goal:
    """An accuracy on the test set, and the least interactions of an item there."""

    protocol: str
    value: float
    min_item_interactions: int


GOALS = {"uniform": Goal("uniform-100", 0.50, 0), "full": Goal("full", 0.1516, 5)}
MOST_EPOCHS, NOTEBOOK_EPOCHS = 60, 30


def our_phases(arguments: argparse.Namespace) -> dict[str, Callable[[], Any]]:
    """What our process does on request, for one goal."""
    os.environ["BERT4REC_TUI_HOME"] = str(arguments.folder)
    import msgspec
    import pyarrow.csv  # noqa: F401  # pyright: ignore[reportUnusedImport]  (imports are left out)

    from bert4rec_tui.config import with_assignments
    from bert4rec_tui.config.dataset import DatasetConfig
    from bert4rec_tui.config.presets import preset
    from bert4rec_tui.data.prepare import prepare as prepare_dataset
    from bert4rec_tui.evaluation.metrics import means
    from bert4rec_tui.evaluation.ranking import ModelScorer, held_out, rank
    from bert4rec_tui.model.hardware import choose_device, choose_precision, set_up_process
    from bert4rec_tui.runs.store import LocalRuns
    from bert4rec_tui.settings import datasets_folder, raw_folder, runs_folder
    from bert4rec_tui.training.compilation import wants_compilation
    from bert4rec_tui.training.trainer import Trainer

    goal = GOALS[arguments.goal]
    config = with_assignments(preset(arguments.preset), [*arguments.set, "training.device=cpu"])
    made: dict[str, Any] = {}

    def prepare() -> None:
        settings = DatasetConfig(
            name="ml-1m", source=str(arguments.source), min_item_interactions=goal.min_item_interactions
        )
        made["dataset"] = prepare_dataset(settings, datasets_folder(), raw_folder())
        made["config"] = msgspec.structs.replace(config, dataset=made["dataset"].manifest.settings)
        made["question"] = held_out(made["dataset"], "test", [goal.protocol], config.evaluation.negatives_seed)

    def trainer() -> Trainer:
        device = choose_device("cpu")
        set_up_process(config.training.threads, False, device)
        precision = choose_precision(config.training.precision, device)
        run = LocalRuns(runs_folder()).create(made["config"], made["dataset"].id)
        fresh = Trainer(made["config"], made["dataset"], run.path, device, precision)
        # With its heartbeat and its logs, as in a worker.
        fresh.recorder.open(fresh.position, False, fresh.batches.steps_per_epoch, "cpu", precision)
        return fresh

    def warm_up() -> None:
        """Another network of the same shapes, so that what is imported and compiled is there when the clock runs."""
        other = trainer()
        if wants_compilation(config.training, choose_device("cpu")):
            other.train_epoch()
        other.recorder.close()

    def start() -> str:
        made["trainer"] = trainer()
        return made["trainer"].precision

    def epoch() -> None:
        made["trainer"].train_epoch()

    def score() -> float:
        model = made["trainer"].model.eval()
        found = rank(ModelScorer(model, made["trainer"].precision), made["question"])[goal.protocol]
        return means(found.ranks, [10], int(found.candidates.max()))["NDCG@10"]

    def validate() -> None:
        made["trainer"].validate()

    return {
        "prepare": prepare,
        "warm up": warm_up,
        "start": start,
        "epoch": epoch,
        "score": score,
        "validate": validate,
    }


class Climb:
    """A side on its way to a goal: how long it has trained, and what it has reached."""

    def __init__(self, side: Side, goal: float, most_epochs: int) -> None:
        self.side, self.goal, self.most_epochs = side, goal, most_epochs
        self.curve: list[dict[str, float]] = []
        self.seconds = 0.0

    @property
    def reached(self) -> bool:
        """Whether the last score is at the goal."""
        return bool(self.curve) and self.curve[-1]["NDCG@10"] >= self.goal

    @property
    def ended(self) -> bool:
        """Whether there is no more to do."""
        return self.reached or len(self.curve) >= self.most_epochs

    def epoch(self) -> None:
        """Train for an epoch, and score outside of the clock."""
        self.seconds += self.side.do("epoch")
        self.side.do("score")
        value = self.side.values["score"]
        self.curve.append({"seconds": round(self.seconds, 2), "NDCG@10": round(value, 4)})
        print(f"{self.side.name:<9}after {len(self.curve)} epochs, {self.seconds:.1f} s: {value:.4f}", flush=True)

    def record(self) -> dict[str, Any]:
        """What the last line says of it."""
        return {
            "reached": self.reached,
            "epochs": len(self.curve),
            "training_s": round(self.seconds, 2),
            "best": max(point["NDCG@10"] for point in self.curve),
            "validation_s": round(self.side.seconds["validate"][0], 2),
            "start_s": round(self.side.seconds["start"][0], 2),
            "warm_up_s": round(self.side.seconds.get("warm up", [0.0])[0], 2),
            "peak_memory_mib": round(self.side.peak),
            "curve": self.curve,
        }


def climb(ours: dict[str, Climb], notebook: Climb) -> None:
    """Let all sides take epochs alternately until each has ended."""
    sides = [notebook, *ours.values()]
    for side in sides:
        side.side.do("prepare")
        if side is notebook:
            side.side.do("start")
        else:
            side.side.do("warm up")
            side.seconds += side.side.do("start")
    while not all(side.ended for side in sides):
        for side in sides:
            if not side.ended:
                side.epoch()
            if len(side.curve) == 1 and "validate" not in side.side.seconds:
                side.side.do("validate")


def compared(ours: dict[str, Climb], notebook: Climb) -> dict[str, dict[str, Any]]:
    """Each goal with our time, what it is compared with, and the ratio; None where we did not reach it."""
    one_epoch = notebook.curve[0]["seconds"]
    against = {"uniform": (notebook.seconds, notebook.reached), "full": (one_epoch, True)}
    found: dict[str, dict[str, Any]] = {}
    for name, side in ours.items():
        seconds, exact = against[name]
        found[name] = {
            "goal": f"{GOALS[name].protocol}:NDCG@10 of {GOALS[name].value}",
            "ours_s": round(side.seconds, 2) if side.reached else None,
            "notebook_s": round(seconds, 2),
            "of": "until the goal" if name == "uniform" else "one epoch",
            "at_least": not exact,
            "ratio": round(seconds / side.seconds, 2) if side.reached else None,
        }
    return found


def table(found: dict[str, dict[str, Any]]) -> str:
    """The goals for people."""
    rows = [("goal, on the test items of all users", "ours, s", "the notebook, s", "of", "ratio")]
    for values in found.values():
        least = "at least " if values["at_least"] else ""
        mine = "not reached" if values["ours_s"] is None else f"{values['ours_s']:.1f}"
        ratio = "–" if values["ratio"] is None else f"{least}{values['ratio']:.2f}"
        rows.append((values["goal"], mine, f"{least}{values['notebook_s']:.1f}", values["of"], ratio))
    return as_table(rows)


def main() -> None:
    """Let both sides climb, and print how long each took."""
    parser = argparse.ArgumentParser(description="Training time until an accuracy, against the notebook's own code.")
    parser.add_argument("--notebook", type=Path, required=True, help="the notebook as Markdown")
    parser.add_argument("--source", type=Path, required=True, help="ml-1m.zip")
    parser.add_argument("--preset", default="fast", help="ours only")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting, ours only")
    parser.add_argument("--goal", choices=list(GOALS), help="this one only")
    parser.add_argument("--most-epochs", type=int, default=MOST_EPOCHS, help="ours, for each goal")
    parser.add_argument(
        "--notebook-epochs", type=int, default=NOTEBOOK_EPOCHS, help="the notebook's, for the goal uniform"
    )
    parser.add_argument("--side", choices=["notebook", "ours"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.notebook, arguments.source = arguments.notebook.absolute(), arguments.source.absolute()
    if arguments.side == "notebook":
        serve(notebook_phases(arguments.notebook, arguments.source, arguments.folder, arguments.notebook_epochs))
        return
    if arguments.side == "ours":
        serve(our_phases(arguments))
        return
    names = [arguments.goal] if arguments.goal else list(GOALS)
    common = [sys.executable, __file__, "--notebook", str(arguments.notebook), "--source", str(arguments.source)]
    common += ["--preset", arguments.preset, "--notebook-epochs", str(arguments.notebook_epochs)]
    common += [word for setting in arguments.set for word in ("--set", setting)]
    with tempfile.TemporaryDirectory() as scratch:
        folders = {name: Path(scratch) / name for name in ("notebook", *names)}
        for folder in folders.values():
            folder.mkdir()
        ours = {
            name: Climb(
                Side(name, [*common, "--side", "ours", "--goal", name, "--folder", str(folders[name])]),
                GOALS[name].value,
                arguments.most_epochs,
            )
            for name in names
        }
        notebook = Climb(
            Side("notebook", [*common, "--side", "notebook", "--folder", str(folders["notebook"])]),
            GOALS["uniform"].value,
            arguments.notebook_epochs if "uniform" in names else 1,
        )
        climb(ours, notebook)
        for side in (notebook, *ours.values()):
            side.side.end()
    found, records = compared(ours, notebook), {name: side.record() for name, side in ours.items()}
    print("\n" + table(found))
    for name, values in records.items():
        print(f"{name}: validation {values['validation_s']:.1f} s, warm-up {values['warm_up_s']:.1f} s")
    print(f"notebook: validation {notebook.record()['validation_s']:.1f} s")
    settings = {"preset": arguments.preset, "set": arguments.set}
    precision = {name: side.side.values["start"] for name, side in ours.items()}
    print(
        json.dumps({"goals": found, **settings, "precision": precision, "ours": records, "notebook": notebook.record()})
    )


if __name__ == "__main__":
    main()
