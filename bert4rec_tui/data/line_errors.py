"""Find the first invalid line of a text table and describe the error."""

import math
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from bert4rec_tui.data.dates import is_date, is_missing
from bert4rec_tui.data.format_detection import Shape, decode, explain_read_error, split_lines
from bert4rec_tui.errors import UserError, printable

_WHOLE = re.compile(r"\s*-?[0-9]{1,19}\s*", re.ASCII)
MIN_SWALLOWED = 3  # lines within a cell that all look like rows
_LABELS = {"user": "user id", "item": "item id"}


def find_line_error(path: Path, shape: Shape, roles: dict[str, int], movielens: bool) -> UserError | None:
    """The error of the first invalid line, None where all are valid. Slow, line by line: for use after a failure."""
    try:
        for number, row in _rows(path, shape):
            if number <= shape.skip:
                continue
            problem = row_error(row, shape, roles, movielens)
            if problem:
                return UserError(f"{path.name}, line {number:,}: {problem}")
    except UserError as error:
        return error
    except OSError as error:
        return explain_read_error(error, path)
    return None


def line_of_row(path: Path, shape: Shape, row: int) -> int:
    """The number of the line in which a row of the table ends; rows are counted from 0, without the header."""
    numbers = (number for number, _ in _rows(path, shape) if number > shape.skip)
    return next(islice(numbers, row, None), shape.skip + row + 1)


def row_error(row: list[str], shape: Shape, roles: dict[str, int], movielens: bool) -> str | None:
    """What is wrong with a row, None where it is valid."""
    if len(row) != shape.count:
        shown = printable(shape.separator.join(row), 60)
        fields = "1 field" if len(row) == 1 else f"{len(row)} fields"
        are = "is" if shape.count == 1 else "are"
        return f'"{shown}" has {fields}, {shape.count} {are} expected ({printable(shape.description, 120)})'
    for role, index in roles.items():
        cell = row[index]
        if role in ("title", "genres"):
            continue
        if not cell.strip():
            return f"the {_LABELS.get(role, role)} is empty"
        if "\n" in cell:
            return f'the {_LABELS.get(role, role)} spans several lines; is a closing " missing?'
        wrong = _wrong(role, cell, movielens)
        if wrong:
            return f'the {_LABELS.get(role, role)} "{printable(cell, 40)}" {wrong}'
    return None


def line_ends(path: Path) -> int:
    """The number of line ends in a file."""
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(2**22), b""))


def has_leading_zeros(path: Path, separator: str) -> bool:
    """Whether any cell of a file may have leading zeros, like 007 or 0x7. Reads the file at about 1 GB/s."""
    edges = _among(b'\n\r"' + separator.encode())
    begins, digits = edges | _among(b" \t-"), _among(b"0123456789xX")
    with path.open("rb") as file:
        last = b"\n\n\n"
        for block in iter(lambda: file.read(2**18), b""):  # fits in a core's cache
            text = np.frombuffer(last + block + b"\n", dtype=np.uint8)
            zero = text[2:-1] == ord("0")
            # Bytes before a cell sort below the digits, except a few separators: few positions remain to check.
            zero &= (text[1:-2] < ord("0")) | (text[1:-2] == ord(separator[-1]))
            zero &= text[3:] >= ord("0")
            places = 2 + np.flatnonzero(zero)
            farther, near, after = text[places - 2], text[places - 1], text[places + 1]
            # A space or sign begins a cell only after an edge: the zeros of 2001-01-06 05:00 do not.
            if bool((digits[after] & begins[near] & (edges[near] | begins[farther])).any()):
                return True
            last = text[-4:-1].tobytes()
    return False


def _among(some: bytes) -> np.ndarray:
    """(256,) bool, True for the bytes in `some`."""
    return np.isin(np.arange(256), list(some))


def every_line_is_a_row(path: Path, shape: Shape, roles: dict[str, int]) -> bool:
    """Whether each line is a row by its separators alone, with a `"` only in texts, so that quotes are plain."""
    separator = shape.separator.encode()
    texts = {index for role, index in roles.items() if role in ("title", "genres")}
    others = set(roles.values()) - texts
    with path.open("rb") as file:
        for line in file:
            if line.strip(b"\r\n"):
                cells = line.split(separator)
                if len(cells) != shape.count or (b'"' in line and any(b'"' in cells[index] for index in others)):
                    return False
    return True


def find_swallowed(path: Path, shape: Shape) -> UserError | None:
    """The error of the first cell that contains whole rows, as after an unclosed `"`; None where there is none."""
    try:
        for number, row in _rows(path, shape):
            inner = [line for cell in row if "\n" in cell for line in cell.split("\n")[1:-1]]
            if len(inner) >= MIN_SWALLOWED and all(line.count(shape.separator) == shape.count - 1 for line in inner):
                first = number - sum(cell.count("\n") for cell in row)
                sentence = f'has a cell of {len(inner) + 2:,} lines; is a closing " missing?'
                return UserError(f"{path.name}, line {first:,}: {sentence}")
    except UserError as error:
        return error
    return None


def _wrong(role: str, cell: str, movielens: bool) -> str | None:
    if role in ("user", "item"):
        return "is not a whole number" if movielens and not _is_whole(cell) else None
    if role == "rating":
        return None if _is_finite(cell) else "is not a number"
    if _is_whole(cell) or (_is_finite(cell) and abs(float(cell)) < 2**53):
        return None
    if movielens:
        return "is not a Unix timestamp"
    return None if is_date(cell) or is_missing(cell) else "is neither a Unix timestamp nor a date such as 2001-01-06"


def _is_whole(cell: str) -> bool:
    return bool(_WHOLE.fullmatch(cell)) and -(2**63) <= int(cell) < 2**63


def _is_finite(cell: str) -> bool:
    try:
        return "_" not in cell and math.isfinite(float(cell))
    except ValueError:
        return False


def _rows(path: Path, shape: Shape) -> Iterator[tuple[int, list[str]]]:
    with path.open("rb") as file:
        lines = ((number, decode(line, number, path.name).lstrip("\ufeff")) for number, line in enumerate(file, 1))
        yield from split_lines(lines, shape.separator, path.name, shape.quoted)
