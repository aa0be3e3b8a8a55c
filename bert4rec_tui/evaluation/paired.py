"""Whether two checkpoints differ by more than the draw of users: a paired bootstrap over kept ranks. Numpy only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zipfile import BadZipFile

import numpy as np
from msgspec import Struct

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.errors import UserError
from bert4rec_tui.evaluation.metrics import FEW, gains, resampled_means
from bert4rec_tui.runs.store import CheckpointName, Run

LEVEL = 0.05


@dataclass(frozen=True)
class TestedCheckpoint:
    """One of the checkpoints that are compared."""

    run: Run
    checkpoint: CheckpointName


class Difference(Struct, frozen=True):
    """By how much the mean of a metric differs, its 95% interval over users, and how likely as much is by chance.

    few: whether the users are so few that the interval is too narrow, and nothing is shown by it.
    """

    value: float
    low: float
    high: float
    p: float
    few: bool

    @property
    def shown(self) -> bool:
        """Whether the users show a difference: it is unlikely by chance and its interval leaves zero out."""
        return not self.few and self.p < LEVEL and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class SavedRanks:
    """What a test has kept. users, ranks, candidates: (users,) int, of each tested user in the order of the dataset."""

    users: np.ndarray
    ranks: np.ndarray
    candidates: np.ndarray


def load_ranks(run: Run, checkpoint: str, protocol: str) -> SavedRanks:
    """The ranks that a test of a run has kept. Raises UserError where there are none, or they cannot be read."""
    file = run.test_folder(checkpoint, protocol) / "ranks.npz"
    command = f"`bert4rec-tui test {run.short_id} --checkpoint {checkpoint} --protocol {protocol}`"
    try:
        with np.load(file, allow_pickle=False) as kept:
            return SavedRanks(kept["users"], kept["ranks"], kept["candidates"])
    except FileNotFoundError:
        raise UserError(
            f"{run.id}: its checkpoint {checkpoint} has not been tested under {protocol}; {command} does"
        ) from None
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise UserError(f"{file}: cannot be read ({error}); {command} writes it anew") from None


def paired_differences(
    ours: SavedRanks, theirs: SavedRanks, ks: Sequence[int], resamples: int = 2000, seed: int = 0
) -> dict[str, Difference]:
    """The mean difference of each metric, ours less theirs, over the same users (Efron & Tibshirani, 1993, §16).

    Users are drawn with replacement and both keep what each user adds; users with the same two ranks are alike. p is
    twice the smaller share of draws at or beyond zero, the sample itself counted, so that it is never 0. Fewer users
    than FEW are too much alike in all draws: there p is the share of random signs of the users' differences that move
    the mean as far (Fisher's randomization test; Smucker et al., CIKM '07).
    """
    pairs, counts = np.unique(np.stack([ours.ranks, theirs.ranks], axis=1), axis=0, return_counts=True)  # (groups, 2)
    candidates = int(min(ours.candidates.max(), theirs.candidates.max()))
    of_ours, of_theirs = (gains(pairs[:, side], ks, candidates) for side in (0, 1))
    change = np.stack([of_ours[name] - of_theirs[name] for name in of_ours], axis=1)  # (groups, metrics)
    drawn = resampled_means(change, counts, resamples, seed)  # (resamples, metrics)
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    values = counts @ change / counts.sum()
    few = len(ours.ranks) < FEW
    if few:
        signs = np.random.default_rng(seed).choice([-1.0, 1.0], (resamples, len(ours.ranks)))
        turned = signs @ np.repeat(change, counts, axis=0) / len(ours.ranks)  # (resamples, metrics)
        p = ((np.abs(turned) >= np.abs(values) - 1e-12).sum(axis=0) + 1) / (resamples + 1)
    else:
        beyond = np.minimum((drawn <= 0).sum(axis=0), (drawn >= 0).sum(axis=0))
        p = np.minimum(1.0, 2 * (beyond + 1) / (resamples + 1))
    return {
        name: Difference(float(values[at]), float(low[at]), float(high[at]), float(p[at]), few)
        for at, name in enumerate(of_ours)
    }


def load_rank_pair(ours: TestedCheckpoint, theirs: TestedCheckpoint, protocol: str) -> tuple[SavedRanks, SavedRanks]:
    """What the tests of two checkpoints under a protocol have kept, of the same users in the same order.

    Raises UserError where one was not tested under it, or the two not on the same users.
    """
    one, other = (load_ranks(side.run, side.checkpoint, protocol) for side in (ours, theirs))
    if not np.array_equal(one.users, other.users):
        raise UserError(
            f"{ours.run.id} and {theirs.run.id} were not tested on the same users, so they cannot be compared"
        )
    return one, other


def check_same_split(run: Run, result: Mapping[str, Any], dataset: PreparedDataset, users: np.ndarray) -> None:
    """Raises UserError where the dataset is not as it was when a test gave this result for these users."""
    split = dataset.manifest.split_hash
    if result.get("split_hash", split) != split or not np.array_equal(users, dataset.evaluated_users("test")):
        raise UserError(f"{run.id}: was tested on {dataset.id} as it was prepared then; test it again")


@dataclass(frozen=True)
class LargestRankChanges:
    """The users whose target two checkpoints rank differently, those first on whom they differ most.

    users: (n,) int64, rows of the dataset. ours, theirs: (n,) int32, the ranks.
    """

    users: np.ndarray
    ours: np.ndarray
    theirs: np.ndarray


def largest_rank_changes(ours: SavedRanks, theirs: SavedRanks, most: int | None = None) -> LargestRankChanges:
    """On whom two checkpoints differ, by how much the rank counts in NDCG without a limit, 1 / log2(1 + rank).

    So a target that goes from rank 1 to 20 stands before one that goes from 1,000 to 3,000, which nobody would see.
    Whoever is equal in that keeps the order of the test. most: how many users, all without it.
    """
    change = np.abs(1 / np.log2(1.0 + ours.ranks) - 1 / np.log2(1.0 + theirs.ranks))
    order = np.argsort(-change, kind="stable")[: np.count_nonzero(change)][:most]
    return LargestRankChanges(ours.users[order], ours.ranks[order], theirs.ranks[order])
