"""Claim: an epoch of the preset `notebook` on MovieLens-1M takes under 0.15 s on one H100, with no wait for the GPU.

usage: python benchmarks/gpu.py [--dataset NAME] [--preset notebook] [--set KEY=VALUE]… [--device cuda]

One command on a machine with a CUDA GPU. The histories lie on the device; without --dataset they are synthetic, of the
size of MovieLens-1M. Measured are whole epochs as a run trains them, with its heartbeat and its logs; and the step
alone, without and with each technique: bf16, TF32, the fused optimizer, compilation with CUDA graphs. All techniques
see the same batches. Operations are counted from the shapes that are worked on; the peak of bf16 is the vendor's, by
the device's name or --peak-tflops, and next to it is what a large product reaches here.

Checked are: the loss and the norm of the gradient of one step, dropout off, against fp32 on the CPU, to a relative
tolerance of {fp32: 1e-4, TF32: 5e-3, bf16: 2e-2}; and that no step waits for the device (CUDA's debug mode for
synchronisations, set to raise). With --device cpu everything else runs on the CPU, to try the script.

Printed: a table of techniques, the epoch, the checks; the last line is one JSON object. Exit code 1 where a check
fails, 2 where there is no such device.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import torch
from operations import matrix_rate, stated_peak, step_operations, wait_for
from synthetic import ITEMS, USERS, prepare_synthetic
from tables import as_table
from techniques import Technique, checked_outputs, network, techniques
from torch import Tensor

from bert4rec_tui.config import Config, with_assignments
from bert4rec_tui.config.presets import preset
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.store import find_dataset
from bert4rec_tui.errors import UserError
from bert4rec_tui.model.hardware import choose_device, choose_precision, set_up_process
from bert4rec_tui.runs.store import LocalRuns
from bert4rec_tui.settings import datasets_folder, runs_folder
from bert4rec_tui.training.batches import TrainingBatches
from bert4rec_tui.training.step import TrainingStep
from bert4rec_tui.training.trainer import Trainer

Known = TypeVar("Known")


def endless(batches: TrainingBatches) -> Iterator[tuple[Tensor, int, int]]:
    """Batches with their epoch and their number in it, epoch after epoch."""
    epoch = 0
    while True:
        for number, windows in enumerate(batches.batches(epoch)):
            yield windows, epoch, number
        epoch += 1


def timed_step(
    technique: Technique, dataset: PreparedDataset, config: Config, device: torch.device, steps: int
) -> dict[str, float]:
    """The time, the rate and the memory of a step, the mean over `steps`, each of which was taken once before."""
    config = technique.prepare(config)
    step = TrainingStep(network(dataset, config, device), config, device, technique.precision)
    for group in step.optimizer.param_groups:
        group["fused"] = True if technique.fused else None
    batches = list(islice(endless(TrainingBatches(dataset, config, device)), steps))
    operations = [step_operations(step.task(*batch), config.model, dataset.items) for batch in batches]
    # All shapes once before the clock, so that nothing is compiled under it.
    for windows, epoch, number in batches:
        step(windows, 1e-3, epoch, number)
    wait_for(device)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    began = time.perf_counter()
    for windows, epoch, number in batches:
        step(windows, 1e-3, epoch, number)
    wait_for(device)
    seconds = time.perf_counter() - began
    memory = torch.cuda.max_memory_allocated(device) / 2**20 if device.type == "cuda" else 0.0
    rate = sum(operations) / seconds / 1e12
    return {"ms": round(1000 * seconds / steps, 4), "tflops": significant(rate), "memory_mib": round(memory)}


def significant(value: float) -> float:
    """Four significant digits, for figures that span a tiny network and a large GPU."""
    return float(f"{value:.4g}")


def synchronisations(dataset: PreparedDataset, config: Config, device: torch.device, steps: int) -> str | None:
    """What the steps of a run wait for the device for: empty for nothing, None where it cannot be found out."""
    if device.type != "cuda":
        return None
    precision = choose_precision(config.training.precision, device)
    step = TrainingStep(network(dataset, config, device), config, device, precision)
    batches = TrainingBatches(dataset, config, device)
    for windows, number in zip(batches.batches(0), range(steps), strict=False):
        step(windows, 1e-3, 0, number)
    epoch = enumerate(batches.batches(0))
    _, windows = next(epoch)  # an epoch begins with a copy of where its windows are
    torch.cuda.set_sync_debug_mode("error")
    try:
        step(windows, 1e-3, 0, 0)
        for number, windows in epoch:
            if number >= steps:
                break
            step(windows, 1e-3, 0, number)
    except RuntimeError as error:
        return str(error).splitlines()[0]
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return ""


def timed_epochs(
    dataset: PreparedDataset, config: Config, device: torch.device, folder: Path, epochs: int
) -> dict[str, Any]:
    """Epochs as a run trains them: the first, in which all is compiled, apart; of the others the median."""
    config = msgspec.structs.replace(config, dataset=dataset.manifest.settings)
    run = LocalRuns(folder).create(config, dataset.id)
    precision = choose_precision(config.training.precision, device)
    trainer = Trainer(config, dataset, run.path, device, precision)
    steps = trainer.batches.steps_per_epoch
    operations = sum(
        step_operations(trainer.step.task(windows, 0, number), config.model, dataset.items)
        for number, windows in enumerate(trainer.batches.batches(0))
    )
    trainer.recorder.open(trainer.position, False, steps, str(device), precision)
    seconds: list[float] = []
    for _ in range(1 + epochs):
        wait_for(device)
        began = time.perf_counter()
        trainer.train_epoch()
        wait_for(device)
        seconds.append(time.perf_counter() - began)
    trainer.recorder.close()
    median = statistics.median(seconds[1:])
    return {
        "precision": precision,
        "first_s": round(seconds[0], 4),
        "epoch_s": round(median, 4),
        "steps": steps,
        "ms_per_step": round(1000 * median / steps, 4),
        "tflop": significant(operations / 1e12),
        "tflops": significant(operations / median / 1e12),
    }


def main() -> int:
    """Measure and check. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Epoch, step and correctness on a GPU.")
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1, or cpu to try the script")
    parser.add_argument("--dataset", default="", help="a prepared dataset; without it: synthetic, of ML-1M's size")
    parser.add_argument("--preset", default="notebook")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of it")
    parser.add_argument("--steps", type=int, default=100, help="timed for each technique")
    parser.add_argument("--epochs", type=int, default=5, help="timed after the first")
    parser.add_argument("--peak-tflops", type=float, help="of bf16, where the table does not have the device")
    parser.add_argument("--users", type=int, default=USERS, help="invented")
    parser.add_argument("--items", type=int, default=ITEMS, help="invented")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        try:
            device = choose_device(arguments.device, "--device")
            config = with_assignments(preset(arguments.preset), arguments.set)
            if arguments.dataset:
                dataset = find_dataset(arguments.dataset, datasets_folder())
            else:
                prepared = prepare_synthetic(Path(scratch), arguments.users, arguments.items)
                dataset = find_dataset(prepared, datasets_folder())
        except UserError as error:
            print(f"gpu: {error}", file=sys.stderr)
            return 2
        set_up_process(config.training.threads, False, device)
        found = measure(arguments, dataset, config, device, runs_folder() if not arguments.dataset else Path(scratch))
    return report(found)


def measure(
    arguments: argparse.Namespace, dataset: PreparedDataset, config: Config, device: torch.device, folder: Path
) -> dict[str, Any]:
    """All figures and checks."""
    cuda = device.type == "cuda"
    name = torch.cuda.get_device_name(device) if cuda else "CPU"
    size = 8192 if cuda else 512
    # First what a run does, while the process is set up as for a run; the techniques set it up in their own ways.
    plain = with_assignments(config, ["training.compile=off"])
    epoch_plain = told("epoch, not compiled", timed_epochs(dataset, plain, device, folder, arguments.epochs))
    waits = told("waits", synchronisations(dataset, plain, device, arguments.steps))
    epoch = told("epoch", timed_epochs(dataset, config, device, folder, arguments.epochs))
    return {
        "device": name,
        "torch": torch.__version__,
        "preset": arguments.preset,
        "set": arguments.set,
        "dataset": dataset.id,
        "users": dataset.users,
        "items": dataset.items,
        "peak_tflops": arguments.peak_tflops or stated_peak(name),
        "matrix_tflops": {
            "fp32": significant(matrix_rate(device, torch.float32, size) / 1e12),
            "bf16": significant(matrix_rate(device, torch.bfloat16, size) / 1e12),
        },
        "epoch": epoch,
        "epoch_not_compiled": epoch_plain,
        "synchronisations": waits,
        "outputs": told("outputs", checked_outputs(dataset, config, device)),
        "steps": {
            technique.name: told(technique.name, timed_step(technique, dataset, config, device, arguments.steps))
            for technique in techniques(device)
        },
    }


def told(name: str, found: Known) -> Known:
    """A part of what is found, printed on stderr as soon as it is known: compilation may take minutes, or fail."""
    print(f"{name}: {json.dumps(found)}", file=sys.stderr, flush=True)
    return found


def report(found: dict[str, Any]) -> int:
    """Print everything. Returns the exit code: 1 where a check has failed."""
    peak, epoch = found["peak_tflops"], found["epoch"]

    def share(tflops: float) -> str:
        return f"{100 * tflops / peak:.1f}%" if peak else "–"

    rows = [("step", "ms", "TFLOP/s", "of bf16 peak", "memory MiB", "error", "tolerance")]
    for name, values in found["steps"].items():
        check = found["outputs"][name]
        right = f"{check['relative_error']:.1e}" + ("" if check["within"] else " ✗")
        rate, memory = f"{values['tflops']:.3g}", f"{values['memory_mib']:,.0f}"
        rows.append(
            (name, f"{values['ms']:.3f}", rate, share(values["tflops"]), memory, right, f"{check['tolerance']:.0e}")
        )
    print(f"{found['device']}, torch {found['torch']}; preset {found['preset']}, {found['dataset']}: ", end="")
    print(f"{found['users']:,} users, {found['items']:,} items")
    print(as_table(rows))
    measured = found["matrix_tflops"]
    plain = found["epoch_not_compiled"]
    print(
        f"epoch, not compiled: {plain['epoch_s']:.3f} s, {plain['ms_per_step']:.2f} ms a step, "
        f"{share(plain['tflops'])} of the bf16 peak"
    )
    print(
        f"epoch: {epoch['epoch_s']:.3f} s in {epoch['precision']}, {epoch['steps']} steps of "
        f"{epoch['ms_per_step']:.2f} ms, {epoch['tflop']:.3g} TFLOP, {share(epoch['tflops'])} of the bf16 peak; "
        f"the first epoch {epoch['first_s']:.2f} s"
    )
    print(
        f"peak of bf16: {'not known, see --peak-tflops' if peak is None else f'{peak:g} TFLOP/s'}; "
        f"a large product reaches {measured['bf16']:.3g} here, in fp32 {measured['fp32']:.3g}"
    )
    waits = found["synchronisations"]
    said = "no step waits for the device" if waits == "" else f"✗ a step waits for the device: {waits}"
    print("waits for the device: known on CUDA only" if waits is None else said)
    print(json.dumps(found))
    return int(bool(waits) or not all(check["within"] for check in found["outputs"].values()))


if __name__ == "__main__":
    sys.exit(main())
