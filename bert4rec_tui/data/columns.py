"""The roles of the columns of a table (user, item, timestamp, …): given, or guessed from the header."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from bert4rec_tui.data.dates import parse_time
from bert4rec_tui.errors import UserError

ROLES = ("user", "item", "timestamp", "rating", "title", "genres")

# Names found in published datasets, lower-cased, without spaces and punctuation.
_NAMES: dict[str, str] = {
    "user": "user userid uid username customer customerid reviewer reviewerid member memberid visitor visitorid "
    "account accountid sessionid",
    "item": "item itemid iid sid movie movieid film filmid product productid asin parentasin isbn book bookid track "
    "trackid song songid artistid game gameid appid article articleid contentid showid",
    "timestamp": "timestamp time ts date datetime unixtime unixreviewtime reviewtime ratedat createdat watchedat "
    "eventtime tdat timestampms eventtimestamp purchasedate orderdate interactiontime",
    "rating": "rating ratings score stars overall bookrating",
    "title": "title movietitle itemtitle producttitle booktitle filmtitle",
    "genres": "genres genre categories category maincategory maincat",
}
_RANKS = {role: {name: rank for rank, name in enumerate(names.split())} for role, names in _NAMES.items()}


@dataclass(frozen=True)
class Guess:
    """A mapping of roles to columns, whether it is certain, and if not, why."""

    mapping: dict[str, str]
    certain: bool
    doubt: str = ""


def guess_columns(names: list[str] | None, rows: list[list[str]]) -> Guess:
    """Guess the roles of columns from their names or, without a header, from the first rows."""
    return _guess_by_name(names, rows) if names is not None else _guess_by_content(rows)


def time_columns(names: list[str], rows: list[list[str]], used: Collection[str] = ()) -> list[str]:
    """The columns, besides those in use, whose first values are all times, whatever they are called."""
    found: list[str] = []
    for index, name in enumerate(names):
        cells = [row[index].strip() for row in rows if index < len(row)]
        if name not in used and cells and all(map(is_time, cells)):
            found.append(name)
    return found


def is_time(cell: str) -> bool:
    """Whether a cell is a date, or a number of seconds or finer units between September 2001 and November 2033."""
    number = number_in(cell)
    if number is None:
        return parse_time(cell) is not None
    return any(1e9 <= number / unit < 2.02e9 for unit in (1, 10**3, 10**6, 10**9))


def is_known_name(name: str) -> bool:
    """Whether a cell is a known column name rather than a value."""
    return any(_plain(name) in ranks for ranks in _RANKS.values())


def _plain(name: str) -> str:
    """`User_ID` and RecBole's `user_id:token` are both `userid`."""
    return re.sub(r"[^a-z0-9]", "", name.lower().partition(":")[0])


def _guess_by_name(names: list[str], rows: list[list[str]]) -> Guess:
    mapping: dict[str, str] = {}
    doubts: list[str] = []
    for role in ROLES:
        found = [name for name in names if _plain(name) in _RANKS[role]]
        if len(found) > 1:
            doubts.append(f"{role} may be {' or '.join(found)}")
        if found:
            mapping[role] = min(found, key=lambda name: _RANKS[role][_plain(name)])  # the most common name
    if "timestamp" not in mapping and (times := time_columns(names, rows, mapping.values())):
        # Without it the order of the file would decide which interaction is a user's last.
        doubts.append(f"timestamp may be {' or '.join(times)}, whose values are times")
        mapping["timestamp"] = times[0]
    missing = [role for role in ("user", "item") if role not in mapping]
    if missing:
        doubts.insert(0, f"no {' or '.join(missing)} column found among {', '.join(names)}")
    return Guess(mapping, not doubts, "; ".join(doubts))


def _guess_by_content(rows: list[list[str]]) -> Guess:
    """Without a header: user and item first, as is usual; small numbers are ratings, large ones timestamps."""
    count = len(rows[0]) if rows else 0
    if count < 2:
        return Guess({}, False, "the file has fewer than two columns")
    mapping = {"user": "0", "item": "1"}
    for index in range(2, count):
        cells = [row[index] for row in rows if len(row) == count]
        values = [number_in(cell) for cell in cells]
        numbers = [value for value in values if value is not None]
        if len(numbers) < len(cells) or not numbers:
            continue
        if min(numbers) >= 1e8:
            mapping.setdefault("timestamp", str(index))
        elif max(numbers) <= 10:
            mapping.setdefault("rating", str(index))
    return Guess(mapping, False, "the file has no header, so the columns are only a guess")


def number_in(cell: str) -> float | None:
    """The value of a numeric cell, None for any other cell."""
    try:
        return float(cell)
    except ValueError:
        return None


def resolve(mapping: dict[str, str], names: list[str] | None, count: int, file: str) -> dict[str, int]:
    """The index of each role's column, which is given by name or by number from 0.

    Raises UserError that lists the existing columns.
    """
    for role in mapping:
        if role not in ROLES:
            raise UserError(f'columns: "{role}" is not a role; choose from {", ".join(ROLES)}')
    for role in ("user", "item"):
        if not mapping.get(role):
            raise UserError(f"{file}: no {role} column chosen; use --columns user=…,item=…")
    found: dict[str, int] = {}
    for role, column in mapping.items():
        if names is not None and column in names:
            index = names.index(column)
        elif column.isascii() and column.isdigit() and len(column) < 10:
            index = int(column)
        else:
            choice = ", ".join(names) if names is not None else f"0 to {count - 1}, as there is no header"
            raise UserError(f'{file}: has no column "{column}" for {role}; choose from {choice}')
        if index >= count:
            raise UserError(f"{file}: has no column {column} for {role}; its {count} columns are 0 to {count - 1}")
        if index in found.values():
            other = next(r for r, i in found.items() if i == index)
            raise UserError(f'{file}: column "{column}" cannot be both {other} and {role}')
        found[role] = index
    return found
