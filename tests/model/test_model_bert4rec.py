"""The network: what it may and may not look at."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F
from torch.testing import assert_close

from bert4rec_tui.config import ModelConfig
from bert4rec_tui.model.bert4rec import Bert4Rec, Queries
from bert4rec_tui.model.dropout import attend, dropout
from bert4rec_tui.model.inputs import prediction_inputs

ITEMS, LENGTH = 50, 24
SMALL = {"max_len": LENGTH, "hidden": 16, "heads": 2, "blocks": 2}
NETWORKS = {
    (objective, tied): Bert4Rec(ITEMS, ModelConfig(objective=objective, tied_head=tied, **SMALL)).eval()
    for objective in ("cloze", "causal")
    for tied in (True, False)
}
histories = st.lists(st.integers(1, ITEMS), min_size=1, max_size=LENGTH - 1)
networks = st.sampled_from(list(NETWORKS.values()))


# What two ways to the same scores may differ by. In bf16 a number has three digits; a score here is below 0.5.
TOLERANCES = {"fp32": {"rtol": 1e-5, "atol": 1e-5}, "bf16": {"rtol": 0.0, "atol": 1e-2}}
precisions = st.sampled_from(list(TOLERANCES))


@contextmanager
def arithmetic(precision: str) -> Iterator[None]:
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
        yield


def padded(history: list[int], width: int) -> torch.Tensor:
    return torch.tensor([[0] * (width - len(history)) + history])


@given(network=networks, history=histories, precision=precisions, data=st.data())
def test_padding_changes_no_score(network, history, precision, data):
    """The same history scores the same to 1e-5, or in bf16 to 1e-2, whatever the batch around it is padded to."""
    width = data.draw(st.integers(len(history), LENGTH))
    with arithmetic(precision):
        alone, wider = network.score_last(padded(history, len(history))), network.score_last(padded(history, width))
    assert_close(alone, wider, **TOLERANCES[precision])


@given(network=networks, history=histories, other=histories, precision=precisions)
def test_a_neighbour_in_the_batch_changes_no_score(network, history, other, precision):
    """A batch scores each of its histories as if it were alone."""
    width = max(len(history), len(other))
    with arithmetic(precision):
        together = network.score_last(torch.cat([padded(history, width), padded(other, width)]))
        alone = network.score_last(padded(history, len(history)))
    assert_close(together[:1], alone, **TOLERANCES[precision])


@given(network=networks, history=histories)
def test_in_bf16_the_scores_are_those_of_fp32_to_two_digits(network, history):
    with torch.no_grad():
        exact = network.score_last(padded(history, LENGTH))
    with arithmetic("bf16"):
        assert_close(network.score_last(padded(history, LENGTH)), exact, **TOLERANCES["bf16"])


@given(sizes=st.tuples(*(st.integers(1, most) for most in (3, 3, 9, 9))), hidden=st.booleans(), seed=st.integers(0, 99))
def test_attention_by_plain_products_is_that_of_the_fused_kernel(sizes, hidden, seed):
    """In 16 bits a CPU takes the first; both give what fp32 gives, to the digits that bf16 has, forwards and back.

    The bias is in fp32, as it is beside embeddings; what is worked out stays in 16 bits.
    """
    batch, heads, asked, keys = sizes
    generator = torch.Generator().manual_seed(seed)
    shapes = [(batch, heads, asked, 4), (batch, heads, keys, 4), (batch, heads, keys, 4)]
    exact = [torch.randn(shape, generator=generator).requires_grad_() for shape in shapes]
    bias = torch.zeros(batch, 1, asked, keys)
    if hidden and keys > 1:
        bias[..., 0] = -torch.inf
    expected = F.scaled_dot_product_attention(*exact, attn_mask=bias)
    expected.sum().backward()
    low = [tensor.detach().bfloat16().requires_grad_() for tensor in exact]
    found = attend(*low, bias, 0.0)
    found.sum().backward()
    assert found.dtype == torch.bfloat16
    assert_close(found.float(), expected, rtol=0.05, atol=0.05)
    for one, other in zip(low, exact, strict=True):
        assert_close(one.grad.float(), other.grad, rtol=0.05, atol=0.2)


@given(network=networks, history=histories, data=st.data())
def test_reading_only_the_queries_is_exact(network, history, data):
    """The last block worked at some positions gives what the whole block gives there."""
    tokens = torch.cat([padded(history, LENGTH), padded(history[::-1], LENGTH)])
    columns = torch.tensor(
        data.draw(st.lists(st.lists(st.integers(0, LENGTH - 1), min_size=3, max_size=3), min_size=2, max_size=2))
    )
    chosen = torch.tensor(sorted(data.draw(st.sets(st.integers(0, 5), min_size=1))))
    with torch.no_grad():
        whole = network.encode(tokens)
        read = network.encode(tokens, Queries(columns, chosen))
    expected = torch.stack([whole[row, column] for row in range(2) for column in columns[row].tolist()])[chosen]
    assert_close(read, expected, rtol=1e-5, atol=1e-5)


@given(history=st.lists(st.integers(1, ITEMS), min_size=2, max_size=LENGTH), item=st.integers(1, ITEMS))
def test_causal_positions_do_not_see_what_comes_later(history, item):
    network = NETWORKS["causal", True]
    changed = [*history[:-1], item]
    with torch.no_grad():
        before = network.encode(padded(history, LENGTH))[:, :-1]
        after = network.encode(padded(changed, LENGTH))[:, :-1]
    assert_close(before, after, rtol=0, atol=0)


def test_cloze_positions_see_both_sides():
    network = NETWORKS["cloze", True]
    with torch.no_grad():
        before = network.encode(padded([1, 2, 3], 3))[0, 0]
        after = network.encode(padded([1, 2, 9], 3))[0, 0]
    assert not torch.allclose(before, after, atol=1e-4)


@pytest.mark.parametrize("network", NETWORKS.values(), ids=str)
def test_only_items_are_scored(network):
    """Neither padding nor mask has a score: there are N of them, for items 1 to N."""
    assert network.score_last(padded([1, 2], 2)).shape == (1, ITEMS)


def test_a_history_of_nothing_has_finite_scores():
    for network in NETWORKS.values():
        tokens = prediction_inputs(
            torch.tensor([0]), torch.tensor([0]), torch.tensor([0]), network.config, network.mask
        )
        assert network.score_last(tokens).isfinite().all()


def test_one_prediction_input_for_both_objectives():
    """Cloze reads the last max_len - 1 items and the mask; causal the last max_len items."""
    items = torch.arange(1, 41)
    starts, ends = torch.tensor([0, 30]), torch.tensor([30, 33])
    cloze = prediction_inputs(items, starts, ends, ModelConfig(**SMALL), mask=99)
    assert cloze.tolist() == [[*range(8, 31), 99], [0] * 20 + [31, 32, 33, 99]]
    causal = prediction_inputs(items, starts, ends, ModelConfig(objective="causal", **SMALL), mask=99)
    assert causal.tolist() == [[*range(7, 31)], [0] * 21 + [31, 32, 33]]


def test_the_same_seed_gives_the_same_weights_and_padding_is_zero():
    first, second = (Bert4Rec(ITEMS, ModelConfig(**SMALL, seed=3)) for _ in range(2))
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(first.token.weight, Bert4Rec(ITEMS, ModelConfig(**SMALL, seed=4)).token.weight)
    assert first.token.weight[0].abs().sum() == 0
    assert 0.015 < first.token.weight[1:].std().item() < 0.025


def test_padding_is_never_trained():
    network = Bert4Rec(ITEMS, ModelConfig(**SMALL))
    network.score_last(padded([1, 2, 3], 10)).sum().backward()
    assert network.token.weight.grad[0].abs().sum() == 0
    assert network.token.weight.grad[2].abs().sum() > 0


@pytest.mark.parametrize("site", ["attention_dropout", "feed_forward_dropout", "block_dropout"])
def test_every_dropout_site_can_be_switched(site):
    """Each site alone changes what a training network gives, beyond the sites that are always on."""
    tokens = padded([1, 2, 3, 4, 5], 5)
    off = {"attention_dropout": False, "feed_forward_dropout": False, "block_dropout": False}
    outputs = []
    for settings_ in (off, off | {site: True}):
        network = Bert4Rec(ITEMS, ModelConfig(dropout=0.5, **SMALL, **settings_)).train()
        torch.manual_seed(0)
        outputs.append(network.score_last(tokens))
    assert not torch.allclose(*outputs)


@settings(max_examples=20)
@given(
    rate=st.floats(0.01, 0.9),
    seed=st.integers(0, 1000),
    kind=st.sampled_from([torch.float32, torch.bfloat16, torch.float16, torch.float64]),
)
def test_dropout_drops_at_its_rate_and_keeps_the_mean(rate, seed, kind):
    torch.manual_seed(seed)
    x = torch.ones(300, 200, dtype=kind).T.requires_grad_()  # its numbers stand in another order in memory
    y = dropout(x, rate, training=True)
    assert y.dtype == kind
    assert abs((y == 0).float().mean().item() - rate) < 0.012
    assert abs(y.double().mean().item() - 1) < 0.012 / (1 - rate) + torch.finfo(torch.bfloat16).eps
    y.sum().backward()
    assert torch.equal(x.grad, y)  # the gradient passes where the value did, scaled alike


def test_dropout_is_off_outside_training_and_follows_the_seed():
    x = torch.rand(40, 40)
    assert dropout(x, 0.5, training=False) is x
    draws = []
    for _ in range(2):
        torch.manual_seed(7)
        draws.append(dropout(x, 0.5, training=True))
    assert torch.equal(*draws)
    assert not torch.equal(draws[0], dropout(x, 0.5, training=True))
