"""How states and numbers look on every screen: one sign, one format, also with ASCII alone."""

import unicodedata
from dataclasses import dataclass
from math import isfinite

from textual.content import Content

from bert4rec_tui.progress import duration, size
from bert4rec_tui.runs.status import State

__all__ = [
    "MUTED",
    "SIGNS",
    "age",
    "bar",
    "clean",
    "count",
    "cut",
    "duration",
    "metric",
    "metric_words",
    "quantity",
    "share",
    "sign",
    "signed",
    "size",
]

# Text that stands back. The theme's own `text-muted` leaves the choice to what is behind it, which a span cannot see.
MUTED = "$foreground 60%"

_NOT_TEXT = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}  # controls, nothing assigned, separators of lines


@dataclass(frozen=True)
class Sign:
    """What stands for a state: a character, the same in ASCII, the word, and the theme's colour that repeats it."""

    character: str
    ascii: str
    word: str
    colour: str


SIGNS: dict[State, Sign] = {
    "queued": Sign("◌", "o", "queued", MUTED),
    "starting": Sign("◌", "o", "starting", MUTED),
    "training": Sign("●", "*", "training", "$text-success"),
    "paused": Sign("‖", "=", "paused", "$text-warning"),
    "pausing": Sign("‖", "=", "pausing…", "$text-warning"),
    "stopping": Sign("■", "#", "stopping…", "$text-warning"),
    "finished": Sign("✓", "+", "finished", MUTED),
    "stopped": Sign("■", "#", "stopped", MUTED),
    "failed": Sign("✗", "x", "failed", "$text-error"),
    "stalled": Sign("?", "?", "stalled", "$text-warning"),
    "lost": Sign("†", "!", "lost", "$text-error"),
}


def sign(state: State, ascii: bool = False, word: bool = False) -> Content:
    """The sign of a state in its colour, with its word where there is room."""
    known = SIGNS[state]
    text = (known.ascii if ascii else known.character) + (f" {known.word}" if word else "")
    return Content.styled(text.replace("…", "...") if ascii else text, known.colour)


def count(number: float) -> str:
    """A whole number with thousands separators: `1,000,209`."""
    return f"{number:,.0f}"


def metric(value: float | None) -> str:
    """A metric with four digits and no zero before the point: `.5212`; `–` where there is none."""
    if value is None or not isfinite(value):
        return "–"
    text = f"{value:.4f}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def signed(difference: float) -> str:
    """A difference of two metrics, always with its sign: `+.0041`."""
    return ("+" if difference >= 0 else "−") + metric(abs(difference))


def share(part: float) -> str:
    """A share of one in percent: `4.47%`."""
    return f"{part:.2%}" if part < 0.1 else f"{part:.1%}"


def quantity(number: float) -> str:
    """A large number in few characters: `2.6 M`, `61 k`."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= limit:
            scaled = number / limit
            return f"{scaled:.1f} {unit}" if scaled < 10 else f"{scaled:.0f} {unit}"
    return f"{number:.0f}"


def age(seconds: float) -> str:
    """How long ago something was, in one unit: `42s`, `4m`, `2h`, `3d`."""
    return duration(seconds).partition(" ")[0]


def clean(text: str) -> str:
    """Text from data, logs or files without control characters, so that nothing of it steers the terminal.

    Controls of the writing direction (U+202E and others) are among them: they would turn what is next to them too.
    """
    if text.isprintable():  # nearly always: no list of a screenful of titles is gone through character by character
        return text
    return "".join(" " if c != "\u200d" and unicodedata.category(c) in _NOT_TEXT else c for c in text)


def cut(text: str, width: int, ascii: bool = False) -> str:
    """`text`, cleaned and cut or padded to exactly `width` cells, whatever the width of its characters."""
    if text.isascii() and text.isprintable() and len(bare := text.rstrip()) <= width:  # the usual title
        return bare.ljust(width)
    content = Content(clean(text)).rstrip()
    if content.cell_length <= width:
        return content.plain + " " * (width - content.cell_length)
    mark = "..." if ascii else "…"
    short = content.truncate(max(0, width - len(mark)))
    return (short.plain + mark + " " * (width - short.cell_length - len(mark)))[: max(width, 0)]


def metric_words(metric: str) -> str:
    """A metric with its protocol as a title says it: `full:NDCG@10` is "NDCG@10 full"."""
    protocol, _, name = metric.partition(":")
    return f"{name} {protocol}"


def bar(share: float, width: int, ascii: bool) -> Content:
    """A bar of which a share is filled."""
    halves = round(max(0.0, min(1.0, share)) * width * 2)
    whole, half = divmod(halves, 2)
    if ascii:
        return Content.styled("=" * whole, "$primary") + Content("-" * (width - whole))
    full = "━" * whole + ("╸" if half else "")
    return Content.styled(full, "$primary") + Content.styled("─" * (width - whole - half), "$foreground 25%")
