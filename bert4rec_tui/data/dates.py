"""Times as they are written in files. Needs no numpy, so that the app may ask before it is imported.

All times here are microseconds since 1970 in UTC, and a time without a zone is UTC.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from bert4rec_tui.data.time_formats import formats_of
from bert4rec_tui.errors import UserError, printable

# How databases, data frames and Arrow write a value that is missing; MySQL writes days that do not exist.
_MISSING = frozenset({"", "null", "na", "n/a", "nan", "nat", "none", "<na>", "\\n", "-"})
_NO_DAY = re.compile(r"0000-00-00([ T]00:00:00)?(\.0+)?")
_ZERO = re.compile(r"[+-]?0+(\.0*)?")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_ISO = re.compile(r"\d{4}-?\d\d-?\d\d([ T].*)?", re.ASCII)  # not Python's weeks, such as 2020-W01
_UNIVERSAL = re.compile(r" ?(UTC|GMT|Z)", re.IGNORECASE)
_UNIT = re.compile(r"(\d{0,9})(ns|us|µs|ms|s|min|h|d)", re.ASCII)
_MICROSECONDS = {
    "ns": Fraction(1, 1000),
    "us": Fraction(1),
    "µs": Fraction(1),
    "ms": Fraction(1000),
    "s": Fraction(10**6),
    "min": Fraction(60 * 10**6),
    "h": Fraction(3600 * 10**6),
    "d": Fraction(86_400 * 10**6),
}
_UNIT_NAMES = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
# Seconds reach this number in the year 5138: numbers above it are in a finer unit.
_TOO_LATE = 10**11
# Seconds in 1973: where all other times are later, a 0 is a missing value and not 1970.
_A_DATE = 10**8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = {8: "%Y%m%d", 14: "%Y%m%d%H%M%S"}
# What a format must have to say a day.
_YEARS, _MONTHS, _DAYS = ("%Y", "%y"), ("%m", "%b", "%B"), ("%d",)
_WHOLE = ("%c", "%x", "%D", "%F", "%s", "%j", "%+")


@dataclass(frozen=True)
class TimeReader:
    """How the times of a column are read.

    `kind` says it in words. `formats` are those of strptime, tried in order, empty for ISO 8601 and for numbers; `unit`
    is that of numbers (`s`, `ms`, `5s`), else empty; `zero` says whether a 0 is a time. `doubt` is a sentence where
    another reading is possible, and `others` are its formats.
    """

    kind: str
    formats: tuple[str, ...] = ()
    unit: str = ""
    zero: bool = False
    doubt: str = ""
    others: tuple[str, ...] = ()

    def parse(self, text: str) -> int | None:
        """Microseconds since 1970 of a time, None where it is missing or not written so."""
        text = text.strip()
        if is_missing(text, zero=not self.zero):
            return None
        if self.unit:
            return _from_number(text, unit_microseconds(self.unit))
        for form in self.formats:
            if (moment := _strptime(text, form)) is not None:
                return moment
        return None if self.formats else _iso(text)


def is_missing(text: str, zero: bool = True) -> bool:
    r"""Whether a time is missing: empty, `\N`, `null`, `NaN`, `NaT`, and `0` where `zero` says so.

    A 0 is no time among dates, and the first one where times count from 0.
    """
    text = text.strip()
    if text.casefold() in _MISSING or _NO_DAY.fullmatch(text):
        return True
    return zero and _ZERO.fullmatch(text) is not None


def parse_time(text: str) -> int | None:
    """Microseconds since 1970 of a date that can be read in one way only; None for anything else, and for numbers.

    ISO 8601, UTC unless it says otherwise, Twitter's dates, and dates with the name of a month.
    """
    text = text.strip()
    if (moment := _iso(text)) is not None:
        return moment
    moments = {moment for form in formats_of(text) if (moment := _strptime(text, form)) is not None}
    return moments.pop() if len(moments) == 1 else None


def is_date(text: str) -> bool:
    """Whether a text is a date in any way of writing, whichever of its numbers the day is."""
    text = text.strip()
    return _iso(text) is not None or any(_strptime(text, form) is not None for form in formats_of(text))


def is_written_day(text: str) -> bool:
    """Whether digits are a day between 1950 and 2050, such as 20010129, or a moment, such as 20010129235959."""
    form = _DIGITS.get(len(text)) if text.isdecimal() else None
    return form is not None and 1950 <= int(text[:4]) <= 2050 and _strptime(text, form) is not None


def time_reader(time_format: str, samples: Sequence[str], time_unit: str = "") -> TimeReader:
    """How to read times of which these are some: as the user says, else as all of them can be read.

    `time_format` is one of strptime, `time_unit` that of numbers, both empty: detected. Raises UserError for a format
    or unit that is none, and for a sample that does not follow it.
    """
    if time_format and time_unit:
        raise UserError(f"time format {time_format}: cannot be used together with time unit {time_unit}; use one")
    cells = [cell.strip() for cell in samples if not is_missing(cell, zero=False)]
    if time_format:
        return _given_format(time_format, [cell for cell in cells if not _ZERO.fullmatch(cell)])
    if time_unit:
        return _given_unit(time_unit, cells)
    if cells and all(map(_NUMBER.fullmatch, cells)):
        return _of_numbers(cells)
    return _of_texts([cell for cell in cells if not _ZERO.fullmatch(cell)])


def unit_microseconds(unit: str) -> Fraction:
    """The microseconds in a unit such as `ms` or `5s`. Raises UserError for anything else."""
    found = _UNIT.fullmatch(unit)
    if found is None or found.group(1).strip("0") == "" != found.group(1):
        raise UserError(
            f'time unit "{printable(unit, 20)}": is not a unit; '
            "use s, ms, us, ns, min, h or d, or a multiple such as 5s"
        )
    return int(found.group(1) or 1) * _MICROSECONDS[found.group(2)]


def check_time_format(time_format: str) -> None:
    """Raises UserError where a format of strptime is none, or says no day."""
    shown = printable(time_format, 40)
    fields = re.findall(r"%.?", time_format.replace("%%", ""))
    if any(field in _WHOLE for field in fields):
        wrong = next(field for field in fields if field in _WHOLE)
        raise UserError(f'time format "{shown}": {wrong} is not supported; spell it out, such as %d/%m/%Y %H:%M')
    try:
        datetime.strptime(datetime(2024, 12, 31, 23, 59, 58, tzinfo=UTC).strftime(time_format), time_format)
    except (ValueError, re.error, IndexError) as error:
        bad = re.search(r"'(.)' is a bad directive", str(error))
        wrong = f"%{bad.group(1)} is no field of a time" if bad else "is not a format of times"
        raise UserError(f'time format "{shown}": {wrong}; use %Y, %m, %d, %H, %M, %S, such as %d/%m/%Y %H:%M') from None
    for kind, choices in (("year", _YEARS), ("month", _MONTHS), ("day", _DAYS)):
        if not any(field in choices for field in fields):
            raise UserError(f'time format "{shown}": has no {kind}; use {" or ".join(choices)} for it')


def _given_format(time_format: str, cells: Sequence[str]) -> TimeReader:
    check_time_format(time_format)
    wrong = next((cell for cell in cells if _strptime(cell, time_format) is None), None)
    if wrong is not None:
        example = datetime(2024, 12, 31, 23, 59, 58, tzinfo=UTC).strftime(time_format)
        raise UserError(
            f'the time "{printable(wrong, 40)}" does not follow the time format {time_format}, '
            f'as "{example}" does; correct --time-format, or leave it out'
        )
    return TimeReader(f"dates in the format {time_format}", (time_format,))


def _given_unit(time_unit: str, cells: Sequence[str]) -> TimeReader:
    unit_microseconds(time_unit)
    wrong = next((cell for cell in cells if not _NUMBER.fullmatch(cell)), None)
    if wrong is not None:
        raise UserError(f'the time "{printable(wrong, 40)}" is not a number, as time unit {time_unit} needs')
    return TimeReader(f"numbers in units of {time_unit}", unit=time_unit, zero=_zero_is_a_time(cells))


def _of_numbers(cells: Sequence[str]) -> TimeReader:
    others = [cell for cell in cells if not _ZERO.fullmatch(cell)]
    if others and all(map(is_written_day, others)) and len(set(map(len, others))) == 1:
        form = _DIGITS[len(others[0])]
        return TimeReader(f"dates in the format {form}", (form,))
    sizes = [(_size(cell), cell) for cell in others]
    unit = _unit_of(min(sizes)[0]) if sizes else "s"
    doubt = ""
    if sizes and _unit_of(max(sizes)[0]) != unit and _unit_of(min(sizes)[0]) != _unit_of(max(sizes)[0]):
        doubt = (
            f'the time "{printable(max(sizes)[1], 40)}" is in another unit than "{printable(min(sizes)[1], 40)}"; '
            "write all in one unit, or name it with --time-unit"
        )
    return TimeReader(f"{_UNIT_NAMES[unit]} since 1970", unit=unit, zero=_zero_is_a_time(cells), doubt=doubt)


def _zero_is_a_time(cells: Sequence[str]) -> bool:
    """Whether times count from 0, so that a 0 is the first; among dates it is a missing value."""
    others = [_size(cell) for cell in cells if not _ZERO.fullmatch(cell)]
    return not others or min(others) < _A_DATE


def _size(cell: str) -> Decimal:
    return abs(Decimal(cell))


def _unit_of(size: Decimal) -> str:
    for unit, limit in (("s", _TOO_LATE), ("ms", _TOO_LATE * 1000), ("us", _TOO_LATE * 10**6)):
        if size <= limit:
            return unit
    return "ns"


def _of_texts(cells: Sequence[str]) -> TimeReader:
    """The first way of reading in which all cells are dates."""
    if all(_iso(cell) is not None for cell in cells):
        return TimeReader("dates such as 2001-01-06")
    groups = [formats_of(cell) for cell in cells]
    found = [form for form in groups[0] if all(form in group for group in groups)]
    if not found:
        # Some with seconds, some without: each is read by the format that fits it.
        found = list(dict.fromkeys(form for group in groups for form in group))
    found = [form for form in found if any(_strptime(cell, form) is not None for cell in cells)]
    first = [form for form in found if _is_day_first(form)]
    second = [form for form in found if _is_month_first(form)]
    fitting = [forms for forms in (first, second) if forms and _all_read(cells, forms)]
    if len(fitting) == 2 and _differ(cells, first, second):
        example = next(cell for cell in cells if _read(cell, first) != _read(cell, second))
        return TimeReader(
            f"dates in the format {first[0]}", tuple(first), doubt=_both(example, first, second), others=tuple(second)
        )
    forms = fitting[0] if fitting else found
    wrong = next((cell for cell in cells if _read(cell, forms) is None and _iso(cell) is None), None)
    if wrong is None and forms and all(_read(cell, forms) is not None for cell in cells):
        return TimeReader(f"dates in the format {forms[0]}", tuple(forms))
    wrong = wrong or cells[0]
    return TimeReader(
        "dates such as 2001-01-06",
        tuple(forms),
        doubt=(
            f'the time "{printable(wrong, 40)}" is neither a number nor a date as the others; '
            "name the format with --time-format"
        ),
    )


def _both(example: str, first: Sequence[str], second: Sequence[str]) -> str:
    """Both readings of a date, in words."""
    days = [_EPOCH + timedelta(microseconds=_read(example, forms) or 0) for forms in (first, second)]
    one, other = (f"{day.day} {day:%B %Y}" for day in days)
    return (
        f'the time "{printable(example, 40)}" may be {one} (day first) or {other} (month first); '
        f'choose with --time-format "{first[0]}" or "{second[0]}"'
    )


def _is_day_first(form: str) -> bool:
    return "%m" in form and form.find("%d") < form.find("%m") and form.find("%d") >= 0


def _is_month_first(form: str) -> bool:
    return "%m" in form and form.find("%m") < form.find("%d") and not form.startswith("%Y")


def _all_read(cells: Sequence[str], forms: Sequence[str]) -> bool:
    return all(_read(cell, forms) is not None for cell in cells)


def _differ(cells: Sequence[str], first: Sequence[str], second: Sequence[str]) -> bool:
    return any(_read(cell, first) != _read(cell, second) for cell in cells)


def _read(cell: str, forms: Sequence[str]) -> int | None:
    return next((moment for form in forms if (moment := _strptime(cell, form)) is not None), None)


def _from_number(text: str, microseconds: Fraction) -> int | None:
    if not _NUMBER.fullmatch(text):
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if number.adjusted() > 25:
        return None
    value = Fraction(number) * microseconds
    return value.numerator // value.denominator


def _iso(text: str) -> int | None:
    if text.isdecimal() or not _ISO.fullmatch(text):
        return None  # Python reads 20010129 as a date
    universal = _UNIVERSAL.fullmatch(text[-4:]) or _UNIVERSAL.fullmatch(text[-3:])
    try:
        moment = datetime.fromisoformat(text.removesuffix(universal.group()) if universal else text)
    except ValueError:
        return None
    return _since_epoch(moment)


def _strptime(text: str, form: str) -> int | None:
    try:
        moment = datetime.strptime(text, form)
    except (ValueError, OverflowError):
        return None
    try:
        return _since_epoch(moment)
    except OverflowError:
        return None


def _since_epoch(moment: datetime) -> int:
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 10**6 + since.microseconds
