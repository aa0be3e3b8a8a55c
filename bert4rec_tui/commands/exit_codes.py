"""How a command ends: its exit code, and one sentence instead of a traceback."""

import json
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, Protocol, runtime_checkable

from bert4rec_tui.errors import UserError, WorkFailedError
from bert4rec_tui.interruption import exit_code, received


@contextmanager
def handling_errors(as_json: bool) -> Generator[None]:
    """Map exceptions to one sentence and an exit code: 1 failed, 2 wrong request, 128 + n for a signal."""
    try:
        yield
    except KeyboardInterrupt:
        raise SystemExit(exit_code()) from None
    except SystemExit:
        raise
    except BaseException as error:
        if received():  # raised because work was interrupted, as by a C extension that could not be imported
            raise SystemExit(exit_code()) from None
        _exit_for(error, as_json=as_json)
        raise


def _exit_for(error: BaseException, *, as_json: bool) -> None:
    """Exit with a sentence where an exception is a known one; return for any other."""
    if isinstance(error, UserError | WorkFailedError):
        exit_with_error(str(error), error.exit_code, as_json=as_json)
    if isinstance(error, BrokenPipeError):
        # The reader of our output is gone; there is nothing left to flush to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    if isinstance(error, OSError):
        # A folder without permission, a full disk: wherever it happens, the user gets a sentence, not a traceback.
        from bert4rec_tui.files import explain_os_error

        explained = explain_os_error(error, Path(str(error.filename or "a file")))
        exit_with_error(str(explained), explained.exit_code, as_json=as_json)


def exit_with_error(sentence: str, code: int, *, as_json: bool) -> NoReturn:
    """Print a sentence on stderr and exit with a code."""
    from bert4rec_tui.commands.output import without_controls

    text = (
        json.dumps({"error": sentence}) if as_json else without_controls(f"bert4rec-tui: {sentence}".replace("\n", " "))
    )
    print(text, file=sys.stderr, flush=True)
    raise SystemExit(code)


def check_utf8(words: list[str]) -> None:
    """Raises UserError for command-line arguments that are not valid UTF-8, and so cannot be stored anywhere."""
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            escaped = word.encode("utf-8", "backslashreplace").decode()
            raise UserError(
                f"{escaped}: is not valid UTF-8; pass it in UTF-8, and in a locale without UTF-8 (LANG=C) set "
                "PYTHONUTF8=1"
            ) from None


@runtime_checkable
class UsageError(Protocol):
    """What typer raises for wrong arguments; its class is not public."""

    exit_code: int

    def format_message(self) -> str:
        """What is wrong with the arguments."""
        ...


def exit_with_usage_error(error: UsageError, words: list[str]) -> NoReturn:
    """Exit with a sentence about wrong arguments that points to --help. words: the command line."""
    path = getattr(getattr(error, "ctx", None), "command_path", "bert4rec-tui")
    what = error.format_message().replace("Value error, ", "").rstrip(".")
    exit_with_error(f"{what}; see {path} --help", error.exit_code, as_json="--json" in words)
