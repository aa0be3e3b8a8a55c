"""Times as whole ticks since 1970: seconds, or a fraction of them where the source is that fine."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

# Dates written as whole numbers, 20010129, lie here; as seconds they would be twelve days of August 1970.
_FIRST_DATE, _LAST_DATE = 1900_01_01, 2099_12_31
# Seconds reach this number in the year 5138: a column that is all above it counts in something finer.
_TOO_LATE = 10**11


@dataclass(frozen=True)
class Times:
    """(rows,) int64 ticks, and how many of them make a second; order by ticks, show seconds."""

    ticks: np.ndarray
    per_second: int

    def seconds(self) -> np.ndarray:
        """(rows,) int64 whole seconds since 1970."""
        return self.ticks if self.per_second == 1 else self.ticks // self.per_second

    def take(self, rows: np.ndarray) -> "Times":
        """The times of some rows, by index or by mask."""
        return Times(self.ticks[rows], self.per_second)


def from_numbers(values: np.ndarray) -> Times:
    """Times from seconds, whole or not; finer units, and dates such as 20010129, are known by their size."""
    if values.dtype.kind == "f":
        whole = np.floor(values)
        if np.array_equal(whole, values):
            return from_numbers(whole.astype(np.int64))
        return Times(np.round(values * 1e6).astype(np.int64), 10**6)
    ticks = values.astype(np.int64, copy=False)
    if _are_dates(ticks):
        months = (ticks // 10_000 - 1970) * 12 + ticks // 100 % 100 - 1
        days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + ticks % 100 - 1
        return Times(days * 86_400, 1)
    per_second = 1
    least = int(ticks.min()) if len(ticks) else 0
    while least > _TOO_LATE and per_second < 10**9:
        least, per_second = least // 1000, per_second * 1000
    return Times(ticks, per_second)


def _are_dates(values: np.ndarray) -> bool:
    if not len(values) or values.min() < _FIRST_DATE or values.max() > _LAST_DATE:
        return False
    months, days = values // 100 % 100, values % 100
    return bool(((months >= 1) & (months <= 12) & (days >= 1) & (days <= 31)).all())


def day_of(seconds: int) -> str:
    """The day of a moment in UTC, such as 2018-09-24; the bare seconds where no calendar has it."""
    try:
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return f"second {seconds:,}"


def parse_time(text: str) -> int | None:
    """Microseconds since 1970 of an ISO 8601 date, UTC unless it says otherwise; None for anything else."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 10**6 + since.microseconds
