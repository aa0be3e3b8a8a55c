"""The list of another run for the same history, with what differs from the first one's marked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.tui.explore.loaded_run import World
from bert4rec_tui.tui.explore.recommendations import Recommended
from bert4rec_tui.tui.explore.rows import Mark, MovieRows

ONLY = Mark("only", "only", "$text-accent")


@dataclass
class Beside:
    """Another run's world and what it answered; the two may number their items differently.

    theirs: (N + 1,) int64, the item of the other dataset for each of ours, 0 where it has none; ours: the reverse.
    """

    world: World
    theirs: np.ndarray
    ours: np.ndarray
    answer: Recommended | None = None
    problem: str = ""
    left_out: int = field(default=0)  # movies of the history that the other dataset has not

    def history(self, items: Sequence[int]) -> list[int]:
        """A history in the numbers of the other dataset."""
        known = [int(self.theirs[item]) for item in items if self.theirs[item]]
        self.left_out = len(items) - len(known)
        return known

    def target(self, item: int | None) -> int | None:
        """The held-out movie in their numbers, None where they do not know it."""
        return int(self.theirs[item]) or None if item is not None else None

    def rows(self, first: MovieRows | None, target: int | None) -> MovieRows | None:
        """The other list; marked is how much higher or lower a movie stands here than in the first list."""
        if self.answer is None:
            return None
        places = {item: place for place, item in enumerate(first.items)} if first else {}
        marks = [
            shift_mark(place, int(self.ours[item]), places) if first else Mark("", "")
            for place, item in enumerate(self.answer.items)
        ]
        return MovieRows(self.world, self.answer.items, self.answer.scores, self.target(target), marks)

    def marks_for(self, items: Sequence[int]) -> list[Mark]:
        """What is marked in the first list: the movies that the other one does not show."""
        shown = {int(self.ours[item]) for item in self.answer.items} if self.answer else set[int]()
        return [Mark("", "") if item in shown or not shown else ONLY for item in items]


def shift_mark(place: int, item: int, places: Mapping[int, int]) -> Mark:
    """How a movie stands in this list against its place in the other: `▲3`, `▼3`, `only`, nothing at the same one."""
    if item not in places:
        return ONLY
    shift = places[item] - place
    if not shift:
        return Mark("", "")
    number = str(abs(shift))
    return Mark(f"▲{number}", f"^{number}", "$text-success") if shift > 0 else Mark(
        f"▼{number}", f"v{number}", "$text-warning"
    )  # fmt: skip


def item_map(one: PreparedDataset, other: PreparedDataset) -> np.ndarray:
    """For each item 1…N of one dataset that of the other with the same id in the source, 0 where there is none."""
    if one.path == other.path:
        return np.arange(one.items + 1)
    known = {str(raw): item for item, raw in enumerate(other.all_item_ids(), start=1)}
    return np.array([0, *(known.get(str(raw), 0) for raw in one.all_item_ids())], dtype=np.int64)
