"""One step of the optimizer: windows in, loss and gradient norm out, without a look at the device's numbers."""

from dataclasses import replace

import torch
from torch import Tensor

from bert4rec_tui.config import Config
from bert4rec_tui.model.bert4rec import Bert4Rec
from bert4rec_tui.model.hardware import rows_at_once
from bert4rec_tui.model.objectives import IGNORED, Slots, Task, causal_task, cloze_task, full_softmax_loss
from bert4rec_tui.training.compilation import Compilation, has_fixed_shapes, wants_compilation
from bert4rec_tui.training.distributed import ALONE, SharedLoss, World
from bert4rec_tui.training.negative_sampling import NegativeSampling, StepRows
from bert4rec_tui.training.row_updates import RowOptimizer
from bert4rec_tui.training.schedule import make_optimizer
from bert4rec_tui.training.seeds import generator_at, seed_at


class TrainingStep:
    """What a step needs: the network, the optimizer, the objective and its loss.

    overflow: () int64 on the device, masked items for which the fixed slots of a GPU had no room.
    """

    def __init__(
        self, model: Bert4Rec, config: Config, device: torch.device, precision: str, world: World = ALONE
    ) -> None:
        self.model, self.config, self.device, self.precision = model, config, device, precision
        self.world = world
        # With sampled items the tables of the catalogue have no gradient: copies of the rows that a step uses have.
        self.sampling = (
            NegativeSampling(model, config.training, device, world) if config.training.loss != "full" else None
        )
        dense = make_optimizer(model, config.training)
        self.optimizer = RowOptimizer(dense, self.sampling.tables) if self.sampling else dense
        wanted = wants_compilation(config.training, device)
        self.compilation = Compilation(model.encode, wanted, graphs=device.type == "cuda" and world.alone)
        self.fixed_shapes = has_fixed_shapes(config.training, device)
        self.shared_loss = SharedLoss(world, model, self.loss_sum)
        self.overflow = torch.zeros((), dtype=torch.int64, device=device)

    def __call__(self, windows: Tensor, rate: float, epoch: int, step: int) -> tuple[Tensor, Tensor]:
        """One step at a learning rate. windows: (B, T) int64. Returns the loss and the gradient's norm, both ()."""
        training = self.config.training
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        task = self.task(windows, epoch, step)
        self.overflow += task.overflow
        step_rows = self.sampling.sample(task, epoch, step) if self.sampling else None
        weights = [*self.model.parameters(), *(step_rows.leaves() if step_rows else ())]
        count = self.world.sum_over_ranks((task.targets != IGNORED).sum())
        loss = torch.zeros((), device=self.device)
        parts = [task]
        if not self.fixed_shapes:
            rows = rows_at_once(self.device, self.config.model, task.tokens.size(1))
            parts = [part.rounded() for part in task.slices(rows)]
        shape = tuple(task.tokens.shape), tuple(task.targets.shape)
        if self.compilation.is_new(shape):
            self.compilation.attempt(shape, lambda: self._gradient_norms(parts[0], step_rows, count, weights))
        self.compilation.begin_step()
        # Dropout draws from the default generators; seeded here, a step is the same wherever training was resumed.
        torch.manual_seed(seed_at(training.seed, epoch, step, self.world.purpose("dropout")))
        for part in parts:
            loss += self._share(part, step_rows, count, last=part is parts[-1])
        if self.sampling and step_rows:
            self.sampling.exchange(step_rows)
        norm = torch.nn.utils.get_total_norm([w.grad for w in weights if w.grad is not None])
        if training.gradient_clip:
            torch.nn.utils.clip_grads_with_norm_(weights, training.gradient_clip, norm)
        self.optimizer.step()
        if self.sampling and step_rows:
            self.sampling.update(step_rows, rate)
        self.optimizer.zero_grad(set_to_none=True)
        return self.world.sum_over_ranks(loss), norm

    def _share(self, part: Task, step_rows: StepRows | None, count: Tensor, last: bool) -> Tensor:
        """The loss of a slice of a step, whose gradient is added to what there is; count: () int64, of all targets."""
        low = torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16")
        with self.shared_loss.exchange(last=last), low:
            share = self.shared_loss(part, step_rows) / count
        share.backward()
        return share.detach()

    def _gradient_norms(self, part: Task, step_rows: StepRows | None, count: Tensor, weights: list[Tensor]) -> Tensor:
        """The norm of each weight's gradient of a slice of a step, of which nothing is left. Returns (W,) float32."""
        try:
            self._share(part, step_rows, count, last=False)
            none = torch.zeros((), device=self.device)
            return torch.stack([none if weight.grad is None else weight.grad.float().norm() for weight in weights])
        finally:
            for weight in weights:
                weight.grad = None

    def loss_sum(self, task: Task, step_rows: StepRows | None = None) -> Tensor:
        """The loss of a task, or of a slice of it, summed over its targets. Returns () float32."""
        if self.sampling and step_rows:
            return self.sampling.loss_sum(task, step_rows, self.compilation)
        return full_softmax_loss(self.model, task, self.compilation)

    def task(self, windows: Tensor, epoch: int, step: int) -> Task:
        """What the network is asked in this step: this rank's share. windows: (B, T) int64, padded on the left."""
        rows = self.world.rows(len(windows))
        task = self._task_of(windows, rows, epoch, step)
        if self.world.is_idle(len(windows)):
            return replace(task, targets=torch.full_like(task.targets, IGNORED))
        return task

    def _task_of(self, windows: Tensor, rows: slice, epoch: int, step: int) -> Task:
        """The task of some rows. What is masked in a window depends on the whole batch, not on whose share it is."""
        if self.config.model.objective == "causal":
            return causal_task(windows[rows], fixed=self.fixed_shapes)
        training = self.config.training
        generator = generator_at(self.device, training.seed, epoch, step, "masks")
        # Fixed room where shapes are, so that no look at the data is needed.
        height, width = windows[rows].shape
        slots = Slots.for_rate(height, width, training.mask_rate) if self.fixed_shapes else None
        rates = training.mask_rate, training.last_item_rate
        return cloze_task(windows, self.model.items, *rates, generator, slots, rows)
