"""The command `test`: the metrics of a checkpoint on the test set, next to those of the baselines."""

from collections.abc import Sequence
from typing import Any

import torch

from bert4rec_tui.commands.device_for_test import device_for_test
from bert4rec_tui.commands.output import Output, duration
from bert4rec_tui.commands.protocols import wanted_protocols
from bert4rec_tui.config import Config
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.nouns import Noun
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
    result = test_and_store(run, dataset, checkpoint, wanted, device, output)
    output.result(result, as_text(result, dataset.noun))


def test_and_store(
    run: Run,
    dataset: PreparedDataset,
    checkpoint: CheckpointName,
    protocols: Sequence[str],
    device: str,
    output: Output,
) -> dict[str, Any]:
    """Test a checkpoint on a device, by default the one the run was trained on, and store the result in the run.

    Without a device, a GPU with too little free memory is not used; a message says so.
    """
    config = run.config()
    if device:
        chosen = choose_device(device, "--device")
    else:
        source = LocalRuns(runs_folder())
        wanted = device_of(config, output)
        chosen, why = device_for_test(wanted, source, config, dataset, protocols, run.checkpoint(checkpoint))
        if why:
            output.message(why)
    set_up_process(config.training.threads, config.training.deterministic, chosen)
    try:
        return run_test(run, dataset, checkpoint, protocols, chosen, config.evaluation.test_precision, output.progress)
    except (torch.OutOfMemoryError, MemoryError):
        advice = "close other programs" if chosen.type == "cpu" else "use --device cpu"
        raise WorkFailedError(f"{run.id}: out of memory on {chosen}; {advice}") from None


def device_of(config: Config, output: Output) -> torch.device:
    """The device the run was trained on, or another where this machine has no such device."""
    try:
        return choose_device(config.training.device)
    except UserError:
        chosen = choose_device("auto")
        output.message(
            f"this machine has no {config.training.device}, on which the run was trained; testing on {chosen}"
        )
        return chosen


def as_text(result: dict[str, Any], noun: Noun) -> str:
    """The result as text: a table per protocol with a line per metric, the model and the baselines side by side."""
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
            others = "".join(f"{_number(name, rows[protocol][name]['value']):>12}" for rows in baselines.values())
            lines.append(f"{name:<16}{_number(name, value['value']):>8} {interval:>17}{others}")
    short = {protocol: users for protocol, users in result["short_users"].items() if users}
    others = ("untrained_targets", "newcomers", "repeated_targets", "left_out")
    if short or any(result[name] for name in others):
        lines.append("")
    lines += [
        f"{protocol}: {users:,} {users_word(users)} with fewer unseen {noun.several} than negatives of the protocol"
        for protocol, users in short.items()
    ]
    if result["untrained_targets"]:
        lines.append(f"{result['untrained_targets']:,} cold test {noun.of(result['untrained_targets'])}, included")
    if result["newcomers"]:
        users = users_word(result["newcomers"])
        lines.append(f"{result['newcomers']:,} {users} without interactions before the test {noun.one}, excluded")
    if result["repeated_targets"]:
        lines.append(_repeats(result, noun))
    if result["left_out"]:
        lines.append(result["left_out"])
    return "\n".join(lines)


def _repeats(result: dict[str, Any], noun: Noun) -> str:
    """How many targets the user had before, and what the metric is without them."""
    count, metric = result["repeated_targets"], "NDCG@10"
    text = f"{count:,} test {noun.of(count)} that the user had before, ranked among unseen {noun.several}"
    figures = [
        f"{protocol} {metrics[metric]['value']:.4f}"
        for protocol, metrics in result["new_targets"].items()
        if metric in metrics
    ]
    return f"{text}; {metric} without them: {', '.join(figures)}" if figures else text


def users_word(number: int) -> str:
    """`user` or `users`, as it follows a number."""
    return "user" if number == 1 else "users"


def _number(name: str, value: float) -> str:
    return f"{value:,.0f}" if name.startswith("popularity") else f"{value:.4f}"
