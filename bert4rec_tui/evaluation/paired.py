"""Paired tests of two checkpoints over the same users, from stored ranks. Numpy only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from msgspec import Struct

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.errors import UserError
from bert4rec_tui.evaluation.metrics import FEW, gains, resampled_means
from bert4rec_tui.evaluation.saved_ranks import SavedRanks, load_ranks
from bert4rec_tui.runs.store import CheckpointName, Run

LEVEL = 0.05


@dataclass(frozen=True)
class TestedCheckpoint:
    """One of the compared checkpoints."""

    run: Run
    checkpoint: CheckpointName


class Difference(Struct, frozen=True):
    """The difference of a metric's means, its 95% interval over users, and the p-value.

    few: whether there are too few users for the interval and p to be trusted.
    """

    value: float
    low: float
    high: float
    p: float
    few: bool

    @property
    def significant(self) -> bool:
        """Whether p is below the level and the interval excludes zero."""
        return not self.few and self.p < LEVEL and (self.low > 0 or self.high < 0)


def paired_differences(
    ours: SavedRanks, theirs: SavedRanks, ks: Sequence[int], resamples: int = 2000, seed: int = 0
) -> dict[str, Difference]:
    """The mean difference of each metric, ours less theirs, over the same users (Efron & Tibshirani, 1993, §16).

    A paired bootstrap: users are resampled with replacement, each with both ranks; users with the same two ranks form a
    group. p is twice the smaller share of samples at or beyond zero, with the observed one counted, so that it is never
    0. With fewer users than FEW, where the bootstrap is too narrow, p is the share of random signs of the users'
    differences that move the mean as far (Fisher's randomization test; Smucker et al., CIKM '07).
    """
    pairs, counts = np.unique(np.stack([ours.ranks, theirs.ranks], axis=1), axis=0, return_counts=True)  # (groups, 2)
    candidates = int(min(ours.candidates.max(), theirs.candidates.max()))
    of_ours, of_theirs = (gains(pairs[:, side], ks, candidates) for side in (0, 1))
    change = np.stack([of_ours[name] - of_theirs[name] for name in of_ours], axis=1)  # (groups, metrics)
    sampled = resampled_means(change, counts, resamples, seed)  # (resamples, metrics)
    low, high = np.percentile(sampled, [2.5, 97.5], axis=0)
    values = counts @ change / counts.sum()
    few = len(ours.ranks) < FEW
    if few:
        signs = np.random.default_rng(seed).choice([-1.0, 1.0], (resamples, len(ours.ranks)))
        turned = signs @ np.repeat(change, counts, axis=0) / len(ours.ranks)  # (resamples, metrics)
        p = ((np.abs(turned) >= np.abs(values) - 1e-12).sum(axis=0) + 1) / (resamples + 1)
    else:
        beyond = np.minimum((sampled <= 0).sum(axis=0), (sampled >= 0).sum(axis=0))
        p = np.minimum(1.0, 2 * (beyond + 1) / (resamples + 1))
    return {
        name: Difference(float(values[at]), float(low[at]), float(high[at]), float(p[at]), few)
        for at, name in enumerate(of_ours)
    }


def load_rank_pair(ours: TestedCheckpoint, theirs: TestedCheckpoint, protocol: str) -> tuple[SavedRanks, SavedRanks]:
    """The stored ranks of two checkpoints under a protocol, for the same users in the same order.

    Raises UserError where one was not tested under it, or the test users differ.
    """
    one, other = (load_ranks(side.run, side.checkpoint, protocol) for side in (ours, theirs))
    if not np.array_equal(one.users, other.users):
        raise UserError(
            f"{ours.run.id} and {theirs.run.id} were not tested on the same users, so they cannot be compared"
        )
    return one, other


def check_same_split(run: Run, result: Mapping[str, Any], dataset: PreparedDataset, users: np.ndarray) -> None:
    """Raises UserError where the dataset has been prepared with another split since a test of these users."""
    split = dataset.manifest.split_hash
    if result.get("split_hash", split) != split or not np.array_equal(users, dataset.evaluated_users("test")):
        raise UserError(f"{run.id}: {dataset.id} has been prepared again since the test; test the run again")


@dataclass(frozen=True)
class LargestRankChanges:
    """The users whose target two checkpoints rank differently, largest change first.

    users: (n,) int64, rows of the dataset. ours, theirs: (n,) int32, the ranks.
    """

    users: np.ndarray
    ours: np.ndarray
    theirs: np.ndarray


def largest_rank_changes(ours: SavedRanks, theirs: SavedRanks, most: int | None = None) -> LargestRankChanges:
    """The users whose ranks differ, by the change in DCG without a cutoff, 1 / log2(1 + rank).

    So a target that moves from rank 1 to 20 comes before one that moves from 1,000 to 3,000, which no user would see.
    Ties keep the order of the test. most: at most so many users; None: all.
    """
    change = np.abs(1 / np.log2(1.0 + ours.ranks) - 1 / np.log2(1.0 + theirs.ranks))
    order = np.argsort(-change, kind="stable")[: np.count_nonzero(change)][:most]
    return LargestRankChanges(ours.users[order], ours.ranks[order], theirs.ranks[order])
