"""How long work tells what it has done: one small value, passed to whoever asked for it."""

from collections.abc import Callable

from msgspec import Struct


class Progress(Struct, frozen=True, kw_only=True):
    """How far one stage of some work is.

    `stage` is a word for the person, such as "Downloading"; `total` is None while unknown; `unit` is what is counted
    ("bytes", "users", …); `rate` is in units a second, `seconds_left` None while unknown.
    """

    stage: str
    done: int = 0
    total: int | None = None
    unit: str = ""
    rate: float | None = None
    seconds_left: float | None = None


ReportProgress = Callable[[Progress], None]


def report_nothing(progress: Progress) -> None:
    """For callers who do not want to know."""
    del progress
