"""Claim: the app is there at once, answers keys within 50 ms, and watching a run costs little over SSH.

usage: python benchmarks/interface.py [--starts N] [--watch SECONDS] [--events N] [--rate N] [--columns 120] [--rows 40]

In a pseudo-terminal. Starts: from the start of the process to the first paint that names the screens; two seconds later
the memory of the process, resident and private. Watching, as over SSH: a run whose log holds so many events and grows
at the rate, on the Runs screen with its charts; from the key `3` to its charts, then over the time the bytes written,
the share of a core and the private memory, and from the key `?` to the help it opens. The run is invented, in a data
folder of its own; its worker is another process. The last line is one JSON object.
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

from bert4rec_tui.presets import preset
from bert4rec_tui.runs.store import LocalRuns, Run
from bert4rec_tui.settings import runs_folder

MIB = 2**20
PAINTED, CHARTS, HELP, ESCAPE = b"Explore", b"learning rate", b"esc close", b"\x1b"


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
                    raise SystemExit("the invented worker did not start")
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
    answers: list[float] = []
    for _ in range(arguments.keys):
        app.press(b"?")
        answers.append(1000 * app.until(HELP))
        app.press(ESCAPE)
        app.listen(0.7)
    private = app.process.memory_full_info().uss / MIB
    app.close()
    return {
        "events": arguments.events,
        "rate": arguments.rate,
        "opened_s": round(opened, 3),
        "kb_per_second": round(written / seconds / 1000, 2),
        "core_percent": round(100 * cpu / seconds, 2),
        "key_ms": round(statistics.median(answers), 1),
        "key_95_ms": round(float(np.percentile(answers, 95)), 1),
        "private_mib": round(private, 1),
    }


def main() -> None:
    """Start the app several times, watch a run, and print the medians."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--watch", type=float, default=60.0, help="seconds; 0: only starts")
    parser.add_argument("--events", type=int, default=1_000_000, help="that the log holds at first")
    parser.add_argument("--rate", type=float, default=100.0, help="events a second after that")
    parser.add_argument("--keys", type=int, default=30, help="how often ? is pressed")
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
