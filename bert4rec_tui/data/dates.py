"""Dates as they are written in files. Needs no numpy, so that the app may ask before it is imported."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from bert4rec_tui.errors import UserError, printable

# Tried in this order where a text is no ISO 8601 date; a day before a month comes before a month before a day.
FORMATS = (
    *("%a %b %d %H:%M:%S %z %Y", "%a, %d %b %Y %H:%M:%S %z"),
    *("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d"),
    *("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y"),
    *("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p"),
    *("%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d-%m-%Y", "%m-%d-%Y %H:%M:%S", "%m-%d-%Y %H:%M", "%m-%d-%Y"),
    *("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y"),
    *("%d %b %Y %H:%M:%S", "%d %b %Y %H:%M", "%d %b %Y", "%d-%b-%Y %H:%M:%S", "%d-%b-%Y", "%d %B %Y", "%d-%b-%y"),
    *("%b %d, %Y %H:%M:%S", "%b %d, %Y", "%B %d, %Y %H:%M:%S", "%B %d, %Y", "%b %d %Y", "%B %d %Y"),
    *("%m %d, %Y", "%d/%m/%y %H:%M", "%d/%m/%y", "%m/%d/%y %H:%M", "%m/%d/%y"),
)
ISO = "ISO 8601"
_MISSING = frozenset(
    ("", "null", "na", "n/a", "nan", "nat", "none", "<na>", "\\n", "0000-00-00", "0000-00-00 00:00:00")
)


def parse_time(text: str, form: str = ISO) -> int | None:
    """Microseconds since 1970 of a date, UTC unless it says otherwise; None for anything else.

    form: ISO 8601, or a format of strptime.
    """
    text = text.strip()
    try:
        if form == ISO:
            text = text.removesuffix("UTC").removesuffix("GMT").rstrip() if text[-3:] in ("UTC", "GMT") else text
            if "-" not in text[1:]:  # digits alone are numbers, and a time of day is no moment
                return None
            moment = datetime.fromisoformat(text)
        else:
            moment = datetime.strptime(text, form)
    except (ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 10**6 + since.microseconds


def forms_of(texts: Iterable[str], among: Sequence[str] = (ISO, *FORMATS)) -> list[str]:
    """The forms in which every one of these texts is a date, the likeliest first."""
    left = list(among)
    for text in texts:
        left = [form for form in left if parse_time(text, form) is not None]
        if not left:
            break
    return left


def reading_of(text: str, form: str) -> str:
    """A date written out, such as 5 March 2020, to show how it is read."""
    ticks = parse_time(text, form)
    assert ticks is not None
    moment = datetime.fromtimestamp(ticks / 10**6, UTC)
    return f"{moment.day} {moment:%B %Y}"


def ambiguity(texts: Sequence[str], forms: Sequence[str]) -> str:
    """What the readings are, where dates of a column can be read with the day or the month first; empty otherwise."""
    if len(forms) < 2:
        return ""
    for text in texts:
        first, second = reading_of(text, forms[0]), reading_of(text, forms[1])
        if first != second:
            return (
                f'the date "{printable(text, 40)}" may be {first} ({forms[0]}) or {second} ({forms[1]}); '
                "choose with --time-format"
            )
    return ""


def check_time_format(form: str) -> None:
    """Raises UserError for a format by which no date can be read."""
    now = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
    try:
        back = datetime.strptime(now.strftime(form), form)
    except ValueError as error:
        raise UserError(f"time format {form!r}: {error}; use one such as %d/%m/%Y %H:%M") from None
    if back.year != now.year or "%" not in form:
        raise UserError(f"time format {form!r}: has no year, as %Y; use one such as %d/%m/%Y %H:%M")
