"""Progress of long work: one small value, passed to a callback."""

from collections.abc import Callable

from msgspec import Struct


class Progress(Struct, frozen=True, kw_only=True):
    """The progress of one stage of some work.

    `stage` is shown to the user, such as "Downloading"; `total` is None while unknown; `unit` is what is counted
    ("bytes", "users", …); `rate` is in units per second, `seconds_left` None while unknown; `note` is any other current
    value, such as the loss.
    """

    stage: str
    done: int = 0
    total: int | None = None
    unit: str = ""
    rate: float | None = None
    seconds_left: float | None = None
    note: str = ""


ReportProgress = Callable[[Progress], None]


def ignore_progress(progress: Progress) -> None:
    """The default where progress is not reported."""
    del progress


def duration(seconds: float) -> str:
    """A duration as text: `42s`, `4m 10s`, `2h 5m`, `3d 4h`."""
    whole = max(0, round(seconds))
    days, hours, minutes, rest = whole // 86400, whole // 3600 % 24, whole // 60 % 60, whole % 60
    if days:
        return f"{days}d {hours}h"
    if hours:
        return f"{hours}h {minutes}m"
    return f"{minutes}m {rest}s" if minutes else f"{rest}s"


def size(amount: float) -> str:
    """A number of bytes as text: `5.9 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def memory(amount: float) -> str:
    """Bytes of memory as text, in the unit used for memory and GPUs: `78.2 GiB`."""
    return f"{amount / 2**30:.1f} GiB"


def describe_progress(progress: Progress) -> str:
    """A progress as one line: `Downloading 3.2 of 5.9 MB  54%  1.1 MB/s  3s left`."""

    def show(amount: float) -> str:
        return size(amount) if progress.unit == "bytes" else f"{amount:,.0f} {progress.unit}".rstrip()

    parts = [progress.stage, *([progress.note] if progress.note else [])]
    if progress.total:
        done, total = show(progress.done), show(progress.total)
        number, _, unit = done.partition(" ")
        done = number if total.endswith(f" {unit}") else done  # show a common unit once
        parts.append(f"{done} of {total}  {progress.done / progress.total:.0%}")
    elif progress.done:
        parts.append(show(progress.done))
    if progress.rate:
        parts.append(f"{show(progress.rate)}/s")
    if progress.seconds_left is not None:
        parts.append(f"{duration(progress.seconds_left)} left")
    return "  ".join(parts)
