"""The app in a pseudo-terminal, watched from outside: what it writes, how soon, and what its process costs."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping

import psutil


class AppInTerminal:
    """The app, started in a terminal of a size; `screen` holds the bytes of late, `written` counts all of them."""

    def __init__(self, columns: int, rows: int, environment: Mapping[str, str] | None = None) -> None:
        self._ours, self._theirs = pty.openpty()
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen, self.written = b"", 0
        self.began = time.perf_counter()
        self._app = subprocess.Popen(
            [sys.executable, "-m", "bert4rec_tui"],
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            env={**os.environ, "TERM": "xterm-256color", **(environment or {})},
            start_new_session=True,
        )
        self.process = psutil.Process(self._app.pid)

    def read(self, seconds: float = 0.0) -> bytes:
        """What it writes within a time, or as soon as it has written something."""
        if not select.select([self._ours], [], [], seconds)[0]:
            return b""
        new = os.read(self._ours, 1 << 16)
        self.written += len(new)
        self.screen = (self.screen + new)[-(1 << 20) :]
        return new

    def listen(self, seconds: float) -> None:
        """Read for so long."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.read(min(left, 0.05))

    def until(self, words: bytes, seconds: float = 30.0) -> float:
        """The seconds until it has written these words, from now. Ends the program where they never come."""
        began, before = time.perf_counter(), self.written
        self.screen = b""
        while words not in self.screen:
            if time.perf_counter() - began > seconds:
                raise SystemExit(f"the app never showed {words!r}; it wrote {self.written - before:,} bytes meanwhile")
            self.read(0.01)
        return time.perf_counter() - began

    def press(self, keys: bytes) -> None:
        """Press keys, as the terminal sends them."""
        os.write(self._ours, keys)

    def close(self) -> None:
        """End it as a closed terminal would; it restores the terminal, and somebody must read what it writes."""
        self._app.send_signal(signal.SIGTERM)
        while self._app.poll() is None:
            self.read(0.05)
        os.close(self._ours)
        os.close(self._theirs)
