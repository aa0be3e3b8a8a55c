"""Tables with a list of items in a cell: RecBole's `item_id_list:token_seq`, and lists as pandas writes them to CSV."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from bert4rec_tui.data.forms.sequence_roles import item_list, role_of, single_name
from bert4rec_tui.data.forms.table import Limits, Part
from bert4rec_tui.data.forms.text_lines import numbered_lines, refuse
from bert4rec_tui.errors import UserError, printable
from bert4rec_tui.progress import ReportProgress

_SEQUENCE = ("token_seq", "float_seq")
_BRACKETS = re.compile(r"\[[^\[\]{}]*\]")
_SPECIAL = re.compile(r'[\t\r\n]|^"')
_CELL = re.compile(r'"((?:[^"]|"")*)"')
_QUOTED = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([^\s,'"]+)""")


@dataclass(frozen=True)
class _Layout:
    """The columns of a table with lists: which are repeated, which are taken apart, and their targets.

    `target` is for each list the column with the value that follows it, as RecBole's `item_id` follows `item_id_list`;
    -1 without one.
    """

    separator: str
    names: list[str]
    items: int
    lists: list[int]
    target: list[int]
    scalars: list[int]
    recbole: bool


def is_one(lines: list[bytes]) -> bool:
    """Whether the first line is a header with a list of items, and the next lines have one there."""
    return _layout(lines) is not None


def _layout(lines: list[bytes]) -> _Layout | None:
    if len(lines) < 2:
        return None
    header = lines[0].decode("utf-8", errors="replace").removeprefix("\ufeff")
    if ":token_seq" in header:
        return _recbole(header.split("\t"))
    separator = max(("\t", ",", ";", "|"), key=header.count)
    rows = [_cells(line, separator) for line in lines[: 1 + 20]]
    names, rows = [name.strip() for name in rows[0]], rows[1:]
    lists = [
        place
        for place in range(len(names))
        if all(len(row) == len(names) and _BRACKETS.fullmatch(row[place].strip()) for row in rows)
    ]
    scalars = [place for place in range(len(names)) if place not in lists]
    if len(set(names)) < len(names):
        return None
    items = item_list([names[place] for place in scalars], [names[place] for place in lists])
    if items is None:
        return None
    return _Layout(separator, names, names.index(items), lists, [-1] * len(lists), scalars, False)


def _recbole(head: list[str]) -> _Layout | None:
    """RecBole's typed header; None where its rows have an item each, and lists of something else."""
    names = [name.strip().rpartition(":")[0] for name in head]
    lists = [place for place, name in enumerate(head) if name.strip().rpartition(":")[2] in _SEQUENCE]
    target = [names.index(single) if (single := single_name(names[place])) in names else -1 for place in lists]
    scalars = [place for place in range(len(head)) if place not in lists and place not in target]
    items = item_list([names[place] for place in scalars], [names[place] for place in lists])
    if items is None or "" in names:
        return None
    followed = target[lists.index(names.index(items))] >= 0
    # What belongs to the target alone, such as its time, has no value for the items before it.
    scalars = [place for place in scalars if not followed or role_of(names[place]) not in ("timestamp", "rating")]
    return _Layout("\t", names, names.index(items), lists, target, scalars, True)


def _cells(line: bytes, separator: str) -> list[str]:
    """The cells of a line; unlike Python's csv, a list may be as long as the line."""
    text = line.decode("utf-8", errors="replace")
    if '"' not in text:
        return text.split(separator)
    cells: list[str] = []
    place = 0
    while place <= len(text):
        quoted = _CELL.match(text, place)
        end = quoted.end() if quoted else place
        if quoted and text[end : end + 1] in ("", separator):
            cells.append(quoted[1].replace('""', '"'))
        else:
            end = text.find(separator, place)
            end = len(text) if end < 0 else end
            cells.append(text[place:end])
        place = end + 1
    return cells


def write(parts: Sequence[Part], target: IO[bytes], limits: Limits, report: ReportProgress) -> str:
    """Write a row for each value of the lists, and for the target after them. Raises UserError for a line without.

    RecBole's augmented rows, which repeat a user's history with one more item each, give each interaction once.
    """
    header = b""
    followed = False
    for part in parts:
        lines = numbered_lines(part, limits, report)
        first = next(lines, None)
        if first is None:
            continue
        rest = next(lines, None)
        layout = _layout([first[1], rest[1]]) if rest else None
        if layout is None:
            refuse(part, *first, "a header with a list of items, and rows")
        shown = [layout.names[place] for place in layout.scalars]
        shown += [single_name(layout.names[place]) for place in layout.lists]
        own = _line(shown)
        if header and own != header:
            refuse(part, *first, f"the columns of {parts[0].name}")
        if not header:
            target.write(own)
        header = own
        followed = layout.target[layout.lists.index(layout.items)] >= 0
        assert rest is not None
        _write_part(part, layout, _with_first(rest, lines), target)
    return "read as lists of items, a row for each" + (", with the target after them" if followed else "")


def _with_first(first: tuple[int, bytes], lines: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    yield first
    yield from lines


def _write_part(part: Part, layout: _Layout, lines: Iterator[tuple[int, bytes]], target: IO[bytes]) -> None:
    at = layout.lists.index(layout.items)
    of: list[str] = []
    before: list[str] = []  # the items of the same user that have been written
    for number, line in lines:
        cells = _cells(line, layout.separator)
        if len(cells) != len(layout.names):
            refuse(part, number, line, f"{len(layout.names)} fields")
        scalars = [cells[place] for place in layout.scalars]
        columns = [_values(cells[place], layout.recbole, part, number) for place in layout.lists]
        length = len(columns[at])
        if any(len(column) not in (0, length) for column in columns):
            refuse(part, number, line, "lists of the same length")
        columns = [column or [""] * length for column in columns]
        followed = layout.target[at] >= 0
        if followed:
            for column, place in zip(columns, layout.target, strict=True):
                column.append(cells[place] if place >= 0 else "")
        items = columns[at]
        start = _already(items, before) if followed and scalars == of else 0
        if start == 0:
            before = items
        elif start < len(items):
            before = items if items[: len(before)] == before else [*before, *items[start:]]
        of = scalars
        rows = zip(*(column[start:] for column in columns), strict=True)
        target.write(b"".join(_line([*scalars, *row]) for row in rows))


def _already(items: list[str], before: list[str]) -> int:
    """How many of the items of an augmented row have been written with the rows of the user before it."""
    if not before:
        return 0
    if items[: len(before)] == before:
        return len(before)
    if before[: len(items)] == items:
        return len(items)
    history = items[:-1]
    # A window of the last items, as RecBole cuts histories that are too long.
    return len(history) if history and before[-len(history) :] == history else 0


def _values(cell: str, recbole: bool, part: Part, number: int) -> list[str]:
    if recbole:
        return cell.split()
    text = cell.strip()
    if not text:
        return []
    if not _BRACKETS.fullmatch(text):
        refuse(part, number, cell.encode(), "a list such as [1, 2, 3]")
    if "..." in text:
        raise UserError(f'{part.name}, line {number:,}: the list "{printable(text, 40)}" was cut short when written')
    return [_unquoted(match) for match in _QUOTED.finditer(text[1:-1])]


def _unquoted(match: re.Match[str]) -> str:
    quoted = match[1] if match[1] is not None else match[2]
    return match[3] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)


def _line(cells: list[str]) -> bytes:
    """Cells as a tab-separated line; only a cell that would be read otherwise is quoted."""
    return ("\t".join(_quoted(cell) if _SPECIAL.search(cell) else cell for cell in cells) + "\n").encode()


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'
