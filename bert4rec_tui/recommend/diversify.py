"""Diversify a list by maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998), and say what it costs."""

from dataclasses import dataclass

import numpy as np

HEAD = 10  # movies at the top of a list by which its cost is told


@dataclass(frozen=True)
class Diversified:
    """An order of a pool, and what stands at its top against the plain order's.

    order: places in the pool, the first to show first. mean_score, plain_score: the mean score of the top of this list
    and of the plain one. likeness, plain_likeness: the mean cosine of every two of them.
    """

    order: list[int]
    mean_score: float
    plain_score: float
    likeness: float
    plain_likeness: float


def pool_size(k: int, weight: float) -> int:
    """How many of the best a list of k is chosen from; without a weight no more than it shows."""
    return k if weight <= 0 else max(200, 5 * k)


def diversify(scores: np.ndarray, vectors: np.ndarray, weight: float, k: int) -> Diversified:
    """Choose k of a pool one after another, each by its score less its likeness to what is chosen already.

    scores: (P,), the best first. vectors: (P, D), one an item, of any length. The scores are brought to 0…1 over the
    pool, so that they and cosines weigh alike; each choice has the most of (1 - weight) × score - weight × the largest
    cosine to those before it. With weight 0 the list is the plain one, whatever the vectors.
    """
    k = min(k, len(scores))
    if k < 1:
        return Diversified([], 0.0, 0.0, 0.0, 0.0)
    units = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    order = list(range(k)) if weight <= 0 else _choose(_brought_to_one(scores), units, weight, k)
    top, plain = order[:HEAD], list(range(min(HEAD, k)))
    means = float(scores[top].mean()), float(scores[plain].mean())
    return Diversified(order, *means, _likeness(units[top]), _likeness(units[plain]))


def _brought_to_one(scores: np.ndarray) -> np.ndarray:
    spread = scores.max() - scores.min()
    return (scores - scores.min()) / spread if spread > 0 else np.ones(len(scores))


def _choose(relevance: np.ndarray, units: np.ndarray, weight: float, k: int) -> list[int]:
    order: list[int] = []
    nearest = np.full(len(units), -np.inf)  # the largest cosine to what is chosen
    worth = (1 - weight) * relevance
    left = np.ones(len(units), bool)
    for _ in range(k):
        gain = worth if not order else worth - weight * nearest
        # The first of equals, which is the better one: the pool is in order.
        chosen = int(np.where(left, gain, -np.inf).argmax())
        order.append(chosen)
        left[chosen] = False
        nearest = np.maximum(nearest, units @ units[chosen])
    return order


def _likeness(units: np.ndarray) -> float:
    n = len(units)
    if n < 2:
        return 0.0
    return float(((units @ units.T).sum() - (units * units).sum()) / (n * (n - 1)))
