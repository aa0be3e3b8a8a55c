"""The output of a command: results on stdout, progress and errors on stderr, as text or as JSON."""

import json
import re
import sys
import time
from typing import Any, TextIO

import msgspec

from bert4rec_tui.progress import Progress, describe_progress, duration, size

__all__ = ["Output", "describe_progress", "duration", "size", "without_controls"]

# What would move a terminal's cursor, change its colours, or turn the direction of what follows (bidirectional marks,
# embeddings, overrides and isolates: "evil\u202efdp.exe" would read "evilexe.pdf").
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def without_controls(text: str) -> str:
    """The text with control and bidirectional characters replaced by spaces; line breaks and tabs stay."""
    return _CONTROL.sub(" ", text)


def _write_line(stream: TextIO, line: str) -> None:
    """Write a line and its end in one call: `print` makes two, and Ctrl-C between them would join two lines."""
    try:
        stream.write(f"{line}\n")
        stream.flush()
    except OSError as error:
        error.filename = error.filename or stream.name.strip("<>")  # a full disk behind a `>`
        raise


def as_json_line(values: Any, stream: TextIO) -> str:
    """A value as one line of JSON in the encoding of the stream; an id must not become question marks.

    What would act on a terminal is escaped, which JSON reads back as the same text.
    """
    text = json.dumps(values, ensure_ascii=not (stream.encoding or "utf-8").lower().startswith("utf"))
    return _CONTROL.sub(lambda character: f"\\u{ord(character[0]):04x}", text)


class Output:
    """Writes the output of a command.

    With `as_json` each progress is a line of JSON on stderr, with its fields under "progress", and the result one JSON
    object on stdout; without, progress is a line that is rewritten on a terminal, and the result is text.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._rewrites = sys.stderr.isatty() and not as_json
        self._last_stage = ""
        self._last_time = 0.0
        self._line_open = False

    def progress(self, progress: Progress) -> None:
        """Show progress, at most ten times a second within one stage."""
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

    def message(self, sentence: str) -> None:
        """Print a remark on stderr."""
        self.close_line()
        _write_line(sys.stderr, json.dumps({"message": sentence}) if self.as_json else without_controls(sentence))

    def result(self, values: Any, text: str) -> None:
        """Print the result: `values` as one line of JSON, or `text`."""
        self.close_line()
        _write_line(sys.stdout, as_json_line(values, sys.stdout) if self.as_json else without_controls(text))

    def line(self, text: str) -> None:
        """Print a line of text on stdout before the result is known."""
        self.close_line()
        _write_line(sys.stdout, without_controls(text))

    def close_line(self) -> None:
        """Clear the line that shows progress."""
        if self._line_open:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._line_open = False
