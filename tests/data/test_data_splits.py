"""What each split gives to training, validation and test."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.splits import Histories, newcomers, split_histories, time_cuts
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


@st.composite
def timed(draw: st.DrawFn) -> tuple[Histories, DatasetConfig]:
    """Histories with times that may tie, and shares for the cuts."""
    moments = st.lists(st.integers(0, draw(st.sampled_from([3, 30, 1000]))), min_size=1, max_size=12)
    times = [sorted(draw(moments)) for _ in range(draw(st.integers(1, 20)))]
    offsets = np.cumsum([0, *map(len, times)])
    shares = {"validation_share": draw(st.floats(0.01, 0.5)), "test_share": draw(st.floats(0.01, 0.45))}
    return Histories(offsets, np.concatenate(times)), DatasetConfig(split="time", **shares)


@given(timed())
def test_the_split_by_time_is_what_its_words_say(world):
    """Nothing trained on is later than a cut, a target is the user's first after its cut, its input is older."""
    histories, settings = world
    times = [own.tolist() for own in np.split(histories.seconds, histories.offsets[1:-1])]
    first, second = time_cuts(histories.seconds, settings)
    targets, left_out = {}, []
    for part, begin, end in (("validation", first, second), ("test", second, np.inf)):
        firsts = [next((place for place, time in enumerate(own) if begin <= time < end), -1) for own in times]
        left_out.append(firsts.count(0))
        targets[part] = [place or -1 for place in firsts]  # without anything before it there is no target
    trained = [sum(time < first for time in own) for own in times]
    if not any(trained) or any(max(places) < 0 for places in targets.values()):
        with pytest.raises(UserError, match=r"^dataset\.split = time "):
            split_histories(histories, settings)
        return
    split = split_histories(histories, settings)
    assert split.cuts == (first, second)
    assert split.train_end.tolist() == trained
    for part, places in targets.items():
        assert split.targets(part).tolist() == places
        for own, place in zip(times, places, strict=True):
            assert all(time < own[place] for time in own[: max(0, place)])
    assert newcomers(histories, split.cuts) == tuple(left_out)
    # The shares are met as nearly as ties allow, and never by training on more than was asked.
    count, at_the_cut = len(histories.seconds), np.count_nonzero(histories.seconds == first)
    wanted = min(count - 1, round(count * (1 - settings.validation_share - settings.test_share)))
    assert sum(trained) <= wanted < sum(trained) + at_the_cut


@given(timed(), st.randoms())
def test_another_future_changes_nothing_that_is_trained_on(world, chance):
    histories, settings = world
    later = histories.seconds >= time_cuts(histories.seconds, settings)[0]
    other = Histories(histories.offsets, histories.seconds + later * chance.randint(0, 500))
    try:
        before, after = split_histories(histories, settings), split_histories(other, settings)
    except UserError:
        return
    assert after.train_end.tolist() == before.train_end.tolist()
    assert after.validation.tolist() == before.validation.tolist()


def test_the_input_of_a_test_target_has_what_lies_between_the_cuts():
    """Four users of ten items; of the forty times 24 are below 16, and 28 below 18."""
    own = {"early": range(10), "both": range(10, 20), "between": range(8, 18), "new": range(18, 28)}
    times = np.concatenate([np.array(moments) for moments in own.values()])
    histories = Histories(np.arange(0, 41, 10), times)
    split = split_histories(histories, DatasetConfig(split="time", validation_share=0.1, test_share=0.3))
    assert split.cuts == (16, 18)
    assert split.train_end.tolist() == [10, 6, 8, 0]
    assert split.validation.tolist() == [-1, 6, 8, -1]
    assert split.test.tolist() == [-1, 8, -1, -1]  # of "both", what it had at 16 and 17 is in the input
    assert newcomers(histories, split.cuts) == (0, 1)


def test_without_times_there_is_no_split_by_time():
    with pytest.raises(UserError) as error:
        split_histories(histories([5] * 10), DatasetConfig(split="time"))
    assert str(error.value) == (
        "dataset.split = time needs a timestamp column, and there is none; "
        "choose the column, or leave-one-out or holdout"
    )


@pytest.mark.parametrize(
    ("times", "sentence"),
    [
        (
            [[7] * 5] * 4,
            "dataset.split = time leaves no training data before the first cut, 1970-01-01, because too many "
            "interactions have the same time; choose leave-one-out or holdout",
        ),
        (
            [[1, 2, 3, 9, 9], [1, 2, 3, 9, 9]],
            "dataset.split = time leaves no validation users: none has an item between the cuts, 1970-01-01 and "
            "1970-01-01, and an earlier one; change dataset.validation_share or dataset.test_share, "
            "or choose leave-one-out or holdout",
        ),
        (
            [[0, 1, 2, 3, 4, 5, 6, 7], [8, 9]],
            "dataset.split = time leaves no test users: none has an item after the second cut, 1970-01-01, and "
            "an earlier one; change dataset.validation_share or dataset.test_share, or choose leave-one-out or holdout",
        ),
    ],
)
def test_times_that_leave_a_part_without_anybody_are_refused(times, sentence):
    seconds = np.concatenate([np.array(own) for own in times])
    settings = DatasetConfig(split="time", validation_share=0.2, test_share=0.2)
    with pytest.raises(UserError) as error:
        split_histories(Histories(np.cumsum([0, *map(len, times)]), seconds), settings)
    assert str(error.value) == sentence


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
            "dataset.eval_users = 5 for validation and as many for test leave no training users among 10 users; "
            "the maximum is 4",
        ),
        (
            2,
            DatasetConfig(split="holdout"),
            "dataset.split = holdout needs at least 3 users, for training, validation and test; there are 2",
        ),
        (
            10,
            DatasetConfig(validation_users=11),
            "dataset.validation_users = 11 is more than the 10 users of the dataset; 0 uses all",
        ),
    ],
)
def test_too_few_users_are_refused(users, settings, sentence):
    with pytest.raises(UserError) as error:
        split_histories(histories([5] * users), settings)
    assert str(error.value) == sentence
