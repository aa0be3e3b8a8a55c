"""Claim: the app is there at once, answers keys within 50 ms, and watching a run costs little over SSH.

usage: python benchmarks/interface.py [--starts N] [--watch SECONDS] [--events N] [--rate N] [--columns 120] [--rows 40]

In a pseudo-terminal. Starts: from the start of the process to the first paint that names the screens; two seconds later
the memory of the process, resident and private. Watching, as over SSH: a run whose log holds so many events and grows
at the rate, on the Runs screen with its charts; from the key `3` to its charts, then over the time the bytes written,
the share of a core and the private memory. Then keys, each from its press until the terminal has what it shows: `l` (an
axis becomes logarithmic) and `?` (the whole page of keys). The run is synthetic, in a data folder of its own; its
worker is another process. The last line is one JSON object.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from pseudo_terminal import AppInTerminal
from synthetic import prepare_synthetic

from bert4rec_tui.config.presets import preset
from bert4rec_tui.runs.store import LocalRuns, Run
from bert4rec_tui.settings import runs_folder

MIB = 2**20
PAINTED, CHARTS, ESCAPE = b"Explore", b"learning rate", b"\x1b"
# A key, what is then on the screen, and the key that takes it back.
KEYS = {"axis": (b"l", b"log", b"l"), "help": (b"?", b"esc close", ESCAPE)}


def start(columns: int, rows: int) -> tuple[float, float, float]:
    """Seconds to the first paint, resident and private memory in MiB, of one start."""
    app = AppInTerminal(columns, rows)
    app.until(PAINTED)
    painted = time.perf_counter() - app.began
    app.listen(2)
    memory = app.process.memory_full_info()
    app.close()
    return painted, memory.rss / MIB, memory.uss / MIB


def invented_run(folder: Path) -> Run:
    """A run that nobody trains yet."""
    os.environ["BERT4REC_TUI_HOME"] = str(folder)
    prepare_synthetic(folder, users=200, items=100)
    config = preset("causal")
    return LocalRuns(runs_folder()).create(config, config.dataset.id)


def watch(arguments: argparse.Namespace) -> dict[str, Any]:
    """What watching a run costs."""
    with tempfile.TemporaryDirectory() as scratch:
        run = invented_run(Path(scratch))
        program = Path(__file__).with_name("invented_worker.py")
        words = [sys.executable, str(program), str(run.path), str(arguments.events), str(arguments.rate)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as worker:
            try:
                assert worker.stdout is not None
                if worker.stdout.readline().strip() != "ready":
                    raise SystemExit("the stand-in for a worker did not start")
                return watched(arguments)
            finally:
                worker.terminate()


def watched(arguments: argparse.Namespace) -> dict[str, Any]:
    """The figures of an app that shows the run."""
    app = AppInTerminal(arguments.columns, arguments.rows, {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"})
    app.until(PAINTED)
    app.listen(2)
    app.press(b"3")
    opened = app.until(CHARTS)
    app.listen(5)
    before, spent, began = app.written, sum(app.process.cpu_times()[:2]), time.perf_counter()
    app.listen(arguments.watch)
    seconds = time.perf_counter() - began
    written, cpu = app.written - before, sum(app.process.cpu_times()[:2]) - spent
    answers = {name: answered(app, *key, arguments.keys) for name, key in KEYS.items()}
    private = app.process.memory_full_info().uss / MIB
    app.close()
    return {
        "events": arguments.events,
        "rate": arguments.rate,
        "opened_s": round(opened, 3),
        "kb_per_second": round(written / seconds / 1000, 2),
        "core_percent": round(100 * cpu / seconds, 2),
        "key_ms": {name: round(statistics.median(times), 1) for name, times in answers.items()},
        "key_95_ms": {name: round(float(np.percentile(times, 95)), 1) for name, times in answers.items()},
        "private_mib": round(private, 1),
    }


def answered(app: AppInTerminal, key: bytes, shows: bytes, back: bytes, times: int) -> list[float]:
    """Milliseconds from the press of a key until what it shows, each time after the screen has come to rest."""
    found: list[float] = []
    for _ in range(times):
        app.press(key)
        found.append(1000 * app.until(shows))
        app.listen(0.7)
        app.press(back)
        app.listen(0.7)
    return found


def main() -> None:
    """Start the app several times, watch a run, and print the medians."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--watch", type=float, default=60.0, help="seconds; 0: only starts")
    parser.add_argument("--events", type=int, default=1_000_000, help="that the log holds at first")
    parser.add_argument("--rate", type=float, default=100.0, help="events a second after that")
    parser.add_argument("--keys", type=int, default=30, help="how often each key is pressed")
    parser.add_argument("--columns", type=int, default=120)
    parser.add_argument("--rows", type=int, default=40)
    arguments = parser.parse_args()
    found = [start(arguments.columns, arguments.rows) for _ in range(arguments.starts)]
    medians = [round(statistics.median(column), 3) for column in zip(*found, strict=True)]
    told: dict[str, Any] = dict(zip(("first_paint_s", "resident_mib", "private_mib"), medians, strict=False))
    if arguments.watch:
        told["watching"] = watch(arguments)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
