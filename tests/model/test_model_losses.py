"""The losses against drawn items: what they are, and that no score breaks them."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F
from torch.testing import assert_close

from bert4rec_tui.model.losses import (
    NO_SCORE,
    gbce,
    gbce_beta,
    gbce_level,
    mask_accidental_hits,
    sample_negatives,
    sampled_softmax,
    sum_in_pieces,
)

ITEMS = 40


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@given(items=st.integers(1, 5000), share=st.floats(0.0001, 1), seed=st.integers(0, 10_000))
def test_drawn_items_are_all_different_and_of_the_catalogue(items, share, seed):
    number = max(1, int(items * share))
    drawn = sample_negatives(items, number, generator(seed))
    assert len(drawn.unique()) == len(drawn) == number
    assert int(drawn.min()) >= 1
    assert int(drawn.max()) <= items
    assert torch.equal(drawn, sample_negatives(items, number, generator(seed)))


@pytest.mark.parametrize("number", [1, 7, 39])
def test_each_item_is_drawn_as_often_as_any_other(number):
    """Also where the stretches that one is drawn from cannot all be of one length."""
    rounds = 8000
    drawn = torch.cat([sample_negatives(ITEMS, number, generator(seed)) for seed in range(rounds)])
    counts = torch.bincount(drawn, minlength=ITEMS + 1)[1:].double()
    expected = rounds * number / ITEMS
    assert ((counts - expected).abs() < 5 * math.sqrt(expected)).all()


def scores_of(seed: int, targets: int, number: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Scores of all items, targets, and drawn items."""
    chance = generator(seed)
    scores = 3 * torch.randn(targets, ITEMS, generator=chance)
    wanted = torch.randint(1, ITEMS + 1, (targets,), generator=chance)
    return scores, wanted, torch.randperm(ITEMS, generator=chance)[:number] + 1


def parts(scores, targets, drawn):
    wanted = scores.gather(1, targets[:, None] - 1).squeeze(1)
    return wanted, *mask_accidental_hits(scores[:, drawn - 1], targets, drawn)


@given(seed=st.integers(0, 10_000), number=st.integers(1, ITEMS))
def test_only_a_rows_own_target_is_left_out_of_what_was_drawn(seed, number):
    scores, targets, drawn = scores_of(seed, 9, number)
    _, others, left = parts(scores, targets, drawn)
    for row, target in enumerate(targets.tolist()):
        expected = [scores[row, item - 1].item() if item != target else NO_SCORE for item in drawn.tolist()]
        assert others[row].tolist() == pytest.approx(expected)
        assert int(left[row]) == sum(item != target for item in drawn.tolist())


@given(seed=st.integers(0, 10_000), number=st.integers(2, ITEMS - 1))
def test_sampled_softmax_and_its_gradient_are_those_of_the_formula(seed, number):
    scores, targets, drawn = scores_of(seed, 6, number)
    scores.requires_grad_()
    wanted, others, left = parts(scores, targets, drawn)
    losses = sampled_softmax(wanted, others, left, ITEMS)
    (mine,) = torch.autograd.grad(losses.sum(), scores)
    slow = scores.detach().double().requires_grad_()
    expected = []
    for row, target in enumerate(targets.tolist()):
        negatives = [item for item in drawn.tolist() if item != target]
        rest = sum(slow[row, item - 1].exp() for item in negatives) * (ITEMS - 1) / len(negatives)
        expected.append(-(slow[row, target - 1].exp() / (slow[row, target - 1].exp() + rest)).log())
    (theirs,) = torch.autograd.grad(torch.stack(expected).sum(), slow)
    assert_close(losses, torch.stack(expected).float(), rtol=1e-4, atol=1e-5)
    assert_close(mine, theirs.float(), rtol=1e-4, atol=1e-5)


@given(seed=st.integers(0, 10_000))
def test_with_all_items_drawn_sampled_softmax_is_the_full_softmax(seed):
    scores, targets, drawn = scores_of(seed, 6, ITEMS)
    losses = sampled_softmax(*parts(scores, targets, drawn), ITEMS)
    assert_close(losses, F.cross_entropy(scores, targets - 1, reduction="none"), rtol=1e-4, atol=1e-5)


def published_gbce(wanted: torch.Tensor, others: torch.Tensor, beta: float) -> torch.Tensor:
    """Equation by equation, in float64: the positive's probability to the power β, the negatives' as they are."""
    positive = torch.sigmoid(wanted.double()) ** beta
    negatives = 1 - torch.sigmoid(others.double())
    return -(positive.log() + negatives.log().sum(1)) / (others.size(1) + 1)


@given(seed=st.integers(0, 10_000), t=st.floats(0, 1), number=st.integers(1, ITEMS - 1))
def test_gbce_is_binary_cross_entropy_with_the_positives_probability_to_the_power_beta(seed, t, number):
    scores, targets, drawn = scores_of(seed, 6, number)
    wanted, others, _ = parts(scores, targets, drawn)
    beta = gbce_beta(ITEMS, number, t)
    share = number / (ITEMS - 1)
    assert beta == pytest.approx(share * (t * (1 - 1 / share) + 1 / share))
    assert_close(gbce(wanted, others, beta), published_gbce(wanted, others, beta).float(), rtol=1e-4, atol=1e-6)


def test_beta_leaves_plain_cross_entropy_at_0_and_is_the_share_drawn_at_1():
    assert gbce_beta(1_000_001, 1000, 0) == pytest.approx(1)
    assert gbce_beta(1_000_001, 1000, 1) == pytest.approx(0.001)


@pytest.mark.parametrize("size", [50.0, 1e3, 1e4])
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_no_score_makes_a_loss_or_its_gradient_overflow(size, sign):
    """Where the published form would need logarithms of numbers too small for float32."""
    wanted = torch.tensor([sign * size], requires_grad=True)
    others = torch.tensor([[-sign * size, 0.0, NO_SCORE]], requires_grad=True)
    beta = gbce_beta(1_000_000, 256, 0.75)
    for loss in (gbce(wanted, others, beta), sampled_softmax(wanted, others, torch.tensor([2]), 1_000_000)):
        (gradient, other) = torch.autograd.grad(loss.sum(), (wanted, others))
        assert loss.isfinite().all()
        assert gradient.isfinite().all()
        assert other.isfinite().all()
    expected = -(beta * F.logsigmoid(wanted.double()) + F.logsigmoid(-others.double()).sum(1)) / 4
    assert_close(gbce(wanted, others, beta), expected.float())


@given(t=st.floats(0, 1), frequency=st.floats(1e-5, 1e-3))
def test_the_bias_begins_where_frequencies_alone_are_guessed_best(t, frequency):
    items, number = 10_000, 256
    score = math.log(frequency) + gbce_level(items, number, t)
    odds = math.exp(score)
    pull = gbce_beta(items, number, t) * frequency / (1 + odds)
    push = number / items * odds / (1 + odds)
    assert pull == pytest.approx(push)


@pytest.mark.parametrize("kind", ["sampled", "gbce"])
@pytest.mark.parametrize("low", [False, True])
@given(seed=st.integers(0, 10_000), targets=st.integers(1, 20), at_once=st.integers(1, 200), biased=st.booleans())
def test_in_pieces_the_loss_and_its_gradients_are_those_of_the_whole(kind, low, seed, targets, at_once, biased):
    """Also in bf16, to its three digits."""
    chance, hidden, number = generator(seed), 8, 10
    drawn = torch.randperm(ITEMS, generator=chance)[:number] + 1
    items = torch.randint(1, ITEMS + 1, (targets,), generator=chance)

    def loss_of(wanted, others, part):
        others, left = mask_accidental_hits(others, items[part], drawn)
        if kind == "gbce":
            return gbce(wanted, others, 0.3).sum()
        return sampled_softmax(wanted, others, left, ITEMS).sum()

    shapes = [(targets, hidden), (targets,), (number, hidden), *([(number,)] if biased else [])]
    weights = [torch.randn(shape, generator=chance).requires_grad_() for shape in shapes]
    encoded, wanted, weight, bias = (*weights, None)[:4]
    with torch.autocast("cpu", torch.bfloat16, enabled=low):
        whole = loss_of(wanted, F.linear(encoded, weight, bias), slice(None))
        pieces = sum_in_pieces(encoded, wanted, weight, bias, loss_of, at_once)
    limits = {"rtol": 0.05, "atol": 0.05} if low else {"rtol": 1e-4, "atol": 1e-5}
    assert_close(pieces, whole, **limits)
    for mine, expected in zip(*(torch.autograd.grad(3 * each, weights) for each in (pieces, whole)), strict=True):
        assert mine.dtype == torch.float32
        assert_close(mine, expected, **limits)
