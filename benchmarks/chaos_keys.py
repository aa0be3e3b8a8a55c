"""Random keys at random speed, in terminals of every size: the app stays, or ends cleanly."""

import fcntl
import os
import pty
import random
import re
import select
import signal
import struct
import termios
import time
from contextlib import suppress

from chaos_process import PATIENCE_SECONDS, TROUBLE, Fault, Started, about, command, fork, no_process_left
from chaos_world import World

SIZES = ((80, 24), (120, 40), (200, 60), (20, 6))
PLAIN = "123451234512345jkgGhl[]/?:rscpxnybdDaAuUeiIofwvmtzMNKJB,.<>+-=_ q"
SPECIAL = [
    b"\x1b",
    b"\r",
    b"\t",
    b"\x1b[Z",
    b"\x7f",
    b" ",
    *(f"\x1b[{letter}".encode() for letter in "ABCDHF"),
    *(f"\x1b[{number}~".encode() for number in (2, 3, 5, 6)),
    b"\x10",  # ctrl+p
    b"\x1b[<0;10;10M\x1b[<0;10;10m",  # a click
    b"\x1b[<65;20;10M",  # the wheel
    "ü漢😀".encode(),
    b"\x1b[200~pasted\nlines\x1b[201~",
]
TIDY = b"\x1b[?1049l"  # the terminal is given back as it was


def _keys(chance: random.Random) -> list[bytes]:
    """Keys to press, one after the other; some sequences leave soon after they have come to a screen."""
    if chance.random() < 0.3:
        return [key.encode() for key in chance.choice(("12345q", "5q", "4q", "3q", "543215q", "2/q", "3?q", "55q"))]
    kinds = (lambda: chance.choice(PLAIN).encode(), lambda: chance.choice(SPECIAL))
    return [chance.choices(kinds, (4, 1))[0]() for _ in range(chance.randint(5, 40))]


class _Screen:
    """What the app writes to its terminal."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.written = b""

    def read(self, seconds: float) -> bool:
        """Read what comes within a time, or as soon as something does. Returns whether the terminal is open."""
        if not select.select([self.descriptor], [], [], seconds)[0]:
            return True
        try:
            new = os.read(self.descriptor, 1 << 16)
        except OSError:
            return False
        self.written += new
        return bool(new)

    def for_seconds(self, seconds: float) -> None:
        """Read for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and self.read(left):
            pass


def typed(world: World, seed: int) -> str:
    """Keys in a terminal; afterwards the app is there or has ended with code 0, and SIGTERM ends it tidily."""
    chance, home = random.Random(seed), world.copy()
    ours, theirs = pty.openpty()
    columns, rows = chance.choice(SIZES)
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    pause, keys = chance.choice((0.0, 0.01, 0.05, 0.1)), _keys(chance)
    said = f"{columns}×{rows}, {pause * 1000:.0f} ms, {b''.join(keys)!r}"
    process = fork("the app", command([]), home, terminal=theirs)
    os.close(theirs)
    screen = _Screen(ours)
    try:
        with about(said):
            _until_drawn(screen, process)
            for key in keys:
                if not process.alive():
                    break
                with suppress(OSError):
                    os.write(ours, key)
                screen.for_seconds(pause * chance.uniform(0.5, 1.5))
            screen.for_seconds(1.0)
            _end(screen, process)
            no_process_left(home, "-m bert4rec_tui.training")
    finally:
        process.send(signal.SIGKILL)
        process.ended()
        os.close(ours)
    return said


def _until_drawn(screen: _Screen, process: Started) -> None:
    end = time.monotonic() + PATIENCE_SECONDS * 3
    while len(screen.written) < 500:
        if time.monotonic() > end or not process.alive():
            raise Fault(f"the app does not start: {_words(screen.written)[-300:]}")
        screen.read(0.05)


def _end(screen: _Screen, process: Started) -> None:
    """End the app if it lives, and judge how it ended."""
    asked = process.alive()
    process.send(signal.SIGTERM)
    end = time.monotonic() + PATIENCE_SECONDS
    while process.alive():
        if time.monotonic() > end:
            raise Fault("the app does not end")
        screen.read(0.02)
    while screen.read(0.0) and select.select([screen.descriptor], [], [], 0)[0]:
        pass
    text = _words(screen.written)
    if found := TROUBLE.search(text):
        raise Fault(f"a traceback: …{text[found.start() :][-400:]}")
    # Textual draws the traceback of an error in a box, with the lines of the code.
    if "Traceback" in text and "most recent call last" in text:
        raise Fault(f"a traceback in a box: …{text[-400:]}")
    allowed = (0, 143, 130) if asked else (0,)
    if process.code not in allowed:
        raise Fault(f"the app ended with {process.code}; allowed: {list(allowed)} (…{text[-300:]})")
    if TIDY not in screen.written:
        raise Fault("the terminal was not given back")


def _words(written: bytes) -> str:
    text = re.sub(rb"\x1b\[[0-9;?<>=]*[A-Za-z]|\x1b[\]P].*?(?:\x07|\x1b\\)", b" ", written)
    return text.decode("utf-8", "replace")
