"""Recognise a layout that this field publishes its data in, by header, or by name and first rows."""

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from bert4rec_tui.data.columns import guess_columns
from bert4rec_tui.data.dates import time_reader
from bert4rec_tui.data.layouts.layout import Layout, plain_name, spellings
from bert4rec_tui.data.layouts.media import MEDIA
from bert4rec_tui.data.layouts.places import PLACES
from bert4rec_tui.data.layouts.recbole import recbole
from bert4rec_tui.data.layouts.shops import SHOPS
from bert4rec_tui.errors import UserError

# The header that asks for most comes first, so that a table with fewer columns does not hide another.
LAYOUTS: tuple[Layout, ...] = tuple(sorted((*SHOPS, *MEDIA, *PLACES), key=lambda layout: -len(layout.head)))
_ENOUGH = 3  # rows, below which values say too little
_UNITS = {"s": 1e11, "ms": 1e14}  # what times in a unit stay below


def recognise(
    file_name: str, names: Sequence[str] | None, rows: Sequence[Sequence[str]], siblings: Sequence[str] = ()
) -> Layout | None:
    """The layout of a file with interactions, None for a table that is none of the known ones.

    names: of the header, None without; rows: the cells of the first lines; siblings: the names of the files next to it,
    by one of which a layout without a telling header is recognised too. The columns are as the header writes them, the
    format and unit of times only where the rows have them.
    """
    if names is not None and _are_blocks([names]):
        names, rows = None, [names, *rows]  # `1:` above numbers looks like a header
    if names is not None:
        found = recbole(file_name, names, rows) or _by_header(file_name, names, rows, siblings)
    else:
        found = _by_values(file_name, rows, siblings)
    return found and _with_times_of(found, names, rows)


def items_file(layout: Layout, file_name: str, siblings: Sequence[str]) -> str | None:
    """The file with the titles among the names of the files next to the interactions, None where there is none."""
    return layout.items and layout.items.file_among(siblings, file_name)


def _by_header(
    file_name: str, names: Sequence[str], rows: Sequence[Sequence[str]], siblings: Sequence[str]
) -> Layout | None:
    known = spellings(names)
    tops = {name.partition(".")[0]: name.partition(".")[0] for name in names}
    known = {key.lower(): top for key, top in tops.items()} | known
    guess = guess_columns(list(names), [list(row) for row in rows])
    timed = "timestamp" in guess.mapping
    for layout in LAYOUTS:
        if "timestamp" not in layout.columns and timed:
            continue  # a table of the same columns and times is another one
        if not layout.head or not layout.head <= known.keys() or not _has_name(layout, file_name, siblings):
            continue
        columns = {
            role: known.get(column.lower(), column)
            for role, column in layout.columns.items()
            if column.partition(".")[0].lower() in known
        }
        event = known.get(layout.event.lower(), layout.event)
        form = layout.form or ("lists" if _are_lists(names, columns["item"], rows) else "")
        return replace(layout, columns=columns, event=event, form=form)
    return None


def _are_lists(names: Sequence[str], item: str, rows: Sequence[Sequence[str]]) -> bool:
    """Whether a row is a user with a list of items, as in Yambda's sequential files."""
    place = list(names).index(item) if item in names else len(names)
    cells = [row[place].strip() for row in rows if place < len(row)]
    return bool(cells) and all(cell.startswith("[") for cell in cells)


def _by_values(file_name: str, rows: Sequence[Sequence[str]], siblings: Sequence[str]) -> Layout | None:
    for layout in LAYOUTS:
        if layout.form == "blocks" and _are_blocks(rows) and _has_name(layout, file_name, siblings):
            return layout
        if layout.cells and _fit(layout, rows) and _has_name(layout, file_name, siblings):
            return layout
    return None


def _has_name(layout: Layout, file_name: str, siblings: Sequence[str]) -> bool:
    """Whether a file is called as the layout asks, or has the layout's titles next to it."""
    if not layout.files or any(fnmatchcase(plain_name(file_name), pattern) for pattern in layout.files):
        return True
    return items_file(layout, file_name, siblings) is not None


def _fit(layout: Layout, rows: Sequence[Sequence[str]]) -> bool:
    """Whether all rows have the cells of a layout; a few may be cut off or broken."""
    if len(rows) < _ENOUGH:
        return False
    wrong = 0
    for row in rows:
        fits = len(row) == len(layout.patterns) and all(
            pattern.fullmatch(cell.strip()) for pattern, cell in zip(layout.patterns, row, strict=True)
        )
        wrong += not fits
    if wrong > len(rows) // 50:
        return False
    return all(any(place < len(row) and row[place].strip() for row in rows) for place in range(len(layout.cells)))


def _are_blocks(rows: Sequence[Sequence[str]]) -> bool:
    """Netflix' blocks: `1:`, then a line for each rating of the movie 1."""
    first = rows[0] if rows else []
    return len(first) == 1 and first[0].strip()[:-1].isdecimal() and first[0].strip().endswith(":")


def _with_times_of(layout: Layout, names: Sequence[str] | None, rows: Sequence[Sequence[str]]) -> Layout:
    """The layout without a format or unit of times that the rows do not have: another export writes them otherwise."""
    column = layout.columns.get("timestamp")
    if column is None or layout.form or not (layout.time_format or layout.time_unit in _UNITS):
        return layout
    place = int(column) if names is None else list(names).index(column)
    cells = [row[place].strip() for row in rows if place < len(row)]
    if layout.time_format:
        try:
            time_reader(layout.time_format, cells)
        except UserError:
            return replace(layout, time_format="")
        return layout
    try:
        numbers = [abs(float(cell)) for cell in cells if cell]
    except ValueError:
        return replace(layout, time_unit="")
    limit = _UNITS[layout.time_unit]
    fits = all(limit / 1000 < number < limit if layout.time_unit == "ms" else number < limit for number in numbers)
    return layout if fits else replace(layout, time_unit="")
