"""An optimizer for tables of embeddings that touches the rows a step uses, and no other.

It is the lazy form of the dense one: each row has an optimizer of its own whose time stands still while the row is not
used. What that changes:

- Moments advance, and weights decay, only in steps that use the row. A dense Adam lets a row drift on by its old
  momentum for some tens of steps after it was last used, and forgets meanwhile how large its gradients are.
- Adam's correction for moments that start at zero counts the steps of the row, not those of the run (as SparseAdam of
  torch does): the first update of a row is as large as the learning rate whenever it comes, and not three times that.
- A row that every step uses is updated exactly as by the dense optimizer.

Moments are kept for each weight (Kingma & Ba, 2015), not one for a row as in row-wise Adagrad: with Adam the tables
take three times their size, and in return a row trains as it does with the full softmax.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn

from bert4rec_tui.config import TrainingConfig
from bert4rec_tui.model.rows import Rows

BETAS, EPSILON = (0.9, 0.999), 1e-8


class Table:
    """A table, and what the optimizer keeps of each of its rows."""

    def __init__(self, weight: nn.Parameter, config: TrainingConfig) -> None:
        # A bias is a table of width 1, and not decayed; the view shares its memory.
        self.weight = weight.detach().view(len(weight), -1)  # (N, D)
        self.decay = config.weight_decay if weight.dim() > 1 else 0.0
        self.config = config
        # Of zeros a system hands out memory only where it is written to, so that rows never used take none on a CPU.
        names = ("momentum",) if config.optimizer == "sgd" else ("mean", "square")
        self.moments = {name: torch.zeros_like(self.weight) for name in names}
        if config.optimizer != "sgd":
            # In how many steps each row was used: what corrects moments that start at zero.
            self.moments["steps"] = torch.zeros(len(weight), dtype=torch.int32, device=weight.device)

    @torch.no_grad()
    def update(self, rows: Rows, rate: float) -> None:
        """One step for the rows of a step, by their gradients."""
        places, weight, gradient = rows.places, rows.small.detach(), rows.gradient()
        if self.config.optimizer == "adamw":
            weight = weight * (1 - rate * self.decay)
        elif self.decay:
            gradient = gradient.add(weight, alpha=self.decay)
        change = self._momentum(places, gradient) if self.config.optimizer == "sgd" else self._adam(places, gradient)
        self.weight[places] = weight.sub_(change, alpha=rate)

    def _momentum(self, places: Tensor, gradient: Tensor) -> Tensor:
        momentum = self.moments["momentum"][places].mul_(self.config.momentum).add_(gradient)
        self.moments["momentum"][places] = momentum
        return momentum

    def _adam(self, places: Tensor, gradient: Tensor) -> Tensor:
        steps = self.moments["steps"][places] + 1  # (L,)
        mean = self.moments["mean"][places].lerp_(gradient, 1 - BETAS[0])  # (L, D)
        square = self.moments["square"][places].mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
        for name, new in (("steps", steps), ("mean", mean), ("square", square)):
            self.moments[name][places] = new
        # 1 - β^n without the rounding that takes most of its digits at small n.
        first, second = (-torch.expm1(steps[:, None] * math.log(beta)) for beta in BETAS)
        return mean.div_(first).div_(square.div_(second).sqrt_().add_(EPSILON))


class RowOptimizer:
    """The dense optimizer of a network as if alone; the tables, updated by row next to it, join it in checkpoints."""

    def __init__(self, dense: torch.optim.Optimizer, tables: dict[str, Table]) -> None:
        self.dense, self.tables = dense, tables

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of the dense optimizer, which have the learning rate; loading a state replaces them."""
        return self.dense.param_groups

    def step(self) -> None:
        """Update the dense weights."""
        self.dense.step()

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of the dense weights."""
        self.dense.zero_grad(set_to_none=set_to_none)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"dense": self.dense.state_dict(), "tables": {name: t.moments for name, t in self.tables.items()}}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what a checkpoint kept."""
        self.dense.load_state_dict(state_dict["dense"])
        for name, table in self.tables.items():
            for key, tensor in table.moments.items():
                tensor.copy_(state_dict["tables"][name][key])
