"""The process that a run lives in.

usage: python -m bert4rec_tui.training.worker RUN_FOLDER

It holds the run's lock for life, goes on from the last checkpoint where there is one, and leaves its ending in the
status: finished, stopped, or failed with one sentence that says what to do. SIGTERM saves and ends; a second one ends
at once.
"""

import os
import re
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path
from types import FrameType

import torch
from filelock import Timeout

from bert4rec_tui.config import Config
from bert4rec_tui.data.dataset import PreparedDataset, find_dataset
from bert4rec_tui.errors import UserError, WorkFailedError
from bert4rec_tui.evaluation.testing import run_test
from bert4rec_tui.files import explain_os_error
from bert4rec_tui.model.hardware import choose_device, choose_precision, set_up_process
from bert4rec_tui.progress import Progress
from bert4rec_tui.runs import machine
from bert4rec_tui.runs.status import read_status, worker_lock, write_status
from bert4rec_tui.runs.store import Run
from bert4rec_tui.settings import datasets_folder
from bert4rec_tui.training.trainer import Trainer

# How torch says it on CPUs of every system, and on MPS; CUDA has an exception of its own.
NO_MEMORY = re.compile(r"out of memory|can't allocate memory|not enough memory", re.IGNORECASE)


def main() -> int:
    """Work on the run folder in the first argument. Returns the exit code."""
    run = Run(Path(sys.argv[1]))
    stop_asked = threading.Event()
    obey_signals(stop_asked)
    lock = worker_lock(run.path)
    try:
        # A reader tries the lock for an instant; another worker keeps it.
        lock.acquire(timeout=3)
    except Timeout:
        print(f"{run.id}: another worker has this run", flush=True)
        return 2
    try:
        return work(run, stop_asked)
    finally:
        lock.release()


def work(run: Run, stop_asked: threading.Event) -> int:
    """Train a run whose lock is held, and leave its ending in its status."""
    try:
        _say_who_works(run)
        config = run.config()
        dataset = find_dataset(config.dataset.id, datasets_folder())
        device = choose_device(config.training.device)
        set_up_process(config.training.threads, config.training.deterministic, device)
        trainer = Trainer(config, dataset, run.path, device, choose_precision(config.training.precision, device))
    except (UserError, WorkFailedError) as error:
        return fail(run, str(error))
    except Exception as error:
        traceback.print_exc()
        return fail(run, explain(error, None))
    trainer.recorder.stop_asked = stop_asked
    return train(run, trainer, config, dataset)


def obey_signals(stop_asked: threading.Event) -> None:
    """Let SIGTERM and SIGINT ask for a stop, a second one end at once, and a terminal that closes be no matter."""

    def on_signal(number: int, frame: FrameType | None) -> None:
        del number, frame
        if stop_asked.is_set():
            os._exit(1)
        stop_asked.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _say_who_works(run: Run) -> None:
    """Put this process into the status before anything slow: from here on the lock tells whether it lives."""
    status = read_status(run.path)
    status.state, status.phase = "starting", "loading"
    status.host, status.boot_id, status.pid = machine.host(), machine.boot_id(), os.getpid()
    status.pid_started, status.pids = machine.process_started(os.getpid()), [os.getpid()]
    status.heartbeat = status.progressed_at = time.time()
    write_status(run.path, status)


def train(run: Run, trainer: Trainer, config: Config, dataset: PreparedDataset) -> int:
    """The life of a worker from its first step to its ending."""
    recorder, position = trainer.recorder, trainer.position
    try:
        steps = trainer.batches.steps_per_epoch
        recorder.open(position, trainer.resumed, steps, str(trainer.device), trainer.precision)
        ending = trainer.train()
        if ending == "finished" and config.training.test_at_end:
            recorder.phase("testing")
            test_best(run, trainer, config, dataset)
        recorder.change_state("finished" if ending == "finished" else "stopped", position.step)
    except Exception as error:
        sentence = explain(error, config, recorder.status.phase)
        with suppress(OSError, UserError):  # where not even the ending can be written, readers call the run lost
            recorder.change_state("failed", position.step, sentence)
        with suppress(OSError):
            if not isinstance(error, (UserError, WorkFailedError)):
                traceback.print_exception(error)
            print(f"failed: {sentence}", flush=True)
        return 1
    else:
        return 0
    finally:
        recorder.close()


def test_best(run: Run, trainer: Trainer, config: Config, dataset: PreparedDataset) -> None:
    """Test the best checkpoint at the end of training, and let the run be seen to move meanwhile."""

    def moved(progress: Progress) -> None:
        del progress
        trainer.recorder.advance()

    evaluation = config.evaluation
    run_test(run, dataset, "best", evaluation.protocols, trainer.device, evaluation.test_precision, moved)


def explain(error: Exception, config: Config | None, phase: str = "") -> str:
    """One sentence on what went wrong, and what to do where that is known.

    phase: what the worker did, which says whose batch is too large.
    """
    text = str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)) or NO_MEMORY.search(text):
        group = "evaluation" if phase in ("validating", "testing") else "training"
        size = getattr(config, group).batch_size if config else 1
        if size > 1:
            return f"out of memory: set {group}.batch_size = {size // 2} (it is {size}) and start again"
        return "out of memory: make the model smaller, or use a machine with more"
    if isinstance(error, (UserError, WorkFailedError)):
        return str(error)
    if isinstance(error, OSError):
        return str(explain_os_error(error, Path(error.filename or "the run's folder")))
    return f"{type(error).__name__}: {text} (the console log has the rest)"


def fail(run: Run, sentence: str) -> int:
    """Leave a failure in the status of a run that never came to train."""
    print(f"failed: {sentence}", flush=True)
    status = read_status(run.path)
    status.state, status.message, status.phase, status.ended = "failed", sentence, "", time.time()
    write_status(run.path, status)
    return 1


if __name__ == "__main__":
    sys.exit(main())
