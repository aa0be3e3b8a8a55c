"""EASE (Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019): a linear model with a closed form.

With X the users × items of training, 1 where they met, G = XᵀX and P = (G + λI)⁻¹, an item j is scored by the sum of
Bᵢⱼ = −Pᵢⱼ / Pⱼⱼ over the other items i of the history (eq. 8 of the paper).

Letters in shapes: N items, U users, B histories.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from bert4rec_tui.data.dataset import PreparedDataset

REGULARISATION = 500.0  # λ: the best of 100, 250, 500, 1000 and 2000 on ML-1M, as in the paper on its films
MOST_ITEMS = 12_000  # two tables of items × items take 1.2 GB in fp32 then; ml-10m has 10,677
MOST_WORK = 2e13  # products of two numbers: some minutes on two cores
USERS_AT_ONCE = 256


def too_large_for_ease(dataset: PreparedDataset) -> str:
    """Why EASE is left out, in one sentence; empty where it is not."""
    users, items = dataset.users, dataset.items
    fewer = min(users, items)
    if fewer * items > MOST_ITEMS**2:
        return (
            f"EASE is left out: its matrix of {fewer:,} × {items:,} does not fit "
            f"({MOST_ITEMS:,} × {MOST_ITEMS:,} would)."
        )
    if users * items * fewer > MOST_WORK:
        return f"EASE is left out: with {users:,} users and {items:,} items it would take too long."
    return ""


Advance = Callable[[int, int], None]


def ignore_advance(done: int, total: int) -> None:
    """For callers who do not want to know."""
    del done, total


class Ease:
    """Scores with EASE, learnt from the training interactions alone, after any history."""

    def __init__(
        self, dataset: PreparedDataset, regularisation: float = REGULARISATION, advance: Advance = ignore_advance
    ) -> None:
        """advance: is told while it learns of how many of the users it has seen, and may raise to end it."""
        self.items = dataset.items
        # A history of ones and zeros times one factor after the other, plus `own` at the items of the history itself.
        learn = _by_users if dataset.users < dataset.items else _by_items
        self.factors, self.own = learn(dataset, regularisation, advance)

    def __call__(self, items: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
        """Returns (B, N) float32."""
        met = _met(items.cpu().numpy(), starts.cpu().numpy(), ends.cpu().numpy(), self.items)
        scores = met
        for factor in self.factors:
            scores = scores @ factor
        return scores if self.own is None else scores.addcmul_(met, self.own)


def _by_items(dataset: PreparedDataset, regularisation: float, advance: Advance) -> tuple[list[Tensor], None]:
    """B itself, (N, N), through the inverse of G + λI."""
    table = torch.zeros(dataset.items, dataset.items)
    for met in _met_in_training(dataset, advance):
        table.addmm_(met.T, met)
    table.diagonal().add_(regularisation)
    torch.linalg.cholesky(table, out=table)
    torch.cholesky_inverse(table, out=table)
    table /= -table.diagonal().clone()  # column j by Pⱼⱼ
    return [table.fill_diagonal_(0.0)], None


def _by_users(dataset: PreparedDataset, regularisation: float, advance: Advance) -> tuple[list[Tensor], Tensor]:
    """The factors of B where there are fewer users than items, and nothing of N × N is made.

    P = (I − XᵀK) / λ with K = (XXᵀ + λI)⁻¹X (the Woodbury identity). With d = 1 − the column sums of X∘K, which is the
    diagonal of λP, B = (I − P / diag P) = XᵀK / d + I − I / d. Returns Xᵀ (N, U) and K / d (U, N), and 1 − 1 / d (N,).
    """
    met = torch.cat(list(_met_in_training(dataset, advance)))  # (U, N)
    table = (met @ met.T).double()
    table.diagonal().add_(regularisation)
    pulled = torch.cholesky_inverse(torch.linalg.cholesky(table)).float() @ met  # K
    rest = 1.0 - torch.linalg.vecdot(met, pulled, dim=0)  # d
    return [met.T, pulled.div_(rest)], 1.0 - 1.0 / rest


def _met_in_training(dataset: PreparedDataset, advance: Advance) -> Iterator[Tensor]:
    """Which items each user met in training, some users at a time, as (B, N) float32 of ones and zeros."""
    history, offsets = np.asarray(dataset.history), np.asarray(dataset.offsets[:-1])
    trained = np.flatnonzero(dataset.split.train_end)
    for first in range(0, len(trained), USERS_AT_ONCE):
        some = trained[first : first + USERS_AT_ONCE]
        yield _met(history, offsets[some], offsets[some] + dataset.split.train_end[some], dataset.items)
        advance(first + len(some), len(trained))


def _met(history: np.ndarray, starts: np.ndarray, ends: np.ndarray, items: int) -> Tensor:
    """Which items stand in each history[start:end]. Returns (B, items) float32 of ones and zeros."""
    met = torch.zeros(len(starts), items)
    lengths = ends - starts
    rows = np.repeat(np.arange(len(starts)), lengths)
    places = np.arange(len(rows)) - np.repeat(lengths.cumsum() - lengths, lengths) + np.repeat(starts, lengths)
    met[torch.from_numpy(rows), torch.from_numpy(history[places].astype(np.int64) - 1)] = 1.0
    return met
