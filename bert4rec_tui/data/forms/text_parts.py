"""Parts of a text table, one after another, with one header."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bert4rec_tui.data.columns import number_in
from bert4rec_tui.data.format_detection import HEAD_BYTES, Shape, explain_read_error, head_of
from bert4rec_tui.data.forms.parts import check_keys, differs
from bert4rec_tui.data.forms.room import check_room
from bert4rec_tui.data.forms.table import LIMITS, Limits, Part, empty, new_path
from bert4rec_tui.errors import UserError
from bert4rec_tui.files import explain_os_error
from bert4rec_tui.progress import Progress, ReportProgress, ignore_progress


@dataclass(frozen=True)
class _Begun:
    """A part with rows, its first line, and its shape, or why none was found."""

    part: Part
    first: bytes
    shape: Shape | None
    problem: UserError | None = None


def join_texts(
    parts: Sequence[Part], temporary: Path, limits: Limits = LIMITS, report: ReportProgress = ignore_progress
) -> Path:
    """UTF-8 text parts as one file in `temporary`: their lines as they are, the header once.

    The values of `key=value` folders are added at the end of each line. Raises UserError that names the part which has
    other columns, and where the disk has no room.
    """
    check_keys(parts)
    begun = [one for part in parts if (one := _begin(part)) is not None]
    if not begun:
        raise empty(parts[0].name)
    header = _header(begun)
    _check_columns(begun, header)
    total = sum(one.part.path.stat().st_size for one in begun)
    check_room(begun[0].part.name, total, temporary, limits)
    path = new_path(temporary, f"all-parts{begun[0].part.path.suffix}", text=True)  # whose lines are of no one part
    shape = begun[0].shape
    separator = (shape.separator if shape else ",").encode()
    try:
        with path.open("xb") as target:
            if header is not None:
                target.write(separator.join([header, *(key.encode() for key, _ in begun[0].part.keys)]) + b"\n")
            for one in begun:
                added = b"".join(separator + value.encode() for _, value in one.part.keys)
                lines = _lines(one, header, limits)
                for block in _with(lines, added) if added else lines:
                    target.write(block)
                    report(Progress(stage="Joining parts", done=target.tell(), total=total, unit="bytes"))
    except OSError as error:
        raise explain_os_error(error, path) from error
    return path


def _begin(part: Part) -> _Begun | None:
    try:
        with part.path.open("rb") as file:
            start = file.read(HEAD_BYTES)
    except OSError as error:
        raise explain_read_error(error, part.path) from None
    if not start.decode("utf-8", errors="replace").strip():
        return None  # an empty partition
    try:
        # The separator of a file that is named so needs no guess.
        shape = head_of(start, part.name, "\t" if part.path.suffix.lower() in (".tsv", ".inter") else "").shape
    except UserError as error:
        return _Begun(part, _first_line(start), None, error)  # a separator that only the reader is told, perhaps
    return _Begun(part, _first_line(start), shape)


def _first_line(start: bytes) -> bytes:
    return start.partition(b"\n")[0].rstrip(b"\r")


def _header(begun: list[_Begun]) -> bytes | None:
    """The line that is the header of all parts, None where they have none."""
    named = next((one for one in begun if one.shape and one.shape.names), None)
    if named is not None:
        return named.first
    lines = {one.first for one in begun}
    shape = begun[0].shape
    if len(begun) > 1 and len(lines) == 1 and shape is not None:
        # A line that all parts begin with is a header, even where all columns are text.
        cells = begun[0].first.decode().split(shape.separator)
        if all(number_in(cell) is None for cell in cells):
            return begun[0].first
    return None


def _check_columns(begun: list[_Begun], header: bytes | None) -> None:
    named = next((one for one in begun if one.first == header), begun[0])
    for one in begun:
        if one.first == header or named.shape is None:
            continue
        if one.shape is None:
            raise one.problem or empty(one.part.name)
        # Only a header is compared by name: a part may be the continuation of a file that was split.
        names, expected = one.shape.names, named.shape.names
        if names and (expected is None or names != expected):
            raise differs(one.part, names, named.part, expected or ["no header"])
        if one.shape.count != named.shape.count:
            raise UserError(
                f"{one.part.name}: has {one.shape.count} columns, {named.part.name} has {named.shape.count}; parts of "
                "one table have the same columns, so pass the file with the interactions"
            )


def _lines(one: _Begun, header: bytes | None, limits: Limits) -> Iterator[bytes]:
    """The lines of a part in blocks that end with a line, without the header."""
    try:
        with one.part.path.open("rb") as file:
            if one.first == header:
                file.readline(limits.row)
            while block := file.read(limits.block):
                if not block.endswith(b"\n"):
                    block += _rest_of_line(file, one.part, limits)
                yield block if block.endswith(b"\n") else block + b"\n"
    except OSError as error:
        raise explain_read_error(error, one.part.path) from None


def _rest_of_line(file: IO[bytes], part: Part, limits: Limits) -> bytes:
    rest = file.readline(limits.row + 1)
    if len(rest) > limits.row:
        raise UserError(f"{part.name}: has a line that is too long for a table; are its lines separated by \\n?")
    return rest


def _with(blocks: Iterator[bytes], added: bytes) -> Iterator[bytes]:
    """Lines with cells added to each; a line that ends within quotes continues in the next."""
    open_quote = False
    for block in blocks:
        lines: list[bytes] = []
        for line in block.split(b"\n")[:-1]:
            open_quote ^= line.count(b'"') % 2 == 1
            lines.append(line + b"\n" if open_quote or not line.strip() else line.rstrip(b"\r") + added + b"\n")
        yield b"".join(lines)
