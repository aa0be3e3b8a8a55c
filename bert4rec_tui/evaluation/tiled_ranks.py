"""Ranks of targets, counted one tile of the catalogue at a time without sorting.

Letters in shapes: B histories, L items of the longest of them, C items in a tile.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bert4rec_tui.model.catalogue import CatalogueScores

LOWEST = float("-inf")


@dataclass(frozen=True)
class Seen:
    """The distinct items of each history.

    columns: (B, L) int64, ascending in each row. other: (B, L) bool, True once for each distinct item of the row except
    its target.
    """

    columns: Tensor
    other: Tensor


def seen_items(items: Tensor, starts: Tensor, ends: Tensor, longest: int, target: Tensor) -> Seen:
    """The columns of items[start:end], the longest of which has `longest` items. target: (B, 1) int64 columns."""
    at = ends[:, None] - torch.arange(longest, 0, -1, device=ends.device)  # (B, L)
    columns = items[at.clamp(min=0)].long() - 1
    # Shorter rows are padded with the target, which is excluded anyway.
    columns = torch.where(at >= starts[:, None], columns, target).sort(dim=1).values
    other = columns != target
    other[:, 1:] &= columns[:, 1:] != columns[:, :-1]
    return Seen(columns, other)


def full_ranks(
    scores: CatalogueScores, target: Tensor, seen: Seen, tiles: Iterable[tuple[int, int]], top: "TopItems | None"
) -> Tensor:
    """1 plus the other unseen items that are not scored strictly lower than the target.

    The target's score is taken from the same matrix product as the others', since a different one sums in a different
    order and breaks ties: the first tile must contain the targets of all rows. target: (B, 1) int64 columns. top:
    collects the top unseen items on the way. Returns (B,) int64.
    """
    target_scores = None
    ranks = torch.zeros(len(target), dtype=torch.int64, device=target.device)
    for low, high in tiles:
        tile = scores.tile(low, high)  # (B, C)
        if target_scores is None:
            target_scores = tile.gather(1, target - low)  # (B, 1)
        inside = seen.other & (seen.columns >= low) & (seen.columns < high)  # (B, L)
        places = torch.where(inside, seen.columns - low, 0)
        # The target is not lower than itself, NaN or not: that is the 1 of the rank.
        ranks += (high - low) - (tile < target_scores).sum(1)
        ranks -= (inside & ~(tile.gather(1, places) < target_scores)).sum(1)
        if top is not None:
            _mask_seen(tile, places, inside)
            top.add(tile, low)
    return ranks


def _mask_seen(tile: Tensor, places: Tensor, inside: Tensor) -> None:
    """Set seen items to -inf, in place. places: (B, L) int64 columns, 0 where not `inside`."""
    seen_first = (inside & (places == 0)).any(1)
    first = torch.where(seen_first, LOWEST, tile[:, 0])
    tile.scatter_(1, places, LOWEST)
    tile[:, 0] = first


class TopItems:
    """The top k columns of each row over all tiles; NaN counts as the lowest score."""

    def __init__(self, k: int) -> None:
        self.k = k
        self.scores: Tensor | None = None  # (B, up to k), highest first
        self.columns: Tensor | None = None

    def add(self, tile: Tensor, low: int) -> None:
        """Merge a tile, which is changed. tile: (B, C), its column 0 is column `low` of the catalogue."""
        tile.nan_to_num_(nan=LOWEST, posinf=float("inf"), neginf=LOWEST)
        scores, columns = tile.topk(min(self.k, tile.size(1)), dim=1)
        columns += low
        if self.scores is not None and self.columns is not None:
            scores, columns = torch.cat([self.scores, scores], 1), torch.cat([self.columns, columns], 1)
            scores, places = scores.topk(min(self.k, scores.size(1)), dim=1)
            columns = columns.gather(1, places)
        self.scores, self.columns = scores, columns


class RecommendationCounts:
    """How often each item is among the top k of a user, for several k.

    counts: k → (N,) int64; values of k above N are left out.
    """

    def __init__(self, ks: Sequence[int], items: int) -> None:
        self.counts = {k: np.zeros(items, np.int64) for k in ks if k <= items}

    def top_items(self) -> TopItems | None:
        """A collector of the top items of a batch, None where no k is counted."""
        return TopItems(max(self.counts)) if self.counts else None

    def add(self, top: TopItems) -> None:
        """Count the top items of a batch; items with a score of -inf are not recommended."""
        if top.scores is None or top.columns is None:
            return
        real, columns = (top.scores > LOWEST).cpu().numpy(), top.columns.cpu().numpy()
        for k, counts in self.counts.items():
            np.add.at(counts, columns[:, :k][real[:, :k]], 1)
