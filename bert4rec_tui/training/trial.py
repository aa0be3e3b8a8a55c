"""A few steps of a configuration, to learn what an epoch will cost here; nothing is kept of them."""

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from bert4rec_tui.config import Config
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.evaluation.ranking import ModelScorer, Question, held_out, rank
from bert4rec_tui.model.bert4rec import Bert4Rec
from bert4rec_tui.training.batches import TrainingBatches
from bert4rec_tui.training.compilation import has_fixed_shapes
from bert4rec_tui.training.distributed import World
from bert4rec_tui.training.step import TrainingStep

WARM_UP = 2  # steps before the clock: the first ones meet cold caches and fresh memory
LEAST_STEPS, MOST_STEPS = 4, 40
SECONDS = 5.0
MOST_USERS = 512  # whose validation items are ranked


@dataclass(frozen=True)
class Trial:
    """What an epoch will cost: seconds of its steps and of its validation, and the peak of memory in bytes.

    steps: how many were timed. memory: of the tensors on a GPU; on a CPU of the whole process. ranks: of how many
    processes that share each batch this was one; memory is of each.
    """

    steps: int
    step_seconds: float
    epoch_seconds: float
    validation_seconds: float
    memory: int
    ranks: int = 1


def try_out(
    config: Config,
    dataset: PreparedDataset,
    device: torch.device,
    precision: str,
    advance: Callable[[int, int], None] | None = None,
) -> Trial:
    """Take some steps of the first epoch and rank some users, as a run would.

    The steps come in the random order of the epoch, long and short histories alike, so their mean is that of the epoch.
    Where the step is compiled, what that takes for each shape is left out. Of a run of several processes the share
    of one is worked, of each batch and of the validation; what they would exchange is not. advance: called with the
    steps taken and how many are meant.
    """
    ranks = config.training.processes * config.training.machines
    batches = TrainingBatches(dataset, config, device, has_fixed_shapes(config.training, device))
    model = Bert4Rec(dataset.items, config.model).to(device).train()
    step = TrainingStep(model, config, device, precision)
    meant = min(batches.steps_per_epoch, WARM_UP + MOST_STEPS)
    warm_up = min(WARM_UP, meant - 1)
    began, timed, compiling = time.perf_counter(), 0, 0.0
    for number, windows in enumerate(batches.batches(0)):
        if number == warm_up:
            _wait_for(device)
            began, compiling = time.perf_counter(), step.compilation.all_seconds
        if number == meant or (timed >= LEAST_STEPS and time.perf_counter() - began > SECONDS):
            break
        step(windows[World(size=ranks).rows(len(windows))], config.training.learning_rate, 0, number)
        timed = max(0, number + 1 - warm_up)
        if advance:
            advance(number + 1, meant)
    _wait_for(device)
    compiling = step.compilation.all_seconds - compiling  # of a shape that came late
    step_seconds = (time.perf_counter() - began - compiling) / max(1, timed)
    evaluation = config.evaluation
    whole = held_out(dataset, "validation", evaluation.protocols, evaluation.negatives_seed, device, batches.items)
    some = _some_of(whole)
    began = time.perf_counter()
    rank(ModelScorer(model.eval(), precision), some, evaluation.batch_size)
    _wait_for(device)
    validation = (time.perf_counter() - began) * len(whole.users) / max(1, len(some.users)) / ranks
    epoch = step_seconds * batches.steps_per_epoch
    return Trial(timed, step_seconds, epoch, validation, _peak_memory(device), ranks)


def _some_of(question: Question) -> Question:
    """Every so many of its users, so that histories of all lengths are among them."""
    every = slice(None, None, max(1, len(question.users) // MOST_USERS))
    return replace(
        question,
        users=question.users[every],
        starts=question.starts[every],
        targets=question.targets[every],
        negatives={protocol: drawn[every] for protocol, drawn in question.negatives.items()},
    )


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _peak_memory(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
