"""The loss against drawn items, worked with the rows of the tables that a step meets."""

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
    """What a step meets.

    drawn: (K,) int64. rows: the rows of each table, by its name; a tied head shares those of the tokens.
    """

    drawn: Tensor
    rows: dict[str, Rows]

    def leaves(self) -> list[Tensor]:
        """What gets gradients in place of the tables."""
        return [rows.small for rows in self.rows.values()]


class NegativeSampling:
    """The loss of a step against items drawn for it, and the tables of which it needs some rows."""

    def __init__(self, model: Bert4Rec, config: TrainingConfig, device: torch.device, world: World = ALONE) -> None:
        check_negative_count(config, model.items)
        self.model, self.config, self.device, self.world = model, config, device, world
        self.tables = {name: Table(weight, config) for name, weight in catalogue_tables(model).items()}
        for weight in catalogue_tables(model).values():
            weight.requires_grad_(False)
        self.beta = gbce_beta(model.items, config.negatives, config.gbce_t)

    def meet(self, task: Task, epoch: int, step: int) -> StepRows:
        """Draw items for a step, and copy the rows that it will read.

        The same items are drawn whenever the step is done again, on every rank that takes part in it.
        """
        generator = generator_at(self.device, self.config.seed, epoch, step, "negatives")
        return self.copy_rows(task, sample_negatives(self.model.items, self.config.negatives, generator))

    def copy_rows(self, task: Task, drawn: Tensor) -> StepRows:
        """Copy the rows that this rank or another will read.

        drawn: (K,) int64, the drawn items, all different.
        """
        scored = torch.cat([self._real(task.targets, drawn), drawn])
        tokens = torch.cat([task.tokens.flatten(), drawn.new_zeros(1)])  # padding, whose row stays zero, comes first
        if self.model.head_weight is None:
            tokens = torch.cat([tokens, scored])
        tokens, scored = self.world.gather(tokens), self.world.gather(scored)
        fixed = has_fixed_shapes(self.config, self.device)
        rows = {"token": Rows(self.tables["token"].weight, tokens, fixed=fixed)}
        for name in ("head_weight", "head_bias"):
            if name in self.tables:
                rows[name] = Rows(self.tables[name].weight, scored, offset=1, fixed=fixed)
        return StepRows(drawn, rows)

    def exchange(self, met: StepRows) -> None:
        """Sum the gradients of the rows met over all ranks, each of which has met the same."""
        for leaf in met.leaves():
            if leaf.grad is not None:
                self.world.sum_over_ranks(leaf.grad)

    def loss_sum(self, task: Task, met: StepRows, encode: Callable[..., Tensor] | None = None) -> Tensor:
        """The loss of a task, or of a slice of it, summed over its targets. Returns () float32.

        encode: the network's, where it is compiled.
        """
        encode = encode or self.model.encode
        tokens, bias = met.rows["token"], met.rows.get("head_bias")
        head = met.rows.get("head_weight", tokens)
        encoded = encode(task.tokens, task.queries, tokens(task.tokens, padding=True))  # (M, D)
        targets = self._real(task.targets, met.drawn)
        wanted = (encoded.float() * head(targets)).sum(1)  # (M,)
        if bias is not None:
            wanted = wanted + bias(targets).squeeze(1)
        drawn_bias = None if bias is None else bias(met.drawn).squeeze(1)

        def loss_of(wanted: Tensor, others: Tensor, part: slice) -> Tensor:
            others, left = mask_accidental_hits(others, targets[part], met.drawn)
            if self.config.loss == "gbce":
                losses = gbce(wanted, others, self.beta)
            else:
                losses = sampled_softmax(wanted, others, left, self.model.items)
            return losses.masked_fill(task.targets[part] == IGNORED, 0.0).sum()

        return sum_in_pieces(encoded, wanted, head(met.drawn), drawn_bias, loss_of)

    def update(self, met: StepRows, rate: float) -> None:
        """Update the rows that a step met, by their gradients."""
        for name, rows in met.rows.items():
            self.tables[name].update(rows, rate)

    def _real(self, targets: Tensor, drawn: Tensor) -> Tensor:
        """The targets, and where a slot is not used an item that is met anyway, whose loss is left out."""
        return targets.where(targets != IGNORED, drawn[0])


def bias_level(config: TrainingConfig, items: int) -> float | None:
    """Where the output bias starts with a loss for which its height counts; None for the others."""
    check_negative_count(config, items)
    return gbce_level(items, config.negatives, config.gbce_t) if config.loss == "gbce" else None


def check_negative_count(config: TrainingConfig, items: int) -> None:
    """Raises UserError where as many items are to be drawn as there are."""
    if demand := too_many_negatives(config, items):
        raise UserError(str(demand))
