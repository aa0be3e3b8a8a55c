"""The figures of a run before it is launched: parameters, steps, memory, disk. Pure arithmetic, no torch."""

from dataclasses import dataclass
from math import ceil

import numpy as np

from bert4rec_tui.config import Config, ModelConfig
from bert4rec_tui.data.dataset import PreparedDataset

BYTES = 4  # of a weight, its gradient and its optimizer state, all in fp32
COPIES = {"adamw": 2, "adam": 2, "sgd": 1}
# Activations kept for the backward pass in a block, in values of (batch, length, hidden): LayerNorms, q, k, v, the
# output of attention, residuals, dropout masks; the feed-forward's own are counted by its width.
KEPT_IN_BLOCK = 18
# On a CPU a step is computed in slices of so many bytes of the widest activation, and scores in pieces.
SLICE, SCORES_ON_CPU, SCORES_ON_GPU = 16_000_000, 2**22, 2**30
# What is used besides: on a CPU Python, torch and its libraries; on a GPU the catalogue's scores in a validation.
RUNTIME, VALIDATION_ON_GPU = 330 * 2**20, 2**29


@dataclass(frozen=True)
class Preflight:
    """The figures of a run.

    `windows` and `steps` are those of an epoch; `covered` is the share of the training interactions in its windows;
    `memory` and `disk` are bytes.
    """

    parameters: int
    windows: int
    steps: int
    epochs: int
    covered: float
    memory: int
    disk: int
    processes: int = 1


def parameters(model: ModelConfig, items: int) -> int:
    """How many weights the network has for a catalogue of `items`."""
    d, f = model.hidden, model.feed_forward
    embeddings = (items + 2) * d + model.max_len * d + 2 * d
    block = (d * 3 * d + 3 * d) + (d * d + d) + (d * f * d + f * d) + (f * d * d + d) + 4 * d
    head = (0 if model.tied_head else items * d) + (items if model.output_bias else 0)
    return embeddings + model.blocks * block + 2 * d + head


def _with_a_window(lengths: np.ndarray, config: Config) -> np.ndarray:
    """The lengths of the histories that are long enough to predict something in."""
    return lengths[lengths >= (2 if config.model.objective == "causal" else 1)]


def windows(lengths: np.ndarray, config: Config) -> int:
    """The number of windows in an epoch; `lengths` are the trained part of each history."""
    trained = _with_a_window(lengths, config)
    if config.training.windows != "sliding":
        return len(trained)
    # As `TrainingBatches` cuts them.
    length = config.model.max_len + (config.model.objective == "causal")
    stride = min(config.training.window_stride or max(1, config.model.max_len // 2), config.model.max_len)
    return int(np.sum(1 + np.ceil(np.maximum(trained - length, 0) / stride)))


def window_tokens(lengths: np.ndarray, config: Config) -> float:
    """The number of items in all windows of an epoch."""
    trained = _with_a_window(lengths, config)
    tokens = float(np.minimum(trained, config.model.max_len).sum())
    more = windows(lengths, config) - len(trained)
    return tokens + more * config.model.max_len  # whoever has more than one window has full ones


def memory(config: Config, items: int, tokens: float, on_gpu: bool = False) -> int:
    """About how many bytes training takes: of a GPU, or on a CPU of the machine, the program itself included.

    tokens: the mean length of a window. `benchmarks/memory.py` compares it with measured peaks.
    """
    model, training = config.model, config.training
    batch = training.batch_size / (training.processes * training.machines)
    copies = COPIES[training.optimizer]
    weights = parameters(model, items) * BYTES * (2 + copies)
    value = 2 if training.precision == "bf16" else BYTES
    # Batches are cut to their longest window: the largest has windows of full length.
    largest = batch * model.max_len
    if not on_gpu:
        largest = min(largest, max(8 * model.max_len, SLICE / (BYTES * model.feed_forward * model.hidden)))
    in_block = largest * model.hidden * (KEPT_IN_BLOCK + 2 * model.feed_forward) * value
    targets = batch * max(1.0, tokens * (training.mask_rate if model.objective == "cloze" else 1.0))
    candidates = items if training.loss == "full" else training.negatives
    scores = min(targets * candidates * BYTES, SCORES_ON_GPU if on_gpu else SCORES_ON_CPU) * 2
    if training.loss != "full":
        # The tables of the catalogue have no gradient; the rows that a step uses are copied and get one.
        tables = 1 if model.tied_head else 2
        used = min(items, batch * tokens + targets + training.negatives)
        weights += tables * model.hidden * BYTES * (used * (2 + copies) - items)
    return int(weights + model.blocks * in_block + scores + (VALIDATION_ON_GPU if on_gpu else RUNTIME))


def preflight(config: Config, dataset: PreparedDataset, on_gpu: bool = False) -> Preflight:
    """The figures of a run of this configuration on a prepared dataset, trained on a GPU or on the CPU."""
    lengths = np.asarray(dataset.split.train_end)
    count = windows(lengths, config)
    tokens = window_tokens(lengths, config) / count if count else 0.0
    size = parameters(config.model, dataset.items)
    return Preflight(
        parameters=size,
        windows=count,
        steps=ceil(count / config.training.batch_size),
        epochs=config.training.epochs,
        covered=_share_covered(lengths, config),
        memory=memory(config, dataset.items, tokens, on_gpu),
        # `last` holds the weights and the optimizer state, `best` the weights alone.
        disk=size * BYTES * (2 + COPIES[config.training.optimizer]),
        processes=config.training.processes,
    )


def _share_covered(lengths: np.ndarray, config: Config) -> float:
    """The share of the training interactions in the windows of an epoch: all of them where the windows slide."""
    total = float(lengths.sum())
    if config.training.windows == "sliding":
        return 1.0 if total else 0.0
    return float(np.minimum(lengths, config.model.max_len).sum()) / total if total else 0.0


def multiplications(config: Config, dataset: PreparedDataset) -> float:
    """The multiplications of an epoch, to scale the time of one configuration to another."""
    lengths = np.asarray(dataset.split.train_end)
    tokens = window_tokens(lengths, config)
    d, model = config.model.hidden, config.model
    in_blocks = tokens * model.blocks * d * d * (4 + 2 * model.feed_forward)
    scored = tokens * (config.training.mask_rate if model.objective == "cloze" else 1.0)
    candidates = dataset.items if config.training.loss == "full" else config.training.negatives
    return 3 * (in_blocks + scored * d * candidates)
