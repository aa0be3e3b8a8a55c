"""The ways in which something ends that is not a defect of ours."""

from typing import ClassVar

# What reading a file raises, whatever bytes are in it: JSON and TOML nested too deeply, numbers beyond all bounds.
UNREADABLE = (OSError, ValueError, RecursionError, OverflowError, MemoryError)


def why_unreadable(error: Exception) -> str:
    """What is wrong with a file, in a few words, from one of the errors in UNREADABLE."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, MemoryError):
        return "it is too large for memory"
    return str(error)


class UserError(Exception):
    """The request cannot be served as it is: exit code 2.

    The message is one sentence for the person at the keyboard: what is wrong, where, and what would be right.
    """

    exit_code: ClassVar[int] = 2


class OutOfReachError(UserError):
    """The request was right, and the disk or the network would not: exit code 1. Handled like any other refusal."""

    exit_code = 1


class WorkFailedError(Exception):
    """The request was right and the work failed: exit code 1. The message is one sentence for the person."""

    exit_code: ClassVar[int] = 1


def printable(text: str, length: int = 200) -> str:
    """Text from a file, safe in a terminal line: control characters become spaces, long text is truncated."""
    clean = "".join(character if character.isprintable() else " " for character in text)
    return clean if len(clean) <= length else f"{clean[: length - 1]}…"
