"""Texts that are no tables: a user a line, Netflix' movie by movie, MIND's behaviours, RecBole's lists of tokens."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from bert4rec_tui.data.format_detection import explain_read_error
from bert4rec_tui.data.forms import list_cells, mind, movie_blocks, user_lines
from bert4rec_tui.data.forms.table import LIMITS, Limits, Part, new_path
from bert4rec_tui.files import explain_os_error
from bert4rec_tui.progress import ReportProgress, ignore_progress

START = 4 * 1024 * 1024  # bytes, as a single line may be long
# Whether the first lines are of a form, and what writes its rows and returns a note.
_Form = tuple[Callable[[list[bytes]], bool], Callable[..., str]]
_FORMS: tuple[_Form, ...] = (
    (movie_blocks.is_one, movie_blocks.write),
    (mind.is_one, mind.write),
    (list_cells.is_one, list_cells.write),
    (user_lines.is_one, user_lines.write),
)


def long_rows(
    parts: Sequence[Part], temporary: Path, limits: Limits = LIMITS, report: ReportProgress = ignore_progress
) -> Part | None:
    """UTF-8 parts in a form of sequences as one tab-separated table with a header, None where they are tables already.

    The form is detected by the first lines of the first part. Raises UserError that names the line which is not of it.
    """
    lines = first_lines(parts[0])
    write = next((write for is_one, write in _FORMS if is_one(lines)), None)
    if write is None:
        return None
    path = new_path(temporary, "rows.tsv")
    try:
        with path.open("xb") as target:
            note = write(parts, target, limits, report)
    except OSError as error:
        raise explain_os_error(error, path) from error
    return replace(parts[0], path=path, notes=(f"{parts[0].name}: {note}",))


def first_lines(part: Part) -> list[bytes]:
    """The first lines of a text that are not blank, without their ends."""
    try:
        with part.path.open("rb") as file:
            start = file.read(START)
    except OSError as error:
        raise explain_read_error(error, part.path) from None
    lines = start.split(b"\n")
    if len(start) == START and len(lines) > 1:
        lines.pop()  # truncated
    return [line.rstrip(b"\r") for line in lines if line.strip()]
