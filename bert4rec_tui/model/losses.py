"""Losses against sampled items: sampled softmax and gBCE, whose cost does not grow with the catalogue.

All targets of a step share the same K sampled items, so that one product of matrices scores them. A sampled item that
is a row's own target says nothing against it (an accidental hit) and is left out of that row.

Letters in shapes: M targets, K sampled items, N items, D hidden size.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

# Stands for the score of an accidental hit: its exponential is 0, yet a difference with it is still a number.
NO_SCORE = -1e30


def sample_negatives(items: int, number: int, generator: torch.Generator) -> Tensor:
    """Different items, each as likely as any other, in time that does not depend on the catalogue.

    The catalogue is cut into `number` stretches of like length, one item is sampled from each, and all are moved on by
    one random distance: none comes twice, as it would in independent samples, and each item comes with probability
    number / items exactly. Returns (number,) int64 of 1…items, on the device of the generator.
    """
    device = generator.device
    edges = torch.arange(number + 1, device=device) * items // number  # (K + 1,)
    lengths = edges.diff()
    # Far beyond any length: the remainder favours no place by more than length / 2^31.
    within = torch.randint(2**31, (number,), generator=generator, device=device) % lengths
    distance = torch.randint(items, (1,), generator=generator, device=device)
    return (edges[:-1] + within + distance) % items + 1


def mask_accidental_hits(others: Tensor, targets: Tensor, sampled: Tensor) -> tuple[Tensor, Tensor]:
    """The scores of sampled items without accidental hits, and how many are left of each row.

    others: (M, K) scores. targets: (M,) int64. sampled: (K,) int64, all different: a row has at most one hit, and
    a single place of it is written. Returns (M, K) float32 with NO_SCORE at hits, and (M,) int64.
    """
    ordered, places = sampled.sort()
    at = torch.searchsorted(ordered, targets).clamp_(max=len(sampled) - 1)  # (M,)
    hit, column = ordered[at] == targets, places[at][:, None]
    others = others.float()
    kept = others.gather(1, column).masked_fill(hit[:, None], NO_SCORE)
    return others.scatter(1, column, kept), len(sampled) - hit.long()


def sampled_softmax(wanted: Tensor, others: Tensor, left: Tensor, items: int) -> Tensor:
    """The cross-entropy with the sum over all other items estimated from the sampled ones (Bengio & Senécal, 2008).

    A sampled item stands for (N - 1) / K others, so its score is raised by the logarithm of that (the correction by log
    q of uniform sampling): the estimate of the sum is unbiased, and with all other items it is the full softmax.

    wanted: (M,) float32, targets. others: (M, K) float32, sampled items. left: (M,) int64, how many of them count.
    Returns (M,).
    """
    each = ((items - 1) / left.clamp(min=1)).log()  # (M,)
    # -log(e^w / (e^w + e^o)) = softplus(o - w)
    return F.softplus(others.logsumexp(1) + each - wanted)


def gbce_beta(items: int, number: int, t: float) -> float:
    """The exponent of the positive's probability (gSASRec: Petrov & Macdonald, RecSys '23).

    With α = k / (N - 1) the share of negatives that is sampled, β = α (t (1 - 1/α) + 1/α): 1 at t = 0, plain binary
    cross-entropy, and α at t = 1, where the optimum of the scores is the true probability of the items.
    """
    share = min(1.0, number / (items - 1))
    return share * (t * (1 - 1 / share) + 1 / share)


def gbce(wanted: Tensor, others: Tensor, beta: float) -> Tensor:
    """Binary cross-entropy with the positive's probability to the power β, as a mean over K + 1 (gSASRec).

    The published code turns the positive's logit s into log(1 / (σ(s)^-β - 1)), clamped in float64, for a binary
    cross-entropy from the shelf. The logarithm of σ of that is β log σ(s), which needs neither: it is computed from s
    itself and holds at any size of s.

    wanted: (M,) float32, targets. others: (M, K) float32, sampled items. Returns (M,).
    """
    return (F.softplus(others).sum(1) + beta * F.softplus(-wanted)) / (others.size(1) + 1)


def gbce_level(items: int, number: int, t: float) -> float:
    """What a log frequency must be raised by to be the best score of an item that is guessed by frequency alone.

    An item of frequency f is a positive, weighed by β, in a share f of the rows, and a negative in a share K / N of
    them: the loss is least where σ(s) / σ(-s) = β f N / K.
    """
    return math.log(gbce_beta(items, number, t) * items / number)


LossOf = Callable[[Tensor, Tensor, slice], Tensor]


def sum_in_pieces(
    encoded: Tensor, wanted: Tensor, weight: Tensor, bias: Tensor | None, loss_of: LossOf, at_once: int | None = None
) -> Tensor:
    """The loss of all targets, worked some targets at a time: their scores are never all there at once.

    A piece's gradient is taken as soon as its loss is known. So nothing of the M × K scores is kept for the backward
    pass, and on a CPU a piece stays in the caches: half the time, a fraction of the memory.

    encoded: (M, D). wanted: (M,) float32, scores of targets. weight: (K, D) and bias: (K,), of the sampled items.
    loss_of: the summed loss, (), of the targets in a slice, given their scores (m,) and those of the sampled items
    (m, K). at_once: how many scores a piece may have. Returns () float32.
    """
    if at_once is None:
        at_once = 1 << 19 if encoded.device.type == "cpu" else 1 << 26
    return _InPieces.apply(loss_of, max(1, at_once // len(weight)), encoded, wanted, weight, bias)  # pyright: ignore[reportReturnType]


class _InPieces(torch.autograd.Function):
    """`sum_in_pieces`: the gradient is computed in the forward pass, and only scaled in the backward one."""

    @staticmethod
    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, loss_of: LossOf, rows: int, encoded: Tensor, wanted: Tensor, weight: Tensor, bias: Tensor | None
    ) -> Tensor:
        device = encoded.device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else encoded.dtype
        whole = [weight.to(dtype)] if bias is None else [weight.to(dtype), bias.to(dtype)]
        whole = [tensor.detach().requires_grad_() for tensor in whole]
        encoded_gradient, wanted_gradient = torch.empty_like(encoded), torch.empty_like(wanted)
        gradients = [torch.zeros_like(tensor, dtype=torch.float32) for tensor in whole]
        total = torch.zeros((), device=encoded.device)
        for first in range(0, len(encoded), rows):
            part = slice(first, first + rows)
            mine = encoded[part].to(dtype).detach().requires_grad_(), wanted[part].detach().requires_grad_()
            with torch.enable_grad(), torch.autocast(device, enabled=False):
                loss = loss_of(mine[1], F.linear(mine[0], *whole), part)
            found = torch.autograd.grad(loss, (*mine, *whole))
            encoded_gradient[part], wanted_gradient[part] = found[0], found[1]
            for gradient, more in zip(gradients, found[2:], strict=True):
                gradient += more
            total += loss.detach()
        ctx.save_for_backward(encoded_gradient, wanted_gradient, *gradients)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Scale what the forward pass has found."""
        scaled = [gradient * gradients[0] for gradient in ctx.saved_tensors]
        return None, None, *scaled, *([None] * (4 - len(scaled)))
