"""Netflix' ratings, movie by movie: a line `1:`, then a line `user,rating,date` for each rating of it."""

import re
from collections.abc import Sequence
from typing import IO

from bert4rec_tui.data.forms.table import Limits, Part
from bert4rec_tui.data.forms.text_lines import numbered_lines, refuse
from bert4rec_tui.progress import ReportProgress

HEAD_LINES = 100
SHARE = 0.6  # of the first lines that must be of this form; others are reported
_MOVIE = re.compile(rb"[0-9]+:\s*")
_RATING = re.compile(rb"[0-9]+,[0-9.]+,[0-9]{4}-[0-9]{2}-[0-9]{2}\s*")


def is_one(lines: list[bytes]) -> bool:
    """Whether lines begin with a movie, and nearly all are movies or ratings."""
    lines = lines[:HEAD_LINES]
    if not lines or not _MOVIE.fullmatch(lines[0]) or not any(map(_RATING.fullmatch, lines)):
        return False
    return sum(bool(_MOVIE.fullmatch(line) or _RATING.fullmatch(line)) for line in lines) >= SHARE * len(lines)


def write(parts: Sequence[Part], target: IO[bytes], limits: Limits, report: ReportProgress) -> str:
    """Write a row for each rating, with its movie. Raises UserError for a line that is neither."""
    target.write(b"item\tuser\trating\ttimestamp\n")
    for part in parts:
        movie = b""
        rows: list[bytes] = []
        for number, line in numbered_lines(part, limits, report):
            if movie and _RATING.fullmatch(line):
                rows.append(movie + line.rstrip().replace(b",", b"\t"))
                if len(rows) >= 50_000:
                    target.write(b"\n".join(rows) + b"\n")
                    rows = []
            elif _MOVIE.fullmatch(line):
                movie = line.strip()[:-1] + b"\t"
            else:
                refuse(part, number, line, "a movie, such as 1:, or user,rating,date, such as 7,3,2005-09-06")
        target.write(b"".join(row + b"\n" for row in rows))
    return "read as ratings movie by movie"
