"""What a prepared dataset is like: the lengths of its histories, the items that most users met."""

from dataclasses import dataclass

import numpy as np

from bert4rec_tui.data.dataset import PreparedDataset

BARS = 40


@dataclass(frozen=True)
class DatasetStats:
    """`bars` counts histories by length between two lengths, on a log scale; `most` are the best known items.

    `times_are_positions` says that the times only number each user's items.
    """

    shortest: int
    median: float
    longest: int
    bars: tuple[int, ...]
    most: tuple[tuple[str, int], ...]
    times_are_positions: bool


def stats_of(dataset: PreparedDataset, most: int = 8) -> DatasetStats:
    """Read the figures; for a thread, since whole arrays are gone through."""
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
    )


def bars_text(bars: tuple[int, ...], ascii: bool) -> str:
    """A histogram in one line of characters; a bar that is not empty is never drawn as nothing."""
    levels = " .:-=+*#" if ascii else " ▁▂▃▄▅▆▇█"
    top = max(bars, default=0)
    steps = len(levels) - 1
    return "".join(levels[0 if not bar else max(1, round(bar / top * steps))] for bar in bars)
