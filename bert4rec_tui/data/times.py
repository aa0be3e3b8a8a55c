"""Timestamps as integer ticks since 1970: seconds, or fractions of them if the source has them."""

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


class RowError(ValueError):
    """Something is wrong with a row of a source. row: from 0, None where it is not known."""

    def __init__(self, row: int | None, message: str) -> None:
        super().__init__(message)
        self.row = row


def _incomplete(count: int) -> str:
    return (
        "1 row lacks a user, an item or a time" if count == 1 else f"{count:,} rows lack a user, an item or a time"
    ) + "; complete them, or leave them out with --drop-incomplete"


class MissingValueError(RowError):
    """A user, an item or a time is missing. count: how many rows lack one."""

    def __init__(self, row: int | None, role: str, count: int) -> None:
        labels = {"user": "user id", "item": "item id"}
        super().__init__(row, f"the {labels.get(role, role)} is empty ({_incomplete(count)})")


class TimeMissingError(RowError):
    """A timestamp of a column is 0 among dates: it is missing. count: how many are."""

    def __init__(self, row: int | None, count: int = 1) -> None:
        super().__init__(row, f"the timestamp 0 is a missing value among dates ({_incomplete(count)})")


class MixedUnitsError(RowError):
    """Some timestamps of a column count in another unit than the others. row: the first of the fewer ones."""

    def __init__(self, row: int | None, value: float, other: float) -> None:
        super().__init__(
            row,
            f'the timestamp "{value:.17g}" is in another unit than the others, such as {other:.17g}; '
            "write all in seconds, or all in milliseconds",
        )


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
