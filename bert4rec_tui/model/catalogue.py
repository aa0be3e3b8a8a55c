"""The scores of a catalogue after some histories, a part of it at a time, so that memory is bounded.

A batch of 128 histories and a catalogue of a million items have half a gigabyte of scores. So the histories are encoded
once, and the head then scores as many items at a time as `scores_at_once` allows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from bert4rec_tui.model.bert4rec import Bert4Rec
from bert4rec_tui.model.hardware import scores_at_once

NARROWEST = 4096  # items in a tile: narrower ones make poor matrix products
WHOLE = 64  # a tile's width is a multiple of it


class CatalogueScores(Protocol):
    """The scores of items 1…N, at columns 0…N-1, after each of B histories."""

    def tile(self, low: int, high: int) -> Tensor:
        """Columns low…high-1, which the caller may change. Returns (B, high - low) float32."""
        ...

    def pick(self, columns: Tensor) -> Tensor:
        """Some columns of each row. columns: (B, K) int64. Returns (B, K) float32.

        Each is summed in the same order, so that equal embeddings have equal scores; in a tile the last bit may differ.
        """
        ...


@dataclass(frozen=True)
class WholeRows:
    """Scores that are all there. scores: (B, N)."""

    scores: Tensor

    def tile(self, low: int, high: int) -> Tensor:
        """Columns low…high-1."""
        return self.scores[:, low:high]

    def pick(self, columns: Tensor) -> Tensor:
        """Some columns of each row."""
        return self.scores.gather(1, columns)


@dataclass(frozen=True)
class HeadScores:
    """Scores that the head of a network gives when they are asked for. encoded: (B, D) float32."""

    model: Bert4Rec
    encoded: Tensor

    def tile(self, low: int, high: int) -> Tensor:
        """Columns low…high-1."""
        return self.model.score(self.encoded, low, high)

    def pick(self, columns: Tensor) -> Tensor:
        """Some columns of each row, each the product of two vectors; never more vectors at once than the bound."""
        weight, bias = self.model.head
        wanted = columns.flatten()                                                    # (B × K,)
        rows = torch.arange(len(columns), device=columns.device).repeat_interleave(columns.size(1))
        at_once = max(1, scores_at_once(columns.device) // weight.size(1))
        found = [
            (weight[items] * self.encoded[of]).sum(1)
            for items, of in zip(wanted.split(at_once), rows.split(at_once), strict=True)
        ]
        scores = torch.cat(found)
        return (scores if bias is None else scores + bias[wanted]).view_as(columns)


def tile_shape(device: torch.device, rows: int, items: int) -> tuple[int, int]:
    """How many histories and how many items are scored at once, at most `rows` and `items`.

    All of the catalogue, for all rows, where that is within the bound; else fewer items, and of very many rows fewer.
    """
    at_once = scores_at_once(device)
    rows = min(rows, max(1, at_once // min(items, NARROWEST)))
    width = at_once // rows
    if width >= items:
        return rows, items
    # Columns that fill no vector register are summed in another order, in which equal embeddings may differ in the last
    # bit: a tile has none.
    return rows, width - width % WHOLE if width > WHOLE else width


def tiles(items: int, width: int, first: int = 0) -> Iterator[tuple[int, int]]:
    """The ends (low, high) of tiles of `width` columns, beginning with number `first`, then in order."""
    count = -(-items // width)
    for number in (first, *(number for number in range(count) if number != first)):
        yield number * width, min(items, (number + 1) * width)
