"""Dropout whose random numbers cost a fifth of torch's on a CPU."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class _CheapDropout(torch.autograd.Function):
    """Zero elements by 16 random bits each; the rate is exact to 1/65,536 and the scale fits the rate drawn."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, rate: float) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        dropped = round(65_536 * rate)
        words = torch.empty((x.numel() + 3) // 4, dtype=torch.int64)
        words.random_(-(2**63), None)
        keep = words.view(torch.int16)[: x.numel()].view(x.shape) >= dropped - 32_768
        ctx.save_for_backward(keep)
        ctx.scale = 65_536 / (65_536 - dropped)
        return torch.where(keep, x, x.new_zeros(())).mul_(ctx.scale)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (keep,) = ctx.saved_tensors
        gradient = gradients[0]
        return torch.where(keep, gradient, gradient.new_zeros(())).mul_(ctx.scale), None


def dropout(x: Tensor, rate: float, training: bool) -> Tensor:
    """Zero each element with probability `rate` and scale the others up, drawing from torch's default generator.

    x: any shape, any floating type. On a CPU torch draws a Bernoulli number for each element on one thread (about 8 ns
    each); here 64 random bits serve four elements.
    """
    if not training or rate == 0:
        return x
    if x.device.type == "cpu" and round(65_536 * rate) < 65_536:
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
    if q.device.type != "cpu" or rate == 0:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=rate)
    # torch's fused kernel for CPUs has no dropout; its fallback pays for Bernoulli numbers and for a copy more.
    weights = (q * (1 / math.sqrt(q.size(-1)))) @ k.transpose(-2, -1)                 # (B, H, Q, T)
    if bias is not None:
        weights = weights + bias
    return dropout(weights.softmax(-1), rate, training=True) @ v
