"""The loss against sampled items, computed with the rows of the tables that a step uses."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from bert4rec_tui.config import TrainingConfig
from bert4rec_tui.data.compatibility import too_many_negatives
from bert4rec_tui.errors import UserError
from bert4rec_tui.model.bert4rec import Bert4Rec
from bert4rec_tui.model.losses import (
    gbce,
    gbce_beta,
    gbce_level,
    mask_accidental_hits,
    sample_negatives,
    sampled_softmax,
    sum_in_pieces,
)
from bert4rec_tui.model.objectives import IGNORED, Task
from bert4rec_tui.model.rows import Rows
from bert4rec_tui.training.compilation import has_fixed_shapes
from bert4rec_tui.training.distributed import ALONE, World
from bert4rec_tui.training.row_updates import Table
from bert4rec_tui.training.seeds import generator_at


def catalogue_tables(model: Bert4Rec) -> dict[str, torch.nn.Parameter]:
    """The weights whose size is that of the catalogue, by name."""
    weights = {name.removesuffix(".weight"): weight for name, weight in model.named_parameters()}
    return {name: weights[name] for name in ("token", "head_weight", "head_bias") if name in weights}


@dataclass(frozen=True)
class StepRows:
    """The items that a step samples, and the rows that it uses.

    sampled: (K,) int64. rows: the rows of each table, by its name; a tied head shares those of the tokens.
    """

    sampled: Tensor
    rows: dict[str, Rows]

    def leaves(self) -> list[Tensor]:
        """What gets gradients in place of the tables."""
        return [rows.small for rows in self.rows.values()]


class NegativeSampling:
    """The loss of a step against items sampled for it, and the tables of which it needs some rows."""

    def __init__(self, model: Bert4Rec, config: TrainingConfig, device: torch.device, world: World = ALONE) -> None:
        check_negative_count(config, model.items)
        self.model, self.config, self.device, self.world = model, config, device, world
        self.tables = {name: Table(weight, config) for name, weight in catalogue_tables(model).items()}
        for weight in catalogue_tables(model).values():
            weight.requires_grad_(False)
        self.beta = gbce_beta(model.items, config.negatives, config.gbce_t)

    def sample(self, task: Task, epoch: int, step: int) -> StepRows:
        """Draw items for a step, and copy the rows that it will read.

        The same items are sampled whenever the step is done again, on every rank that takes part in it.
        """
        generator = generator_at(self.device, self.config.seed, epoch, step, "negatives")
        return self.copy_rows(task, sample_negatives(self.model.items, self.config.negatives, generator))

    def copy_rows(self, task: Task, sampled: Tensor) -> StepRows:
        """Copy the rows that this rank or another will read.

        sampled: (K,) int64, the sampled items, all different.
        """
        scored = torch.cat([self._real(task.targets, sampled), sampled])
        tokens = torch.cat([task.tokens.flatten(), sampled.new_zeros(1)])  # padding, whose row stays zero, comes first
        if self.model.head_weight is None:
            tokens = torch.cat([tokens, scored])
        tokens, scored = self.world.gather(tokens), self.world.gather(scored)
        fixed = has_fixed_shapes(self.config, self.device)
        rows = {"token": Rows(self.tables["token"].weight, tokens, fixed=fixed)}
        for name in ("head_weight", "head_bias"):
            if name in self.tables:
                rows[name] = Rows(self.tables[name].weight, scored, offset=1, fixed=fixed)
        return StepRows(sampled, rows)

    def exchange(self, step_rows: StepRows) -> None:
        """Sum the gradients of the rows over all ranks, each of which uses the same."""
        for leaf in step_rows.leaves():
            if leaf.grad is not None:
                self.world.sum_over_ranks(leaf.grad)

    def loss_sum(self, task: Task, step_rows: StepRows, encode: Callable[..., Tensor] | None = None) -> Tensor:
        """The loss of a task, or of a slice of it, summed over its targets. Returns () float32.

        encode: the network's, where it is compiled.
        """
        encode = encode or self.model.encode
        tokens, bias = step_rows.rows["token"], step_rows.rows.get("head_bias")
        head = step_rows.rows.get("head_weight", tokens)
        encoded = encode(task.tokens, task.queries, tokens(task.tokens, padding=True))  # (M, D)
        targets = self._real(task.targets, step_rows.sampled)
        wanted = (encoded.float() * head(targets)).sum(1)  # (M,)
        if bias is not None:
            wanted = wanted + bias(targets).squeeze(1)
        sampled_bias = None if bias is None else bias(step_rows.sampled).squeeze(1)

        def loss_of(wanted: Tensor, others: Tensor, part: slice) -> Tensor:
            others, left = mask_accidental_hits(others, targets[part], step_rows.sampled)
            if self.config.loss == "gbce":
                losses = gbce(wanted, others, self.beta)
            else:
                losses = sampled_softmax(wanted, others, left, self.model.items)
            return losses.masked_fill(task.targets[part] == IGNORED, 0.0).sum()

        return sum_in_pieces(encoded, wanted, head(step_rows.sampled), sampled_bias, loss_of)

    def update(self, step_rows: StepRows, rate: float) -> None:
        """Update the rows of a step by their gradients."""
        for name, rows in step_rows.rows.items():
            self.tables[name].update(rows, rate)

    def _real(self, targets: Tensor, sampled: Tensor) -> Tensor:
        """The targets, and where a slot is not used an item that is used anyway, whose loss is left out."""
        return targets.where(targets != IGNORED, sampled[0])


def bias_level(config: TrainingConfig, items: int) -> float | None:
    """Where the output bias starts with a loss for which its height counts; None for the others."""
    check_negative_count(config, items)
    return gbce_level(items, config.negatives, config.gbce_t) if config.loss == "gbce" else None


def check_negative_count(config: TrainingConfig, items: int) -> None:
    """Raises UserError where as many items are to be sampled as there are."""
    if demand := too_many_negatives(config, items):
        raise UserError(str(demand))
