"""A list of items with scores, best first, and what is marked next to each: how its rank has changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bert4rec_tui.tui.explore.loaded_run import LoadedRun


@dataclass(frozen=True)
class Mark:
    """What is next to an item: by how many ranks it rose or fell, or a word."""

    text: str
    ascii: str
    colour: str = ""


NO_MARK = Mark("", "")
ONLY = Mark("only", "only", "$text-accent")  # in this list, not in the other one
NEW = Mark("new", "new", "$text-accent")


@dataclass(frozen=True)
class RankedItems:
    """Items with scores, best first: predictions, or the nearest neighbours of an item.

    marks: one for each item, none where it is empty. follow_counts: of neighbours, how often each came right after the
    item in training, and right before it.
    """

    loaded: LoadedRun
    items: Sequence[int]
    scores: Sequence[float]
    target: int | None = None
    marks: Sequence[Mark] = ()
    follow_counts: Sequence[tuple[int, int]] = ()

    def __len__(self) -> int:
        return len(self.items)

    @cached_property
    def score_range(self) -> tuple[float, float]:
        """The lowest score and the highest; a diversified list is not sorted by score."""
        return min(self.scores), max(self.scores)


def change_mark(now: int, before: int) -> Mark:
    """How an item's rank has changed, 0 for one that had none before: `▲12`, `▼3`, `new`, nothing where it stayed."""
    if before == 0:
        return NEW
    return _shift(before - now, _four_characters(abs(before - now)))


def _four_characters(number: int) -> str:
    """A number in the room of a mark: 1863, 12k, 3M; cut off, it would be another number."""
    if number < 10_000:
        return str(number)
    return f"{number // 1000}k" if number < 1_000_000 else f"{number // 1_000_000}M"


def difference_mark(place: int, item: int, places: Mapping[int, int]) -> Mark:
    """The rank of an item in this list compared with another: `▲3`, `▼3`, `only`, nothing at the same one."""
    if item not in places:
        return ONLY
    shift = places[item] - place
    return _shift(shift, str(abs(shift)))


def _shift(ranks: int, number: str) -> Mark:
    """The mark of so many ranks up, or down where it is negative."""
    if not ranks:
        return NO_MARK
    if ranks > 0:
        return Mark(f"▲{number}", f"^{number}", "$text-success")
    return Mark(f"▼{number}", f"v{number}", "$text-warning")
