"""Time a training step, and a ranking, on catalogues of growing size with the same number of interactions.

usage: python benchmarks/scale.py [--items 10000 100000 1000000] [--interactions N] [--set training.loss=gbce] …

Ratings are synthetic: every item occurs once, the rest follow a power law of popularity (Zipf). They are prepared by
our own preparation and trained with the preset `large-catalogue`, whose loss samples its negatives and whose optimizer
updates the rows that a step touches. Each size is a process of its own that waits while the others work, so that all
run under the same conditions; a few steps warm each up. A ranking is that of some users' validation items, among the
whole catalogue (`full`, scored in tiles of bounded memory) and among 100 (`popular-100`). The peak of memory is that of
the process, or of the tensors on a GPU. The target is a step that grows by less than 1.5 from the first size to the
last. The last line is one JSON object.
"""

import argparse
import contextlib
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from tables import as_table

EXPONENT = 1.0  # of the power by which popularity falls with the place


def invented_items(items: int, interactions: int, seed: int = 0) -> np.ndarray:
    """(interactions,) int64 items 1…N in no order: each of them once, the rest by popularity."""
    chance = np.random.default_rng(seed)
    heights = np.cumsum(np.arange(1, items + 1) ** -EXPONENT)
    rest = np.searchsorted(heights, chance.random(interactions - items) * heights[-1])
    # A popular item has any number, as in real data, where numbers say nothing about popularity.
    return chance.permutation(items)[chance.permutation(np.concatenate([np.arange(items), rest]))] + 1


def prepare_invented(items: int, arguments: argparse.Namespace) -> str:
    """Prepare synthetic ratings in the data home. Returns the id of the dataset."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from bert4rec_tui.config import DatasetConfig
    from bert4rec_tui.data.prepare import prepare
    from bert4rec_tui.settings import datasets_folder, raw_folder

    drawn = invented_items(items, arguments.interactions)
    places = np.arange(len(drawn))
    raw_folder().mkdir(parents=True, exist_ok=True)
    source = raw_folder() / f"scale-{items}.parquet"
    pq.write_table(pa.table({"user": places % arguments.users + 1, "item": drawn, "timestamp": places}), source)
    settings = DatasetConfig(
        name=f"scale-{items}",
        source=str(source),
        columns={"user": "user", "item": "item", "timestamp": "timestamp"},
        validation_users=arguments.evaluated,
    )
    return prepare(settings, datasets_folder(), raw_folder()).id


class Size:
    """The work on a catalogue of one size, inside the process that does it."""

    def __init__(self, items: int, arguments: argparse.Namespace) -> None:
        import torch

        from bert4rec_tui.config import with_assignments
        from bert4rec_tui.config.presets import preset
        from bert4rec_tui.data.store import find_dataset
        from bert4rec_tui.model.bert4rec import Bert4Rec
        from bert4rec_tui.model.hardware import choose_device, choose_precision, set_up_process
        from bert4rec_tui.settings import datasets_folder
        from bert4rec_tui.training.batches import TrainingBatches
        from bert4rec_tui.training.negative_sampling import bias_level
        from bert4rec_tui.training.step import TrainingStep

        self.config = with_assignments(preset("large-catalogue"), arguments.set)
        training = self.config.training
        self.device = choose_device(training.device)
        set_up_process(training.threads, training.deterministic, self.device)
        prefix = f"scale-{items}"
        folder = next(path for path in datasets_folder().iterdir() if path.name.partition("+")[0] == prefix)
        self.dataset = find_dataset(folder.name, datasets_folder())
        assert self.dataset.items == items
        self.batches = TrainingBatches(self.dataset, self.config, self.device)
        self.model = Bert4Rec(items, self.config.model)
        counts = torch.from_numpy(np.array(self.dataset.train_counts))
        self.model.initialise_from_popularity(counts, bias_level(training, items))
        self.model.to(self.device)
        self.precision = choose_precision(training.precision, self.device)
        self.step = TrainingStep(self.model, self.config, self.device, self.precision)
        self.windows, self.done = self.batches.batches(0), 0

    def train(self, steps: int) -> list[float]:
        """Seconds of each of so many steps, and the loss of the last."""
        import torch

        self.model.train()
        seconds = list[float]()
        for _ in range(steps):
            windows = next(self.windows, None)
            if windows is None:
                self.windows = self.batches.batches(self.done)
                windows = next(self.windows)
            began = time.perf_counter()
            loss, _ = self.step(windows, self.config.training.learning_rate, 0, self.done)
            if self.device.type == "cuda":
                torch.cuda.synchronize()
            seconds.append(time.perf_counter() - began)
            self.done += 1
            assert bool(loss.isfinite())
        return seconds

    def rank(self, protocol: str) -> float:
        """Seconds of a ranking of all validation items."""
        from bert4rec_tui.evaluation.ranking import ModelScorer, held_out, rank

        self.model.eval()
        evaluation = self.config.evaluation
        question = held_out(
            self.dataset, "validation", (protocol,), evaluation.negatives_seed, self.device, self.batches.items
        )
        began = time.perf_counter()
        rank(ModelScorer(self.model, self.precision), question, evaluation.batch_size)
        return time.perf_counter() - began

    def peak(self) -> float:
        """The peak of memory in MiB."""
        import torch

        if self.device.type == "cuda":
            return torch.cuda.max_memory_allocated() / 2**20
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    def about(self) -> dict[str, str]:
        """Where the work is done."""
        return {"device": str(self.device), "precision": self.precision, "loss": self.config.training.loss}


def serve(items: int, arguments: argparse.Namespace) -> None:
    """Do what stdin asks for, a word and a value a line, and answer with JSON."""
    say = sys.stdout
    with contextlib.redirect_stdout(io.StringIO()):
        size = Size(items, arguments)
    phases: dict[str, Callable[[str], Any]] = {
        "train": lambda value: size.train(int(value)),
        "rank": size.rank,
        "peak": lambda _: size.peak(),
        "about": lambda _: size.about(),
    }
    for line in sys.stdin:
        phase, value = line.split()
        print(json.dumps(phases[phase](value)), file=say, flush=True)


class Side:
    """A process that works on one size."""

    def __init__(self, items: int) -> None:
        self.items = items
        command = [sys.executable, __file__, *sys.argv[1:], "--serve", str(items)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def do(self, phase: str, value: str | int = "-") -> Any:
        """Ask for a phase and wait for its answer."""
        assert self.process.stdin
        assert self.process.stdout
        print(phase, value, file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.items:,} items: ended in {phase}")
        return json.loads(line)

    def end(self) -> None:
        """Let the process end."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Let all sizes work alternately."""
    sides = [Side(items) for items in arguments.items]
    seconds: dict[int, list[float]] = {side.items: [] for side in sides}
    about: dict[str, str] = {}
    for side in sides:
        about = side.do("about")
        side.do("train", arguments.warm_up)
    for _ in range(arguments.rounds):
        for side in sides:
            seconds[side.items] += side.do("train", arguments.steps)
    rows = list[dict[str, Any]]()
    for side in sides:
        row: dict[str, Any] = {"items": side.items, "step_s": statistics.median(seconds[side.items])}
        row["growth"] = row["step_s"] / statistics.median(seconds[sides[0].items])
        row["training_peak_mib"] = round(side.do("peak"))
        row |= {f"{protocol}_s": side.do("rank", protocol) for protocol in ("full", "popular-100")}
        row["peak_mib"] = round(side.do("peak"))
        rows.append({key: round(value, 4) for key, value in row.items()})
        side.end()
    return {"rows": rows, **about, "interactions": arguments.interactions, "evaluated": arguments.evaluated}


def main() -> None:
    """Prepare the sizes, work on them alternately, print a table."""
    parser = argparse.ArgumentParser(description="Time a training step, and a ranking, on catalogues of growing size.")
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], help="sizes, ascending")
    parser.add_argument("--interactions", type=int, default=4_000_000, help="at least as many as the most items")
    parser.add_argument("--users", type=int, default=50_000)
    parser.add_argument("--evaluated", type=int, default=512, help="users whose validation items are ranked")
    parser.add_argument("--warm-up", type=int, default=5, help="steps before those that count")
    parser.add_argument("--steps", type=int, default=10, help="steps of each size in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting, as in `train`")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--prepare", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve, arguments)
        return
    if arguments.prepare:
        prepare_invented(arguments.prepare, arguments)
        return
    if arguments.interactions < max(arguments.items):
        raise SystemExit("--interactions: must be at least the largest of --items, since every item occurs")
    with tempfile.TemporaryDirectory() as home:
        os.environ["BERT4REC_TUI_HOME"] = home
        for items in arguments.items:
            # By a process of its own, whose memory does not count.
            subprocess.run([sys.executable, __file__, *sys.argv[1:], "--prepare", str(items)], check=True)
        result = measure(arguments)
    lines = [["items", "step", "growth", "peak", f"full, {arguments.evaluated} users", "popular-100"]]
    for row in result["rows"]:
        lines.append(
            [
                f"{row['items']:,}",
                f"{1000 * row['step_s']:.0f} ms",
                f"{row['growth']:.2f}×",
                f"{row['peak_mib']:,.0f} MiB",
                f"{row['full_s']:.2f} s",
                f"{row['popular-100_s']:.2f} s",
            ]
        )
    print(as_table(lines))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
