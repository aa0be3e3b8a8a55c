"""The formats of strptime in which a text may be a date, detected from the text itself."""

import re
from functools import lru_cache
from itertools import pairwise

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NAMES: dict[str, tuple[str, ...]] = {
    **{name[:3]: ("%b",) for name in _MONTHS},
    **dict.fromkeys(_MONTHS, ("%B",)),
    "may": ("%b", "%B"),
    **{name[:3]: ("%a",) for name in _WEEKDAYS},
    **dict.fromkeys(_WEEKDAYS, ("%A",)),
}
# Words that stand around a date: `Posted November 5, 2011.`, `12 Jan 2020 at 10:30`.
_AROUND = ("posted", "on", "at", "t")
_CLOCK = re.compile(r"(?<![\d:])(\d{1,2}):(\d\d)(?::(\d\d)(\.\d{1,6})?)?(?:( ?)([ap]m)\b)?(?![\d:])", re.IGNORECASE)
_ZONE = re.compile(r"^( ?)[+-]\d\d:?\d\d\b")
_TOKEN = re.compile(r"%[A-Za-z]|\d+|[^\W\d_]+|.", re.DOTALL)
_LONGEST = 48  # characters of a date


@lru_cache(maxsize=20_000)
def formats_of(text: str) -> tuple[str, ...]:
    """The formats in which a text may be a date, none for what is none; two where a day and a month may be exchanged.

    ISO 8601 with two digits for each field is left to the standard library, which is faster.
    """
    if not 6 <= len(text) <= _LONGEST or "%" in text or not any(character.isdigit() for character in text):
        return ()
    clocks = list(_CLOCK.finditer(text))
    if len(clocks) > 1:
        return ()
    if clocks:
        start, end = clocks[0].span()
        text = text[:start] + _clock_format(clocks[0]) + _ZONE.sub(r"\1%z", text[end:])
    return tuple(dict.fromkeys(_date_formats(_TOKEN.findall(text))))


def _clock_format(found: re.Match[str]) -> str:
    hour = "%I" if found.group(6) else "%H"
    seconds = "" if found.group(3) is None else ":%S" + (".%f" if found.group(4) else "")
    half = f"{found.group(5)}%p" if found.group(6) else ""
    return f"{hour}:%M{seconds}{half}"


def _date_formats(tokens: list[str]) -> list[str]:
    """The formats of the tokens of a text in which the time of day has been replaced."""
    numbers = [place for place, token in enumerate(tokens) if token.isdecimal()]
    words = [place for place, token in enumerate(tokens) if token.isalpha()]
    has_month = False
    pieces: list[tuple[str, ...]] = [(token,) for token in tokens]
    for place in words:
        word = tokens[place].lower()
        if word in _NAMES:
            pieces[place] = _NAMES[word]
            has_month |= "%b" in _NAMES[word] or "%B" in _NAMES[word]
        elif word in ("utc", "gmt") or (word == "z" and place == len(tokens) - 1):
            pass  # read as it is: a time without a zone is UTC
        elif word not in _AROUND:
            return []
    orders = _with_month(tokens, numbers) if has_month else _without_month(tokens, numbers)
    return [form for order in orders for form in _joined(pieces, dict(zip(numbers, order, strict=True)))]


def _with_month(tokens: list[str], numbers: list[int]) -> list[tuple[str, ...]]:
    """The day and the year next to the name of a month."""
    if len(numbers) != 2:
        return []
    first, second = (tokens[place] for place in numbers)
    if len(second) == 4 and len(first) <= 2:
        return [("%d", "%Y")]
    if len(first) == 4 and len(second) <= 2:
        return [("%Y", "%d")]
    return [("%d", "%y")] if len(first) <= 2 and len(second) == 2 else []


def _without_month(tokens: list[str], numbers: list[int]) -> list[tuple[str, ...]]:
    """The orders of three numbers: a year comes first or last."""
    if len(numbers) != 3:
        return []
    values = [tokens[place] for place in numbers]
    between = {"".join(tokens[a + 1 : b]) for a, b in pairwise(numbers)}
    if len(values[0]) == 4 and len(values[1]) <= 2 and len(values[2]) <= 2:
        return [("%Y", "%m", "%d")] if between in ({"-"}, {"/"}, {"."}) else []
    if len(values[0]) > 2 or len(values[1]) > 2:
        return []
    if between == {" ", ", "}:
        return [("%m", "%d", "%Y")] if len(values[2]) == 4 else []  # Amazon's `09 13, 2009`
    if between not in ({"-"}, {"/"}, {"."}, {". "}):
        return []
    if len(values[2]) != 4 and (len(values[2]) != 2 or between not in ({"-"}, {"/"})):
        return []  # 1.2.13 is a version
    year = "%Y" if len(values[2]) == 4 else "%y"
    return [("%d", "%m", year), ("%m", "%d", year)]


def _joined(pieces: list[tuple[str, ...]], fields: dict[int, str]) -> list[str]:
    forms = [""]
    for place, choices in enumerate(pieces):
        choices = (fields[place],) if place in fields else choices
        forms = [form + choice for form in forms for choice in choices]
    return forms
