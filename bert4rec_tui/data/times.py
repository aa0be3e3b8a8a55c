"""Timestamps as integer ticks since 1970: seconds, or fractions of them if the source has them."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

# Dates written as integers, 20010129, are in this range; as seconds they would be twelve days of August 1970.
_FIRST_DATE, _LAST_DATE = 1900_01_01, 2099_12_31
# The digits after the date in 20010129235959; as milliseconds that would be a day of 2604.
_CLOCK = 10**6
# Seconds reach this number in the year 5138: a column above it has a finer unit.
TOO_LATE = 10**11
# Seconds in 1973: where all other timestamps are above it, a 0 is a missing value and not 1970.
A_DATE = 10**8


class TimeMissingError(ValueError):
    """A timestamp of a column is 0 among dates: it is missing. row: from 0."""

    def __init__(self, row: int) -> None:
        super().__init__("the timestamp 0 is a missing value among dates; remove such lines, or give them a time")
        self.row = row


class MixedUnitsError(ValueError):
    """Some timestamps of a column count in another unit than the others. row: the first of the fewer ones, from 0."""

    def __init__(self, row: int, value: float, other: float) -> None:
        super().__init__(
            f'the timestamp "{value:.17g}" is in another unit than the others, such as {other:.17g}; '
            "write all in seconds, or all in milliseconds"
        )
        self.row = row


@dataclass(frozen=True)
class Times:
    """(rows,) int64 ticks, and the number of ticks per second; sort by ticks, show seconds."""

    ticks: np.ndarray
    per_second: int

    def seconds(self) -> np.ndarray:
        """(rows,) int64 whole seconds since 1970."""
        return self.ticks if self.per_second == 1 else self.ticks // self.per_second

    def take(self, rows: np.ndarray) -> "Times":
        """The times of a selection of rows, by index or by mask."""
        return Times(self.ticks[rows], self.per_second)


def from_numbers(values: np.ndarray) -> Times:
    """Times from seconds, with or without fractions; finer units, and dates such as 20010129, are detected by size.

    Raises MixedUnitsError where one unit does not fit all of them, TimeMissingError for a 0 among dates.
    """
    _check_one_unit(values)
    if values.dtype.kind == "f":
        whole = np.floor(values)
        return _from_fractions(values) if (whole != values).any() else from_numbers(whole.astype(np.int64))
    ticks = values.astype(np.int64, copy=False)
    if are_dates(ticks):
        return Times(days_of(ticks) * 86_400, 1)
    if are_date_times(ticks):
        hours, minutes, seconds = clock_of(ticks)
        return Times(days_of(ticks // _CLOCK) * 86_400 + hours * 3600 + minutes * 60 + seconds, 1)
    return Times(ticks, _unit(ticks))


def _check_one_unit(values: np.ndarray) -> None:
    """Raises MixedUnitsError where values are beyond the year 5138 in the unit that the smallest one needs."""
    if not len(values):
        return
    missing = values == 0
    if missing.any() and not missing.all() and np.abs(values[~missing]).min() >= A_DATE:
        raise TimeMissingError(int(missing.argmax()))
    limit = TOO_LATE * _unit(values)
    if values.max() <= limit and values.min() >= -limit:
        return
    late = np.abs(values) > limit
    if are_date_times(values.astype(np.int64, copy=False)):
        return
    fewer = late if 2 * np.count_nonzero(late) <= len(values) else ~late
    row = int(fewer.argmax())
    raise MixedUnitsError(row, float(values[row]), float(values[int((~fewer).argmax())]))


def _from_fractions(values: np.ndarray) -> Times:
    """Times from numbers with a fraction, of which three digits are kept, for seconds six."""
    unit = _unit(values)
    finer = 10**6 if unit == 1 else 1000
    return Times(np.round(values * finer).astype(np.int64), unit * finer)


def _unit(values: np.ndarray) -> int:
    return unit_of(int(values.min())) if len(values) else 1


def unit_of(least: int) -> int:
    """Ticks per second of a column with this smallest value: 1, or as many as make it a plausible date."""
    per_second = 1
    while least > TOO_LATE and per_second < 10**9:
        least, per_second = least // 1000, per_second * 1000
    return per_second


def are_dates(values: np.ndarray) -> bool:
    """Whether all numbers are dates such as 20010129."""
    if not len(values) or values.min() < _FIRST_DATE or values.max() > _LAST_DATE:
        return False
    months, days = values // 100 % 100, values % 100
    return bool(((months >= 1) & (months <= 12) & (days >= 1) & (days <= 31)).all())


def days_of(dates: np.ndarray) -> np.ndarray:
    """(rows,) days since 1970 of dates such as 20010129."""
    months = (dates // 10_000 - 1970) * 12 + dates // 100 % 100 - 1
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + dates % 100 - 1


def are_date_times(values: np.ndarray) -> bool:
    """Whether all are dates with a time of day, such as 20010129235959; a 30th of February is not."""
    dates = values // _CLOCK
    if not are_dates(dates):
        return False
    hours, minutes, seconds = clock_of(values)
    months = days_of(dates).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    return bool(((hours < 24) & (minutes < 60) & (seconds < 60) & (months == dates // 100 % 100)).all())


def clock_of(moments: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The hours, minutes and seconds of numbers such as 20010129235959."""
    return moments // 10_000 % 100, moments // 100 % 100, moments % 100


def day_of(seconds: int) -> str:
    """The date of a time in UTC, such as 2018-09-24; the seconds where it is outside the calendar."""
    try:
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return f"second {seconds:,}"
