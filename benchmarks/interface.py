"""Time the first screen of the app in a pseudo-terminal, and read the memory of its process.

usage: python benchmarks/interface.py [--starts N] [--columns 120] [--rows 40]

The time runs from the start of the process to the first paint that names the screens; memory is read two seconds later,
as the resident set and as what is private to the process. The last line is one JSON object.
"""

import argparse
import fcntl
import json
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import termios
import time

import psutil

PAINTED = b"Explore"


def start(columns: int, rows: int) -> tuple[float, float, float]:
    """Seconds to the first paint, resident and private memory in MiB, of one start."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    environment = os.environ | {"TERM": "xterm-256color"}
    began = time.perf_counter()
    app = subprocess.Popen(
        [sys.executable, "-m", "bert4rec_tui"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        start_new_session=True,
    )
    seen, painted = b"", 0.0
    deadline = began + 30
    while time.perf_counter() < deadline:
        if select.select([ours], [], [], 0.05)[0]:
            seen += os.read(ours, 65536)
        if not painted and PAINTED in seen:
            painted = time.perf_counter() - began
            deadline = time.perf_counter() + 2
    memory = psutil.Process(app.pid).memory_full_info()
    app.send_signal(signal.SIGTERM)
    while app.poll() is None:  # it restores the terminal, and somebody must read what it writes
        if select.select([ours], [], [], 0.05)[0]:
            os.read(ours, 65536)
    os.close(ours)
    os.close(theirs)
    return painted, memory.rss / 2**20, memory.uss / 2**20


def main() -> None:
    """Start the app several times and print the medians."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--columns", type=int, default=120)
    parser.add_argument("--rows", type=int, default=40)
    arguments = parser.parse_args()
    found = [start(arguments.columns, arguments.rows) for _ in range(arguments.starts)]
    first_paint, resident, private = (round(statistics.median(column), 3) for column in zip(*found, strict=True))
    print(json.dumps({"first_paint_s": first_paint, "resident_mib": resident, "private_mib": private}))


if __name__ == "__main__":
    main()
