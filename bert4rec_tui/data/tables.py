"""Read a text table of ratings with Arrow; where that fails, find the invalid line."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bert4rec_tui.data.dates import parse_time
from bert4rec_tui.data.format_detection import Shape, explain_read_error
from bert4rec_tui.data.interactions import Interactions, index_numbers
from bert4rec_tui.data.line_errors import (
    every_line_is_a_row,
    find_line_error,
    find_swallowed,
    has_leading_zeros,
    line_ends,
    line_of_row,
)
from bert4rec_tui.data.times import MixedUnitsError, TimeMissingError, Times, from_numbers
from bert4rec_tui.errors import UserError, printable

# The types of a column, most likely first: the next one is tried where a value does not fit.
_NUMBER_ID = ("int64",)
_ANY_ID = ("int64", "text")
_LADDERS = {
    "timestamp": ("int64", "float64", "moment", "text"),
    "rating": ("float32",),
    "title": ("text",),
    "genres": ("text",),
}
# How databases and data frames write missing values.
_MISSING = frozenset({"null", "na", "n/a", "nan", "none", "<na>", "\\n"})
# Texts that would change if read as numbers: 007, +7, 0x1f.
_NOT_AS_WRITTEN = re.compile(r"\s*([+]\d+|[+-]?0\d+|0[xX][0-9a-fA-F]+)\s*", re.ASCII)
_FLOAT_ID = re.compile(r"\s*-?(0|[1-9]\d{0,18})\.0\s*", re.ASCII)
_EXACT = 2**53  # from which floating point leaves out whole numbers
_NUMBER_TIME = ("int64", "float64")


def textual_ids(rows: list[list[str]], roles: dict[str, int]) -> frozenset[str]:
    """The roles among user and item whose ids, in these first rows, would change if read as numbers."""
    return frozenset(
        role
        for role in ("user", "item")
        if any(_NOT_AS_WRITTEN.fullmatch(row[roles[role]]) for row in rows if roles[role] < len(row))
    )


def read_text(
    path: Path, shape: Shape, roles: dict[str, int], movielens: bool, texts: frozenset[str] = frozenset()
) -> Interactions:
    """Read a text table; `roles` gives the column of each role, `texts` the roles whose ids must be read as text.

    In MovieLens files (`movielens`) ids and times are numbers; elsewhere ids may be any text and times ISO dates.
    Raises UserError that names the first invalid line.
    """
    import pyarrow as pa

    id_types = _NUMBER_ID if movielens else _ANY_ID
    ladders: dict[str, tuple[str, ...]] = {"user": id_types, "item": id_types, **_LADDERS}
    if movielens:
        ladders["timestamp"] = _NUMBER_TIME
    steps = {role: int(role in texts) for role in roles}
    # A separator such as `::` is read as two, with an empty column between; a single `:` in a text prevents that.
    doubled = len(shape.separator) > 1 and len(set(shape.separator)) == 1
    # Multi-line cells are slower to parse, so they are allowed only with a text column, or after a failure.
    multiline = shape.quoted and bool({"title", "genres"} & roles.keys())
    while True:
        types = {role: ladders[role][steps[role]] for role in roles}
        try:
            table = _read_once(path, shape, roles, types, doubled, multiline)
            break
        except OSError as error:
            raise explain_read_error(error, path) from None
        except pa.ArrowInvalid as error:
            failed = _failed_role(str(error), roles, len(shape.separator) if doubled else 1)
            if failed is not None and steps[failed] + 1 < len(ladders[failed]):
                steps[failed] += 1
            elif doubled:
                doubled = False
            elif shape.quoted and not multiline:
                multiline = True
            else:
                raise _explain(error, path, shape, roles, movielens) from None
    columns = {role: table.column(role) for role in roles}
    if any(columns[r].null_count for r in ("user", "item", "timestamp", "rating") if r in columns):
        raise _explain("a value is missing", path, shape, roles, movielens)
    if not len(table):
        raise UserError(f"{path.name}: contains no ratings; expected a line per rating")
    if shape.quoted and not movielens and len(table) < line_ends(path) - shape.skip:
        # Multi-line cells, blank lines, or a stray " that swallowed the lines up to the next one.
        if every_line_is_a_row(path, shape, roles):
            return read_text(path, replace(shape, quoted=False), roles, movielens, texts)
        swallowed = find_swallowed(path, shape)
        if swallowed is not None:
            raise swallowed
    del table
    numbers = {role: roles[role] for role in ("user", "item") if types[role] == "int64"}
    changed = _changed_ids(path, shape, numbers, doubled, multiline)
    if changed:
        return read_text(path, shape, roles, movielens=False, texts=texts | changed)
    try:
        return interactions_from(columns)
    except ValueError as error:
        raise _explain(error, path, shape, roles, movielens) from None


def _read_once(
    path: Path, shape: Shape, roles: dict[str, int], types: dict[str, str], doubled: bool, multiline: bool
) -> Any:
    """One attempt with these types; the result's columns are named by role. Raises ArrowInvalid."""
    import pyarrow as pa
    from pyarrow import csv

    arrow_types: dict[str, Any] = {
        "int64": pa.int64(),
        "float32": pa.float32(),
        "float64": pa.float64(),
        "moment": pa.timestamp("us"),
        "text": pa.dictionary(pa.int32(), pa.string()),
    }
    stride = len(shape.separator) if doubled else 1
    names = [f"column {i}" for i in range((shape.count - 1) * stride + 1)]
    column_types = {name: pa.null() for i, name in enumerate(names) if i % stride}
    for role, index in roles.items():
        names[index * stride] = role
        column_types[role] = arrow_types[types[role]]
    source: Any = str(path)
    delimiter = shape.separator[0] if doubled else shape.separator
    if len(delimiter) > 1:
        delimiter = "\x1f"
        source = pa.BufferReader(path.read_bytes().replace(shape.separator.encode(), delimiter.encode()))
    return csv.read_csv(
        source,
        read_options=csv.ReadOptions(column_names=names, skip_rows=shape.skip),
        parse_options=csv.ParseOptions(
            delimiter=delimiter, quote_char='"' if shape.quoted else False, newlines_in_values=multiline
        ),
        convert_options=csv.ConvertOptions(
            column_types=column_types,
            include_columns=[*roles, *(name for i, name in enumerate(names) if i % stride)],
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )


def _changed_ids(path: Path, shape: Shape, roles: dict[str, int], doubled: bool, multiline: bool) -> frozenset[str]:
    """Of these roles, which were read as numbers, those with an id that a number changes."""
    if not roles or not has_leading_zeros(path, shape.separator):
        return frozenset()
    found: set[str] = set()
    for role, index in roles.items():
        # One column at a time, and each distinct id once: less memory than the numbers.
        column = _read_once(path, shape, {role: index}, {role: "text"}, doubled, multiline).column(role)
        words, _ = _words(column)
        if any(_NOT_AS_WRITTEN.fullmatch(word) for word in words):
            found.add(role)
    return frozenset(found)


def _failed_role(message: str, roles: dict[str, int], stride: int) -> str | None:
    """The role whose column Arrow could not convert."""
    found = re.match(r"In CSV column #(\d+)", message)
    index = int(found.group(1)) if found else -1
    return next((role for role, i in roles.items() if i * stride == index), None)


def _explain(error: Exception | str, path: Path, shape: Shape, roles: dict[str, int], movielens: bool) -> UserError:
    if isinstance(error, MixedUnitsError | TimeMissingError):
        return UserError(f"{path.name}, line {line_of_row(path, shape, error.row):,}: {error}")
    found = find_line_error(path, shape, roles, movielens)
    return found or UserError(f"{path.name}: cannot be read ({printable(str(error))})")


def interactions_from(columns: dict[str, Any]) -> Interactions:
    """Turn Arrow columns, by role, into interactions; removes them from the dict one by one to save memory.

    Raises ValueError where a timestamp or rating is not finite, or a timestamp is not a date.
    """
    user_ids, users = _index(columns.pop("user"))
    item_ids, items = _index(columns.pop("item"))
    times = _times(columns.pop("timestamp")) if "timestamp" in columns else None
    ratings = _numbers(columns.pop("rating")).astype(np.float32) if "rating" in columns else None
    if ratings is not None and not np.isfinite(ratings).all():
        raise ValueError("a rating is not a finite number")
    titles, genres = (
        _text_of_each(columns.pop(role), items, len(item_ids)) if role in columns else None
        for role in ("title", "genres")
    )
    return Interactions(users, items, user_ids, item_ids, times, ratings, titles, genres)


def _numbers(column: Any) -> np.ndarray:
    """A column without nulls as one array, by DLPack, because Arrow's own conversion imports pandas."""
    pieces = [np.from_dlpack(chunk) for chunk in column.chunks if len(chunk)]
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def _index(column: Any) -> tuple[np.ndarray | list[str], np.ndarray]:
    import pyarrow as pa

    if not pa.types.is_dictionary(column.type):
        return index_numbers(_numbers(column))
    words, codes = _words(column)
    if words and all(map(_FLOAT_ID.fullmatch, words)):
        return _index_floats(words, codes)
    if any("\n" in word for word in words):
        raise ValueError("an id spans several lines")
    # Spaces around an id are layout, not part of the id.
    words = [word.strip() for word in words]
    ids = sorted(set(words))
    missing = next((word for word in ids if word.casefold() in _MISSING), None)
    others = [word for word in ids if word.casefold() not in _MISSING]
    if missing is not None and others and all(word.isdecimal() for word in others):
        raise ValueError(f'"{missing}" as an id among numbers is a missing value; remove its lines')
    if "" in ids:
        raise ValueError("an id is empty")
    places = {word: place for place, word in enumerate(ids)}
    return ids, np.array([places[word] for word in words], dtype=np.int32)[codes]


def _index_floats(words: list[str], codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers that were written as floating point, as pandas does for a column with a gap: 1.0 is 1.

    Raises ValueError for one of 2^53 or more, which has lost its last digits when it was made a float.
    """
    numbers = [int(word.strip().partition(".")[0]) for word in words]
    if max(map(abs, numbers)) >= _EXACT:
        raise ValueError(
            f'the id "{max(words, key=len).strip()}" was written as floating point, which merges ids from 2^53 on; '
            "write the column as integers or as text"
        )
    return index_numbers(np.asarray(numbers, dtype=np.int64)[codes])


def _words(column: Any) -> tuple[list[str], np.ndarray]:
    """The distinct texts of a dictionary column and each row's index into them, -1 for null."""
    column = column.unify_dictionaries()
    words = column.chunk(0).dictionary.to_pylist()
    pieces = [np.from_dlpack(chunk.indices.fill_null(-1)) for chunk in column.chunks]
    return words, np.concatenate(pieces)


def _times(column: Any) -> Times:
    import pyarrow as pa

    if pa.types.is_timestamp(column.type):
        return Times(_numbers(column.cast(pa.int64())), 10**6)
    if not pa.types.is_dictionary(column.type):
        numbers = _numbers(column)
        # Far beyond any date, and where integers are still exact as floats.
        if numbers.dtype.kind == "f" and not (np.isfinite(numbers).all() and np.abs(numbers).max() < 2**53):
            raise ValueError("a timestamp is not a finite number")
        return from_numbers(numbers)
    words, codes = _words(column)
    parsed = [parse_time(word) for word in words]
    if None in parsed:
        raise ValueError(f'the timestamp "{printable(words[parsed.index(None)], 40)}" is not a date')
    return Times(np.asarray(parsed, dtype=np.int64)[codes], 10**6)


def _text_of_each(column: Any, items: np.ndarray, count: int) -> list[str]:
    """For each item the first text in its rows, "" where there is none."""
    words, codes = _words(column)
    rows = np.flatnonzero(codes >= 0)[::-1]
    chosen = np.full(count, -1, dtype=np.int64)
    chosen[items[rows]] = codes[rows]  # the last assignment wins: the first row, because the order is reversed
    return [words[code] if code >= 0 else "" for code in chosen.tolist()]
