"""The order of the table of runs: by one column, either way, the pinned runs first and those without a value last."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bert4rec_tui.runs.listing import RunRow
from bert4rec_tui.tui.shell.text import SIGNS

_STATES = list(SIGNS)


@dataclass(frozen=True)
class Order:
    """By which column the runs stand, and whether the usual way round or the other."""

    column: str = "age"
    turned: bool = False

    @property
    def falls(self) -> bool:
        """Whether the largest value is at the top."""
        return (self.column in LARGEST_FIRST) is not self.turned


# What a column is sorted by; None where a run has nothing to sort by. The order is that of the key that cycles.
KEYS: Mapping[str, Callable[[RunRow], Any]] = {
    "age": lambda row: -row.status.created if row.status.created else None,
    "best": lambda row: row.status.best.value if row.status.best else None,
    "epoch": lambda row: row.status.epoch or None,
    "left": lambda row: row.status.seconds_left if row.state == "training" else None,
    "speed": lambda row: row.status.speed if row.state in ("training", "pausing", "stopping", "starting") else None,
    "state": lambda row: None if row.problem else _STATES.index(row.state),
    "dataset": lambda row: row.dataset.casefold() or None,
    "task": lambda row: row.objective or None,
    "name": lambda row: row.name.casefold() or None,
}
LARGEST_FIRST = frozenset({"best", "epoch", "speed"})


def ordered(rows: Sequence[RunRow], order: Order) -> list[int]:
    """The numbers of the rows in an order; what is equal keeps the order in which it came, newest first."""
    values = [KEYS[order.column](row) for row in rows]
    known = [at for at, value in enumerate(values) if value is not None]
    known.sort(key=values.__getitem__, reverse=order.falls)
    if order.column == "best":  # values of different metrics cannot be compared: each metric for itself
        known.sort(key=lambda at: _metric(rows[at]))
    unknown = [at for at, value in enumerate(values) if value is None]
    return sorted([*known, *unknown], key=lambda at: not rows[at].labels.pinned)


def next_order(rows: Sequence[RunRow], order: Order) -> Order:
    """The order by the next column in which any run has a value."""
    names = list(KEYS)
    at = names.index(order.column)
    after = [*names[at + 1 :], *names[:at]]
    return Order(next((name for name in after if any(KEYS[name](row) is not None for row in rows)), order.column))


def _metric(row: RunRow) -> str:
    return row.status.best.metric if row.status.best else ""
