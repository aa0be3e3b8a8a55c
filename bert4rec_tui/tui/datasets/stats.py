"""What a prepared dataset is like: the lengths of its histories, the most popular items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bert4rec_tui.data.dataset import PreparedDataset


BARS = 40
FEW = 5


@dataclass(frozen=True)
class DatasetStats:
    """`bars` counts histories by length between two lengths, on a log scale; `most` are the most popular items.

    `times_are_positions` says that the times only number each user's items. `few` is how many items have
    fewer than FEW interactions, `top_share` the part of all interactions that the top 10% of the items have.
    """

    shortest: int
    median: float
    longest: int
    bars: tuple[int, ...]
    most: tuple[tuple[str, int], ...]
    times_are_positions: bool
    few: int
    top_share: float


def stats_of(dataset: PreparedDataset, most: int = 40) -> DatasetStats:
    """Read the figures; for a thread, since whole arrays are gone through."""
    import numpy as np

    lengths = np.diff(dataset.offsets)
    shortest, longest = int(lengths.min()), int(lengths.max())
    # Lengths spread over three orders of magnitude; equal steps of their logarithm show the short ones too.
    edges = np.geomspace(shortest, longest + 1, BARS + 1)
    bars, _ = np.histogram(lengths, bins=edges)
    counts = dataset.counts
    top = np.argsort(-counts, kind="stable")[:most]
    return DatasetStats(
        shortest,
        float(np.median(lengths)),
        longest,
        tuple(int(bar) for bar in bars),
        tuple((dataset.titles[int(item)], int(counts[item])) for item in top),
        dataset.times_are_positions,
        int((counts < FEW).sum()),
        float(np.sort(counts)[::-1][: -(-len(counts) // 10)].sum() / max(1, counts.sum())),
    )


def bars_text(bars: tuple[int, ...], ascii: bool) -> str:
    """A histogram in one line of characters; a bar that is not empty is never drawn as nothing."""
    levels = " .:-=+*#" if ascii else " ▁▂▃▄▅▆▇█"
    top = max(bars, default=0)
    steps = len(levels) - 1
    return "".join(levels[0 if not bar else max(1, round(bar / top * steps))] for bar in bars)


def tall_bars(bars: tuple[int, ...], rows: int, ascii: bool) -> list[str]:
    """A histogram over several lines of characters, the top line first; a bar that is not empty shows in the last."""
    levels = " .:|" if ascii else " ▁▂▃▄▅▆▇█"
    steps, top = len(levels) - 1, max(bars, default=0)
    heights = [0 if not bar else max(1, round(bar / top * rows * steps)) for bar in bars]
    return [
        "".join(levels[max(0, min(steps, height - row * steps))] for height in heights) for row in reversed(range(rows))
    ]
