"""EASE (Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019): a linear model with a closed form."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from bert4rec_tui.data.dataset import PreparedDataset

REGULARISATION = 500.0  # the λ that the paper found best on its films
MOST_ITEMS = 10_000  # the two matrices of items × items take 800 MB in fp32 then
MOST_WORK = 2e13  # users × items²: two or three minutes on two cores
USERS_AT_ONCE = 1024


def too_large_for_ease(dataset: PreparedDataset) -> str:
    """Why EASE is left out, in one sentence; empty where it is not."""
    if dataset.items > MOST_ITEMS:
        return (
            f"EASE is left out: its matrix of {dataset.items:,} × {dataset.items:,} items does not fit "
            f"(up to {MOST_ITEMS:,} items do)."
        )
    if dataset.users * dataset.items**2 > MOST_WORK:
        return f"EASE is left out: with {dataset.users:,} users and {dataset.items:,} items it would take too long."
    return ""


class Ease:
    """Scores an item by the sum of its weights from the different items of the history.

    With X the users × items of training, 1 where they met, G = XᵀX and P = (G + λI)⁻¹, the weights are
    Bᵢⱼ = −Pᵢⱼ / Pⱼⱼ off the diagonal and 0 on it (eq. 8 of the paper). weights: (N, N) float32.
    """

    def __init__(self, dataset: PreparedDataset, regularisation: float = REGULARISATION) -> None:
        gram = torch.zeros(dataset.items, dataset.items)
        for met in _met_in_training(dataset):
            gram.addmm_(met.T, met)
        gram.diagonal().add_(regularisation)
        self.weights = torch.cholesky_inverse(torch.linalg.cholesky(gram))
        self.weights /= -self.weights.diagonal().clone()  # column j by Pⱼⱼ
        self.weights.fill_diagonal_(0.0)

    def __call__(self, items: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
        """Returns (B, N) float32."""
        return _met(items.cpu().numpy(), starts.cpu().numpy(), ends.cpu().numpy(), len(self.weights)) @ self.weights


def _met_in_training(dataset: PreparedDataset) -> Iterator[Tensor]:
    """Which items each user met in training, some users at a time, as (B, N) float32 of ones and zeros."""
    history, starts = np.asarray(dataset.history), np.asarray(dataset.offsets[:-1])
    ends = starts + np.asarray(dataset.split.train_end)
    for first in range(0, dataset.users, USERS_AT_ONCE):
        some = slice(first, first + USERS_AT_ONCE)
        yield _met(history, starts[some], ends[some], dataset.items)


def _met(history: np.ndarray, starts: np.ndarray, ends: np.ndarray, items: int) -> Tensor:
    """Which items stand in each history[start:end]. Returns (B, items) float32 of ones and zeros."""
    met = torch.zeros(len(starts), items)
    lengths = ends - starts
    rows = np.repeat(np.arange(len(starts)), lengths)
    places = np.arange(len(rows)) - np.repeat(lengths.cumsum() - lengths, lengths) + np.repeat(starts, lengths)
    met[torch.from_numpy(rows), torch.from_numpy(history[places].astype(np.int64) - 1)] = 1.0
    return met
