"""The ways to compute a training step on a device, and whether each agrees with fp32 on the CPU."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bert4rec_tui.config import Config, with_assignments
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.model.bert4rec import Bert4Rec, Queries
from bert4rec_tui.model.objectives import Slots, Task, causal_task, cloze_task
from bert4rec_tui.training.batches import TrainingBatches
from bert4rec_tui.training.step import TrainingStep

TOLERANCES = {"fp32": 1e-4, "TF32": 5e-3, "bf16": 2e-2}


@dataclass(frozen=True)
class Technique:
    """How a step is computed. tf32: whether fp32 products may be rounded. fused: the optimizer in one kernel."""

    name: str
    precision: str
    tf32: bool = False
    fused: bool = False
    compiled: bool = False

    @property
    def arithmetic(self) -> str:
        """What its tolerance depends on."""
        return "TF32" if self.tf32 else self.precision

    def prepare(self, config: Config) -> Config:
        """Set this process up for the technique, and the configuration."""
        torch.set_float32_matmul_precision("high" if self.tf32 else "highest")
        compiled = "on" if self.compiled else "off"
        return with_assignments(config, [f"training.precision={self.precision}", f"training.compile={compiled}"])


def techniques(device: torch.device) -> list[Technique]:
    """What is timed there, each line one technique more than a line before."""
    found = [Technique("fp32", "fp32")]
    if device.type == "cuda":
        found.append(Technique("fp32, TF32", "fp32", tf32=True))
    found += [Technique("bf16", "bf16"), Technique("bf16, fused optimizer", "bf16", fused=True)]
    if device.type == "cuda":  # on a CPU the compiler takes minutes, and changes little
        found.append(Technique("bf16, fused, compiled", "bf16", fused=True, compiled=True))
    return found


class GivenTask(TrainingStep):
    """A step whose task is given, so that two devices answer the same question."""

    given: Task

    def task(self, windows: Tensor, epoch: int, step: int) -> Task:
        """The given one."""
        del windows, epoch, step
        return self.given


def network(dataset: PreparedDataset, config: Config, device: torch.device) -> Bert4Rec:
    """The network as training begins with it."""
    model = Bert4Rec(dataset.items, config.model)
    model.initialise_from_popularity(torch.from_numpy(np.array(dataset.train_counts)))
    return model.to(device).train()


def on(device: torch.device, task: Task) -> Task:
    """A task, moved to a device."""
    columns, chosen = task.queries.columns, task.queries.chosen
    moved = Queries(
        None if columns is None else columns.to(device),
        None if chosen is None else chosen.to(device),
    )
    return Task(task.tokens.to(device), moved, task.targets.to(device), task.overflow.to(device))


def outputs(
    technique: Technique, dataset: PreparedDataset, config: Config, device: torch.device, windows: Tensor, task: Task
) -> tuple[float, float]:
    """The loss and the norm of the gradient of the first step there."""
    config = technique.prepare(config)
    step = GivenTask(network(dataset, config, device), config, device, technique.precision)
    step.given = on(device, task)
    loss, norm = step(windows.to(device), 0.0, 0, 0)
    return float(loss), float(norm)


def checked_outputs(dataset: PreparedDataset, config: Config, device: torch.device) -> dict[str, Any]:
    """Each technique's outputs compared with those of fp32 on the CPU, dropout off."""
    config = with_assignments(config, ["model.dropout=0.0"])
    cpu, training = torch.device("cpu"), config.training
    windows = next(TrainingBatches(dataset, config, cpu).batches(0))
    if config.model.objective == "causal":
        task = causal_task(windows, fixed=True)
    else:
        slots = Slots.for_rate(windows.size(0), windows.size(1), training.mask_rate)
        rates, generator = (training.mask_rate, training.last_item_rate), torch.Generator().manual_seed(0)
        task = cloze_task(windows, dataset.items, *rates, generator, slots)
    right = outputs(Technique("fp32", "fp32"), dataset, config, cpu, windows, task)
    found: dict[str, Any] = {}
    for technique in techniques(device):
        got = outputs(technique, dataset, config, device, windows, task)
        error = max(abs(one - other) / abs(other) for one, other in zip(got, right, strict=True))
        tolerance = TOLERANCES[technique.arithmetic]
        found[technique.name] = {
            "relative_error": float(f"{error:.4g}"),
            "tolerance": tolerance,
            "within": error <= tolerance,
        }
    return found
