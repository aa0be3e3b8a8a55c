"""What is trained on: each user's own past, whole, in batches of like length, another order each epoch."""

from itertools import pairwise

import msgspec
import numpy as np
import pytest
import torch
from histories import walks
from hypothesis import given
from hypothesis import strategies as st

from bert4rec_tui.config import Config, with_assignments
from bert4rec_tui.model.inputs import FEW_WIDTHS
from bert4rec_tui.training.batches import TrainingBatches
from bert4rec_tui.training.schedule import learning_rate_at

CPU = torch.device("cpu")


def batches_of(dataset, *assignments: str) -> TrainingBatches:
    config = msgspec.structs.replace(Config(), dataset=dataset.manifest.settings)
    return TrainingBatches(dataset, with_assignments(config, ["training.batch_size=8", *assignments]), CPU)


def rows(batches, epoch: int = 0, first: int = 0) -> list[tuple[int, ...]]:
    return [tuple(i for i in row if i) for batch in batches.batches(epoch, first) for row in batch.tolist()]


def test_every_user_is_trained_once_on_the_latest_of_the_own_past(make_dataset):
    dataset = make_dataset(walks(30, 20, 14))
    batches = batches_of(dataset, "model.max_len=5")
    expected = sorted(tuple(dataset.history_of(user)[:-2][-5:].tolist()) for user in range(dataset.users))
    assert sorted(rows(batches)) == expected


def test_held_out_users_are_never_trained_on(make_dataset):
    """In the holdout split no history of a validation or test user leaks, and each is scored on its last item."""
    histories = [[user * 10 + place for place in range(1, 6)] for user in range(40)]
    dataset = make_dataset(histories, split="holdout", eval_users=5)
    trained = {item for row in rows(batches_of(dataset)) for item in row}
    for part in ("validation", "test"):
        users = dataset.evaluated_users(part)
        assert len(users) == 5
        for user in users:
            history = dataset.history_of(user).tolist()
            assert not trained & set(history)
            assert dataset.split.targets(part)[user] == len(history) - 1
    assert not set(dataset.evaluated_users("validation")) & set(dataset.evaluated_users("test"))
    assert len(rows(batches_of(dataset))) == 30


@given(epoch=st.integers(0, 5), first=st.integers(0, 4))
def test_an_epoch_goes_on_from_any_step(make_dataset, epoch, first):
    """The position needs no replay: what comes after a step is the same, whether the steps before were made or not."""
    batches = batches_of(make_dataset(walks(35, 20, 14)), "training.windows=random", "model.max_len=5")
    whole = [batch.tolist() for batch in batches.batches(epoch)]
    assert [batch.tolist() for batch in batches.batches(epoch, first)] == whole[first:]


def test_the_order_differs_between_epochs(make_dataset):
    batches = batches_of(make_dataset(walks(35, 20, 14)))
    assert rows(batches, 0) != rows(batches, 1)
    assert sorted(rows(batches, 0)) == sorted(rows(batches, 1))


def test_batches_are_little_longer_than_their_longest_member(make_dataset):
    """Up to the next multiple of 8, so that few shapes are met."""
    histories = [walks(1, 20, 40, seed)[0][: 5 + seed % 30] for seed in range(64)]
    padding = total = 0
    for batch in batches_of(make_dataset(histories)).batches(0):
        assert (batch[:, :FEW_WIDTHS] > 0).any()
        padding, total = padding + int((batch == 0).sum()), total + batch.numel()
    assert padding / total < 0.35  # unsorted, about half would be padding


@pytest.mark.parametrize("objective", ["cloze", "causal"])
@pytest.mark.parametrize("stride", [1, 2, 3, 7, 8, 50])
def test_sliding_windows_make_every_item_of_the_past_a_target(make_dataset, stride, objective):
    """With the causal objective every one but the first of a history: the first of a window is never predicted."""
    dataset = make_dataset(walks(12, 30, 25))
    settings = ["model.max_len=7", "training.windows=sliding", f"training.window_stride={stride}"]
    batches = batches_of(dataset, *settings, f"model.objective={objective}")
    windows = batches.windows_of(0)
    causal = int(objective == "causal")
    covered = np.zeros(len(dataset.history), bool)
    for start, end in zip(windows.starts.tolist(), windows.ends.tolist(), strict=True):
        assert 0 < end - start <= 7 + causal
        covered[start + causal : end] = True
    for user in range(dataset.users):
        start, end = dataset.offsets[user : user + 2]
        assert covered[start + causal : end - 2].all()
        assert not covered[end - 2 : end].any()


def test_random_windows_end_elsewhere_each_epoch_and_stay_in_the_past(make_dataset):
    dataset = make_dataset(walks(20, 30, 30))
    batches = batches_of(dataset, "model.max_len=6", "training.windows=random")
    windows = [batches.windows_of(epoch) for epoch in range(20)]
    ends = [some.ends for some in windows]
    assert len({tuple(e.tolist()) for e in ends}) == 20
    last = torch.from_numpy(np.array(dataset.offsets[1:])) - 2
    assert all((e <= last).all() for e in ends)
    assert (torch.stack(ends).max(0).values == last).float().mean() > 0.3
    first = torch.from_numpy(np.array(dataset.offsets[:-1]))
    reached = torch.stack([some.starts for some in windows]).min(0).values == first
    assert reached.float().mean() > 0.3, "the oldest items are trained on too"


@pytest.mark.parametrize("schedule", ["constant", "step", "cosine"])
def test_the_learning_rate_rises_then_never_rises_again(schedule):
    training = with_assignments(
        Config(),
        [
            f"training.schedule={schedule}",
            "training.warmup_epochs=2",
            "training.step_epochs=3",
            "training.step_factor=0.5",
            "training.epochs=12",
        ],
    ).training
    rates = [learning_rate_at(step, 10, training) for step in range(120)]
    assert rates[0] == pytest.approx(training.learning_rate / 21)
    assert all(before < after for before, after in pairwise(rates[:21]))
    assert rates[20:] == sorted(rates[20:], reverse=True)
    assert max(rates) <= training.learning_rate
    assert min(rates) > 0
    if schedule == "step":
        assert rates[30] == pytest.approx(training.learning_rate / 2)
    if schedule == "cosine":
        assert rates[-1] < 0.05 * training.learning_rate
