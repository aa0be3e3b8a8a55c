"""The predictions of another run for the same history, compared with the first one's."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.tui.explore.client import Recommended
from bert4rec_tui.tui.explore.loaded_run import LoadedRun
from bert4rec_tui.tui.explore.ranked_items import NO_MARK, ONLY, Mark, RankedItems, difference_mark


@dataclass
class SecondRun:
    """Another run and what it answered; the two may number their items differently.

    to_second: (N + 1,) int64, the item of the second dataset for each of the first, 0 where it has none; to_first: the
    reverse.
    """

    loaded: LoadedRun
    to_second: np.ndarray
    to_first: np.ndarray
    answer: Recommended | None = None
    error: str = ""

    def translated(self, items: Sequence[int]) -> list[int]:
        """Items of the first dataset in the numbers of the second, without those that it does not have."""
        return [int(self.to_second[item]) for item in items if self.to_second[item]]

    def missing(self, items: Sequence[int]) -> int:
        """How many items of the first dataset the second does not have."""
        return sum(not self.to_second[item] for item in items)

    def target(self, item: int | None) -> int | None:
        """The held-out item in the numbers of the second dataset, None where it does not have it."""
        return int(self.to_second[item]) or None if item is not None else None

    def ranked(self, first: RankedItems | None, target: int | None) -> RankedItems | None:
        """The second list; marked is how much higher or lower an item stands here than in the first list."""
        if self.answer is None:
            return None
        places = {item: place for place, item in enumerate(first.items)} if first else {}
        marks = [
            difference_mark(place, int(self.to_first[item]), places) if first else NO_MARK
            for place, item in enumerate(self.answer.items)
        ]
        return RankedItems(self.loaded, self.answer.items, self.answer.scores, self.target(target), marks)

    def marks_for(self, items: Sequence[int]) -> list[Mark]:
        """The marks of the first list: items that the second one does not show."""
        shown = {int(self.to_first[item]) for item in self.answer.items} if self.answer else set[int]()
        return [NO_MARK if item in shown or not shown else ONLY for item in items]


def item_map(one: PreparedDataset, other: PreparedDataset) -> np.ndarray:
    """For each item 1…N of one dataset that of the other with the same id in the source, 0 where there is none."""
    if one.path == other.path:
        return np.arange(one.items + 1)
    known = {str(raw): item for item, raw in enumerate(other.all_item_ids(), start=1)}
    return np.array([0, *(known.get(str(raw), 0) for raw in one.all_item_ids())], dtype=np.int64)
