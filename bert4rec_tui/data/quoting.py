"""Whether the quotes of a text table enclose its cells, or belong to the texts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from bert4rec_tui.data.dates import is_missing

_COMMON = (",", ";")  # what spreadsheets and databases write, with quotes


@dataclass(frozen=True)
class Quoting:
    """`on` says whether a `"` may enclose a cell, `escape` what stands before a `"` within: `"` or a backslash."""

    on: bool
    escape: str = '"'


@dataclass(frozen=True)
class _Cell:
    text: str
    quoted: bool


_Rows = list[list[_Cell]]


def quoting_of(lines: Sequence[str], separator: str) -> Quoting:
    r"""The quoting of a file of which these are lines, each with its line end; on where no line has a quote.

    RFC 4180 has a quote at the beginning and the end of a cell, and doubles those within. A cell that begins with one
    and goes on after the next, `"weird al" yankovic`, is from a writer that knows no quotes, and so is one in quotes
    among others of its column without, where nothing in it asks for them.
    """
    text = "".join(lines)
    if '"' not in text:
        return Quoting(True)
    if len(separator) != 1:
        return Quoting(False)  # `::` is written by no program that encloses cells
    even = len({line.count(separator) for line in lines if line.strip("\r\n")}) == 1
    rows = _parsed(text, separator, '""')
    if rows is None:
        escaped = _parsed(text, separator, r"\\.") if '\\"' in text else None
        if escaped is not None and _encloses(escaped, separator):
            return Quoting(True, "\\")
        # In a table of commas a quote that is not closed is more likely a fault, and reported as one.
        closed = re.search(
            rf'(?:^|{re.escape(separator)})"(?:[^"\n]|"")*"(?!["\r\n{re.escape(separator)}]|\Z)', text, re.M
        )
        return Quoting(not even or (separator in _COMMON and closed is None))
    return Quoting(not even or _encloses(rows, separator))


def _parsed(text: str, separator: str, within: str) -> _Rows | None:
    """The cells of a text whose quoted cells may have `within`, None where one continues after its closing quote."""
    mark = re.escape(separator)
    plain = rf"[^\r\n{mark}]*"
    inner = '[^"\\\\]' if within.startswith("\\") else '[^"]'
    cell = re.compile(rf'(?:"((?:{inner}|{within})*)"|(?!")({plain}))({mark}|\r?\n|\r|\Z)', re.DOTALL)
    rows: _Rows = [[]]
    place = 0
    while place < len(text):
        found = cell.match(text, place)
        if found is None:
            return None
        quoted = found.group(1) is not None
        rows[-1].append(_Cell(found.group(1) if quoted else found.group(2), quoted))
        place = found.end()
        if found.group(3) != separator:
            rows.append([])
    return [row for row in rows if row and (len(row) > 1 or row[0].quoted or row[0].text.strip())]


def _encloses(rows: _Rows, separator: str) -> bool:
    """Whether the quoted cells are so because their column is, or because they have to be."""
    if not any(cell.quoted for row in rows for cell in row):
        return False  # only quotes within cells, which a writer that knows quotes would have enclosed
    if len(rows) > 1 and all(cell.quoted for cell in rows[0]):
        return True  # R and pandas quote the texts of a header above numbers
    kinds = {_kind(column) for table in (rows, rows[1:]) for column in zip_longest(*table, fillvalue=_Cell("", False))}
    if "all" in kinds or "needed" in kinds:
        return True
    stray = any('"' in cell.text and not cell.quoted for row in rows for cell in row)
    return separator in _COMMON and not stray


def _kind(cells: Sequence[_Cell]) -> str:
    """Which cells of a column are quoted: all, those that need it, some without need, or none."""
    given = [cell for cell in cells if cell.quoted or not is_missing(cell.text, zero=False)]
    quoted = [cell for cell in given if cell.quoted]
    if not quoted:
        return "none"
    if len(quoted) == len(given):
        return "all"
    return "needed" if all('"' in cell.text for cell in quoted) else "some"
