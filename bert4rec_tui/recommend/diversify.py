"""Diversify a list by maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998), and measure its cost."""

from dataclasses import dataclass

import numpy as np

HEAD = 10  # items at the top of a list over which its cost is measured


@dataclass(frozen=True)
class Diversified:
    """A diversified order of a pool, and its top compared with that of the plain order.

    order: indices into the pool, best first. mean_score, plain_score: the mean score of the top of this list and of the
    plain one. likeness, plain_likeness: the mean pairwise cosine similarity of each.
    """

    order: list[int]
    mean_score: float
    plain_score: float
    likeness: float
    plain_likeness: float


def pool_size(k: int, weight: float) -> int:
    """The number of top items from which a list of k is chosen; k itself without diversity."""
    return k if weight <= 0 else max(200, 5 * k)


def diversify(scores: np.ndarray, vectors: np.ndarray, weight: float, k: int) -> Diversified:
    """Choose k items of a pool greedily, each by its score less its similarity to the items already chosen.

    scores: (P,), best first. vectors: (P, D), one per item, of any norm. Scores are scaled to 0…1 over the pool, so
    that they are comparable with cosines; each choice maximises (1 - weight) × score - weight × the largest cosine to
    those before it. With weight 0 the list is the plain one.
    """
    k = min(k, len(scores))
    if k < 1:
        return Diversified([], 0.0, 0.0, 0.0, 0.0)
    units = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    order = list(range(k)) if weight <= 0 else _choose(_min_max(scores), units, weight, k)
    top, plain = order[:HEAD], list(range(min(HEAD, k)))
    means = float(scores[top].mean()), float(scores[plain].mean())
    return Diversified(order, *means, _mean_cosine(units[top]), _mean_cosine(units[plain]))


def _min_max(scores: np.ndarray) -> np.ndarray:
    spread = scores.max() - scores.min()
    return (scores - scores.min()) / spread if spread > 0 else np.ones(len(scores))


def _choose(relevance: np.ndarray, units: np.ndarray, weight: float, k: int) -> list[int]:
    order: list[int] = []
    nearest = np.full(len(units), -np.inf)  # the largest cosine to the chosen items
    weighted = (1 - weight) * relevance
    left = np.ones(len(units), bool)
    for _ in range(k):
        gain = weighted if not order else weighted - weight * nearest
        # The first of equals has the higher score: the pool is sorted.
        chosen = int(np.where(left, gain, -np.inf).argmax())
        order.append(chosen)
        left[chosen] = False
        nearest = np.maximum(nearest, units @ units[chosen])
    return order


def _mean_cosine(units: np.ndarray) -> float:
    n = len(units)
    if n < 2:
        return 0.0
    return float(((units @ units.T).sum() - (units * units).sum()) / (n * (n - 1)))
