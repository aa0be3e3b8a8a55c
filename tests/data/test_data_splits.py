"""What each split gives to training, validation and test."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.splits import Histories, split_histories
from bert4rec_tui.errors import UserError

lengths = st.lists(st.integers(3, 12), min_size=5, max_size=60)


def histories(sizes: list[int]) -> Histories:
    return Histories(np.concatenate([[0], np.cumsum(sizes)]), None)


@given(lengths, st.data())
def test_leave_one_out_tests_the_last_and_validates_the_one_before(sizes, data):
    wanted = data.draw(st.integers(0, len(sizes)))
    split = split_histories(histories(sizes), DatasetConfig(validation_users=wanted))
    assert split.test.tolist() == [size - 1 for size in sizes]
    validated = np.flatnonzero(split.validation >= 0)
    assert len(validated) == (wanted or len(sizes))
    for user, size in enumerate(sizes):
        is_validated = split.validation[user] >= 0
        assert split.train_end[user] == (size - 2 if is_validated else size - 1)
        assert split.validation[user] == (size - 2 if is_validated else -1)


@given(lengths, st.integers(0, 5))
def test_holdout_trains_on_nothing_of_the_held_out_users(sizes, seed):
    split = split_histories(histories(sizes), DatasetConfig(split="holdout", seed=seed))
    validated, tested = np.flatnonzero(split.validation >= 0), np.flatnonzero(split.test >= 0)
    assert len(validated) == len(tested) == max(1, len(sizes) // 10)
    assert not set(validated) & set(tested)
    for user, size in enumerate(sizes):
        held_out = user in validated or user in tested
        assert split.train_end[user] == (0 if held_out else size)
        if held_out:
            assert max(split.validation[user], split.test[user]) == size - 1


def test_the_seed_chooses_the_users():
    def chosen(seed: int, kind: str) -> list[int]:
        settings = DatasetConfig(split=kind, seed=seed, validation_users=0 if kind == "holdout" else 5)
        return np.flatnonzero(split_histories(histories([5] * 50), settings).validation >= 0).tolist()

    for kind in ("leave-one-out", "holdout"):
        assert chosen(1, kind) == chosen(1, kind)
        assert chosen(1, kind) != chosen(2, kind)


def test_the_default_of_holdout_is_500_or_a_tenth():
    for users, expected in ((30, 3), (7000, 500)):
        split = split_histories(histories([4] * users), DatasetConfig(split="holdout"))
        assert np.count_nonzero(split.test >= 0) == expected


@pytest.mark.parametrize(
    ("users", "settings", "sentence"),
    [
        (
            10,
            DatasetConfig(split="holdout", eval_users=5),
            "dataset.eval_users = 5 for validation and as many for test leave nobody to train on among 10 users; "
            "4 at most are possible",
        ),
        (
            2,
            DatasetConfig(split="holdout"),
            "the split holdout needs three users, to train on, validate and test; there are 2",
        ),
        (
            10,
            DatasetConfig(validation_users=11),
            "dataset.validation_users = 11 is more than the 10 users there are; 0 takes all",
        ),
    ],
)
def test_too_few_users_are_refused(users, settings, sentence):
    with pytest.raises(UserError) as error:
        split_histories(histories([5] * users), settings)
    assert str(error.value) == sentence
