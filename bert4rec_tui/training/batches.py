"""Windows of training histories, resident on the device, in batches of like length."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bert4rec_tui.config import Config
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.errors import UserError
from bert4rec_tui.model.inputs import gather_windows, next_of_few
from bert4rec_tui.training.seeds import generator_at

BUCKETS = 20  # windows whose lengths fall into the same twentieth of the longest are drawn together
LENGTHS = 4  # of batches, where few shapes are wanted: a compiler needs up to half a minute for each


@dataclass(frozen=True)
class Windows:
    """Stretches of the flat history that are trained on. starts, ends: (W,) int64 on the CPU."""

    starts: Tensor
    ends: Tensor

    def __len__(self) -> int:
        return len(self.starts)


class TrainingBatches:
    """The training histories of a dataset as batches of windows.

    The flat history lies on the device once; a batch is gathered there. Windows are never a user's held-out items.
    What the network reads of a batch is a multiple of 8 long, or as long as can be. With few_shapes it is as long as a
    quarter, a half, three quarters or the whole of that, made such a multiple: a compiled step meets no other lengths.
    """

    def __init__(
        self, dataset: PreparedDataset, config: Config, device: torch.device, few_shapes: bool = False
    ) -> None:
        self.config, self.few_shapes = config, few_shapes
        self.device = device
        self.items = torch.from_numpy(np.array(dataset.history)).to(device)
        # The causal objective predicts from one item less than it reads.
        self.width = config.model.max_len + (config.model.objective == "causal")
        offsets = np.asarray(dataset.offsets[:-1])
        lengths = np.asarray(dataset.split.train_end).astype(np.int64)
        used = lengths >= (2 if config.model.objective == "causal" else 1)
        if not used.any():
            raise UserError(f"{dataset.id}: no user has a history to train on; prepare it with another split")
        self.first = torch.from_numpy(offsets[used])
        self.end = torch.from_numpy((offsets + lengths)[used])
        self.sliding = self._sliding_windows() if config.training.windows == "sliding" else None

    @property
    def windows_per_epoch(self) -> int:
        """How many windows an epoch has."""
        return len(self.sliding) if self.sliding is not None else len(self.first)

    @property
    def steps_per_epoch(self) -> int:
        """How many batches an epoch has."""
        return -(-self.windows_per_epoch // self.config.training.batch_size)

    def _sliding_windows(self) -> Windows:
        """Windows of full width that end at the newest item and every stride before it, and the one at the start."""
        stride = self.config.training.window_stride or max(1, self.config.model.max_len // 2)
        # A longer one would leave items that are never a target; the first of a causal window is none.
        stride = min(stride, self.config.model.max_len)
        spare = (self.end - self.first - self.width).clamp(min=0)
        counts = (spare + stride - 1) // stride + 1
        user = torch.arange(len(self.first)).repeat_interleave(counts)
        nth = torch.arange(len(user)) - (counts.cumsum(0) - counts).repeat_interleave(counts)
        ends = self.end[user] - torch.minimum(nth * stride, spare[user])
        return Windows(torch.maximum(self.first[user], ends - self.width), ends)

    def windows_of(self, epoch: int) -> Windows:
        """The windows of an epoch; with `windows = "random"` other ones each epoch."""
        if self.sliding is not None:
            return self.sliding
        ends = self.end
        if self.config.training.windows == "random":
            spare = (ends - self.first - self.width).clamp(min=0)
            generator = generator_at(torch.device("cpu"), self.config.training.seed, epoch, 0, "windows")
            ends = ends - (torch.rand(len(ends), generator=generator, dtype=torch.float64) * (spare + 1)).long()
        return Windows(torch.maximum(self.first, ends - self.width), ends)

    def batches(self, epoch: int, first_step: int = 0) -> Iterator[Tensor]:
        """The batches of an epoch from a step on: (B, T) int64 items, padded with 0 on the left.

        Windows are shuffled within buckets of like length, cut into batches, and the batches shuffled: a batch is
        little longer than its longest window, and which windows meet differs between epochs.
        """
        windows = self.windows_of(epoch)
        generator = generator_at(torch.device("cpu"), self.config.training.seed, epoch, 0, "order")
        lengths = windows.ends - windows.starts
        bucket = (lengths * BUCKETS + self.width - 1) // self.width
        shuffled = torch.randperm(len(windows), generator=generator)
        ordered = shuffled[bucket[shuffled].argsort(stable=True)]
        size = self.config.training.batch_size
        quarter = (lengths * LENGTHS + self.width - 1) // self.width
        counted = quarter * self.width // LENGTHS if self.few_shapes else lengths
        read = self.width - self.config.model.max_len  # what a window has beyond what the network reads
        longest = [
            min(self.width, next_of_few(int(counted[batch].max()) - read) + read) for batch in ordered.split(size)
        ]
        # Copied once an epoch: a copy makes a GPU's queue run empty.
        starts, ends = windows.starts[ordered].to(self.device), windows.ends[ordered].to(self.device)
        for step in torch.randperm(len(longest), generator=generator)[first_step:].tolist():
            batch = slice(step * size, (step + 1) * size)
            yield gather_windows(self.items, starts[batch], ends[batch], longest[step])
