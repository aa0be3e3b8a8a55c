"""Updates by row: a row has the optimizer it would have alone, and one that is not met keeps its bytes."""

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.testing import assert_close

from bert4rec_tui.config import TrainingConfig
from bert4rec_tui.model.rows import Rows
from bert4rec_tui.training.row_updates import RowOptimizer, Table

ROWS, WIDTH, RATE = 12, 3, 0.05
steps_of_ids = st.lists(st.lists(st.integers(0, ROWS - 1), min_size=1, max_size=10), min_size=1, max_size=8)


def dense_optimizer(weight: nn.Parameter, config: TrainingConfig) -> torch.optim.Optimizer:
    if config.optimizer == "sgd":
        return torch.optim.SGD([weight], RATE, momentum=config.momentum, weight_decay=config.weight_decay)
    kind = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.Adam
    return kind([weight], RATE, weight_decay=config.weight_decay)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
@pytest.mark.parametrize("fixed", [False, True])
@given(steps=steps_of_ids, decay=st.sampled_from([0.0, 0.1]), seed=st.integers(0, 1000))
def test_each_row_trains_as_if_alone_with_the_dense_optimizer_of_the_steps_that_met_it(
    optimizer, fixed, steps, decay, seed
):
    """A row that every step meets is the dense optimizer's; one that none met has not a bit changed."""
    config = TrainingConfig(optimizer=optimizer, weight_decay=decay)
    chance = torch.Generator().manual_seed(seed)
    weight = nn.Parameter(torch.randn(ROWS, WIDTH, generator=chance))
    before = weight.detach().clone()
    alone = [nn.Parameter(row.clone()) for row in before]
    optimizers = [dense_optimizer(row, config) for row in alone]
    table = Table(weight, config)
    for ids in steps:
        gradients = torch.randn(ROWS, WIDTH, generator=chance)
        met = Rows(weight, torch.tensor(ids), fixed=fixed)
        different = torch.tensor(sorted(set(ids)))
        (met(different) * gradients[different]).sum().backward()
        table.update(met, RATE)
        for row in different.tolist():
            alone[row].grad = gradients[row].clone()
            optimizers[row].step()
    assert_close(weight.detach(), torch.stack([row.detach() for row in alone]), rtol=1e-4, atol=1e-5)
    never = [row for row in range(ROWS) if all(row not in ids for ids in steps)]
    assert torch.equal(weight.detach()[never], before[never])
    for name, kept in table.moments.items():
        met = torch.tensor([sum(row in ids for ids in steps) for row in range(ROWS)])
        assert torch.equal(kept, met.int()) if name == "steps" else kept[never].eq(0).all()


@pytest.mark.parametrize("fixed", [False, True])
@given(ids=st.lists(st.integers(1, ROWS), min_size=1, max_size=20))
def test_the_rows_met_are_those_of_the_table_and_gather_every_mention(fixed, ids):
    """An id that is met twice has one copy, whose gradient is the sum; ids may begin above the first row."""
    table = torch.randn(ROWS, WIDTH, generator=torch.Generator().manual_seed(0))
    wanted = torch.tensor(ids)
    rows = Rows(table, wanted, offset=1, fixed=fixed)
    found = rows(wanted)
    assert torch.equal(found, table[wanted - 1])
    found.sum().backward()
    assert rows.small.grad.sum() == WIDTH * len(ids)
    expected = torch.bincount(wanted - 1, minlength=ROWS).float()
    assert torch.equal(rows.gradient()[:, 0], expected[rows.places])


def test_padding_has_a_row_that_stays_zero():
    table = torch.zeros(4, WIDTH)
    rows = Rows(table, torch.tensor([0, 2, 0]))
    rows(torch.tensor([[0, 0, 2]]), padding=True).sum().backward()
    assert rows.gradient().tolist() == [[0.0] * WIDTH, [1.0] * WIDTH]


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
def test_after_a_checkpoint_the_rows_go_on_as_if_there_had_been_none(optimizer):
    config = TrainingConfig(optimizer=optimizer, weight_decay=0.1)
    chance = torch.Generator().manual_seed(0)
    gradients = torch.randn(6, ROWS, WIDTH, generator=chance)
    met_rows = [torch.tensor(ids) for ids in ([0, 3], [3, 5], [3], [0, 5], [3, 7], [0, 3])]

    def optimizer_of(weight: torch.Tensor) -> RowOptimizer:
        dense = nn.Parameter(torch.zeros(2))
        return RowOptimizer(dense_optimizer(dense, config), {"token": Table(nn.Parameter(weight.clone()), config)})

    def train(rows: RowOptimizer, steps: range) -> torch.Tensor:
        table = rows.tables["token"]
        for step in steps:
            met = Rows(table.weight, met_rows[step])
            (met(met_rows[step]) * gradients[step][met_rows[step]]).sum().backward()
            table.update(met, RATE)
        return table.weight.detach()

    unbroken = optimizer_of(torch.ones(ROWS, WIDTH))
    before = train(unbroken, range(3)).clone()
    kept = copy.deepcopy(unbroken.state_dict())
    resumed = optimizer_of(before)
    resumed.load_state_dict(kept)
    assert torch.equal(train(resumed, range(3, 6)), train(unbroken, range(3, 6)))


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_a_bias_is_a_table_of_width_one_that_does_not_decay(optimizer):
    config = TrainingConfig(optimizer=optimizer, weight_decay=0.5)
    bias = nn.Parameter(torch.ones(ROWS))
    table = Table(bias, config)
    rows = Rows(table.weight, torch.tensor([3]))
    (0.0 * rows(torch.tensor([3]))).sum().backward()
    table.update(rows, RATE)
    assert torch.equal(bias.detach(), torch.ones(ROWS))
