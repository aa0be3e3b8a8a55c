"""The lines of a text, numbered, in bounded memory."""

from collections.abc import Iterator
from typing import NoReturn

from bert4rec_tui.data.format_detection import explain_read_error
from bert4rec_tui.data.forms.table import Limits, Part
from bert4rec_tui.errors import UserError, printable
from bert4rec_tui.progress import Progress, ReportProgress, size


def numbered_lines(part: Part, limits: Limits, report: ReportProgress) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, without their ends. Raises UserError for one longer than `limits.row`."""
    try:
        total = part.path.stat().st_size
        with part.path.open("rb", buffering=1024 * 1024) as file:
            number = 0
            while line := file.readline(limits.row + 1):
                number += 1
                if len(line) > limits.row:
                    raise UserError(f"{part.name}, line {number:,}: is longer than {size(limits.row)}; is it a table?")
                if number % 20_000 == 0:
                    report(Progress(stage="Reading sequences", done=file.tell(), total=total, unit="bytes"))
                if line := line.rstrip(b"\r\n"):
                    yield number, line
    except OSError as error:
        raise explain_read_error(error, part.path) from None


def refuse(part: Part, number: int, line: bytes, expected: str) -> NoReturn:
    """Raises the UserError of a line that is not of the form."""
    shown = printable(line[:240].decode("utf-8", errors="replace"), 60)
    raise UserError(f'{part.name}, line {number:,}: "{shown}" does not fit; expected {expected}')
