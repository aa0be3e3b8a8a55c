"""The paired test: it sees a difference that unpaired intervals hide, and none where there is none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bert4rec_tui.evaluation.metrics import estimates, means
from bert4rec_tui.evaluation.paired import largest_rank_changes, paired_differences
from bert4rec_tui.evaluation.saved_ranks import SavedRanks


def kept(ranks: np.ndarray, candidates: int = 1000) -> SavedRanks:
    return SavedRanks(np.arange(len(ranks)), ranks, np.full(len(ranks), candidates))


def geometric(seed: int, users: int = 2000) -> np.ndarray:
    return np.minimum(np.random.default_rng(seed).geometric(0.05, users), 1000)


@given(seed=st.integers(0, 1000), users=st.integers(1, 60))
def test_it_is_the_difference_of_the_means_and_turns_its_sign_with_the_two(seed, users):
    one, two = kept(geometric(seed, users)), kept(geometric(seed + 1, users))
    forth, back = (paired_differences(*pair, [1, 10], resamples=200) for pair in ((one, two), (two, one)))
    for name, difference in forth.items():
        ours, theirs = (means(kept.ranks, [1, 10], 1000)[name] for kept in (one, two))
        assert difference.value == pytest.approx(ours - theirs, abs=1e-12)
        assert difference.low - 1e-12 <= difference.value <= difference.high + 1e-12 or users < 10
        assert 0 < difference.p <= 1
        assert back[name].value == pytest.approx(-difference.value)


def test_what_two_intervals_that_overlap_hide_is_seen_on_the_same_users():
    worse = geometric(0)
    better = np.where(np.random.default_rng(1).random(len(worse)) < 0.15, np.maximum(1, worse - 2), worse)
    one, two = (estimates(ranks, [10], 1000)["NDCG@10"] for ranks in (better, worse))
    assert one.low < two.high
    found = paired_differences(kept(better), kept(worse), [10])["NDCG@10"]
    assert found.significant
    assert found.low > 0
    assert found.p < 0.01


def test_equal_ranks_show_nothing():
    found = paired_differences(kept(geometric(0)), kept(geometric(0)), [10])
    assert {(d.value, d.low, d.high, d.p, d.significant) for d in found.values()} == {(0.0, 0.0, 0.0, 1.0, False)}


def test_of_two_draws_of_the_same_ranks_about_one_in_twenty_shows_a_difference():
    """The rate of false alarms is the level: neither far above nor never."""
    tests = [paired_differences(kept(geometric(n, 300)), kept(geometric(n + 500, 300)), [10], 400) for n in range(200)]
    share = np.mean([found["NDCG@10"].significant for found in tests])
    assert 0.015 <= share <= 0.11


@pytest.mark.parametrize(("users", "chance"), [(1, 1.0), (2, 0.5), (3, 0.25), (5, 1 / 16)])
def test_a_few_users_who_all_lean_one_way_show_nothing_and_p_says_how_likely_that_is(users, chance):
    """Each lower rank by chance has one half: that all turn the same way, twice that to the power of the users."""
    ranks = np.arange(3, 3 + users)
    found = paired_differences(kept(ranks), kept(ranks + 1), [10])["MRR"]
    assert found.few
    assert not found.significant
    assert found.p == pytest.approx(chance, abs=0.04)


def test_p_is_as_small_as_it_should_be_once_in_twenty():
    """It is of both sides: where nothing differs it lies below a level as often as the level says."""
    tests = [paired_differences(kept(geometric(n, 300)), kept(geometric(n + 500, 300)), [10], 400) for n in range(300)]
    for level in (0.05, 0.2, 0.5):
        share = np.mean([found["MRR"].p < level for found in tests])
        assert share == pytest.approx(level, abs=3.5 * (level * (1 - level) / len(tests)) ** 0.5)


@given(seed=st.integers(0, 1000), most=st.integers(1, 30))
def test_users_on_whom_they_differ_come_with_those_first_that_anybody_would_notice(seed, most):
    ours, theirs = kept(geometric(seed, 60)), kept(geometric(seed + 1, 60))
    found = largest_rank_changes(ours, theirs)
    assert sorted(found.users) == np.flatnonzero(ours.ranks != theirs.ranks).tolist()
    assert np.array_equal(found.ours, ours.ranks[found.users])
    assert np.array_equal(found.theirs, theirs.ranks[found.users])
    counts = np.abs(1 / np.log2(1 + found.ours) - 1 / np.log2(1 + found.theirs))
    assert np.all(np.diff(counts) <= 1e-12)
    assert np.array_equal(largest_rank_changes(ours, theirs, most).users, found.users[:most])
