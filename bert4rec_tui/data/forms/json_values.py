"""Read the rows of JSON: a value a line, an array, or values one after another, in batches and in bounded memory."""

import codecs
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import IO, Any

import msgspec

from bert4rec_tui.data.format_detection import explain_read_error
from bert4rec_tui.data.forms.table import Limits, Part
from bert4rec_tui.errors import UserError, printable
from bert4rec_tui.progress import Progress, ReportProgress, ignore_progress, size

Row = dict[str, Any]
BATCH = 20_000  # rows of an array
_SPACE = " \t\r\n"

# What a line of JSON raises, whatever is in it; Decimal's own errors are arithmetic.
_FAULTS = (ValueError, RecursionError, ArithmeticError, MemoryError)
_lines = msgspec.json.Decoder(float_hook=Decimal)


def is_json(start: bytes) -> bool:
    """Whether a text begins as JSON of rows does: with an object, or an array of objects or arrays."""
    text = start.lstrip()
    if text[:1] == b"{":
        return text[1:].lstrip()[:1] in (b'"', b"}", b"")
    return text[:1] == b"[" and text[1:].lstrip()[:1] in (b"{", b"[", b"]", b"")


def read_rows(part: Part, limits: Limits, report: ReportProgress = ignore_progress) -> Iterator[list[Row]]:
    """The rows of JSON in UTF-8, in batches; a fraction is a Decimal, so that its digits are kept.

    Raises UserError that names the line which is not JSON, is nested too deeply, or longer than `limits.row`.
    """
    try:
        total = part.path.stat().st_size
        with part.path.open("rb") as file:

            def progress() -> None:
                report(Progress(stage="Reading JSON", done=file.tell(), total=total, unit="bytes"))

            if _a_line_each(file, part.name, limits):
                yield from _of_lines(file, part.name, limits, progress)
            else:
                yield from _of_values(file, part.name, limits, progress)
    except OSError as error:
        raise explain_read_error(error, part.path) from None


def _a_line_each(file: IO[bytes], name: str, limits: Limits) -> bool:
    """Whether the first line is a whole object: otherwise the file is an array, or objects over several lines."""
    line = b""
    number = 0
    while not line.strip():
        number += 1
        line = file.readline(limits.row + 1)
        if len(line) > limits.row:
            if line.lstrip()[:1] == b"[":  # an array in one line
                break
            raise _too_long(name, number, limits)
        if not line:
            break
    file.seek(0)
    first = line.strip()
    if first[:1] != b"{":
        return False
    # A line that ends within an object continues in the next; one that is wrong otherwise is reported as a line.
    return first[-1:] == b"}" or (first[-1:] not in (b"{", b"[", b",", b":") and b":" in first)


def _too_long(name: str, number: int, limits: Limits) -> UserError:
    return UserError(
        f"{name}, line {number:,}: has a JSON value longer than {size(limits.row)}; expected an object per interaction "
        "or per user"
    )


def _of_lines(file: IO[bytes], name: str, limits: Limits, progress: Callable[[], None]) -> Iterator[list[Row]]:
    passed = 0  # lines before the block
    while block := file.read(limits.block):
        if not block.endswith(b"\n"):
            rest = file.readline(limits.row + 1)
            if len(rest) > limits.row:
                raise _too_long(name, passed + block.count(b"\n") + 1, limits)
            block += rest
        yield _rows_of_block(block, passed, name, limits)
        passed += block.count(b"\n")
        progress()


def _rows_of_block(block: bytes, passed: int, name: str, limits: Limits) -> list[Row]:
    try:
        values = _lines.decode_lines(block)
    except _FAULTS:
        values = None
    if values is not None and set(map(type, values)) <= {dict}:
        return values
    rows: list[Row] = []
    for number, line in enumerate(block.split(b"\n"), passed + 1):
        if not line.strip():
            continue
        if len(line) > limits.row:
            raise _too_long(name, number, limits)
        try:
            value = _lines.decode(line)
        except _FAULTS:
            value = _slowly(line, number, name)
        rows.append(_row(value, number, name))
    return rows


def _slowly(line: bytes, number: int, name: str) -> Any:
    """A line that may have NaN or Infinity, as Python's json writes them; both are missing values."""
    try:
        return json.loads(line, parse_float=Decimal, parse_constant=_missing)
    except _FAULTS as error:
        raise _fault(error, number, name, line[:60].decode(errors="replace")) from None


def _missing(word: str) -> None:
    """NaN and Infinity have no value."""
    del word


def _fault(error: Exception, number: int, name: str, shown: str) -> UserError:
    if isinstance(error, RecursionError):
        return UserError(f"{name}, line {number:,}: is nested too deeply; expected an object per interaction or user")
    if isinstance(error, MemoryError):
        return UserError(f"{name}, line {number:,}: is too large for memory")
    if isinstance(error, json.JSONDecodeError):
        why = f"{error.msg[:1].lower()}{error.msg[1:]} at character {error.colno}"
    else:
        why = str(error)
    return UserError(f'{name}, line {number:,}: is not JSON ({printable(why, 80)}): "{printable(shown, 60)}"')


def _row(value: Any, number: int, name: str) -> Row:
    if type(value) is dict:
        return value
    if type(value) is list and value and not any(type(cell) in (dict, list) for cell in value):
        return {str(place): cell for place, cell in enumerate(value)}
    raise UserError(
        f'{name}, line {number:,}: "{printable(str(value), 40)}" is not a row; expected an object, such as '
        '{"user": 1, "item": 2, "timestamp": 1700000000}'
    )


class _Text:
    """The text of a file as far as it is needed: what has been taken is dropped, what is read grows by doubling."""

    def __init__(self, file: IO[bytes], name: str, limits: Limits) -> None:
        self.file, self.name, self.limits = file, name, limits
        self.held = ""
        self.place = 0
        self.line = 1
        self.ended = False
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def more(self) -> None:
        """Drop what has been taken and read at least as much again as is left."""
        self.line += self.held.count("\n", 0, self.place)
        self.held = self.held[self.place :]
        self.place = 0
        if len(self.held) > self.limits.row:
            raise _too_long(self.name, self.line, self.limits)
        block = self.file.read(max(self.limits.block // 4, len(self.held)))
        self.ended = not block
        self.held += self._decoder.decode(block, final=self.ended)

    def number(self) -> int:
        """The line of the place."""
        return self.line + self.held.count("\n", 0, self.place)

    def next_sign(self) -> str:
        """The next character that is no space, without taking it; empty at the end."""
        while True:
            while self.place < len(self.held) and self.held[self.place] in _SPACE:
                self.place += 1
            if self.place < len(self.held):
                return self.held[self.place]
            if self.ended:
                return ""
            self.more()


def _of_values(file: IO[bytes], name: str, limits: Limits, progress: Callable[[], None]) -> Iterator[list[Row]]:
    decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_missing)
    text = _Text(file, name, limits)
    in_array = text.next_sign() == "["
    if in_array:
        text.place += 1
    rows: list[Row] = []
    began = False
    while sign := text.next_sign():
        if in_array and sign == "]":
            text.place += 1
            if text.next_sign():
                raise UserError(f"{name}, line {text.number():,}: goes on after the end of the array; expected nothing")
            break
        if in_array and began:
            if sign != ",":
                raise _fault(ValueError("a comma is missing"), text.number(), name, _shown(text))
            text.place += 1
            text.next_sign()
        began = True
        rows.append(_next_row(text, decoder))
        if len(rows) >= BATCH:
            yield rows
            rows = []
            progress()
    else:
        if in_array:
            raise UserError(f"{name}, line {text.number():,}: the array ends early; download or write the file again")
    yield rows


def _shown(text: _Text) -> str:
    return text.held[text.place : text.place + 60]


def _next_row(text: _Text, decoder: json.JSONDecoder) -> Row:
    while True:
        try:
            value, end = decoder.raw_decode(text.held, text.place)
        except _FAULTS as error:
            # Cut off where the text read so far ends, unless it is wrong before that.
            if text.ended or isinstance(error, RecursionError | MemoryError) or not _at_end(error, text):
                raise _fault(error, text.number(), text.name, _shown(text)) from None
        else:
            if end < len(text.held) or text.ended:
                # Counting lines for every row would take longer than reading it.
                row = value if type(value) is dict else _row(value, text.number(), text.name)
                text.place = end
                return row
        text.more()


def _at_end(error: Exception, text: _Text) -> bool:
    """Whether a value may only be incomplete."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated string") or error.pos >= len(text.held) - 12
