"""What a command says: results on stdout, progress and errors on stderr, for people or as JSON for programs."""

import json
import re
import sys
import time
from typing import Any, TextIO

import msgspec

from bert4rec_tui.progress import Progress, describe_progress, duration, size

__all__ = ["Output", "describe_progress", "duration", "size", "without_controls"]

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def without_controls(text: str) -> str:
    """The text without what would move a terminal's cursor or change its colours; lines and tabs stay."""
    return _CONTROL.sub(" ", text)


def _write_line(stream: TextIO, line: str) -> None:
    """Write a line with its end at once: between the two that `print` writes, a Ctrl-C would glue it to the next."""
    try:
        stream.write(f"{line}\n")
        stream.flush()
    except OSError as error:
        error.filename = error.filename or stream.name.strip("<>")  # a full disk behind a `>`
        raise


def as_json_line(values: Any, stream: TextIO) -> str:
    """A value as one line of JSON that the stream can show: an id that becomes a question mark is another id."""
    return json.dumps(values, ensure_ascii=not (stream.encoding or "utf-8").lower().startswith("utf"))


class Output:
    """Where a command's words go.

    With `as_json` each progress is one JSON object a line on stderr, with its fields under "progress", and the result
    one JSON object on stdout; without, a line that is rewritten on a terminal, and text.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._rewrites = sys.stderr.isatty() and not as_json
        self._last_stage = ""
        self._last_time = 0.0
        self._line_open = False

    def progress(self, progress: Progress) -> None:
        """Show how far the work is, at most ten times a second within one stage."""
        now = time.monotonic()
        new_stage = progress.stage != self._last_stage
        pause = 0.1 if self._rewrites or self.as_json else 5.0
        if not new_stage and now - self._last_time < pause and progress.done != progress.total:
            return
        self._last_stage, self._last_time = progress.stage, now
        if self.as_json:
            _write_line(sys.stderr, json.dumps({"progress": msgspec.to_builtins(progress)}))
        elif self._rewrites:
            print(f"\r\x1b[K{without_controls(describe_progress(progress))}", end="", file=sys.stderr, flush=True)
            self._line_open = True
        elif new_stage or progress.done != progress.total:
            _write_line(sys.stderr, without_controls(describe_progress(progress)))

    def say(self, sentence: str) -> None:
        """Tell the person something on stderr."""
        self.close_line()
        _write_line(sys.stderr, json.dumps({"message": sentence}) if self.as_json else without_controls(sentence))

    def result(self, values: Any, text: str) -> None:
        """Print the result: `values` as one line of JSON, or `text`."""
        self.close_line()
        _write_line(sys.stdout, as_json_line(values, sys.stdout) if self.as_json else without_controls(text))

    def line(self, text: str) -> None:
        """Print a line for people on stdout before the result is known."""
        self.close_line()
        _write_line(sys.stdout, without_controls(text))

    def close_line(self) -> None:
        """End a line that progress was rewriting."""
        if self._line_open:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._line_open = False
