"""A history that can be edited, with undo and redo: a user's, as far as the model may know it, or a new one."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from bert4rec_tui.data.dataset import PreparedDataset


@dataclass(frozen=True)
class Entry:
    """One item of a history, and the interaction of the dataset that it is, -1 for one that was added."""

    item: int
    interaction: int = -1


Entries = tuple[Entry, ...]


@dataclass
class EditedHistory:
    """The history that the model is asked about, oldest first.

    Of a user it is everything before the test target, the validation item included; `target` is that held-out item.
    With `includes_target` the history goes to its end and nothing is held out. A new or saved history has no user.
    """

    user: int | None = None
    entries: Entries = ()
    target: int | None = None
    includes_target: bool = False
    name: str = ""  # under which a history without a user is saved
    _past: list[Entries] = field(default_factory=list[Entries])
    _undone: list[Entries] = field(default_factory=list[Entries])

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def items(self) -> list[int]:
        """What the model is given."""
        return [entry.item for entry in self.entries]

    @property
    def baseline(self) -> list[int] | None:
        """What the ranks are compared with: the unchanged history; of a new one, as it was before the last change.

        None where nothing has been changed.
        """
        if not self._past:
            return None
        return [entry.item for entry in (self._past[-1] if self.user is None else self._past[0])]

    @property
    def changed(self) -> bool:
        """Whether anything can be undone."""
        return bool(self._past)

    def add(self, item: int) -> None:
        """Append an item as the newest."""
        self._change((*self.entries, Entry(item)))

    def remove(self, position: int) -> None:
        """Remove the item at a position."""
        self._change(self.entries[:position] + self.entries[position + 1 :])

    def move(self, position: int, steps: int) -> bool:
        """Move the item at a position so many steps later in time, or earlier. Returns whether it could go."""
        to = position + steps
        if not (0 <= position < len(self.entries) and 0 <= to < len(self.entries)):
            return False
        rest = [*self.entries]
        rest.insert(to, rest.pop(position))
        self._change(tuple(rest))
        return True

    def undo(self) -> bool:
        """Undo the last change. Returns whether there was one."""
        if not self._past:
            return False
        self._undone.append(self.entries)
        self.entries = self._past.pop()
        return True

    def redo(self) -> bool:
        """Redo the change that was undone last. Returns whether there was one."""
        if not self._undone:
            return False
        self._past.append(self.entries)
        self.entries = self._undone.pop()
        return True

    def _change(self, entries: Entries) -> None:
        self._past.append(self.entries)
        self._undone.clear()
        self.entries = entries


def history_of_user(dataset: PreparedDataset, user: int, includes_target: bool = False) -> EditedHistory:
    """The history of a user up to the test target, or to its end."""
    begin = int(dataset.offsets[user])
    items = dataset.history_of(user).tolist()
    at = int(dataset.split.test[user])
    target = items[at] if at >= 0 else None
    end = len(items) if includes_target or at < 0 else at
    entries = tuple(Entry(item, begin + place) for place, item in enumerate(items[:end]))
    return EditedHistory(user, entries, None if includes_target else target, includes_target)


def date_of(dataset: PreparedDataset, entry: Entry) -> str:
    """The day of an interaction, empty where it is not known."""
    if entry.interaction < 0:
        return "added"
    if dataset.timestamps is None:
        return ""
    try:
        return f"{datetime.fromtimestamp(int(dataset.timestamps[entry.interaction]), UTC):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        return ""


def rating_of(dataset: PreparedDataset, entry: Entry) -> str:
    """The rating of an interaction, empty where there is none."""
    if entry.interaction < 0 or dataset.ratings is None:
        return ""
    return f"{float(dataset.ratings[entry.interaction]):g}"
