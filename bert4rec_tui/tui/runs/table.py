"""The lines of the runs table, with as many columns as fit, and the headline of the selected run."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from textwrap import wrap

from textual.content import Content

from bert4rec_tui.runs.listing import RunRow
from bert4rec_tui.tui.charts.axis import short_number
from bert4rec_tui.tui.charts.chart import ASCII_MARKERS, COLOURS, MARKERS
from bert4rec_tui.tui.lists.array_list import cells
from bert4rec_tui.tui.runs.sort_order import SortOrder
from bert4rec_tui.tui.shell.text import MUTED, SIGNS, age, bar, clean, duration, metric, metric_words, sign

PIN = "^"  # as in ASCII, since no better one has the same width in every terminal
EMPTY_COLUMN = 100  # the drop order of a column in which no run has a value


@dataclass(frozen=True)
class Column:
    """One column: its title, what it shows of a run, its width (negative: right-aligned).

    Where there is too little room, the columns with the highest `drop_order` are left out.
    """

    title: str
    show: Callable[[RunRow], str | Content]
    width: int
    drop_order: int


def series_colour(number: int) -> str:
    """The colour of a run in the charts, as a style for text."""
    return ("#56B4E9", "#E69F00", "#00B386", "#CC79A7", "#F0E442", "#D55E00")[number % COLOURS]


def same_metric(rows: Sequence[RunRow]) -> str:
    """The metric of the best checkpoints, where all runs that have one share it; else empty."""
    metrics = {row.status.best.metric for row in rows if row.status.best}
    return metrics.pop() if len(metrics) == 1 else ""


def columns_for(
    rows: Sequence[RunRow], marks: Mapping[str, int], width: int, ascii: bool, order: SortOrder
) -> list[Column]:
    """The columns that fit into so many cells, from left to right; the one sorted by is always among them."""
    pinned = any(row.labels.pinned for row in rows)

    def lead(row: RunRow) -> Content:
        number = marks.get(row.run.id)
        markers = ASCII_MARKERS if ascii else MARKERS
        mark = Content(" ")
        if number is not None:
            mark = Content.styled(markers[number % COLOURS], series_colour(number))
        pin = Content.styled(PIN if row.labels.pinned else " ", "$text-accent") if pinned else Content("")
        return pin + sign(row.state, ascii) + mark

    def word(row: RunRow) -> Content:
        return Content.styled(SIGNS[row.state].word.replace("…", "..." if ascii else "…"), SIGNS[row.state].colour)

    def texts(title: str, show: Callable[[RunRow], str], most: int, drop_order: int, right: bool = False) -> Column:
        """A column as wide as its longest text; left out where no run has a value."""
        found = [len(text) for row in rows if (text := show(row)) not in ("", "–")]
        if not found:
            return Column(title, show, 0, EMPTY_COLUMN)
        room = len(title) + (title == order.column)
        wide = min(max(room, *found), max(most, room))
        return Column(title, show, -wide if right else wide, drop_order)

    known = [
        Column("", lead, 3 if pinned else 2, 0),
        Column("run", lambda row: row.run.short_id, 4, 0),
        texts("name", lambda row: row.name, 14, 7),
        Column("state", word, 8, 3),
        texts("dataset", lambda row: row.dataset, 20, 6),
        texts("task", lambda row: row.objective, 6, 5),
        texts("epoch", _epoch, 11, 0, right=True),
        Column("best", lambda row: metric(row.status.best.value if row.status.best else None), -5, 0),
        texts("of", _metric_name, 24, 1 if not same_metric(rows) else 9),
        texts("speed", _speed, 7, 8, right=True),
        texts("left", _left, 4, 4, right=True),
        texts("age", _age, 4, 2, right=True),
    ]
    known = [column for column in known if column.drop_order < EMPTY_COLUMN]
    kept = sorted(known, key=lambda column: 0 if column.title == order.column else column.drop_order)
    while sum(abs(column.width) + 1 for column in kept) - 1 > width and len(kept) > 4:
        kept.pop()
    return [_titled(column, order) for column in known if column in kept]


def _titled(column: Column, order: SortOrder) -> Column:
    """The column, with an arrow in its title where the runs are sorted by it: down means largest first."""
    if column.title != order.column:
        return column
    return replace(column, title=column.title + ("↓" if order.descending else "↑"))


def draw_run(row: RunRow, columns: Sequence[Column]) -> Content:
    """The line of a run."""
    if row.problem:
        return cells(("✗", columns[0].width), (row.run.short_id, 4), (row.fault, 200))
    return cells(*((column.show(row), column.width) for column in columns))


def draw_header(columns: Sequence[Column]) -> Content:
    """The titles of the columns."""
    return cells(*((column.title, column.width) for column in columns))


def _metric_name(row: RunRow) -> str:
    return metric_words(row.status.best.metric) if row.status.best else ""


def _epoch(row: RunRow) -> str:
    return f"{row.status.epoch}/{row.status.epochs}" if row.status.epochs else "–"


def _speed(row: RunRow) -> str:
    live = row.state in ("training", "pausing", "stopping", "starting") and row.status.speed
    return f"{short_number(row.status.speed)}/s" if live and row.status.speed else "–"


def _left(row: RunRow) -> str:
    known = row.state == "training" and row.status.seconds_left is not None
    return age(row.status.seconds_left) if known and row.status.seconds_left is not None else "–"


def _age(row: RunRow) -> str:
    return age(max(0.0, time.time() - row.status.created)) if row.status.created else "–"


def headline(row: RunRow, width: int, ascii: bool) -> list[Content]:
    """Two lines about a run: its progress, with a bar; its best metric, device and labels."""
    status = row.status
    if row.problem:
        lines = [*wrap(clean(row.fault), max(20, width)), "", ""][:2]
        return [Content.styled(line, "$text-error") for line in lines]
    first = sign(row.state, ascii, word=True)
    if status.epochs:
        first += Content(f"  epoch {status.epoch} of {status.epochs}  ")
    phase = status.phase if row.state == "training" and status.phase not in ("", "training") else ""
    left = f"{duration(status.seconds_left)} left" if row.state == "training" and status.seconds_left else phase
    if row.state in ("finished", "stopped", "failed") and status.seconds:
        left = f"after {duration(status.seconds)}"
        if row.state == "finished" and status.epoch < status.epochs:
            left = f"early stopping {left}"
    room = min(40, width - first.cell_length - len(left) - 2)
    if status.epochs and room >= 6:
        first += bar(_done(row), room, ascii) + Content("  ")
    first += Content(left)
    dot = " - " if ascii else " · "
    labels = dot.join(filter(None, [row.name, "pinned" if row.labels.pinned else "", row.labels.note]))
    if labels:
        labels += dot
    if row.state in ("failed", "lost", "stopped") and status.message:
        return [
            first,
            Content(clean(labels))
            + Content.styled(clean(status.message), "$text-error" if row.state == "failed" else ""),
        ]
    parts = [row.objective, f"{short_number(status.speed)} samples/s" if status.speed else ""]
    parts += [f"{status.device} {status.precision}".strip()]
    if status.loss is not None:
        parts.append(f"loss {short_number(status.loss)}")
    if status.best:
        parts.insert(0, f"best {metric_words(status.best.metric)} {metric(status.best.value)} at {status.best.epoch}")
    return [first, Content(clean(labels)) + Content.styled(clean(dot.join(filter(None, parts))), MUTED)]


def _done(row: RunRow) -> float:
    total = row.status.epochs * row.status.steps_per_epoch
    if row.state == "finished":
        return 1.0
    return min(1.0, row.status.step / total) if total else row.status.epoch / max(1, row.status.epochs)
