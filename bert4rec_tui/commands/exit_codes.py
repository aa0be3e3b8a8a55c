"""How a command ends: its exit code, and one sentence in place of a traceback."""

import json
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, Protocol, runtime_checkable

from bert4rec_tui.errors import UserError, WorkFailedError


@contextmanager
def handling_errors(as_json: bool) -> Generator[None]:
    """Turn how a command ends into one sentence and an exit code: 1 failed, 2 wrong request, 130 interrupted."""
    try:
        yield
    except (UserError, WorkFailedError) as error:
        exit_with_error(str(error), error.exit_code, as_json=as_json)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:
        # Whoever read our output has had enough; nothing is left to flush it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except OSError as error:
        # A folder without permission, a full disk: wherever it shows, the person is told and not shown our code.
        from bert4rec_tui.files import explain_os_error

        told = explain_os_error(error, Path(str(error.filename or "a file")))
        exit_with_error(str(told), told.exit_code, as_json=as_json)


def exit_with_error(sentence: str, code: int, *, as_json: bool) -> NoReturn:
    """End the command with a sentence on stderr."""
    from bert4rec_tui.commands.output import without_controls

    text = (
        json.dumps({"error": sentence}) if as_json else without_controls(f"bert4rec-tui: {sentence}".replace("\n", " "))
    )
    print(text, file=sys.stderr, flush=True)
    raise SystemExit(code)


def check_utf8(words: list[str]) -> None:
    """Raises UserError for words of the command line that are no text, and so could be kept nowhere."""
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            told = word.encode("utf-8", "backslashreplace").decode()
            raise UserError(
                f"{told}: cannot be read as UTF-8; write it in UTF-8, and where your locale is none of UTF-8 (LANG=C), "
                "set PYTHONUTF8=1"
            ) from None


@runtime_checkable
class UsageError(Protocol):
    """What typer raises for words that are no command of ours; it keeps the class to itself."""

    exit_code: int

    def format_message(self) -> str:
        """What is wrong with the words."""
        ...


def exit_with_usage_error(misuse: UsageError, words: list[str]) -> NoReturn:
    """End with a sentence on words that are no command, and the way to help. words: what was typed."""
    path = getattr(getattr(misuse, "ctx", None), "command_path", "bert4rec-tui")
    what = misuse.format_message().replace("Value error, ", "").rstrip(".")
    exit_with_error(f"{what}; {path} --help says what there is", misuse.exit_code, as_json="--json" in words)
