"""Time our preparation, training epoch and validation against the notebook's own code, alternately in one run.

usage: python benchmarks/against_notebook.py --notebook FILE.md --source ml-1m.zip [--epochs N] [--precision P]

What the notebook imports has to be there: pip install pandas tqdm tensorboard. Both sides use the preset `notebook`:
the same batch, width, length and optimizer, and every dropout site. Each side is a process of its own that waits while
the other works, so that both run under the same conditions. Imports are left out on both sides. Our validation ranks
under three protocols (the full catalogue among them), the notebook's under uniform-100 only; our preparation samples
two sets of negatives, the notebook's one. The last line is one JSON object; ratios above 1 are in our favour.
"""

import argparse
import contextlib
import io
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


def notebook_code(notebook: Path, raw: Path, epochs: int) -> str:
    """The notebook's cells as a module: only paths, device and epochs are changed, and `wget` is dropped."""
    cells = re.findall(r"^```python.*?\n(.*?)^```", notebook.read_text(encoding="utf-8"), re.S | re.M)
    code = "\n".join(cell for cell in cells if not cell.lstrip().startswith("!"))
    for old, new in (
        ("import wget\n", ""),
        ("'/content/ml-1m'", repr(str(raw))),
        ("device = 'cuda'", "device = 'cpu'"),
        ("num_epochs=10", f"num_epochs={epochs}"),
    ):
        if old not in code:
            raise SystemExit(f"{notebook}: does not hold {old.strip()!r}; is it the notebook?")
        code = code.replace(old, new)
    return code.partition("if __name__ == '__main__':")[0]


def notebook_phases(notebook: Path, source: Path, folder: Path, epochs: int) -> dict[str, Callable[[], Any]]:
    """What the notebook's process does on request."""
    raw = folder / "raw"
    with zipfile.ZipFile(source) as archive:
        archive.extractall(raw)
    os.chdir(folder)
    names: dict[str, Any] = {"__name__": "notebook"}
    exec(compile(notebook_code(notebook, raw, epochs), "notebook", "exec"), names)
    arguments = names["args"]
    made: dict[str, Any] = {"epoch": 0, "samples": 0}

    def prepare() -> None:
        names["dataset_factory"](arguments).load_dataset()
        made["loaders"] = names["dataloader_factory"](arguments)

    def start() -> None:
        names["fix_random_seed_as"](0)
        model = names["model_factory"](arguments)
        root = names["create_experiment_export_folder"](arguments)
        trainer = names["trainer_factory"](arguments, model, *made["loaders"], root)
        keep = trainer.logger_service.log_val

        def log(values: dict[str, Any]) -> None:
            made["metrics"] = {key: value for key, value in values.items() if "@" in key}
            keep(values)

        trainer.logger_service.log_val = log
        made["trainer"], made["root"] = trainer, Path(root)

    def epoch() -> None:
        made["samples"] = made["trainer"].train_one_epoch(made["epoch"], made["samples"])
        made["epoch"] += 1

    def validate() -> float:
        made["trainer"].validate(made["epoch"] - 1, made["samples"])
        return made["metrics"]["NDCG@10"]

    def test() -> float:
        made["trainer"].test()
        return json.loads((made["root"] / "logs" / "test_metrics.json").read_text())["NDCG@10"]

    def score() -> float:
        """NDCG@10 of the weights as they are on the test items, each user's validation item known, as on our side."""
        import torch

        trainer, (_, validation, tested) = made["trainer"], made["loaders"]
        trained, held_back = tested.dataset.u2seq, validation.dataset.u2answer
        tested.dataset.u2seq = {user: items + held_back[user] for user, items in trained.items()}
        trainer.model.eval()
        total = users = 0
        with torch.no_grad():
            for batch in tested:
                total += trainer.calculate_metrics(batch)["NDCG@10"] * len(batch[0])
                users += len(batch[0])
        tested.dataset.u2seq = trained
        return total / users

    phases = {"prepare": prepare, "start": start, "epoch": epoch, "validate": validate, "test": test}
    return phases | {"score": score}


def our_phases(source: Path, folder: Path, epochs: int, precision: str) -> dict[str, Callable[[], Any]]:
    """What our process does on request."""
    os.environ["BERT4REC_TUI_HOME"] = str(folder)
    import msgspec
    import pyarrow.csv  # noqa: F401  # pyright: ignore[reportUnusedImport]  (imports are left out on both sides)

    from bert4rec_tui.config import DatasetConfig
    from bert4rec_tui.config.presets import preset
    from bert4rec_tui.data.prepare import prepare as prepare_dataset
    from bert4rec_tui.evaluation.testing import run_test
    from bert4rec_tui.model.hardware import choose_device, choose_precision, set_up_process
    from bert4rec_tui.runs.store import LocalRuns
    from bert4rec_tui.settings import datasets_folder, raw_folder, runs_folder
    from bert4rec_tui.training.trainer import Trainer

    config = preset("notebook")
    training = msgspec.structs.replace(config.training, epochs=epochs, device="cpu", precision=precision)
    config = msgspec.structs.replace(config, training=training)
    made: dict[str, Any] = {}

    def prepare() -> None:
        settings = DatasetConfig(name="ml-1m", source=str(source))
        made["dataset"] = prepare_dataset(settings, datasets_folder(), raw_folder(), again=True)

    def start() -> str:
        device = choose_device("cpu")
        set_up_process(0, False, device)
        chosen = choose_precision(precision, device)
        made["run"] = LocalRuns(runs_folder()).create(config, made["dataset"].id)
        trainer = made["trainer"] = Trainer(config, made["dataset"], made["run"].path, device, chosen)
        # With its heartbeat and its logs, as in a worker.
        trainer.recorder.open(trainer.position, False, trainer.batches.steps_per_epoch, "cpu", chosen)
        return chosen

    def epoch() -> None:
        made["trainer"].train_epoch()

    def validate() -> float:
        made["trainer"].validate()
        made["trainer"].save()  # the notebook writes its checkpoint there too
        events = made["run"].events.read()[0]
        return [event for event in events if hasattr(event, "metrics")][-1].metrics["uniform-100"]["NDCG@10"]

    def test() -> dict[str, float]:
        device = made["trainer"].device
        result = run_test(made["run"], made["dataset"], "best", ("full", "uniform-100", "popular-100"), device)
        return {name: values["NDCG@10"]["value"] for name, values in result["protocols"].items()}

    return {"prepare": prepare, "start": start, "epoch": epoch, "validate": validate, "test": test}


def serve(phases: dict[str, Callable[[], Any]]) -> None:
    """Do what stdin asks for, a phase a line, and answer with its seconds and the peak memory so far."""
    say = sys.stdout
    print("ready", file=say, flush=True)
    for line in sys.stdin:
        began = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            value = phases[line.strip()]()
        seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "peak_mib": peak, "value": value}), file=say, flush=True)


class Side:
    """One of the two processes."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name, self.seconds = name, dict[str, list[float]]()
        self.peak, self.values = 0.0, dict[str, Any]()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        if self.process.stdout.readline().strip() != "ready":
            raise SystemExit(f"{name}: did not start")

    def do(self, phase: str) -> float:
        """Let the process do a phase, wait until it has, and return its seconds; `values` keeps what it answered."""
        assert self.process.stdin
        assert self.process.stdout
        print(phase, file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name}: ended in {phase}")
        answer = json.loads(line)
        self.seconds.setdefault(phase, []).append(answer["seconds"])
        self.peak = max(self.peak, answer["peak_mib"])
        if answer["value"] is not None:
            self.values[phase] = answer["value"]
        spent = f"{answer['seconds']:8.2f} s  {answer['peak_mib']:6.0f} MiB"
        print(f"{self.name:<9}{phase:<9}{spent}  {answer['value'] or ''}", flush=True)
        return answer["seconds"]

    def end(self) -> None:
        """Let the process end."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()

    def record(self) -> dict[str, Any]:
        """What is printed at the end: medians in seconds, the peak in MiB, NDCG@10."""
        medians = {phase: round(statistics.median(times), 3) for phase, times in self.seconds.items()}
        return {
            "preparation_s": medians["prepare"],
            "epoch_s": medians["epoch"],
            "validation_s": medians["validate"],
            "peak_memory_mib": round(self.peak),
            "validation_uniform-100_NDCG@10": self.values["validate"],
            "test_NDCG@10": self.values["test"],
        }


def main() -> None:
    """Run both sides alternately."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--notebook", type=Path, required=True, help="the notebook as Markdown")
    parser.add_argument("--source", type=Path, required=True, help="ml-1m.zip")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--precision", default="auto", choices=["auto", "fp32", "bf16"], help="ours only")
    parser.add_argument("--side", choices=["notebook", "ours"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.notebook, arguments.source = arguments.notebook.absolute(), arguments.source.absolute()
    if arguments.side:
        if arguments.side == "notebook":
            serve(notebook_phases(arguments.notebook, arguments.source, arguments.folder, arguments.epochs))
        else:
            serve(our_phases(arguments.source, arguments.folder, arguments.epochs, arguments.precision))
        return
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        common = [sys.executable, __file__, "--epochs", str(arguments.epochs), "--precision", arguments.precision]
        common += ["--notebook", str(arguments.notebook), "--source", str(arguments.source)]
        notebook = Side("notebook", [*common, "--side", "notebook", "--folder", one])
        ours = Side("ours", [*common, "--side", "ours", "--folder", other])
        for phase in ("prepare", "start", *("epoch", "validate") * arguments.epochs, "test"):
            notebook.do(phase)
            ours.do(phase)
        for side in (notebook, ours):
            side.end()
    theirs, mine = notebook.record(), ours.record()
    mine["precision"] = ours.values["start"]
    compared = {
        "epoch": "epoch_s",
        "validation": "validation_s",
        "preparation": "preparation_s",
        "peak_memory": "peak_memory_mib",
    }
    ratio = {name: round(theirs[key] / mine[key], 2) for name, key in compared.items()}
    print(json.dumps({"ratio": ratio, "ours": mine, "notebook": theirs}))


if __name__ == "__main__":
    main()
