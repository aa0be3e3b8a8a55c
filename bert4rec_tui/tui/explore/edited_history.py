"""A history that can be changed: a user's, as far as the model may know it, or one's own; with undo and redo."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from bert4rec_tui.data.dataset import PreparedDataset

OWN = -1  # the "user" whose history one makes oneself


@dataclass(frozen=True)
class Watched:
    """One movie of a history: the item, and where it stands in the dataset, -1 for one that was added."""

    item: int
    place: int = -1


@dataclass
class Taste:
    """The history that the model is asked about, oldest first.

    Of a user it is everything before the test target, the validation item included; `target` is that held-out item.
    With `knows_target` the history goes to its end and nothing is held out.
    """

    user: int = OWN
    watched: tuple[Watched, ...] = ()
    target: int | None = None
    knows_target: bool = False
    name: str = ""  # under which one's own is kept
    _past: list[tuple[Watched, ...]] = field(default_factory=list[tuple[Watched, ...]])
    _undone: list[tuple[Watched, ...]] = field(default_factory=list[tuple[Watched, ...]])

    @property
    def items(self) -> list[int]:
        """What the model is given."""
        return [one.item for one in self.watched]

    @property
    def before(self) -> list[int] | None:
        """What the list is compared with: the unchanged history; of one's own, as it was before the last change.

        None where nothing has been changed.
        """
        if not self._past:
            return None
        return [one.item for one in (self._past[-1] if self.user == OWN else self._past[0])]

    @property
    def changed(self) -> bool:
        """Whether anything can be undone."""
        return bool(self._past)

    def add(self, item: int) -> None:
        """Put a movie at the end, as the newest."""
        self._change((*self.watched, Watched(item)))

    def remove(self, position: int) -> None:
        """Take the movie at a position out."""
        self._change(self.watched[:position] + self.watched[position + 1 :])

    def move(self, position: int, steps: int) -> bool:
        """Move the movie at a position so many steps later in time, or earlier. Returns whether it could go."""
        to = position + steps
        if not (0 <= position < len(self.watched) and 0 <= to < len(self.watched)):
            return False
        rest = [*self.watched]
        rest.insert(to, rest.pop(position))
        self._change(tuple(rest))
        return True

    def undo(self) -> bool:
        """Take the last change back. Returns whether there was one."""
        if not self._past:
            return False
        self._undone.append(self.watched)
        self.watched = self._past.pop()
        return True

    def redo(self) -> bool:
        """Make the change again that was taken back last. Returns whether there was one."""
        if not self._undone:
            return False
        self._past.append(self.watched)
        self.watched = self._undone.pop()
        return True

    def _change(self, watched: tuple[Watched, ...]) -> None:
        self._past.append(self.watched)
        self._undone.clear()
        self.watched = watched


def taste_of(dataset: PreparedDataset, user: int, knows_target: bool = False) -> Taste:
    """The history of a user up to the test target, or to its end."""
    begin = int(dataset.offsets[user])
    items = dataset.history_of(user).tolist()
    at = int(dataset.split.test[user])
    target = items[at] if at >= 0 else None
    end = len(items) if knows_target or at < 0 else at
    watched = tuple(Watched(item, begin + place) for place, item in enumerate(items[:end]))
    return Taste(user, watched, None if knows_target else target, knows_target)


def date_of(dataset: PreparedDataset, watched: Watched) -> str:
    """The day a movie was watched, empty where it is not known."""
    if watched.place < 0:
        return "added"
    if dataset.timestamps is None:
        return ""
    try:
        return f"{datetime.fromtimestamp(int(dataset.timestamps[watched.place]), UTC):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        return ""


def rating_of(dataset: PreparedDataset, watched: Watched) -> str:
    """The rating that was given, empty where there is none."""
    if watched.place < 0 or dataset.ratings is None:
        return ""
    return f"{float(dataset.ratings[watched.place]):g}"


def users_who_watched(dataset: PreparedDataset, item: int) -> np.ndarray:
    """The users with an item in their history, ascending."""
    places = np.flatnonzero(dataset.history == item)
    return np.unique(np.searchsorted(dataset.offsets, places, side="right") - 1)
