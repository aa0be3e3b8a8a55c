"""From ranks to Recall, NDCG and MRR, with bootstrap intervals. Numpy only.

Every user has one target, so Recall@k is the hit rate at k and the ideal DCG is 1.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

FEW = 30  # users; with fewer, a bootstrap interval is too narrow for a conclusion
SAMPLED_AT_ONCE = 1 << 20  # counts of groups: 8 MB
USERS_PER_GROUP = 12  # sampling the size of one group costs about as much as sampling this many users


class Estimate(Struct, frozen=True):
    """A mean over users and its 95% bootstrap interval."""

    value: float
    low: float
    high: float


def gains(ranks: np.ndarray, ks: Sequence[int], candidates: int) -> dict[str, np.ndarray]:
    """The contribution of each user to each metric; the metric is their mean.

    ranks: (users,) int, from 1. Values of k at or above the number of candidates are left out. Recall@k is 1
    for a rank up to k; NDCG@k is 1 / log2(1 + rank) up to k (Järvelin & Kekäläinen, 2002); MRR is 1 / rank. Returns
    metric name → (users,) float64.
    """
    shown = [k for k in sorted(set(ks)) if k < candidates]
    discount = 1.0 / np.log2(1.0 + ranks)
    result = {f"Recall@{k}": (ranks <= k).astype(np.float64) for k in shown}
    result |= {f"NDCG@{k}": np.where(ranks <= k, discount, 0.0) for k in shown}
    result["MRR"] = 1.0 / ranks
    return result


def means(ranks: np.ndarray, ks: Sequence[int], candidates: int) -> dict[str, float]:
    """The mean of each metric over all users. ranks: (users,) int, from 1."""
    return {name: float(values.mean()) for name, values in gains(ranks, ks, candidates).items()}


def estimates(
    ranks: np.ndarray, ks: Sequence[int], candidates: int, resamples: int = 1000, seed: int = 0
) -> dict[str, Estimate]:
    """Each metric with the percentile interval of a bootstrap over users (Efron, 1979).

    ranks: (users,) int, from 1. Users are resampled with replacement `resamples` times; all metrics share the samples.
    Users with the same rank contribute the same, so `bootstrap` gets the distinct ranks and their counts.
    """
    distinct, counts = np.unique(ranks, return_counts=True)
    contributions = gains(distinct, ks, candidates)
    matrix = np.stack(list(contributions.values()), axis=1)  # (ranks, metrics)
    values = counts @ matrix / len(ranks)
    intervals = bootstrap(matrix, counts, resamples, seed)
    return {
        name: Estimate(float(value), float(low), float(high))
        for name, value, (low, high) in zip(contributions, values, intervals, strict=True)
    }


def bootstrap(values: np.ndarray, counts: np.ndarray, resamples: int = 1000, seed: int = 0) -> np.ndarray:
    """The 2.5th and 97.5th percentile of the mean over resampled users: (columns, 2) float64."""
    return np.percentile(resampled_means(values, counts, resamples, seed), [2.5, 97.5], axis=0).T


def resampled_means(values: np.ndarray, counts: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """The means over bootstrap samples of the users.

    values: (groups, columns) float, the contribution of a user of each group. counts: (groups,) int, the number of
    users of each group; ones where every user is a group. Returns (resamples, columns) float64.
    """
    users, groups = int(counts.sum()), len(counts)
    rng = np.random.default_rng(seed)
    found = np.empty((resamples, values.shape[1]))
    if groups * USERS_PER_GROUP <= users:
        at_once = max(1, SAMPLED_AT_ONCE // groups)
        for start in range(0, resamples, at_once):
            sampled = rng.multinomial(users, counts / users, size=min(at_once, resamples - start))
            found[start : start + at_once] = sampled @ values / users
    else:  # the same distribution, cheaper where there are nearly as many groups as users
        group_of = np.repeat(np.arange(groups, dtype=np.int32), counts)  # (users,)
        for resample in range(resamples):
            sampled = np.bincount(group_of[rng.integers(users, size=users, dtype=np.int32)], minlength=groups)
            found[resample] = sampled @ values / users
    return found
