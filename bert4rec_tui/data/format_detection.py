"""Detect the format of a text table from its first lines: encoding, separator, header. Needs no pandas or pyarrow."""

import csv
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bert4rec_tui.data.column_values import number_in
from bert4rec_tui.data.columns import is_known_name
from bert4rec_tui.data.quoting import quoting_of
from bert4rec_tui.errors import UserError, printable

HEAD_BYTES = 256 * 1024
HEAD_LINES = 300
_CANDIDATES = ("\t", "::", ",", ";", "|", " ")
_SEPARATOR_NAMES = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
_BYTE_ORDER_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


@dataclass(frozen=True)
class Shape:
    """The format of a text table.

    `skip` counts the lines up to and including the header, 0 without one; `names` are the header's, None without;
    `count` is the number of columns; `quoted` says whether `"` may enclose a cell, and `escape` what stands before a
    `"` within; `fields` describes a line in an error.
    """

    separator: str
    skip: int
    names: list[str] | None
    count: int
    quoted: bool = True
    fields: str = ""
    escape: str = '"'

    @property
    def description(self) -> str:
        """The expected fields of a line, such as `UserID::MovieID::Rating::Timestamp`."""
        return self.fields or (self.separator.join(self.names) if self.names else "as in the first line")


@dataclass(frozen=True)
class Head:
    """The first rows of a text table without the header, the line number of each, and the detected format."""

    shape: Shape
    rows: list[list[str]]
    lines: list[int]


def parse_separator(text: str) -> str:
    """A separator given as `\\t`, `tab`, `comma`, … or as the characters themselves."""
    separator = _SEPARATOR_NAMES.get(text.lower(), text)
    if not separator.isascii() or any(character in separator for character in '"\r\n\0'):
        raise UserError(
            f"separator {text!r}: cannot be a column separator; use a character such as , or ; or tab or ::"
        )
    return separator


def read_head(path: Path, separator: str = "", header: bool | None = None, given: Sequence[int] = ()) -> Head:
    """The first rows of a text file and its shape; `header` says whether it has one, None: detect.

    given: the numbers of the columns in use, if the user gave them. A first row with a known name in one of them may be
    a rating of something called Game, so that a header needs two.

    Raises UserError for a missing or empty file, another encoding, or where no separator is detected.
    """
    try:
        with path.open("rb") as file:
            start = file.read(HEAD_BYTES)
    except OSError as error:
        raise explain_read_error(error, path) from None
    return head_of(start, path.name, separator, header, given)


def head_of(
    start: bytes, name: str, separator: str = "", header: bool | None = None, given: Sequence[int] = ()
) -> Head:
    """Like `read_head`, from the first bytes of the file `name`."""
    lines = _first_lines(start, name)
    separator = parse_separator(separator) or _find_separator(lines, name)
    quoting = quoting_of(lines, separator)
    numbered = list(split_lines(enumerate(lines, 1), separator, name, quoting.on, quoting.escape))
    if len(lines) == HEAD_LINES and len(numbered) > 1:
        numbered.pop()  # it may continue in the next line
    rows = [row for _, row in numbered]
    if header is None:
        header = _has_header(rows, given)
    names = [cell.strip() for cell in rows[0]] if header else None
    shape = Shape(
        separator=separator,
        skip=numbered[0][0] if header else 0,
        names=names,
        count=len(rows[0]),
        quoted=quoting.on,
        escape=quoting.escape,
    )
    first = 1 if header else 0
    return Head(shape, rows[first:], [number for number, _ in numbered[first:]])


def check_source(path: Path) -> None:
    """Raises UserError where a source is neither a file nor a folder, or cannot be read.

    A pipe or a device may never end, and cannot be read twice, as detecting its format needs.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise explain_read_error(error, path) from None
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        kinds = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
        raise UserError(f"{path}: is {kinds.get(stat.S_IFMT(mode), 'a device')}; save its content to a file first")


def explain_read_error(error: OSError, path: Path) -> UserError:
    """Explain why a file cannot be read."""
    if isinstance(error, FileNotFoundError):
        return UserError(f"{path}: no such file or folder")
    return UserError(f"{path}: cannot be read ({error.strerror or error})")


def decode(line: bytes, number: int, name: str) -> str:
    """A line as text. Raises UserError that names the line and the byte that is not UTF-8."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{name}, line {number:,}: is not UTF-8 text (byte 0x{line[error.start]:02X} at position "
            f"{error.start + 1}); save the file as UTF-8"
        ) from None


def split_lines(
    lines: Iterable[tuple[int, str]], separator: str, name: str, quoted: bool = True, escape: str = '"'
) -> Iterator[tuple[int, list[str]]]:
    """The cells of the numbered lines of the file `name`.

    Blank lines are skipped; a quoted cell may span several lines. Raises UserError for an unclosed quote.
    """
    if len(separator) != 1 or not quoted:
        for number, line in lines:
            if line.strip("\r\n"):
                yield number, line.rstrip("\r\n").split(separator)
        return
    number = 0
    escaped: dict[str, Any] = {} if escape == '"' else {"escapechar": escape, "doublequote": False}

    def texts() -> Iterator[str]:
        nonlocal number
        for number, line in lines:  # noqa: B007  (the reader's rows need the number of the line it has reached)
            yield line

    try:
        for row in csv.reader(texts(), delimiter=separator, **escaped):
            if row:
                yield number, row
    except csv.Error:
        raise UserError(f'{name}, line {number:,}: has an unclosed quote; is a " missing before it?') from None


def _first_lines(start: bytes, name: str) -> list[str]:
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if start.startswith(mark):
            raise UserError(f"{name}, line 1: is {encoding}, not UTF-8; save the file as UTF-8")
    start = start.removeprefix(b"\xef\xbb\xbf")
    if not start.strip():
        raise UserError(f"{name}: is empty; expected a line per interaction")
    if start.lstrip().startswith((b"{", b"[{")):
        raise UserError(f"{name}: is JSON; expected a CSV, TSV or Parquet file")
    pieces = start.split(b"\n")
    if len(start) >= HEAD_BYTES - 3 and len(pieces) > 1:
        pieces.pop()  # truncated
    lines = [decode(piece, number, name) + "\n" for number, piece in enumerate(pieces[:HEAD_LINES], 1)]
    if any("\0" in line for line in lines):
        raise UserError(f"{name}: is not a text file; expected a CSV, TSV or Parquet file")
    return lines


def _find_separator(lines: list[str], name: str) -> str:
    """The separator that splits most lines into the same number of cells, more than one."""
    best, best_score = "", (0.0, 0)
    for candidate in _CANDIDATES:
        quoting = quoting_of(lines, candidate)
        rows = split_lines(enumerate(lines, 1), candidate, name, quoting.on, quoting.escape)
        counts = Counter(len(row) for _, row in rows)
        usual, times = counts.most_common(1)[0]
        # A space is the last resort, and in a plain list of words not a separator.
        score = (times / counts.total() - (0.5 if candidate == " " else 0), usual)
        if usual > 1 and score > best_score:
            best, best_score = candidate, score
    if not best:
        shown = printable(next(line for line in lines if line.strip()).rstrip("\r\n"), 60)
        raise UserError(f'{name}, line 1: "{shown}" has one column, at least two are needed; use --separator')
    return best


def _has_header(rows: list[list[str]], given: Sequence[int]) -> bool:
    """Whether the first row is a header: it has known names, or alone has no number in a numeric column."""
    first, others = rows[0], rows[1:]
    numbers = [all(number_in(row[i]) is not None for row in others if i < len(row)) for i in range(len(first))]
    if others and any(numeric and number_in(cell) is not None for cell, numeric in zip(first, numbers, strict=True)):
        return False  # a number above numbers is not a column name, even where another cell looks like one
    among = [first[i] for i in given if i < len(first)] if given else first
    if sum(map(is_known_name, among)) >= min(2, max(1, len(given))):
        return True
    return bool(others) and all(number_in(cell) is None for cell in first) and any(numbers)
