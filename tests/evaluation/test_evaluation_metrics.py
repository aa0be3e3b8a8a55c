"""Metrics against an implementation that is not ours, and what their intervals promise."""

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import RR, R, nDCG

from bert4rec_tui.evaluation.metrics import bootstrap, estimates, gains, means

CANDIDATES = 101
ranks_of_users = st.lists(st.integers(1, CANDIDATES), min_size=1, max_size=30)


@given(ranks=ranks_of_users)
def test_metrics_are_those_of_ir_measures(ranks):
    """Each user is a query with one relevant document at the given rank."""
    run, truth = [], []
    for user, rank in enumerate(ranks):
        truth.append(ir_measures.Qrel(str(user), "target", 1))
        for place in range(1, CANDIDATES + 1):
            name = "target" if place == rank else f"other{place}"
            run.append(ir_measures.ScoredDoc(str(user), name, float(CANDIDATES - place)))
    theirs = ir_measures.calc_aggregate([R @ 1, R @ 10, nDCG @ 5, nDCG @ 10, RR], truth, run)
    ours = means(np.array(ranks), [1, 5, 10], CANDIDATES)
    assert ours["Recall@1"] == pytest.approx(theirs[R @ 1])
    assert ours["Recall@10"] == pytest.approx(theirs[R @ 10])
    assert ours["NDCG@5"] == pytest.approx(theirs[nDCG @ 5])
    assert ours["NDCG@10"] == pytest.approx(theirs[nDCG @ 10])
    assert ours["MRR"] == pytest.approx(theirs[RR])


def test_a_k_that_tells_nothing_is_not_shown():
    """Among 101 candidates Recall@101 is 1 for anybody."""
    shown = gains(np.array([1, 50]), [10, 100, 101, 500], CANDIDATES)
    assert set(shown) == {"Recall@10", "Recall@100", "NDCG@10", "NDCG@100", "MRR"}


@given(ranks=ranks_of_users)
def test_an_interval_contains_its_mean(ranks):
    for estimate in estimates(np.array(ranks), [10], CANDIDATES, resamples=200).values():
        assert estimate.low - 1e-9 <= estimate.value <= estimate.high + 1e-9


def test_an_interval_is_as_wide_as_the_standard_error_says():
    values = np.random.default_rng(0).normal(size=(4000, 1))
    low, high = bootstrap(values, np.ones(len(values), np.int64), resamples=2000)[0]
    expected = 2 * 1.96 * values.std() / np.sqrt(len(values))
    assert high - low == pytest.approx(expected, rel=0.1)


@given(
    values=st.lists(st.floats(0, 1), min_size=1, max_size=6),
    counts=st.lists(st.integers(1, 60), min_size=6, max_size=6),
    seed=st.integers(0, 9),
)
@pytest.mark.parametrize("users_per_group", [0, 10**9])
def test_groups_are_drawn_as_if_each_user_were_drawn(users_per_group, values, counts, seed):
    """Either way of drawing gives the interval that users give who are drawn one by one, but for chance."""
    counts = counts[: len(values)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bert4rec_tui.evaluation.metrics.USERS_PER_GROUP", users_per_group)
        low, high = bootstrap(np.array(values)[:, None], np.array(counts), 2000, seed)[0]
    each = np.repeat(values, counts)
    slow = np.random.default_rng(seed + 100).choice(each, size=(2000, len(each))).mean(1)
    # 2.5% of 2,000 resamples lie beyond an end: between 0.7% and 5.2% of as many others, at nearly five deviations.
    least, lower, upper, most = np.percentile(slow, [0.7, 5.2, 94.8, 99.3])
    assert least - 1e-9 <= low <= lower + 1e-9
    assert upper - 1e-9 <= high <= most + 1e-9


def test_intervals_of_few_and_of_many_different_ranks_agree(monkeypatch):
    ranks = np.random.default_rng(0).geometric(0.1, size=3000)
    found = []
    for users_per_group in (0, 10**9):
        monkeypatch.setattr("bert4rec_tui.evaluation.metrics.USERS_PER_GROUP", users_per_group)
        found.append(estimates(ranks, [10], CANDIDATES, resamples=3000))
        assert estimates(ranks, [10], CANDIDATES, resamples=3000) == found[-1]  # the seed decides
    for name, estimate in found[0].items():
        assert estimate.value == found[1][name].value
        assert [estimate.low, estimate.high] == pytest.approx([found[1][name].low, found[1][name].high], abs=2e-3)
    assert found[0]["NDCG@10"].value == pytest.approx(means(ranks, [10], CANDIDATES)["NDCG@10"])
