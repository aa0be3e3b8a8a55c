"""What the numbers of a column of times mean, found while they are read in batches."""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bert4rec_tui.data.times import (
    A_DATE,
    TOO_LATE,
    TimeMissingError,
    are_date_times,
    are_dates,
    clock_of,
    days_of,
    unit_of,
)


@dataclass(frozen=True)
class TimeScale:
    """How numbers become times: whole units or fractions of them, or digits such as 20010129.

    per_second: ticks in a second. finer: ticks in a unit, of numbers with a fraction. each: seconds in a unit that is
    longer than one.
    """

    kind: Literal["units", "fractions", "dates", "date-times"] = "units"
    per_second: int = 1
    finer: int = 1
    each: int = 1

    def order(self, column: str) -> str:
        """The SQL expression by which rows are in the order of time."""
        return f"CAST(round_even({column} * {self.finer}, 0) AS BIGINT)" if self.kind == "fractions" else column

    def seconds(self, values: np.ndarray) -> np.ndarray:
        """(rows,) int64 whole seconds since 1970."""
        if self.kind == "fractions":
            return np.round(values * self.finer).astype(np.int64) // self.per_second
        if self.each != 1 or (values.dtype.kind == "f" and self.kind == "units"):
            return np.floor(values * self.each / self.per_second).astype(np.int64)
        ticks = values.astype(np.int64, copy=False)
        if self.kind == "dates":
            return days_of(ticks) * 86_400
        if self.kind == "date-times":
            hours, minutes, seconds = clock_of(ticks)
            return days_of(ticks // 10**6) * 86_400 + hours * 3600 + minutes * 60 + seconds
        return ticks if self.per_second == 1 else ticks // self.per_second


@dataclass(frozen=True)
class TimeReading:
    """How times are read as the user says. form: a format of strptime. unit: of numbers, such as ms or 5s."""

    form: str = ""
    unit: str = ""

    def scale(self) -> TimeScale | None:
        """What the unit says; None without one."""
        if not self.unit:
            return None
        found = re.fullmatch(r"(\d*)(\D+)", self.unit)
        assert found is not None
        many, unit = int(found.group(1) or 1), found.group(2)
        per_second = {"ns": 10**9, "us": 10**6, "ms": 1000}.get(unit, 1)
        return TimeScale("units", per_second, each=max(1, many) * {"min": 60, "h": 3600, "d": 86_400}.get(unit, 1))


AS_WRITTEN = TimeReading()


class MixedTimesError(ValueError):
    """The numbers are in more than one unit; which row is the first of the fewer ones takes another look at all."""


class NumberSummary:
    """Gathers over batches what decides how numbers are read as times."""

    def __init__(self) -> None:
        self.rows = 0
        self.low, self.high = 0.0, 0.0
        self._whole = True
        self._first_zero = -1
        self._zeros = 0
        self._nearest_zero = np.inf  # the smallest size of a number other than 0
        self._dates = self._date_times = True  # as long as all numbers may be such

    def add(self, values: np.ndarray) -> None:
        """Take a batch into account. Raises ValueError where a number is not finite, or too large to be exact."""
        if not len(values):
            return
        # Far beyond any date, and where integers are still exact as floats.
        if values.dtype.kind == "f" and not (np.isfinite(values).all() and np.abs(values).max() < 2**53):
            raise ValueError("a timestamp is not a finite number")
        low, high = values.min().item(), values.max().item()
        if low <= 0 <= high:
            zeros = values == 0
            if self._first_zero < 0 and zeros.any():
                self._first_zero = self.rows + int(zeros.argmax())
            self._zeros += int(np.count_nonzero(zeros))
            others = np.abs(values[~zeros])
            self._nearest_zero = min(self._nearest_zero, others.min().item() if len(others) else np.inf)
        else:
            self._nearest_zero = min(self._nearest_zero, abs(low), abs(high))
        self.low, self.high = (min(self.low, low), max(self.high, high)) if self.rows else (low, high)
        self.rows += len(values)
        if values.dtype.kind == "f" and self._whole:
            self._whole = bool((np.floor(values) == values).all())
        self._dates = self._dates and self._whole and are_dates(values.astype(np.int64, copy=False))
        self._date_times = self._date_times and self._whole and are_date_times(values.astype(np.int64, copy=False))

    @property
    def limit(self) -> int:
        """The size of a number from which it is beyond the year 5138 in the unit that the smallest one needs."""
        return TOO_LATE * unit_of(int(self.low))

    def scale(self) -> TimeScale:
        """How they are read. Raises TimeMissingError for a 0 among dates, MixedTimesError for several units."""
        if not self.rows:
            return TimeScale()
        if 0 < self._zeros < self.rows and self._nearest_zero >= A_DATE:
            raise TimeMissingError(self._first_zero)
        if not self._date_times and (self.high > self.limit or self.low < -self.limit):
            raise MixedTimesError
        unit = unit_of(int(self.low))
        if not self._whole:
            finer = 10**6 if unit == 1 else 1000
            return TimeScale("fractions", unit * finer, finer)
        if self._dates:
            return TimeScale("dates")
        return TimeScale("date-times") if self._date_times else TimeScale("units", unit)
