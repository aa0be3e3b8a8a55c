"""The console log of a run whose worker was started by hand, by torchrun or by Slurm, with an output of its own."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO


class Tee:
    """Writes to two streams; a log that cannot be written keeps nobody from the other."""

    def __init__(self, stream: TextIO, log: TextIO) -> None:
        self.stream, self.log = stream, log

    def write(self, text: str) -> int:
        """Write to both, at once. Returns how many characters."""
        for each in (self.log, self.stream):
            with suppress(OSError):
                each.write(text)
                each.flush()
        return len(text)

    def flush(self) -> None:
        """Nothing is ever held back."""

    def fileno(self) -> int:
        """The descriptor of the first stream."""
        return self.stream.fileno()

    def isatty(self) -> bool:
        """Whether the first stream is a terminal."""
        return self.stream.isatty()


def keep_console_log(run: Path) -> None:
    """Write what this process prints to the run's console.log too, unless it goes there already."""
    file = run / "console.log"
    with suppress(OSError):
        if os.path.samestat(file.stat(), os.fstat(sys.stdout.fileno())):
            return
    try:
        log = os.fdopen(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644), "w", encoding="utf-8")
    except OSError:  # the run says so itself when it cannot be written
        return
    sys.stdout, sys.stderr = Tee(sys.stdout, log), Tee(sys.stderr, log)
