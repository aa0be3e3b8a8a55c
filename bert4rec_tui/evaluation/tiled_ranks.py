"""Count what is scored as high as the target, one tile of the catalogue after the other, without sorting any.

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
    """The items of each history.

    columns: (B, L) int64, ascending in each row. other: (B, L) bool, True once for each different item of the row that
    is not its target.
    """

    columns: Tensor
    other: Tensor


def seen_items(items: Tensor, starts: Tensor, ends: Tensor, longest: int, target: Tensor) -> Seen:
    """The columns of items[start:end], whose longest has `longest` items. target: (B, 1) int64 columns."""
    at = ends[:, None] - torch.arange(longest, 0, -1, device=ends.device)  # (B, L)
    columns = items[at.clamp(min=0)].long() - 1
    # A shorter row is filled up with what is left out anyway.
    columns = torch.where(at >= starts[:, None], columns, target).sort(dim=1).values
    other = columns != target
    other[:, 1:] &= columns[:, 1:] != columns[:, :-1]
    return Seen(columns, other)


def full_ranks(
    scores: CatalogueScores, target: Tensor, seen: Seen, tiles: Iterable[tuple[int, int]], firsts: "TopItems | None"
) -> Tensor:
    """1 plus the other unseen items that are not scored strictly lower than the target.

    The target's score is taken from the same kind of product as the others', since another sums in another order and
    breaks ties: the first of the tiles must hold the targets of all rows. target: (B, 1) int64 columns. firsts: gathers
    the first unseen items on the way. Returns (B,) int64.
    """
    wanted = None
    ranks = torch.zeros(len(target), dtype=torch.int64, device=target.device)
    for low, high in tiles:
        tile = scores.tile(low, high)  # (B, C)
        if wanted is None:
            wanted = tile.gather(1, target - low)  # (B, 1)
        inside = seen.other & (seen.columns >= low) & (seen.columns < high)  # (B, L)
        places = torch.where(inside, seen.columns - low, 0)
        # The target is no lower than itself, NaN or not: it is the 1 of the rank.
        ranks += (high - low) - (tile < wanted).sum(1)
        ranks -= (inside & ~(tile.gather(1, places) < wanted)).sum(1)
        if firsts is not None:
            _hide(tile, places, inside)
            firsts.add(tile, low)
    return ranks


def _hide(tile: Tensor, places: Tensor, inside: Tensor) -> None:
    """Set what is seen to -inf, in place. places: (B, L) int64 columns, 0 where not `inside`."""
    seen_first = (inside & (places == 0)).any(1)
    first = torch.where(seen_first, LOWEST, tile[:, 0])
    tile.scatter_(1, places, LOWEST)
    tile[:, 0] = first


class TopItems:
    """The k columns with the highest scores of each row, whatever tiles they come in; NaN is the lowest."""

    def __init__(self, k: int) -> None:
        self.k = k
        self.scores: Tensor | None = None  # (B, up to k), highest first
        self.columns: Tensor | None = None

    def add(self, tile: Tensor, low: int) -> None:
        """Take the columns of a tile into account; it is changed. tile: (B, C), column 0 is column `low` of all."""
        tile.nan_to_num_(nan=LOWEST, posinf=float("inf"), neginf=LOWEST)
        scores, columns = tile.topk(min(self.k, tile.size(1)), dim=1)
        columns += low
        if self.scores is not None and self.columns is not None:
            scores, columns = torch.cat([self.scores, scores], 1), torch.cat([self.columns, columns], 1)
            scores, places = scores.topk(min(self.k, scores.size(1)), dim=1)
            columns = columns.gather(1, places)
        self.scores, self.columns = scores, columns


class RecommendationCounts:
    """How often each item of a catalogue is among the first k of a user, for several k.

    counts: k → (N,) int64; a k above N is left out.
    """

    def __init__(self, ks: Sequence[int], items: int) -> None:
        self.counts = {k: np.zeros(items, np.int64) for k in ks if k <= items}

    def firsts(self) -> TopItems | None:
        """What gathers the first items of a batch, None where nobody asks for them."""
        return TopItems(max(self.counts)) if self.counts else None

    def add(self, firsts: TopItems) -> None:
        """Count the first items of a batch; what has no score above -inf is not recommended."""
        if firsts.scores is None or firsts.columns is None:
            return
        real, columns = (firsts.scores > LOWEST).cpu().numpy(), firsts.columns.cpu().numpy()
        for k, counts in self.counts.items():
            np.add.at(counts, columns[:, :k][real[:, :k]], 1)
