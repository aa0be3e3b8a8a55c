"""The table of runs: as many columns as fit, the most telling first."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from textual.content import Content

from bert4rec_tui.tui.run_plots import metric_words
from bert4rec_tui.tui.run_rows import RunRow
from bert4rec_tui.tui.widgets.array_list import cells
from bert4rec_tui.tui.widgets.axis import short_number
from bert4rec_tui.tui.widgets.chart import ASCII_MARKERS, COLOURS, MARKERS
from bert4rec_tui.tui.widgets.signs import MUTED, SIGNS, age, clean, duration, metric, sign


@dataclass(frozen=True)
class Column:
    """One column: its title, what it shows of a run, its width (negative: at the right), when it gives way.

    A column with a higher `yields` is left out sooner where the room is short.
    """

    title: str
    show: Callable[[RunRow], str | Content]
    width: int
    yields: int


def series_colour(number: int) -> str:
    """The colour of a run in the charts, as a style for text."""
    return ("#56B4E9", "#E69F00", "#00B386", "#CC79A7", "#F0E442", "#D55E00")[number % COLOURS]


def same_metric(rows: Sequence[RunRow]) -> str:
    """The metric that every run with a best one is judged by; empty where they differ or there is none."""
    metrics = {row.status.best.metric for row in rows if row.status.best}
    return metrics.pop() if len(metrics) == 1 else ""


def columns_for(rows: Sequence[RunRow], marks: Mapping[str, int], width: int, ascii: bool) -> list[Column]:
    """The columns that fit into so many cells, in the order in which they stand."""
    dataset = max((len(row.dataset) for row in rows), default=7)
    metrics = max((len(_metric_name(row)) for row in rows), default=6)

    def lead(row: RunRow) -> Content:
        number = marks.get(row.run.id)
        markers = ASCII_MARKERS if ascii else MARKERS
        mark = Content(" ")
        if number is not None:
            mark = Content.styled(markers[number % COLOURS], series_colour(number))
        return sign(row.state, ascii) + mark

    def word(row: RunRow) -> Content:
        return Content.styled(SIGNS[row.state].word.replace("…", "..." if ascii else "…"), SIGNS[row.state].colour)

    known = [
        Column("", lead, 2, 0),
        Column("run", lambda row: row.run.short_id, 4, 0),
        Column("", word, 8, 3),
        Column("dataset", lambda row: row.dataset, min(max(dataset, 7), 20), 6),
        Column("task", lambda row: row.objective, 6, 8),
        Column("epoch", _epoch, -7, 0),
        Column("best", lambda row: metric(row.status.best.value if row.status.best else None), -5, 0),
        Column("of", _metric_name, max(metrics, 2), 1 if not same_metric(rows) else 9),
        Column("speed", _speed, -7, 7),
        Column("left", _left, -7, 4),
        Column("age", _age, -4, 2),
        Column("name", lambda row: row.name, 12, 10),
    ]
    if not any(row.name for row in rows):
        known.pop()
    kept = sorted(known, key=lambda column: column.yields)
    while sum(abs(column.width) + 1 for column in kept) - 1 > width and len(kept) > 4:
        kept.pop()
    return [column for column in known if column in kept]


def draw_run(row: RunRow, columns: Sequence[Column]) -> Content:
    """The line of a run."""
    if row.problem:
        return cells((row.run.short_id, 4), (row.problem, 200))
    return cells(*((column.show(row), column.width) for column in columns))


def draw_header(columns: Sequence[Column]) -> Content:
    """The titles of the columns."""
    return cells(*((column.title, column.width) for column in columns))


def _metric_name(row: RunRow) -> str:
    return metric_words(row.status.best.metric) if row.status.best else ""


def _epoch(row: RunRow) -> str:
    return f"{row.status.epoch}/{row.status.epochs}" if row.status.epochs else "–"


def _speed(row: RunRow) -> str:
    live = row.state in ("training", "pausing", "starting") and row.status.speed
    return f"{short_number(row.status.speed)}/s" if live and row.status.speed else "–"


def _left(row: RunRow) -> str:
    known = row.state == "training" and row.status.seconds_left is not None
    return duration(row.status.seconds_left) if known and row.status.seconds_left is not None else "–"


def _age(row: RunRow) -> str:
    return age(max(0.0, time.time() - row.status.created)) if row.status.created else "–"


def headline(row: RunRow, width: int, ascii: bool) -> list[Content]:
    """Two lines on the chosen run: how far it is, with a bar; what it is and its best."""
    status = row.status
    if row.problem:
        return [Content.styled(clean(row.problem), "$text-error"), Content("")]
    first = sign(row.state, ascii, word=True)
    if status.epochs:
        first += Content(f"  epoch {status.epoch} of {status.epochs}  ")
    phase = status.phase if row.state == "training" and status.phase not in ("", "train", "training") else ""
    left = f"{duration(status.seconds_left)} left" if row.state == "training" and status.seconds_left else phase
    if row.state in ("finished", "stopped", "failed") and status.seconds:
        left = f"after {duration(status.seconds)}"
    room = min(40, width - first.cell_length - len(left) - 2)
    if status.epochs and room >= 6:
        first += bar(_done(row), room, ascii) + Content("  ")
    first += Content(left)
    if row.state in ("failed", "lost", "stopped") and status.message:
        return [first, Content.styled(clean(status.message), "$text-error" if row.state == "failed" else "")]
    parts = [row.objective, f"{short_number(status.speed)} samples/s" if status.speed else ""]
    parts += [f"{status.device} {status.precision}".strip()]
    if status.loss is not None:
        parts.append(f"loss {short_number(status.loss)}")
    if status.best:
        parts.insert(0, f"best {metric_words(status.best.metric)} {metric(status.best.value)} at {status.best.epoch}")
    dot = " - " if ascii else " · "
    return [first, Content.styled(clean(dot.join(filter(None, parts))), MUTED)]


def _done(row: RunRow) -> float:
    total = row.status.epochs * row.status.steps_per_epoch
    if row.state == "finished":
        return 1.0
    return min(1.0, row.status.step / total) if total else row.status.epoch / max(1, row.status.epochs)


def bar(share: float, width: int, ascii: bool) -> Content:
    """A bar of which a share is filled."""
    halves = round(max(0.0, min(1.0, share)) * width * 2)
    whole, half = divmod(halves, 2)
    if ascii:
        return Content.styled("=" * whole, "$primary") + Content("-" * (width - whole))
    full = "━" * whole + ("╸" if half else "")
    return Content.styled(full, "$primary") + Content.styled("─" * (width - whole - half), "$foreground 25%")
