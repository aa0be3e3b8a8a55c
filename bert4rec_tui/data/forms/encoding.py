"""The encoding of a text: given, or detected from its bytes; and the same text in UTF-8."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

from bert4rec_tui.data.format_detection import explain_read_error
from bert4rec_tui.data.forms.table import LIMITS, Limits, Part, new_path
from bert4rec_tui.errors import UserError
from bert4rec_tui.files import explain_os_error
from bert4rec_tui.progress import Progress, ReportProgress, ignore_progress, size

_MARKS = {
    codecs.BOM_UTF8: ("utf-8", "UTF-8 with a byte order mark"),
    codecs.BOM_UTF16_LE: ("utf-16-le", "UTF-16"),
    codecs.BOM_UTF16_BE: ("utf-16-be", "UTF-16"),
}
_OF_UTF_8 = re.compile(rb"[\xc3-\xdf][\x80-\xbf]")  # no two characters that stand together in latin-1
_UTF_8 = ("utf-8", "ascii", "utf-8-sig")


def as_utf_8(
    part: Part,
    temporary: Path,
    encoding: str = "",
    limits: Limits = LIMITS,
    report: ReportProgress = ignore_progress,
) -> Part:
    """A text part in UTF-8 without a byte order mark: itself where it is so already, else a copy in `temporary`.

    encoding: the user's, which wins; empty: told by the bytes. Raises UserError for an unknown encoding, for bytes that
    are not of it, for a line longer than `limits.row`, and for what is no text.
    """
    codec = _codec(encoding) if encoding else ""
    mark, told, word = _mark(part)
    if not codec and not told:
        problem = _not_utf_8(part, 0, limits, report)
        if problem is None:
            return part
        number, byte, before = problem
        if before:  # other characters are UTF-8, so that this one is a fault and not another encoding
            raise _invalid(part.name, number, byte, "UTF-8", "repair the line, or use --encoding, such as latin-1")
        told, word = "latin-1", f"latin-1, as line {number:,} is not UTF-8; --encoding chooses another"
    elif codec in _UTF_8 and not mark:
        problem = _not_utf_8(part, 0, limits, report)
        if problem is None:
            return part
        raise _invalid(part.name, problem[0], problem[1], "UTF-8", "repair the line, or use another --encoding")
    # A byte order mark is no part of the text, whoever named the encoding.
    skip = len(mark) if mark and (not codec or codec in (told, "utf-16", *_UTF_8)) else 0
    chosen = (told if skip else "") or codec or told
    path = new_path(temporary, part.path.name, text=True)
    _transcode(part, path, chosen, skip, limits, report)
    note = f"{part.name}: read as {word}"
    return replace(part, path=path, notes=part.notes if codec else (*part.notes, note))


def _codec(encoding: str) -> str:
    """The name by which Python knows an encoding of text. Raises UserError where there is none."""
    try:
        name = codecs.lookup(encoding).name
        "a".encode(name)  # raises LookupError for codecs that are none of text, such as gzip's
    except (LookupError, ValueError):
        raise UserError(
            f"encoding {encoding!r}: is not known; use a name such as utf-8, latin-1, cp1252, utf-16 or shift-jis"
        ) from None
    return name


def _mark(part: Part) -> tuple[bytes, str, str]:
    """The byte order mark of a text, the encoding it tells, and its name for people; all empty without one."""
    try:
        with part.path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise explain_read_error(error, part.path) from None
    return next(((mark, *said) for mark, said in _MARKS.items() if start.startswith(mark)), (b"", "", ""))


def _blocks(part: Part, skip: int, limits: Limits, report: ReportProgress) -> Iterator[tuple[bytes, bool]]:
    """The bytes of a text after `skip` of them, and whether these are the last."""
    try:
        total = part.path.stat().st_size
        with part.path.open("rb") as file:
            file.seek(skip)
            block = file.read(limits.block)
            while True:
                following = file.read(limits.block)
                report(Progress(stage="Reading", done=file.tell(), total=total, unit="bytes"))
                yield block, not following
                if not following:
                    return
                block = following
    except OSError as error:
        raise explain_read_error(error, part.path) from None


class _Lines:
    """Counts the lines of a text, and refuses one that is too long."""

    def __init__(self, name: str, limit: int) -> None:
        self.name, self.limit = name, limit
        self.number = 1  # of the line that the next block begins in
        self.begun = 0  # bytes of it so far

    def pass_over(self, block: bytes) -> None:
        """Count a block. Raises UserError for a line that continues beyond the limit."""
        last = max(block.rfind(b"\n"), block.rfind(b"\r"))
        self.begun = self.begun + len(block) if last < 0 else len(block) - last - 1
        self.number += block.count(b"\n")
        if self.begun > self.limit:
            raise UserError(f"{self.name}, line {self.number:,}: is longer than {size(self.limit)}; is it a table?")


def _not_utf_8(part: Part, skip: int, limits: Limits, report: ReportProgress) -> tuple[int, int, bool] | None:
    """Where a text is not UTF-8: the line, the byte, and whether other characters are; None if it is UTF-8.

    Raises UserError where it has NUL bytes, as no text has, or a line that is too long.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = _Lines(part.name, limits.row)
    others = False
    for block, last in _blocks(part, skip, limits, report):
        if b"\0" in block:
            number = lines.number + block[: block.index(b"\0")].count(b"\n")
            raise UserError(
                f"{part.name}, line {number:,}: has a NUL byte, so it is not a text file; expected CSV, TSV, JSON, "
                "Parquet or Arrow, or UTF-16 with --encoding utf-16-le"
            )
        kept = len(decoder.getstate()[0])
        try:
            if not block.isascii() or kept:
                text = decoder.decode(block, last)
                others = others or not text.isascii()
        except UnicodeDecodeError as error:
            before = error.object[: error.start]
            number = lines.number + before.count(b"\n")
            others = others or not before.isascii() or bool(_OF_UTF_8.search(error.object, error.start + 1))
            return number, error.object[error.start], others
        lines.pass_over(block)
    return None


def _invalid(name: str, number: int, byte: int, encoding: str, advice: str) -> UserError:
    return UserError(f"{name}, line {number:,}: is not {encoding} text (byte 0x{byte:02X}); {advice}")


def _transcode(part: Part, path: Path, encoding: str, skip: int, limits: Limits, report: ReportProgress) -> None:
    try:
        with path.open("xb") as target:
            _copy(part, target, encoding, skip, limits, report)
    except OSError as error:
        raise explain_os_error(error, path) from error


def _copy(part: Part, target: IO[bytes], encoding: str, skip: int, limits: Limits, report: ReportProgress) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = _Lines(part.name, limits.row)
    for block, last in _blocks(part, skip, limits, report):
        try:
            text = decoder.decode(block, last)
            encoded = text.encode("utf-8")
        except UnicodeError as error:
            raise UserError(
                f"{part.name}, after line {lines.number:,}: is not {encoding} text ({error.args[-1]}); "
                "use another --encoding"
            ) from None
        if b"\0" in encoded:
            raise UserError(f"{part.name}: is not a text file in {encoding}; use another --encoding")
        target.write(encoded)
        lines.pass_over(encoded)
