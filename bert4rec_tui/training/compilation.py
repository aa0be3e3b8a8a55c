"""Compilation of the network that a step trains: whether it is wanted, whether it works here, and why not."""

import time
from collections.abc import Callable

import torch
from torch import Tensor

from bert4rec_tui.config import TrainingConfig

# Of a network: what `Bert4Rec.encode` takes and returns.
Encode = Callable[..., Tensor]

# Of a step: of its windows, (B, T), and of its targets, (M,).
Shape = tuple[tuple[int, ...], tuple[int, ...]]

# A shape for each length bucket, once more for the last batch of an epoch, and room.
MOST_SHAPES = 64


def has_fixed_shapes(config: TrainingConfig, device: torch.device) -> bool:
    """Whether the shapes of a step may not depend on its data: on GPUs, which would be waited for, and compiled."""
    return device.type == "cuda" or wants_compilation(config, device)


def wants_compilation(config: TrainingConfig, device: torch.device) -> bool:
    """Whether a step should be compiled there; with `auto` on GPUs alone.

    On a CPU the work is in products of matrices, which compilation does not touch.
    """
    return config.compile == "on" or (config.compile == "auto" and device.type == "cuda")


class Compilation:
    """A network's `encode` that is compiled for each shape when it is first seen, and stays as it was where that fails.

    A GPU's kernels of a step, a thousand launches of a few microseconds, become one CUDA graph for each shape, which is
    why shapes must be few. Several ranks exchange gradients while the backward pass still works, and a graph would hold
    the exchange back: theirs is compiled without graphs. The loss is left out: its gradient is written by hand, and
    torch 2.11 compiles that into zeros.

    reason: in one line, why it is not compiled; empty where it is, or was not wanted. seconds: what the last trial took
    (`all_seconds`: all of them).
    """

    def __init__(self, encode: Encode, wanted: bool, graphs: bool) -> None:
        self.plain = encode
        self.wanted, self.graphs = wanted, graphs
        self.reason, self.seconds, self.all_seconds = "", 0.0, 0.0
        self._tried: set[Shape] = set()
        self._reported = ""
        self._encode = encode
        if wanted:
            # The setting has no other name.
            torch._dynamo.config.recompile_limit = MOST_SHAPES  # pyright: ignore[reportPrivateUsage]
            mode = "reduce-overhead" if graphs else "default"
            self._encode: Encode = torch.compile(encode, mode=mode, dynamic=False)

    @property
    def works(self) -> bool:
        """Whether the network is compiled, for all shapes that were tried."""
        return bool(self._tried) and not self.reason

    def __call__(self, *given: object) -> Tensor:
        """What `encode` returns."""
        return self._encode(*given)

    def is_new(self, shape: Shape) -> bool:
        """Whether a step of this shape is to be tried before it is taken."""
        return self.wanted and not self.reason and shape not in self._tried

    def attempt(self, shape: Shape, gradient_norms: Callable[[], Tensor]) -> None:
        """Try a step, compiled and plain; where it fails, or its gradient is another, nothing is compiled any more.

        gradient_norms: takes the step forwards and backwards and returns the norm of each weight's gradient, (W,). A
        lack of memory is no failure of compilation and is raised.
        """
        began = time.monotonic()
        self._tried.add(shape)
        compiled = self._encode
        try:
            found = torch.zeros(0)
            # A graph is recorded at the second step and used from the third: it is the third that is compared.
            for _ in range(3 if self.graphs else 1):
                self.begin_step()
                found = gradient_norms()
            self._encode = self.plain
            self.reason = _difference(found, gradient_norms())
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # compilers fail in ways of their own, and training can do without
            lines = str(error).strip().splitlines()
            self.reason = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
        self._encode = self.plain if self.reason else compiled
        self.seconds = time.monotonic() - began
        self.all_seconds += self.seconds

    def report(self) -> str | None:
        """What the trials have shown, in a sentence; None where there was none, or where that was reported before."""
        found = self._findings()
        if not self._tried or found == self._reported:
            return None
        self._reported = found
        return found if self.reason else f"{found}; the first input shape took {self.seconds:.0f} s"

    def _findings(self) -> str:
        if self.reason and len(self._tried) > 1:
            return f"compilation failed for another input shape, training continues uncompiled: {self.reason}"
        if self.reason:
            return f"compilation failed, training continues uncompiled: {self.reason}"
        return f"the network is compiled{' into CUDA graphs' if self.graphs else ''}"

    def begin_step(self) -> None:
        """Say that what the graphs of the last step returned is not needed any more."""
        if self.works and self.graphs:
            torch.compiler.cudagraph_mark_step_begin()


def _difference(found: Tensor, right: Tensor) -> str:
    """What is wrong with the norms of weights' gradients: (W,) each; empty for nothing.

    Dropout draws other numbers in a compiled step, so that norms are only near each other, the less the fewer windows.
    """
    lost = int(((found == 0) & (right != 0)).sum())
    if lost:
        return f"{lost} of {len(right)} weights have no gradient when compiled"
    norm, expected = float(found.norm()), float(right.norm())
    if expected / 4 <= norm <= 4 * expected:
        return ""
    return f"the gradient norm is {norm:.3g} compiled, {expected:.3g} uncompiled"
