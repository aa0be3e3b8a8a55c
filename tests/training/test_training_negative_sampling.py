"""A step against sampled items: the loss and the gradient of the whole, touching the rows it meets alone."""

import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest
import torch
from histories import walks
from torch.testing import assert_close

from bert4rec_tui.config import Config, with_assignments
from bert4rec_tui.errors import UserError
from bert4rec_tui.evaluation.metrics import means
from bert4rec_tui.evaluation.ranking import ModelScorer, held_out, rank
from bert4rec_tui.model.bert4rec import Bert4Rec
from bert4rec_tui.model.objectives import IGNORED, Slots, causal_task, cloze_task, full_softmax_loss
from bert4rec_tui.training.batches import TrainingBatches
from bert4rec_tui.training.negative_sampling import NegativeSampling, bias_level, catalogue_tables
from bert4rec_tui.training.step import TrainingStep

ITEMS, WIDTH = 60, 12
CPU = torch.device("cpu")


def config_of(*assignments: str) -> Config:
    small = ["model.hidden=16", "model.heads=2", f"model.max_len={WIDTH}", "model.dropout=0.0", "training.negatives=8"]
    return with_assignments(Config(), [*small, *assignments])


def windows_of(seed: int = 0, rows: int = 6) -> torch.Tensor:
    windows = torch.randint(1, ITEMS + 1, (rows, WIDTH), generator=torch.Generator().manual_seed(seed))
    windows[: rows // 2, : WIDTH // 2] = 0
    return windows


def tasks_of(objective: str, windows: torch.Tensor) -> list:
    """The same task with free shapes, and with the fixed shapes of a GPU."""
    if objective == "causal":
        return [causal_task(windows), causal_task(windows, fixed=True)]
    draw = [torch.Generator().manual_seed(0) for _ in range(2)]
    return [
        cloze_task(windows, ITEMS, 0.3, 0.0, draw[0]),
        cloze_task(windows, ITEMS, 0.3, 0.0, draw[1], Slots(WIDTH, 6 * WIDTH)),
    ]


def dense_gradients(model: Bert4Rec, sampling: NegativeSampling, step_rows) -> dict[str, torch.Tensor]:
    """The gradients of the rows used, spread over tables of zeros; and those of all other weights."""
    found = {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}
    for name, table in sampling.tables.items():
        rows = step_rows.rows[name]
        spread = torch.zeros_like(table.weight)
        used = slice(None) if rows.source is None else rows.source == torch.arange(len(rows.source))
        spread[rows.places[used]] = rows.small.grad[used]
        full = "token.weight" if name == "token" else name
        found[full] = spread.view_as(catalogue_tables(model)[name])
    return found


@pytest.mark.parametrize("objective", ["cloze", "causal"])
@pytest.mark.parametrize("tied", ["true", "false"])
def test_with_all_items_drawn_a_step_has_the_loss_and_gradients_of_the_full_softmax(objective, tied):
    """Also of a table that tokens and head share, also in slices, also with the fixed shapes of a GPU."""
    config = config_of(f"model.objective={objective}", f"model.tied_head={tied}", "training.loss=sampled")
    model = Bert4Rec(ITEMS, config.model).eval()
    tasks = tasks_of(objective, windows_of())
    full = full_softmax_loss(model, tasks[0])
    full.backward()
    expected = {name: weight.grad.clone() for name, weight in model.named_parameters()}
    sampling = NegativeSampling(model, config.training, CPU)
    for number, task in enumerate([*tasks, tasks[0]]):
        model.zero_grad()
        sampling.device = torch.device("cuda") if number == 1 else CPU  # which alone decides whether shapes are fixed
        step_rows = sampling.copy_rows(task, torch.randperm(ITEMS) + 1)
        loss = torch.zeros(())
        for part in task.slices(2 if number == 2 else 100):
            share = sampling.loss_sum(part, step_rows)
            share.backward()
            loss += share.detach()
        assert_close(loss, full.detach(), rtol=1e-5, atol=1e-5)
        found = dense_gradients(model, sampling, step_rows)
        assert set(found) == set(expected)
        for name, gradient in expected.items():
            assert_close(found[name], gradient, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("objective", ["cloze", "causal"])
@pytest.mark.parametrize("loss", ["sampled", "gbce"])
def test_fixed_shapes_train_to_the_same_weights(objective, loss):
    """Unused slots and unused copies of rows change nothing."""
    config = config_of(f"model.objective={objective}", f"training.loss={loss}", "training.weight_decay=0.1")
    weights = []
    for fixed in (0, 1):
        model = Bert4Rec(ITEMS, config.model)
        step = TrainingStep(model, config, CPU, "fp32")
        step.sampling.device = torch.device("cuda") if fixed else CPU
        copy_rows = step.sampling.copy_rows
        for number in range(3):
            task = tasks_of(objective, windows_of(number))[fixed]
            step_rows = copy_rows(task, torch.arange(1 + number, 20 + number))
            (step.sampling.loss_sum(task, step_rows) / (task.targets != IGNORED).sum()).backward()
            step.optimizer.step()
            step.sampling.update(step_rows, 0.01)
            step.optimizer.zero_grad()
        weights.append(dict(model.named_parameters()))
    for name, weight in weights[0].items():
        assert_close(weights[1][name], weight, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_a_step_leaves_rows_that_it_does_not_meet_as_they_were_and_gives_no_table_a_gradient(optimizer):
    config = config_of("training.loss=gbce", f"training.optimizer={optimizer}", "training.weight_decay=0.1")
    items = 5000
    model = Bert4Rec(items, config.model)
    step = TrainingStep(model, config, CPU, "fp32")
    before = {name: table.detach().clone() for name, table in catalogue_tables(model).items()}
    windows = torch.randint(1, 100, (6, WIDTH))
    step(windows, 0.01, 0, 0)
    for name, table in catalogue_tables(model).items():
        assert table.grad is None
        changed = (table.detach() != before[name]).view(len(table), -1).any(1).nonzero().squeeze(1)
        assert 0 < len(changed) <= windows.numel() + config.training.negatives + 1
    dense = {id(weight) for group in step.optimizer.param_groups for weight in group["params"]}
    assert not dense & {id(table) for table in catalogue_tables(model).values()}
    assert model.token.weight[0].eq(0).all()


def test_the_norm_and_its_limit_count_the_rows():
    config = config_of("training.loss=sampled", "training.optimizer=sgd", "training.momentum=0.0")
    limited = with_assignments(config, ["training.gradient_clip=0.1"])
    changes = []
    for each in (config, limited):
        model = Bert4Rec(ITEMS, each.model)
        before = torch.cat([weight.detach().flatten() for weight in model.parameters()])
        _, norm = TrainingStep(model, each, CPU, "fp32")(windows_of(), 1.0, 0, 0)
        changes.append(torch.cat([weight.detach().flatten() for weight in model.parameters()]) - before)
        assert norm > 0.1
    # With a rate of one and no momentum the change is the gradient.
    assert_close(changes[0].norm(), norm, rtol=1e-4, atol=1e-5)
    assert_close(changes[1].norm(), torch.tensor(0.1), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("objective", ["cloze", "causal"])
@pytest.mark.parametrize("loss", ["full", "sampled", "gbce"])
def test_each_loss_learns_what_follows_what(make_dataset, objective, loss):
    """Each item mostly follows the one before it: far better than popularity, which knows nothing here."""
    dataset = make_dataset(walks(150, ITEMS, 14))
    config = config_of(
        f"model.objective={objective}",
        f"training.loss={loss}",
        "model.tied_head=true",
        "training.mask_rate=0.3",
        "training.last_item_rate=0.3",
        "training.batch_size=32",
        "training.negatives=20",
    )
    batches = TrainingBatches(dataset, config, CPU)
    model = Bert4Rec(dataset.items, config.model)
    model.initialise_from_popularity(
        torch.from_numpy(np.array(dataset.train_counts)), bias_level(config.training, dataset.items)
    )
    step = TrainingStep(model, config, CPU, "fp32")
    question = held_out(dataset, "validation", ("full",), 0)

    def quality() -> float:
        model.eval()
        return means(rank(ModelScorer(model), question)["full"].ranks, (10,), dataset.items)["NDCG@10"]

    before = quality()
    model.train()
    for epoch in range(40):
        for number, windows in enumerate(batches.batches(epoch)):
            step(windows, 0.01, epoch, number)
    assert before < 0.15
    assert quality() > 0.4


def test_as_many_drawn_items_as_there_are_are_refused():
    config = config_of("training.loss=gbce", f"training.negatives={ITEMS}")
    with pytest.raises(UserError, match=f"training.negatives = {ITEMS} must be below the {ITEMS} items"):
        NegativeSampling(Bert4Rec(ITEMS, config.model), config.training, CPU)


RANK = """
import json, sys, torch
from bert4rec_tui.config import Config, with_assignments
from bert4rec_tui.model.bert4rec import Bert4Rec
from bert4rec_tui.training.distributed import World
from bert4rec_tui.training.step import TrainingStep
config = with_assignments(Config(), json.loads(sys.argv[1]))
world = World.of_environment()
world.join("cpu")
model = Bert4Rec(60, config.model)
step = TrainingStep(model, config, torch.device("cpu"), "fp32", world)
chance, found = torch.Generator().manual_seed(0), []
for number, rows in enumerate((7, 8, 1)):  # an odd number, an even one, and fewer than there are ranks
    windows = torch.randint(1, 61, (rows, 12), generator=chance)
    windows[: rows // 2, :5] = 0
    found += [float(value) for value in step(windows, 0.01, 0, number)]
found += [float(weight.double().abs().sum()) for weight in model.parameters()]
print(json.dumps(found))
world.leave()
"""


@pytest.mark.long  # the small test of several ranks has every loss too
@pytest.mark.parametrize(
    ("objective", "loss", "tied"),
    [
        ("cloze", "gbce", "true"),
        ("causal", "sampled", "false"),
    ],
)
def test_two_ranks_train_as_one_process_does(objective, loss, tied):
    assignments = [f"model.objective={objective}", f"training.loss={loss}", f"model.tied_head={tied}"]
    assignments += ["model.hidden=16", "model.heads=2", "model.max_len=12", "model.dropout=0.0"]
    assignments += ["training.negatives=8", "training.threads=1"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    found = []
    for size in (1, 2):
        ranks = []
        for number in range(size):
            said = {"RANK": number, "LOCAL_RANK": number, "WORLD_SIZE": size, "LOCAL_WORLD_SIZE": size}
            environment = os.environ | {name: str(value) for name, value in said.items()}
            environment |= {"TORCHELASTIC_RUN_ID": "test", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
            command = [sys.executable, "-c", RANK, json.dumps(assignments)]
            ranks.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True))
        found += [json.loads(rank.communicate(timeout=120)[0]) for rank in ranks]
    assert found[1] == pytest.approx(found[0], rel=1e-5)
    assert found[2] == pytest.approx(found[0], rel=1e-5)
