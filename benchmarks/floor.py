"""Where the time of a training epoch goes, and how far it is from its floor: its matrix products at the machine's rate.

usage: python benchmarks/floor.py [--dataset NAME] [--preset notebook] [--set KEY=VALUE]… [--profiled 12]

Without --dataset the histories are synthetic, of MovieLens-1M's size. On the CPU: one epoch after some steps to warm
up, as steps alone, without logs and checkpoints; the operations of its products, counted from the shapes computed; the
rate of a large square product, best of ten, in fp32 and, where the CPU has it, in bf16; from these two the floor. Then
torch.profiler over some steps, by kind of operation; a profiled step is slower, so only shares are printed. The last
line is one JSON object.
"""

import argparse
import json
import tempfile
import time
from collections import defaultdict
from itertools import islice
from pathlib import Path

import torch
from operations import matrix_rate, step_operations
from synthetic import prepare_synthetic
from tables import as_table
from techniques import network
from torch.profiler import ProfilerActivity, profile

from bert4rec_tui.config import with_assignments
from bert4rec_tui.config.presets import preset
from bert4rec_tui.data.store import find_dataset
from bert4rec_tui.model.hardware import choose_precision, has_fast_bf16, set_up_process
from bert4rec_tui.settings import datasets_folder
from bert4rec_tui.training.batches import TrainingBatches
from bert4rec_tui.training.step import TrainingStep

# The first kind of which a word is in the operator's name.
KINDS = {
    "attention": ("scaled_dot_product", "flash_attention", "bmm", "aten::_softmax"),
    "products of matrices": ("::mm", "addmm", "linear", "addmv"),
    "softmax of the head": ("softmax", "FullSoftmax", "nll_loss", "exp_", "amax"),
    "GELU": ("gelu",),
    "dropout": ("random_", "Dropout", "bitwise_and", "::ge", "::neg", "::where", "bernoulli"),
    "LayerNorm": ("layer_norm",),
    "lookups": ("index", "gather", "embedding", "scatter", "sort"),
    "copies and fills": ("copy_", "fill_", "zero_", "::cat", "empty", "clone", "contiguous"),
    "optimizer": ("adam", "Optimizer", "_foreach", "norm"),
}


def kind_of(name: str) -> str:
    """The kind of an operator of the profiler."""
    return next((kind for kind, words in KINDS.items() if any(word in name for word in words)), "everything else")


def main() -> None:
    """Time an epoch, profile some steps, and print both with the floor."""
    parser = argparse.ArgumentParser(description="Where the time of an epoch goes, and its floor.")
    parser.add_argument("--dataset", help="a prepared dataset, instead of a synthetic one")
    parser.add_argument("--preset", default="notebook")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--profiled", type=int, default=12, help="steps under the profiler")
    arguments = parser.parse_args()
    device = torch.device("cpu")
    with tempfile.TemporaryDirectory() as scratch:
        name = arguments.dataset or prepare_synthetic(Path(scratch))
        dataset = find_dataset(name, datasets_folder())
        config = with_assignments(preset(arguments.preset), [*arguments.set, "training.device=cpu"])
        set_up_process(config.training.threads, False, device)
        precision = choose_precision(config.training.precision, device)
        step = TrainingStep(network(dataset, config, device), config, device, precision)
        batches = TrainingBatches(dataset, config, device, step.fixed_shapes)
        for number, windows in enumerate(islice(batches.batches(1), 4)):
            step(windows, 1e-3, 1, number)
        epoch = list(batches.batches(0))
        operations = sum(
            step_operations(step.task(windows, 0, number), config.model, dataset.items)
            for number, windows in enumerate(epoch)
        )
        began = time.perf_counter()
        for number, windows in enumerate(epoch):
            step(windows, 1e-3, 0, number)
        seconds = time.perf_counter() - began
        kinds = {"fp32": torch.float32} | ({"bf16": torch.bfloat16} if has_fast_bf16(device) else {})
        rates = {name: matrix_rate(device, kind, 2048) for name, kind in kinds.items()}
        with profile(activities=[ProfilerActivity.CPU]) as profiled:
            for number, windows in enumerate(epoch[: arguments.profiled]):
                step(windows, 1e-3, 0, number)
    spent: dict[str, float] = defaultdict(float)
    for event in profiled.key_averages():
        spent[kind_of(event.key)] += event.self_cpu_time_total
    whole = sum(spent.values())
    shares = {kind: round(time / whole, 3) for kind, time in sorted(spent.items(), key=lambda pair: -pair[1])}
    floor = operations / rates[precision]
    print(f"preset {config.preset}, {precision}, {torch.get_num_threads()} threads; {dataset.id}, {len(epoch)} steps")
    rows = [("an epoch's products", f"{operations / 1e12:.2f} TFLOP")]
    rows += [(f"rate of a large product, {name}", f"{rate / 1e9:.0f} GFLOP/s") for name, rate in rates.items()]
    rows += [("floor", f"{floor:.1f} s"), ("epoch", f"{seconds:.1f} s"), ("of the rate", f"{floor / seconds:.0%}")]
    print("\n" + as_table([("", ""), *rows]) + "\n")
    print(as_table([("time of a step", "share"), *((kind, f"{share:.0%}") for kind, share in shares.items())]))
    record = {
        "preset": config.preset,
        "set": arguments.set,
        "precision": precision,
        "tflop": round(operations / 1e12, 3),
        "gflops": {name: round(rate / 1e9) for name, rate in rates.items()},
        "floor_s": round(floor, 2),
        "epoch_s": round(seconds, 2),
        "shares": shares,
    }
    print(json.dumps(record))


if __name__ == "__main__":
    main()
