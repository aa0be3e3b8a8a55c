"""EASE (Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019): a linear model in closed form.

With X the binary users × items matrix of training, G = XᵀX and P = (G + λI)⁻¹, an item j is scored by the sum of
Bᵢⱼ = −Pᵢⱼ / Pⱼⱼ over the other items i of the history (eq. 8 of the paper).

Letters in shapes: N items, U users, B histories.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from bert4rec_tui.data.dataset import PreparedDataset

REGULARISATION = 500.0  # λ: the best of 100, 250, 500, 1000 and 2000 on ML-1M, as in the paper
MAX_ITEMS = 12_000  # two matrices of items × items take 1.2 GB in fp32 then; ml-10m has 10,677
MAX_FLOPS = 2e13  # multiplications: some minutes on two cores
USERS_AT_ONCE = 256


def too_large_for_ease(dataset: PreparedDataset) -> str:
    """Why EASE is skipped, in one sentence; empty where it is not."""
    users, items = dataset.users, dataset.items
    fewer = min(users, items)
    if fewer * items > MAX_ITEMS**2:
        return (
            f"EASE was skipped: its matrix of {fewer:,} × {items:,} is too large (max. {MAX_ITEMS:,} × {MAX_ITEMS:,})."
        )
    if users * items * fewer > MAX_FLOPS:
        return f"EASE was skipped: {users:,} users × {items:,} items would take too long."
    return ""


Advance = Callable[[int, int], None]


def ignore_advance(done: int, total: int) -> None:
    """The default where progress is not reported."""
    del done, total


class Ease:
    """Scores with EASE, fitted on the training interactions alone."""

    def __init__(
        self, dataset: PreparedDataset, regularisation: float = REGULARISATION, advance: Advance = ignore_advance
    ) -> None:
        """advance: is called while fitting with the number of users processed and the total; may raise to cancel."""
        self.items = dataset.items
        # A binary history is multiplied by each factor, plus `own` at the items of the history itself.
        fit = _fit_by_users if dataset.users < dataset.items else _fit_by_items
        self.factors, self.own = fit(dataset, regularisation, advance)

    def __call__(self, items: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
        """Returns (B, N) float32."""
        seen = _binary_rows(items.cpu().numpy(), starts.cpu().numpy(), ends.cpu().numpy(), self.items)
        scores = seen
        for factor in self.factors:
            scores = scores @ factor
        return scores if self.own is None else scores.addcmul_(seen, self.own)


def _fit_by_items(dataset: PreparedDataset, regularisation: float, advance: Advance) -> tuple[list[Tensor], None]:
    """B itself, (N, N), through the inverse of G + λI."""
    table = torch.zeros(dataset.items, dataset.items)
    for seen in _training_batches(dataset, advance):
        table.addmm_(seen.T, seen)
    table.diagonal().add_(regularisation)
    torch.linalg.cholesky(table, out=table)
    torch.cholesky_inverse(table, out=table)
    table /= -table.diagonal().clone()  # column j by Pⱼⱼ
    return [table.fill_diagonal_(0.0)], None


def _fit_by_users(dataset: PreparedDataset, regularisation: float, advance: Advance) -> tuple[list[Tensor], Tensor]:
    """The factors of B where there are fewer users than items, without any N × N matrix.

    P = (I − XᵀK) / λ with K = (XXᵀ + λI)⁻¹X (the Woodbury identity). With d = 1 − the column sums of X∘K, which is the
    diagonal of λP, B = (I − P / diag P) = XᵀK / d + I − I / d. Returns Xᵀ (N, U) and K / d (U, N), and 1 − 1 / d (N,).
    """
    seen = torch.cat(list(_training_batches(dataset, advance)))  # (U, N)
    table = (seen @ seen.T).double()
    table.diagonal().add_(regularisation)
    pulled = torch.cholesky_inverse(torch.linalg.cholesky(table)).float() @ seen  # K
    rest = 1.0 - torch.linalg.vecdot(seen, pulled, dim=0)  # d
    return [seen.T, pulled.div_(rest)], 1.0 - 1.0 / rest


def _training_batches(dataset: PreparedDataset, advance: Advance) -> Iterator[Tensor]:
    """The training interactions of batches of users, as binary (B, N) float32."""
    history, offsets = np.asarray(dataset.history), np.asarray(dataset.offsets[:-1])
    trained = np.flatnonzero(dataset.split.train_end)
    for first in range(0, len(trained), USERS_AT_ONCE):
        some = trained[first : first + USERS_AT_ONCE]
        yield _binary_rows(history, offsets[some], offsets[some] + dataset.split.train_end[some], dataset.items)
        advance(first + len(some), len(trained))


def _binary_rows(history: np.ndarray, starts: np.ndarray, ends: np.ndarray, items: int) -> Tensor:
    """The items of each history[start:end] as a binary matrix. Returns (B, items) float32."""
    seen = torch.zeros(len(starts), items)
    lengths = ends - starts
    rows = np.repeat(np.arange(len(starts)), lengths)
    places = np.arange(len(rows)) - np.repeat(lengths.cumsum() - lengths, lengths) + np.repeat(starts, lengths)
    seen[torch.from_numpy(rows), torch.from_numpy(history[places].astype(np.int64) - 1)] = 1.0
    return seen
