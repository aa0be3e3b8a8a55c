"""The softmax in pieces: the value and the gradients of torch's cross-entropy over all scores at once."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F
from torch.testing import assert_close

from bert4rec_tui.model.full_softmax import IGNORED, full_softmax


@given(
    rows=st.integers(1, 40),
    items=st.integers(2, 30),
    at_once=st.integers(1, 2000),
    unused=st.sampled_from([0.0, 0.3, 1.0]),
    loud=st.sampled_from([0.1, 1.0, 30.0]),
    with_bias=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_it_is_the_cross_entropy_of_all_scores(rows, items, at_once, unused, loud, with_bias, seed):
    """Also where scores are far apart, slots are not used, and a piece is a single row."""
    chance = torch.Generator().manual_seed(seed)
    encoded = (torch.randn(rows, 8, generator=chance) * loud).requires_grad_()
    weight = torch.randn(items, 8, generator=chance).requires_grad_()
    bias = torch.randn(items, generator=chance).requires_grad_() if with_bias else None
    targets = torch.randint(0, items, (rows,), generator=chance)
    targets[torch.rand(rows, generator=chance) < unused] = IGNORED
    leaves = [leaf for leaf in (encoded, weight, bias) if leaf is not None]
    found = full_softmax(encoded, weight, bias, targets, at_once)
    right = F.cross_entropy(F.linear(encoded, weight, bias), targets, ignore_index=IGNORED, reduction="sum")
    assert_close(found, right, rtol=1e-4, atol=1e-4)
    gradients = [torch.autograd.grad(loss * 0.5, leaves) for loss in (found, right)]
    for one, other in zip(*gradients, strict=True):
        assert_close(one, other, rtol=1e-4, atol=1e-4 * max(1.0, loud))


def test_in_bf16_it_stays_within_a_hundredth():
    chance = torch.Generator().manual_seed(0)
    encoded = torch.randn(200, 32, generator=chance).requires_grad_()
    weight = (torch.randn(500, 32, generator=chance) * 0.3).requires_grad_()
    targets = torch.randint(0, 500, (200,), generator=chance)
    right = F.cross_entropy(encoded @ weight.t(), targets, reduction="sum")
    with torch.autocast("cpu", torch.bfloat16):
        found = full_softmax(encoded, weight, None, targets)
    assert_close(found, right, rtol=1e-2, atol=0.0)
    for one, other in zip(
        torch.autograd.grad(found, [encoded, weight]), torch.autograd.grad(right, [encoded, weight]), strict=True
    ):
        assert (one - other).norm() <= 0.01 * other.norm()
