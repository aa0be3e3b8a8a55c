"""The optimizer, and the learning rate as a function of the step: nothing to save, nothing to replay."""

import math

import torch

from bert4rec_tui.config import TrainingConfig
from bert4rec_tui.model.bert4rec import Bert4Rec


def learning_rate_at(step: int, steps_per_epoch: int, config: TrainingConfig) -> float:
    """The learning rate of a step, counted from 0 over all epochs.

    It rises linearly over the warm-up, then stays, falls by steps, or falls along half a cosine to a hundredth.
    """
    warmup = config.warmup_epochs * steps_per_epoch
    if step < warmup:
        return config.learning_rate * (step + 1) / (warmup + 1)
    if config.schedule == "step":
        return config.learning_rate * config.step_factor ** (step // (config.step_epochs * steps_per_epoch))
    if config.schedule == "cosine":
        whole = max(1.0, config.epochs * steps_per_epoch - warmup)
        share = min(1.0, (step - warmup) / whole)
        return config.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share)))
    return config.learning_rate


def make_optimizer(model: Bert4Rec, config: TrainingConfig) -> torch.optim.Optimizer:
    """The optimizer over all weights that get gradients; biases and norms are not decayed."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    matrices = [weight for weight in weights if weight.dim() > 1]
    vectors = [weight for weight in weights if weight.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": config.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    fused = next(model.parameters()).device.type in ("cpu", "cuda")
    if config.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=config.learning_rate, momentum=config.momentum, fused=fused)
    kind = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.Adam
    return kind(groups, lr=config.learning_rate, fused=fused)
