"""Runs small enough for a test, and ways to have them worked on."""

import subprocess
import sys
import threading

from whole_log import WholeLog

from bert4rec_tui.runs.store import Run
from bert4rec_tui.training.worker import work

SMALL = [
    "model.hidden=16",
    "model.heads=2",
    "model.blocks=1",
    "model.max_len=12",
    "training.batch_size=8",
    "training.epochs=3",
    "training.threads=1",
    "training.device=cpu",
    "training.precision=fp32",
    "evaluation.ks=[1,5]",
    'evaluation.protocols=["full","uniform-5"]',
    "evaluation.best_metric=full:NDCG@5",
]


def start(run: Run) -> subprocess.Popen:
    console = (run.path / "console.log").open("ab")
    return subprocess.Popen(
        [sys.executable, "-m", "bert4rec_tui.training", str(run.path)], stdout=console, stderr=console
    )


def finish(run: Run) -> int:
    """Let the run be worked on here: what no signal has to reach needs no process of its own."""
    return work(run, threading.Event())


def curves(run: Run) -> WholeLog:
    found = WholeLog()
    found.add(run.events.read()[0])
    return found
