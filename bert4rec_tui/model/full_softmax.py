"""The cross-entropy with every item as a candidate, without the scores of all targets ever being there at once.

Letters in shapes: M targets, m targets of a piece, N items, D hidden size.
"""

from typing import Any

import torch
from torch import Tensor

IGNORED = -100
FEW_TARGETS = 64  # the numbers of targets that a slice of a step may have are its multiples


def full_softmax(
    encoded: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor, at_once: int | None = None
) -> Tensor:
    """The negative log-likelihood of the targets under the softmax over all items, summed.

    encoded: (M, D). weight: (N, D) and bias: (N,), the head. targets: (M,) int64, indices 0…N-1, or IGNORED. at_once:
    how many scores a piece may have. Returns () float32.
    """
    if at_once is None:
        at_once = 1 << 20 if encoded.device.type == "cpu" else 1 << 28
    rows = at_once // len(weight)
    # What is left over for the last piece then has few sizes too, where the number of targets has few.
    rows -= rows % FEW_TARGETS if rows > FEW_TARGETS else 0
    return _FullSoftmax.apply(encoded, weight, bias, targets, max(1, rows))  # pyright: ignore[reportReturnType]


class _FullSoftmax(torch.autograd.Function):
    """`full_softmax`, some targets at a time, their gradient taken at once and only scaled in the backward pass.

    With s the scores of a target's row and t its item, the gradient of s is softmax(s) less one at t. The division by
    the sum of exponentials is left to the narrow (m, D) side of both products, so the wide (m, N) side is gone over
    four times: written, its maximum found, made exponentials, summed. The usual way goes over it about ten times.
    """

    @staticmethod
    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, encoded: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor, rows: int
    ) -> Tensor:
        device = encoded.device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else encoded.dtype
        total = torch.zeros((), device=encoded.device)
        encoded_gradient = torch.empty_like(encoded)
        weight_gradient = torch.zeros_like(weight, dtype=torch.float32)
        bias_gradient = torch.zeros(len(weight), device=encoded.device)
        head = weight.to(dtype)
        with torch.autocast(device, enabled=False):
            for first in range(0, len(encoded), rows):
                part = slice(first, first + rows)
                hidden = encoded[part].to(dtype)                                      # (m, D)
                used = (targets[part] != IGNORED)[:, None]                            # (m, 1)
                item = targets[part].clamp(min=0)                                     # (m,)
                scores = (hidden @ head.t()).float()                                  # (m, N)
                if bias is not None:
                    scores += bias
                wanted, most = scores.gather(1, item[:, None]), scores.amax(1, keepdim=True)
                chances = scores.sub_(most).exp_()                                    # (m, N), unnormalised
                mass = chances.sum(1, keepdim=True)                                   # (m, 1)
                total += (mass.log() + most - wanted).mul_(used).sum()
                share = used / mass                                                   # (m, 1)
                low = chances.to(dtype)
                encoded_gradient[part] = (low @ head).float() * share - weight[item] * used
                weight_gradient += low.t() @ (hidden * share).to(dtype)
                weight_gradient.index_add_(0, item, hidden.float() * used, alpha=-1)
                bias_gradient += chances.t() @ share.squeeze(1)
                bias_gradient.index_add_(0, item, used.squeeze(1).float(), alpha=-1)
        ctx.save_for_backward(encoded_gradient, weight_gradient.to(weight.dtype), bias_gradient)
        ctx.with_bias = bias is not None
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Scale what the forward pass has found."""
        encoded, weight, bias = (gradient * gradients[0] for gradient in ctx.saved_tensors)
        return encoded, weight, bias if ctx.with_bias else None, None, None
