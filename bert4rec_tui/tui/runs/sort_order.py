"""How the table of runs is sorted: by one column, either way, pinned runs first and those without a value last."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bert4rec_tui.runs.listing import STATES, RunRow


@dataclass(frozen=True)
class SortOrder:
    """The column by which the runs are sorted, and whether its usual direction is reversed."""

    column: str = "age"
    reverse: bool = False

    @property
    def descending(self) -> bool:
        """Whether the largest value is at the top."""
        return (self.column in LARGEST_FIRST) is not self.reverse


# The sort key of each column; None where a run has no value. A key press goes through them in this order.
SORT_KEYS: Mapping[str, Callable[[RunRow], Any]] = {
    "age": lambda row: -row.status.created if row.status.created else None,
    "best": lambda row: row.status.best.value if row.status.best else None,
    "epoch": lambda row: row.status.epoch or None,
    "left": lambda row: row.status.seconds_left if row.state == "training" else None,
    "speed": lambda row: row.status.speed if row.state in ("training", "pausing", "stopping", "starting") else None,
    "state": lambda row: None if row.problem else STATES.index(row.state),
    "dataset": lambda row: row.dataset.casefold() or None,
    "task": lambda row: row.objective or None,
    "name": lambda row: row.name.casefold() or None,
}
LARGEST_FIRST = frozenset({"best", "epoch", "speed"})


def sorted_rows(rows: Sequence[RunRow], order: SortOrder) -> list[int]:
    """The indices of the rows, sorted; equal ones keep the order in which they came, newest first."""
    values = [SORT_KEYS[order.column](row) for row in rows]
    known = [at for at, value in enumerate(values) if value is not None]
    known.sort(key=values.__getitem__, reverse=order.descending)
    if order.column == "best":  # values of different metrics cannot be compared: each metric apart
        known.sort(key=lambda at: _metric(rows[at]))
    unknown = [at for at, value in enumerate(values) if value is None]
    return sorted([*known, *unknown], key=lambda at: not rows[at].labels.pinned)


def next_column(rows: Sequence[RunRow], order: SortOrder) -> SortOrder:
    """Sorted by the next column in which any run has a value."""
    names = list(SORT_KEYS)
    at = names.index(order.column)
    after = [*names[at + 1 :], *names[:at]]
    return SortOrder(
        next((name for name in after if any(SORT_KEYS[name](row) is not None for row in rows)), order.column)
    )


def _metric(row: RunRow) -> str:
    return row.status.best.metric if row.status.best else ""
