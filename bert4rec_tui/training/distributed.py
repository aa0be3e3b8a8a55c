"""Several processes that train one run together, started by torchrun: who they are, and how they add up and agree.

A process is called a rank. Every rank builds the same batches and draws the same masks; it works on its own rows, and
the gradients are summed (DistributedDataParallel). Rank 0 leads: it alone writes, and what people want is read by it.
"""

import gc
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from bert4rec_tui.errors import UserError
from bert4rec_tui.evaluation.ranking import Question, Ranks, Scorer, TiledScorer, rank
from bert4rec_tui.model.hardware import choose_device
from bert4rec_tui.runs.control import Request
from bert4rec_tui.runs.torchrun import RENDEZVOUS

# Rank 0 may take long to write a checkpoint to a slow disk, and the others wait for it.
PATIENCE = timedelta(minutes=30)
REQUESTS: tuple[Request, ...] = ("train", "pause", "stop")
Made = TypeVar("Made")
SumLoss = Callable[..., Tensor]


@dataclass(frozen=True)
class World:
    """The ranks of a run and which of them this process is; by default it is alone, and nothing is exchanged.

    local_rank, local_size: the same among the ranks of this machine.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1

    @classmethod
    def of_environment(cls) -> "World":
        """What torchrun says in the environment; alone where it says nothing."""
        names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
        if "TORCHELASTIC_RUN_ID" not in os.environ or any(name not in os.environ for name in names):
            return cls()
        return cls(*(int(os.environ[name]) for name in names))

    @property
    def is_leader(self) -> bool:
        """Whether this is the rank that writes."""
        return self.rank == 0

    @property
    def alone(self) -> bool:
        """Whether there is no other rank."""
        return self.size == 1

    def join(self, device: str) -> None:
        """Meet the other ranks, for a device as the configuration names it. Numbers on CPUs always go by gloo."""
        if not self.alone:
            gpus = device != "cpu" and torch.cuda.is_available()
            backend = "cpu:gloo,cuda:nccl" if gpus else "gloo"
            if folder := os.environ.get(RENDEZVOUS):
                # A store of files has no port, while torch's own listens on all interfaces.
                file = f"{folder}/ranks"
                store = dist.FileStore(file, self.size)  # pyright: ignore[reportPrivateImportUsage]
                dist.init_process_group(backend, timeout=PATIENCE, store=store, rank=self.rank, world_size=self.size)
            else:
                dist.init_process_group(backend, timeout=PATIENCE)

    def rendezvous_place(self) -> str:
        """What the log says of where ranks of several machines meet; empty on one, where nobody else can."""
        if self.size == self.local_size:
            return ""
        place = f"{os.environ.get('MASTER_ADDR')}:{os.environ.get('MASTER_PORT')}"
        return f"; rendezvous at {place}, on all its networks, without authentication"

    def leave(self) -> None:
        """Part from the other ranks, who do so at the same time."""
        if not self.alone:
            gc.collect()  # of what exchanged gradients nothing may be left: a rank was seen to be aborted at its end
            dist.destroy_process_group()

    def purpose(self, name: str) -> str:
        """What a random seed is for, different on each rank."""
        return name if self.rank == 0 else f"{name}/{self.rank}"

    def sum_over_ranks(self, numbers: Tensor) -> Tensor:
        """Sum numbers over all ranks, in place. Returns them."""
        if not self.alone:
            dist.all_reduce(numbers)
        return numbers

    def gather(self, numbers: Tensor) -> Tensor:
        """What all ranks have, one rank's numbers after the other's; each may have another number of them.

        numbers: (L,) on any device. Returns (sum of all L,).
        """
        if self.alone:
            return numbers
        lengths = torch.zeros(self.size, dtype=torch.int64)
        lengths[self.rank] = len(numbers)
        lengths = self.sum_over_ranks(lengths).tolist()
        padded = torch.nn.functional.pad(numbers, (0, max(lengths) - len(numbers)))
        found = [torch.empty_like(padded) for _ in lengths]
        dist.all_gather(found, padded)
        return torch.cat([part[:length] for part, length in zip(found, lengths, strict=True)])

    def agree(self, request: Request) -> Request:
        """What rank 0 has heard that people want; every rank gets it at the same step."""
        if self.alone:
            return request
        number = torch.tensor([REQUESTS.index(request)])
        dist.broadcast(number, 0)
        return REQUESTS[int(number)]

    def broadcast(self, content: bytes) -> bytes:
        """What rank 0 has; its length is the same on all ranks."""
        if self.alone:
            return content
        numbers = torch.frombuffer(bytearray(content), dtype=torch.uint8)
        dist.broadcast(numbers, 0)
        return numbers.numpy().tobytes()

    def leader_first(self, action: Callable[[], Made]) -> Made:
        """Do something on rank 0, and then on the others."""
        if self.alone:
            return action()
        if not self.is_leader:
            self.sum_over_ranks(torch.zeros(1))
        made = action()
        if self.is_leader:
            self.sum_over_ranks(torch.zeros(1))
        return made

    def check_same(self, number: int, sentence: str) -> None:
        """Raises UserError with the sentence where a rank has another number than rank 0."""
        if not self.alone:
            theirs = torch.tensor([number])
            dist.broadcast(theirs, 0)
            if int(theirs) != number:
                raise UserError(sentence)

    def rows(self, windows: int) -> slice:
        """This rank's share of a batch of so many windows; the first one where there is none for it (see `is_idle`)."""
        first, last = (windows * rank // self.size for rank in (self.rank, self.rank + 1))
        return slice(first, last) if last > first else slice(0, 1)

    def is_idle(self, windows: int) -> bool:
        """Whether a batch has so few windows that none is left for this rank; it then works on one for nothing."""
        return windows * (self.rank + 1) // self.size == windows * self.rank // self.size


ALONE = World()


def device_of(wanted: str, world: World, processes: int | None = None) -> torch.device:
    """The device of this rank: one GPU each, or the CPU that all of a machine share.

    Raises UserError where there are not enough GPUs for the ranks of this machine, or for so many `processes`.
    """
    processes = processes or world.local_size
    if processes == 1:
        chosen = choose_device(wanted)
        # Each machine's only rank is set to its GPU, for which a number must be known.
        return torch.device("cuda", 0) if str(chosen) == "cuda" and not world.alone else chosen
    if choose_device(wanted).type != "cuda":
        return torch.device("cpu")
    found = torch.cuda.device_count()
    if found < processes:
        raise UserError(
            f"training.processes = {processes} needs {processes} GPUs, and this machine has {found}; use "
            'fewer (`resume --processes 1` continues a run with one), or training.device = "cpu"'
        )
    return torch.device("cuda", world.local_rank)


class SharedLoss:
    """The loss of a rank's share whose backward pass sums gradients over all ranks; alone, the loss itself."""

    def __init__(self, world: World, model: nn.Module, sum_loss: SumLoss) -> None:
        self._alone: SumLoss = sum_loss
        self._sum_loss: SumLoss = sum_loss
        self._parallel: DistributedDataParallel | None = None
        if not world.alone:
            # All ranks start with the weights of rank 0; the gradients lie in the buckets that are exchanged.
            self._parallel = DistributedDataParallel(_Loss(model, sum_loss), gradient_as_bucket_view=True)
            self._parallel.register_comm_hook(None, _sum_bucket)
            self._sum_loss = self._parallel

    def __call__(self, *given: Any) -> Tensor:
        """The loss summed over the targets of what is given. Returns () float32."""
        return self._sum_loss(*given)

    def close(self) -> None:
        """Exchange no more gradients; before the ranks part, or what exchanges them outlives their group."""
        self._parallel, self._sum_loss = None, self._alone

    def exchange(self, last: bool) -> AbstractContextManager[None]:
        """Around a forward pass: gradients are exchanged in the backward pass of the last part of a step alone."""
        return nullcontext() if last or self._parallel is None else self._parallel.no_sync()


class _Loss(nn.Module):
    """A loss as the module that DistributedDataParallel asks for."""

    def __init__(self, model: nn.Module, sum_loss: SumLoss) -> None:
        super().__init__()
        self.model, self.sum_loss = model, sum_loss

    def forward(self, *given: Any) -> Tensor:
        """Returns () float32."""
        return self.sum_loss(*given)


def _sum_bucket(
    state: object,
    bucket: dist.GradBucket,  # pyright: ignore[reportPrivateImportUsage]  torch looks at this very name
) -> torch.futures.Future[Tensor]:
    """Sum gradients over ranks; by itself DistributedDataParallel would take their mean."""
    del state
    summed = dist.all_reduce(bucket.buffer(), async_op=True)
    assert summed is not None

    def take(done: torch.futures.Future[Any]) -> Tensor:
        return done.value()[0]

    return summed.get_future().then(take)


class _StopWantedError(Exception):
    """Somebody wants the run to stop while users are ranked."""


def rank_together(
    world: World, scorer: Scorer | TiledScorer, question: Question, batch_size: int, stop_wanted: Callable[[], bool]
) -> dict[str, Ranks] | None:
    """The ranks of all users, on every rank of the world; each works on every so many of the batches.

    `stop_wanted` is asked after each batch. Returns None where a rank was asked to stop meanwhile.
    """

    def advance(done: int, total: int) -> None:
        del done, total
        if stop_wanted():
            raise _StopWantedError

    try:
        results = rank(scorer, question, batch_size, advance=advance, share=(world.rank, world.size))
    except _StopWantedError:
        results = None
    stopped = int(world.sum_over_ranks(torch.tensor([int(results is None)])))
    if results is None or stopped:
        return None
    # Who was not in a share has 0 there, so that sums put the shares together.
    for result in results.values():
        for numbers in (result.ranks, result.candidates):
            world.sum_over_ranks(torch.from_numpy(numbers))
        result.not_finite = int(world.sum_over_ranks(torch.tensor([result.not_finite])))
    return results
