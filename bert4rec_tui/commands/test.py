"""The command `test`: a checkpoint's ranks of held-out items, as metrics beside the baselines."""

from collections.abc import Sequence
from typing import Any

import torch

from bert4rec_tui.commands.device_for_test import device_for_test
from bert4rec_tui.commands.output import Output, duration
from bert4rec_tui.commands.protocols import wanted_protocols
from bert4rec_tui.config import Config
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.store import dataset_of
from bert4rec_tui.errors import UserError, WorkFailedError
from bert4rec_tui.evaluation.testing import run_test
from bert4rec_tui.model.hardware import choose_device, set_up_process
from bert4rec_tui.runs.store import CheckpointName, LocalRuns, Run
from bert4rec_tui.settings import datasets_folder, runs_folder


def run_test_command(
    reference: str, *, checkpoint: CheckpointName, protocols: list[str], device: str, as_json: bool
) -> None:
    """Test a run and print the table. Raises UserError."""
    output = Output(as_json)
    run = LocalRuns(runs_folder()).find(reference, checkpoint)
    wanted = wanted_protocols(run, protocols)
    dataset = dataset_of(run.config().dataset, datasets_folder())
    result = tested(run, dataset, checkpoint, wanted, device, output)
    output.result(result, as_text(result))


def tested(
    run: Run,
    dataset: PreparedDataset,
    checkpoint: CheckpointName,
    protocols: Sequence[str],
    device: str,
    output: Output,
) -> dict[str, Any]:
    """Test a checkpoint on a device, by default where the run was trained, and keep the result in the run.

    Without a device the test leaves a GPU alone that has no room for it, and says so.
    """
    config = run.config()
    if device:
        chosen = choose_device(device, "--device")
    else:
        source = LocalRuns(runs_folder())
        wanted = device_of(config, output)
        chosen, why = device_for_test(wanted, source, config, dataset, protocols, run.checkpoint(checkpoint))
        if why:
            output.say(why)
    set_up_process(config.training.threads, config.training.deterministic, chosen)
    try:
        return run_test(run, dataset, checkpoint, protocols, chosen, config.evaluation.test_precision, output.progress)
    except (torch.OutOfMemoryError, MemoryError):
        advice = "close what else takes memory" if chosen.type == "cpu" else "test it with --device cpu"
        raise WorkFailedError(f"{run.id}: out of memory on {chosen}; {advice}") from None


def device_of(config: Config, output: Output) -> torch.device:
    """Where the run was trained, or what there is where this machine has no such device."""
    try:
        return choose_device(config.training.device)
    except UserError:
        chosen = choose_device("auto")
        output.say(f"this run was to train on {config.training.device}, which is not here; it is tested on {chosen}")
        return chosen


def as_text(result: dict[str, Any]) -> str:
    """The result as a table: a metric a line, a protocol a column, the model and the baselines beside each other."""
    protocols: dict[str, dict[str, dict[str, float]]] = result["protocols"]
    baselines: dict[str, dict[str, dict[str, dict[str, float]]]] = result["baselines"]
    lines = [
        f"{result['run']} · {result['checkpoint']} (epoch {result['epoch']}) · {result['objective']} · test set · "
        f"{result['users']:,} users · {duration(result['seconds'])}"
    ]
    names = list(dict.fromkeys(name for metrics in protocols.values() for name in metrics))
    for protocol, metrics in protocols.items():
        lines += ["", f"{protocol:<16}{'model':>8} {'95% interval':>17}" + "".join(f"{b:>12}" for b in baselines)]
        for name in names:
            if name not in metrics:
                continue
            value = metrics[name]
            interval = f"[{value['low']:.4f}, {value['high']:.4f}]" if value.get("low") is not None else ""
            beside = "".join(f"{_number(name, rows[protocol][name]['value']):>12}" for rows in baselines.values())
            lines.append(f"{name:<16}{_number(name, value['value']):>8} {interval:>17}{beside}")
    short = {protocol: users for protocol, users in result["short_users"].items() if users}
    if short or result["untrained_targets"] or result["newcomers"] or result["left_out"]:
        lines.append("")
    lines += [
        f"{protocol}: {users:,} users have fewer unseen items than the protocol draws"
        for protocol, users in short.items()
    ]
    if result["untrained_targets"]:
        lines.append(f"{result['untrained_targets']:,} targets never occur in training; they count as any other")
    if result["newcomers"]:
        lines.append(
            f"{result['newcomers']:,} users have nothing before their first item in the test: they are left out"
        )
    if result["left_out"]:
        lines.append(result["left_out"])
    return "\n".join(lines)


def _number(name: str, value: float) -> str:
    return f"{value:,.0f}" if name.startswith("popularity") else f"{value:.4f}"
