"""Compilation of what a step computes: whether it is wanted, whether it works here, and why not."""

import time
from collections.abc import Callable

import torch
from torch import Tensor

from bert4rec_tui.config import TrainingConfig

# A shape for each length bucket, once more for the last batch of an epoch, and room.
MOST_SHAPES = 64

SumLoss = Callable[..., Tensor]


def has_fixed_shapes(config: TrainingConfig, device: torch.device) -> bool:
    """Whether the shapes of a step may not depend on its data: on GPUs, which would be waited for, and compiled."""
    return device.type == "cuda" or wants_compilation(config, device)


def wants_compilation(config: TrainingConfig, device: torch.device) -> bool:
    """Whether a step should be compiled there; with `auto` on GPUs alone.

    On a CPU the work is in products of matrices, which compilation does not touch.
    """
    return config.compile == "on" or (config.compile == "auto" and device.type == "cuda")


class Compilation:
    """A loss that is compiled when it is tried, and stays as it was where that fails.

    A GPU's kernels of a step, a thousand launches of a few microseconds, become one CUDA graph for each shape, which is
    why shapes must be few. Several ranks exchange gradients while the backward pass still works, and a graph would hold
    the exchange back: theirs is compiled without graphs.

    reason: in one line, why it is not compiled; empty where it is, or was not wanted. seconds: what the trial took.
    """

    def __init__(self, sum_loss: SumLoss, wanted: bool, graphs: bool) -> None:
        self.plain = sum_loss
        self.untried, self.graphs = wanted, graphs
        self.reason, self.seconds = "", 0.0
        self._told = not wanted
        self._loss = sum_loss
        if wanted:
            # The setting has no other name.
            torch._dynamo.config.recompile_limit = MOST_SHAPES  # pyright: ignore[reportPrivateUsage]
            mode = "reduce-overhead" if graphs else "default"
            self._loss: SumLoss = torch.compile(sum_loss, mode=mode, dynamic=False)

    @property
    def works(self) -> bool:
        """Whether the loss is compiled."""
        return not self.untried and self._loss is not self.plain

    def __call__(self, *given: object) -> Tensor:
        """The loss of what is given. Returns () float32."""
        return self._loss(*given)

    def attempt(self, step: Callable[[], object]) -> None:
        """Try a step, forwards and backwards, whose gradients nobody needs; where it fails nothing is compiled.

        A lack of memory is no failure of compilation and is raised.
        """
        began = time.monotonic()
        self.untried = False
        try:
            step()
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # compilers fail in ways of their own, and training can do without
            self._loss = self.plain
            lines = str(error).strip().splitlines()
            self.reason = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
        self.seconds = time.monotonic() - began

    def news(self) -> str | None:
        """What the trial has shown, in a sentence; None where there was none, or where that has been told."""
        if self.untried or self._told:
            return None
        self._told = True
        if self.reason:
            return f"the step could not be compiled and goes on as it is: {self.reason}"
        graphs = ", into CUDA graphs" if self.graphs else ""
        return f"the step is compiled{graphs}; its first shape took {self.seconds:.0f} s"

    def begin_step(self) -> None:
        """Say that what the graphs of the last step returned is not needed any more."""
        if self.works and self.graphs:
            torch.compiler.cudagraph_mark_step_begin()
