"""How many operations a training step asks of the matrix units, and how many a second a device is capable of."""

import time

import torch

from bert4rec_tui.config import ModelConfig
from bert4rec_tui.model.objectives import Task

# Dense bf16 products with fp32 sums, in TFLOP/s, as the vendor states them; the first name that the device's has in it.
PEAKS: tuple[tuple[str, float], ...] = (
    ("B200", 2250),
    ("GH200", 989),
    ("H200", 989),
    ("H100 PCIe", 756),
    ("H100 NVL", 835),
    ("H100", 989),
    ("A100", 312),
    ("A30", 165),
    ("L40S", 362),
    ("L4", 121),
    ("A10", 125),
    ("RTX 4090", 165),
    ("RTX 3090", 71),
    ("RTX A6000", 155),
)


def stated_peak(name: str) -> float | None:
    """The stated peak of a device with this name, None where it is not in the table."""
    return next((peak for known, peak in PEAKS if known in name), None)


def step_operations(task: Task, model: ModelConfig, items: int) -> int:
    """The floating point operations of a step's matrix products, forward and backward, from the shapes of its task.

    Padded positions and unused slots count, since they are worked on; a product forward is two of the same size
    backward. Of the last block only what is asked is worked: keys and values everywhere, the rest at the targets.
    """
    B, T = task.tokens.shape
    D, wide = model.hidden, model.feed_forward * model.hidden
    M = len(task.targets)
    asked = B * T if task.queries.columns is None else task.queries.columns.numel()
    block = B * T * (4 * D * D + 2 * D * wide) + 2 * B * T * T * D
    last = B * T * 2 * D * D + asked * D * D + 2 * asked * T * D + M * (D * D + 2 * D * wide)
    head = M * D * items
    return 3 * 2 * ((model.blocks - 1) * block + last + head)


def wait_for(device: torch.device) -> None:
    """Wait until a device has done what it was asked."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def matrix_rate(device: torch.device, kind: torch.dtype, size: int, times: int = 10) -> float:
    """The operations a second of a product of two square matrices of this size and type, the best of `times`."""
    one, other = (torch.randn(size, size, device=device, dtype=kind) for _ in range(2))
    best = float("inf")
    for _ in range(times):
        wait_for(device)
        began = time.perf_counter()
        torch.mm(one, other)
        wait_for(device)
        best = min(best, time.perf_counter() - began)
    return 2 * size**3 / best
