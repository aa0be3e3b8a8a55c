"""A user a line, as S3-Rec and the variants of SASRec have it: `user item item …`, oldest first."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import IO

from bert4rec_tui.data.forms.table import Limits, Part
from bert4rec_tui.data.forms.text_lines import numbered_lines, refuse
from bert4rec_tui.progress import ReportProgress

HEAD_LINES = 1000
MIN_LINES = 3
MANY_CELLS = 6
SHARE = 0.75  # of the first lines that must be of this form
MIN_CELLS = 4.0  # of a line on average: the user and some items
_ID = rb"[A-Za-z_-]*[0-9][A-Za-z0-9_-]*"  # to be distinguished from words
_WORD = rb"[A-Za-z0-9_-]+"
_BETWEEN = {b" ": rb" +", b"\t": rb"\t", b",": rb","}


class _Lines:
    """The patterns of lines with such ids: all separated alike, or the user apart, as in `user:item,item`."""

    def __init__(self, id: bytes) -> None:
        self.alike = {
            separator: re.compile(rb"%s(?:%s%s)+[ \t,]*" % (id, between, id)) for separator, between in _BETWEEN.items()
        }
        self.apart = re.compile(rb"(%s)(?:\t|: ?|,|;)(%s(?:[ ,|;]%s)*) *" % (id, id, id))

    def cells(self, line: bytes) -> list[bytes]:
        """The user and the items of a line, none where it is not one."""
        for separator, pattern in self.alike.items():
            if pattern.fullmatch(line):
                return [cell for cell in line.split(separator) if cell.strip()]
        match = self.apart.fullmatch(line)
        return [match[1], *re.split(rb"[ ,|;]", match[2])] if match else []


_STRICT, _LOOSE = _Lines(_ID), _Lines(_WORD)


def is_one(lines: list[bytes]) -> bool:
    """Whether lines are users with a different number of ids each, unlike the rows of a table where one is wrong."""
    lines = [line for line in lines[:HEAD_LINES] if not re.fullmatch(_WORD, line.strip())]  # users without items
    found = [row for line in lines if (row := _STRICT.cells(line))]
    if len(found) < max(MIN_LINES, SHARE * len(lines)):
        return False  # a few lines may be wrong, and are reported then
    counts = Counter(map(len, found))
    if len({row[0] for row in found}) < len(found) or sum(map(len, found)) < MIN_CELLS * len(found):
        return False
    return max(counts.values()) <= len(found) / 2 or (min(counts) >= MANY_CELLS and all(map(_of_numbers, lines)))


def _of_numbers(line: bytes) -> bool:
    """Whether a line is numbers between spaces, and none a time: many of them are items even where lines are alike."""
    return re.fullmatch(rb"[0-9]{1,8}(?: [0-9]{1,8})+ *", line) is not None


def write(parts: Sequence[Part], target: IO[bytes], limits: Limits, report: ReportProgress) -> str:
    """Write a row for each item of each line. Raises UserError for a line that is not one of ids."""
    target.write(b"user\titem\n")
    without = 0
    for part in parts:
        for number, line in numbered_lines(part, limits, report):
            user, *items = _LOOSE.cells(line) or [line.strip()]
            if not items:
                if not re.fullmatch(_WORD, user):
                    refuse(part, number, line, "a user and their items, such as 7 101 102 103")
                without += 1
                continue
            start = user + b"\t"
            target.write(start + (b"\n" + start).join(items) + b"\n")
    note = "read as a user per line with their items, oldest first"
    return f"{note}; users without items, left out: {without:,}" if without else note
