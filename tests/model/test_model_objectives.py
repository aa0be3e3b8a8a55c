"""What is asked of the network: every window has a target, and none is padding or mask."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from bert4rec_tui.config import ModelConfig
from bert4rec_tui.model.bert4rec import Bert4Rec
from bert4rec_tui.model.objectives import IGNORED, Slots, causal_task, cloze_task, full_softmax_loss

ITEMS = 30
windows = st.lists(st.lists(st.integers(1, ITEMS), min_size=1, max_size=12), min_size=1, max_size=6).map(
    lambda rows: torch.tensor([[0] * (12 - len(row)) + row for row in rows])
)
rates = st.floats(0.001, 1.0)


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@given(windows=windows, rate=rates, last=st.sampled_from([0.0, 0.5, 1.0]), seed=st.integers(0, 10_000))
def test_every_window_has_a_target_and_each_is_the_item_that_stood_there(windows, rate, last, seed):
    task = cloze_task(windows, ITEMS, rate, last, generator(seed))
    width = task.queries.columns.size(1)
    rows = task.queries.chosen // width
    columns = task.queries.columns.flatten()[task.queries.chosen]
    assert set(rows.tolist()) == set(range(len(windows)))
    assert torch.equal(task.targets, windows[rows, columns])
    assert ((task.targets >= 1) & (task.targets <= ITEMS)).all()
    assert ((task.tokens == 0) == (windows == 0)).all()
    elsewhere = torch.ones_like(windows, dtype=torch.bool)
    elsewhere[rows, columns] = False
    assert torch.equal(task.tokens[elsewhere], windows[elsewhere])


@given(windows=windows, seed=st.integers(0, 10_000))
def test_the_last_item_alone_is_masked_always_by_the_mask(windows, seed):
    task = cloze_task(windows, ITEMS, 0.5, 1.0, generator(seed))
    assert torch.equal(task.targets, windows[:, -1])
    assert (task.tokens[:, -1] == ITEMS + 1).all()
    assert torch.equal(task.tokens[:, :-1], windows[:, :-1])


def test_of_the_targets_eight_in_ten_are_masked_one_replaced_one_kept():
    windows = torch.randint(1, 1001, (400, 100), generator=generator(0))
    task = cloze_task(windows, 1000, 0.2, 0.0, generator(1))
    columns = task.queries.columns.flatten()[task.queries.chosen]
    tokens = task.tokens[task.queries.chosen // task.queries.columns.size(1), columns]
    assert abs(len(task.targets) / windows.numel() - 0.2) < 0.01
    assert abs((tokens == 1001).float().mean().item() - 0.8) < 0.02
    assert abs((tokens == task.targets).float().mean().item() - 0.1) < 0.02
    assert (tokens <= 1001).all()


@given(windows=windows, rate=rates, seed=st.integers(0, 10_000), row=st.integers(1, 12), batch=st.integers(1, 80))
def test_fixed_slots_ask_the_same_and_count_what_has_no_room(windows, rate, seed, row, batch):
    """What a GPU computes with fixed shapes is what a CPU computes, but for targets beyond the slots."""
    free = cloze_task(windows, ITEMS, rate, 0.0, generator(seed))
    fixed = cloze_task(windows, ITEMS, rate, 0.0, generator(seed), slots=Slots(row, batch))
    assert torch.equal(free.tokens, fixed.tokens)
    used = fixed.targets != IGNORED
    assert fixed.targets.numel() == min(batch, len(windows) * min(row, 12))
    assert int(used.sum()) + int(fixed.overflow) == len(free.targets)
    if not fixed.overflow:
        assert torch.equal(fixed.targets[used], free.targets)
        network = Bert4Rec(ITEMS, ModelConfig(max_len=12, hidden=8, heads=2)).eval()
        with torch.no_grad():
            assert_close(full_softmax_loss(network, free), full_softmax_loss(network, fixed))


@given(
    rows=st.lists(st.lists(st.integers(1, ITEMS), min_size=2, max_size=12), min_size=1, max_size=5),
)
def test_causal_targets_are_the_next_items(rows):
    windows = torch.tensor([[0] * (12 - len(row)) + row for row in rows])
    task = causal_task(windows)
    expected = [item for row in rows for item in row[1:]]
    assert task.targets.tolist() == expected
    assert torch.equal(task.tokens, windows[:, :-1])


@given(windows=windows.filter(lambda w: (w[:, -2] > 0).all()), rows=st.integers(1, 7))
def test_a_step_in_slices_is_the_step(windows, rows):
    """A few windows at a time, with fixed shapes or few, a batch has the loss and the gradient of the whole."""
    for objective in ("cloze", "causal"):
        network = Bert4Rec(ITEMS, ModelConfig(objective=objective, max_len=12, hidden=8, heads=2, dropout=0.0))
        tasks = (
            [causal_task(windows), causal_task(windows, fixed=True)]
            if objective == "causal"
            else [cloze_task(windows, ITEMS, 0.3, 0.0, generator(0))]
        )
        gradients = []
        worked = [(tasks[0], [tasks[0]]), *((task, list(task.slices(rows))) for task in tasks)]
        worked.append((tasks[0], [piece.rounded() for piece in tasks[0].slices(rows)]))
        for task, pieces in worked:
            network.zero_grad()
            used = int((task.targets != IGNORED).sum())
            for piece in pieces:
                (full_softmax_loss(network, piece) / used).backward()
            gradients.append(torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None]))
        for other in gradients[1:]:
            assert_close(other, gradients[0], rtol=1e-4, atol=1e-6)


def test_training_begins_at_the_cross_entropy_of_the_frequencies():
    counts = torch.tensor([100.0, 10.0, 1.0, 0.0])
    network = Bert4Rec(4, ModelConfig(max_len=4, hidden=8, heads=2)).eval()
    with torch.no_grad():
        network.final_norm.weight.zero_()  # nothing but the bias speaks
        network.initialise_from_popularity(counts)
        shares = network.score_last(torch.tensor([[1, 5]])).softmax(-1)[0]
    assert_close(shares, (counts + 1) / (counts + 1).sum())


def test_the_loss_is_summed_over_targets():
    """A window with many targets weighs more than one with few: the mean is over targets, not windows."""
    network = Bert4Rec(ITEMS, ModelConfig(objective="causal", max_len=12, hidden=8, heads=2)).eval()
    long, short = torch.arange(1, 13)[None], torch.tensor([[0] * 10 + [5, 6]])
    with torch.no_grad():
        both = full_softmax_loss(network, causal_task(torch.cat([long, short])))
        apart = [full_softmax_loss(network, causal_task(window)) for window in (long, short)]
    assert_close(both, apart[0] + apart[1])
