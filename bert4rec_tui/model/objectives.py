"""What the network is asked to predict: Cloze (masked items) and causal (the next item), and the loss.

An objective turns windows into a `Task`: the tokens that the network sees, the positions that are read and the items
that belong there. Everything is sampled with tensor operations on the device of the windows.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from bert4rec_tui.model.bert4rec import Bert4Rec, Queries
from bert4rec_tui.model.full_softmax import FEW_TARGETS, IGNORED, full_softmax
from bert4rec_tui.model.inputs import next_of_few

ALL = slice(None)


@dataclass(frozen=True)
class Task:
    """A batch to learn from.

    tokens: (B, T) int64, padded on the left. queries: where the network is read, M positions. targets: (M,) int64, the
    item 1…N that belongs there, or IGNORED for a slot that is not used. overflow: () int64, targets for which the fixed
    slots had no room.
    """

    tokens: Tensor
    queries: Queries
    targets: Tensor
    overflow: Tensor

    def rounded(self) -> "Task":
        """The same task with unused slots up to the next of few numbers of targets, for kernels made for each shape.

        The first place that is read is read again, and its target ignored.
        """
        chosen, missing = self.queries.chosen, -len(self.targets) % FEW_TARGETS
        if chosen is None or not missing:
            return self
        again = chosen[:1].expand(missing)
        return Task(
            self.tokens,
            Queries(self.queries.columns, torch.cat([chosen, again])),
            F.pad(self.targets, (0, missing), value=IGNORED),
            self.overflow,
        )

    def slices(self, rows: int) -> "Iterator[Task]":
        """The same task in pieces of so many windows: (B, T) becomes several (rows, T)."""
        columns, windows = self.queries.columns, len(self.tokens)
        width = self.tokens.size(1) if columns is None else columns.size(1)
        if rows >= windows:
            yield self
            return
        chosen = self.queries.chosen
        rows = -(-windows // -(-windows // rows))  # as many pieces, of like size
        for first in range(0, windows, rows):
            last = min(first + rows, windows)
            start, end = first * width, last * width
            mine = None
            if chosen is not None:
                start, end = torch.searchsorted(chosen, chosen.new_tensor([start, end])).tolist()
                mine = chosen[start:end] - first * width
            yield Task(
                self.tokens[first:last],
                Queries(None if columns is None else columns[first:last], mine),
                self.targets[start:end],
                self.overflow,
            )


@dataclass(frozen=True)
class Slots:
    """Room for targets where shapes must not depend on data: so many a window, and in the whole batch."""

    row: int
    batch: int

    @classmethod
    def for_rate(cls, windows: int, width: int, rate: float) -> "Slots":
        """Room for the mean and six standard deviations of masks sampled with a rate, and for one in every window."""
        spread = rate * (1 - rate)
        row = min(width, math.ceil(width * rate + 6 * math.sqrt(width * spread)) + 1)
        places = windows * width
        return cls(row, min(windows * row, math.ceil(places * rate + 6 * math.sqrt(places * spread)) + windows))


def cloze_task(
    windows: Tensor,
    items: int,
    mask_rate: float,
    last_item_rate: float,
    generator: torch.Generator,
    slots: Slots | None = None,
    rows: slice = ALL,
) -> Task:
    """Mask items at random, at least one in every window (Devlin et al., 2019, §3.1; Sun et al., 2019, §3.6).

    Of the targets 80% become the mask, 10% a random item, 10% stay. With probability `last_item_rate` a window has its
    last item alone masked, always by the mask: the task of test time.

    windows: (B, T) int64 of items 1…N padded with 0 on the left. slots: how many targets there is room for, on devices
    on which shapes must not depend on data. rows: the share of the windows that is laid out; what is sampled for a
    window does not depend on it.
    """
    device, mask = windows.device, items + 1
    real = windows > 0                                                                # (B, T)
    noise = torch.rand(windows.shape, generator=generator, device=device).masked_fill_(~real, 2.0)
    # The smallest number of a row is a target whatever the rate, so that no window is without one.
    chosen = (noise < mask_rate) | (noise == noise.min(dim=1, keepdim=True).values) & real
    fate = torch.rand(windows.shape, generator=generator, device=device)
    if last_item_rate > 0:
        last_only = torch.rand(len(windows), 1, generator=generator, device=device) < last_item_rate
        last = torch.zeros_like(real)
        last[:, -1] = True
        chosen = torch.where(last_only, last, chosen)
        fate = fate.masked_fill(last_only, 0.0)
    other = torch.randint(1, items + 1, windows.shape, generator=generator, device=device)
    tokens = windows.masked_fill(chosen & (fate < 0.8), mask)
    tokens = torch.where(chosen & (fate >= 0.8) & (fate < 0.9), other, tokens)
    return _with_queries(tokens[rows], chosen[rows], windows[rows], slots)


def causal_task(windows: Tensor, fixed: bool = False) -> Task:
    """Predict at every position the item that comes next (Kang & McAuley, 2018, §III.E, with all items as candidates).

    windows: (B, T + 1) int64 of items 1…N padded with 0 on the left, at least two items in each. fixed: keep padded
    positions as unused slots, for devices on which shapes must not depend on data.
    """
    tokens, following = windows[:, :-1], windows[:, 1:]
    flat = following.masked_fill(tokens == 0, IGNORED).flatten()                      # (B × T,)
    overflow = torch.zeros((), dtype=torch.int64, device=tokens.device)
    if fixed:
        return Task(tokens, Queries(None), flat, overflow)
    used = (flat != IGNORED).nonzero().squeeze(1)
    return Task(tokens, Queries(None, None if len(used) == len(flat) else used), flat[used], overflow)


def _with_queries(tokens: Tensor, chosen: Tensor, windows: Tensor, slots: Slots | None) -> Task:
    """Lay out the chosen positions as queries: as many a row as the fullest has, or what `slots` allow.

    chosen: (B, T) bool, where the targets are.
    """
    counts = chosen.sum(1)                                                            # (B,)
    width = slots.row if slots else next_of_few(int(counts.max()))
    width = min(width, tokens.size(1))
    # Chosen columns first, in order; what follows them fills up rows with fewer targets and is never read.
    columns = chosen.int().argsort(dim=1, descending=True, stable=True)[:, :width]    # (B, Q)
    used = (torch.arange(width, device=tokens.device) < counts[:, None]).flatten()    # (B × Q,)
    items = windows.gather(1, columns).flatten()                                      # (B × Q,)
    if slots is None:
        flat = used.nonzero().squeeze(1)                                              # (M,)
        return Task(tokens, Queries(columns, flat), items[flat], counts.new_zeros(()))
    flat = used.int().argsort(descending=True, stable=True)[: slots.batch].sort().values
    targets = items[flat].where(used[flat], IGNORED)
    return Task(tokens, Queries(columns, flat), targets, counts.sum() - used[flat].sum())


def full_softmax_loss(model: Bert4Rec, task: Task, encode: Callable[..., Tensor] | None = None) -> Tensor:
    """The cross-entropy with every item as a candidate, summed over targets. Returns () float32.

    encode: the network's, where it is compiled.
    """
    wanted = (task.targets - 1).where(task.targets > 0, IGNORED)
    return full_softmax((encode or model.encode)(task.tokens, task.queries), *model.head, wanted)
