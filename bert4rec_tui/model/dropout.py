"""Dropout and attention, each in the way that is faster on a CPU (`benchmarks/sites.py` times them next to torch's)."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bert4rec_tui.model.hardware import MOST_WEIGHTS


def drawn_mask(shape: torch.Size, rate: float) -> Tensor:
    """All bits set where an element is kept, none where it is dropped, by 16 random bits each.

    The rate is exact to 1/65,536. The words come from numpy, whose generator is faster than torch's; its seed
    comes from torch's default generator, so that a step seeded there draws the same. Returns `shape` int16.
    """
    seed = int(torch.empty((), dtype=torch.int64).random_())
    elements = shape.numel()
    words = np.random.Generator(np.random.SFC64(seed)).integers(0, 2**64, (elements + 3) // 4, np.uint64)
    mask = torch.from_numpy(words.view(np.int16))[:elements].view(shape)
    # Compared and negated in place: torch is slower at writing bools.
    return mask.ge_(round(65_536 * rate) - 32_768).neg_()


def _kept(x: Tensor, mask: Tensor) -> Tensor:
    """x where the mask has its bits, else 0: faster on a CPU than `torch.where`. Returns a new tensor."""
    if x.element_size() == 2:
        return (x.view(torch.int16) & mask).view(x.dtype)
    return (x.view(torch.int32) & mask.int()).view(x.dtype)  # sign extension keeps all bits set, or none


class _CheapDropout(torch.autograd.Function):
    """Zero elements by a mask of bits; the scale fits the rate drawn."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, rate: float) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        mask = drawn_mask(x.shape, rate)
        ctx.save_for_backward(mask)
        ctx.scale = 65_536 / (65_536 - round(65_536 * rate))
        return _kept(x, mask).mul_(ctx.scale)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (mask,) = ctx.saved_tensors
        return _kept(gradients[0], mask).mul_(ctx.scale), None


def dropout(x: Tensor, rate: float, training: bool) -> Tensor:
    """Zero each element with probability `rate` and scale the others up, drawing from torch's default generator.

    x: any shape, float32 or a type of 16 bits. On a CPU torch draws a Bernoulli number for each element on one thread
    (about 8 ns each); here 64 random bits serve four elements. What is compiled has its own way.
    """
    if not training or rate == 0:
        return x
    cheap = x.device.type == "cpu" and x.element_size() in (2, 4) and round(65_536 * rate) < 65_536
    if cheap and not torch.compiler.is_compiling():
        return _CheapDropout.apply(x, rate)  # pyright: ignore[reportReturnType]
    return F.dropout(x, rate)


class Dropout(nn.Module):
    """`dropout` as a module, on while the module trains."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """x: any shape. Returns the same shape."""
        return dropout(x, self.rate, self.training)


def attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, rate: float) -> Tensor:
    """Scaled dot-product attention with dropout on its weights (Vaswani et al., 2017, §3.2.1).

    q: (B, H, Q, d). k, v: (B, H, T, d). bias: broadcasts to (B, H, Q, T), -inf where a key may not be seen; None where
    all may. rate: the dropout rate of the weights, 0 outside training. Returns (B, H, Q, d).
    """
    if rate == 0 and not _fused_is_slower(q, k):
        return F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
    if q.device.type != "cpu":
        return F.scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=rate)
    # torch's fused kernel for CPUs has no dropout; its fallback pays for Bernoulli numbers and for a copy more.
    weights = (q * (1 / math.sqrt(q.size(-1)))) @ k.transpose(-2, -1)                 # (B, H, Q, T)
    if bias is not None:
        weights = weights + bias.to(weights.dtype)  # embeddings are in fp32, and so is their bias
    return dropout(weights.softmax(-1), rate, training=True) @ v


def _fused_is_slower(q: Tensor, k: Tensor) -> bool:
    """Whether plain products beat torch's fused attention.

    On a CPU in 16 bits they do, five times with the backward pass (torch 2.13, AVX512-BF16), unless the weights, which
    they write down, are too many.
    """
    low = q.device.type == "cpu" and q.dtype in (torch.bfloat16, torch.float16)
    return low and q.size(0) * q.size(1) * q.size(2) * k.size(2) <= MOST_WEIGHTS
