"""MIND's `behaviors.tsv`: impression, user, time, history, and the news shown, of which `-1` marks the clicked."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import IO

from bert4rec_tui.data.forms.table import Limits, Part
from bert4rec_tui.data.forms.text_lines import numbered_lines, refuse
from bert4rec_tui.progress import ReportProgress

HEAD_LINES = 20
SHARE = 0.75  # of the first lines that must be of this form; others are reported
_LINE = re.compile(
    rb"[0-9]+\t(?P<user>[^\t ]+)\t(?P<time>[0-9]{1,2}/[0-9]{1,2}/[0-9]{4} [0-9]{1,2}:[0-9]{2}:[0-9]{2} [AP]M)"
    rb"\t(?P<history>[^\t]*)\t(?P<shown>[^\t]*)"
)
_SHOWN = re.compile(rb"(?:[^ ]+-[01]|[A-Za-z]+[0-9]+)(?: (?:[^ ]+-[01]|[A-Za-z]+[0-9]+))* *")


def is_one(lines: list[bytes]) -> bool:
    """Whether nearly all lines are impressions."""
    matches = [_LINE.fullmatch(line) for line in lines[:HEAD_LINES]]
    right = sum(match is not None and _SHOWN.fullmatch(match["shown"]) is not None for match in matches)
    return bool(lines) and right >= SHARE * len(matches)


def write(parts: Sequence[Part], target: IO[bytes], limits: Limits, report: ReportProgress) -> str:
    """Write what each user has read: their history once, then the clicks of each impression.

    A history has no times: it gets the time of the first impression of all, so that it stands before every click.
    Raises UserError for a line that is no impression.
    """
    target.write(b"user\titem\ttimestamp\tevent\n")
    first = min(time for part in parts for time in _times(part, limits, report))
    seen: set[bytes] = set()
    passed = 0
    for part in parts:
        for number, line in numbered_lines(part, limits, report):
            match = _match(part, number, line)
            user = match["user"]
            if user not in seen:
                seen.add(user)
                rows = [b"%s\t%s\t%s\thistory\n" % (user, item, first) for item in match["history"].split()]
                target.write(b"".join(rows))
            time = _iso(part, number, line, match["time"])
            shown = match["shown"].split()
            clicks = [b"%s\t%s\t%s\tclick\n" % (user, one[:-2], time) for one in shown if one.endswith(b"-1")]
            passed += len(shown) - len(clicks)
            target.write(b"".join(clicks))
    return (
        "read as MIND: histories, which get the time of the first impression, then clicks; news that were shown and "
        f"not clicked, left out: {passed:,}"
    )


def _times(part: Part, limits: Limits, report: ReportProgress) -> Iterator[bytes]:
    for number, line in numbered_lines(part, limits, report):
        yield _iso(part, number, line, _match(part, number, line)["time"])


def _match(part: Part, number: int, line: bytes) -> re.Match[bytes]:
    match = _LINE.fullmatch(line)
    if match is None:
        refuse(part, number, line, "impression, user, time, history and the news shown, separated by tabs")
    return match


def _iso(part: Part, number: int, line: bytes, time: bytes) -> bytes:
    """A time such as `11/15/2019 8:55:22 AM` as `2019-11-15 08:55:22`, which is in order as text, too."""
    day, clock, half = time.split(b" ")
    month, date, year = map(int, day.split(b"/"))
    hour, minute, second = map(int, clock.split(b":"))
    try:
        moment = datetime(year, month, date, hour % 12 + (12 if half == b"PM" else 0), minute, second)
    except ValueError:
        refuse(part, number, line, "a time such as 11/15/2019 8:55:22 AM")
    return str(moment).encode()
