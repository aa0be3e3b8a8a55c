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


def test_users_of_one_rank_are_drawn_as_if_each_were_drawn():
    """Drawing how many of each rank there are gives the interval that drawing users gives."""
    rng = np.random.default_rng(0)
    ranks = rng.geometric(0.1, size=3000)
    together = estimates(ranks, [10], CANDIDATES, resamples=3000)["NDCG@10"]
    each = gains(ranks, [10], CANDIDATES)["NDCG@10"]
    means = each[rng.integers(0, 3000, size=(3000, 3000))].mean(1)
    assert together.value == pytest.approx(each.mean())
    assert [together.low, together.high] == pytest.approx(np.percentile(means, [2.5, 97.5]).tolist(), abs=1e-3)
