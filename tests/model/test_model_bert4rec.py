"""The network: what it may and may not look at."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from bert4rec_tui.config import ModelConfig
from bert4rec_tui.model.bert4rec import Bert4Rec, Queries
from bert4rec_tui.model.dropout import dropout
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


def padded(history: list[int], width: int) -> torch.Tensor:
    return torch.tensor([[0] * (width - len(history)) + history])


@given(network=networks, history=histories, data=st.data())
def test_padding_changes_no_score(network, history, data):
    """The same history scores the same to 1e-5, whatever the batch around it is padded to."""
    width = data.draw(st.integers(len(history), LENGTH))
    with torch.no_grad():
        assert_close(
            network.score_last(padded(history, len(history))),
            network.score_last(padded(history, width)),
            rtol=1e-5,
            atol=1e-5,
        )


@given(network=networks, history=histories, other=histories)
def test_a_neighbour_in_the_batch_changes_no_score(network, history, other):
    """A batch scores each of its histories as if it were alone."""
    width = max(len(history), len(other))
    with torch.no_grad():
        together = network.score_last(torch.cat([padded(history, width), padded(other, width)]))
        assert_close(together[:1], network.score_last(padded(history, len(history))), rtol=1e-5, atol=1e-5)


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
@given(rate=st.floats(0.01, 0.9), seed=st.integers(0, 1000))
def test_dropout_drops_at_its_rate_and_keeps_the_mean(rate, seed):
    torch.manual_seed(seed)
    x = torch.ones(200, 300, requires_grad=True)
    y = dropout(x, rate, training=True)
    assert abs((y == 0).float().mean().item() - rate) < 0.012
    assert abs(y.mean().item() - 1) < 0.012 / (1 - rate)
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
