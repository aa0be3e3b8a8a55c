"""What the process does that a run lives in, or one of the ranks that it lives in.

It holds the run's lock for life, continues from the last checkpoint where there is one, and leaves its ending in the
status: finished, stopped, or failed with one sentence that says what to do. SIGTERM saves and ends; a second one ends
at once. Of several ranks the first does so, and all of them end together.
"""

import ctypes
import os
import re
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path

import torch

from bert4rec_tui.config import Config
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.store import dataset_of
from bert4rec_tui.errors import UserError, WorkFailedError
from bert4rec_tui.evaluation.testing import run_test
from bert4rec_tui.files import clear_leftovers, explain_os_error
from bert4rec_tui.model.hardware import choose_precision, set_up_process
from bert4rec_tui.progress import Progress
from bert4rec_tui.runs.control import clear_control
from bert4rec_tui.runs.ending import keep_reserve, write_failure
from bert4rec_tui.runs.events import EventLog, Note
from bert4rec_tui.runs.lock import LockHeldError, worker_lock
from bert4rec_tui.runs.status import ENDED, LIVE, claim, other_worker, read_status, write_status
from bert4rec_tui.runs.store import Run
from bert4rec_tui.settings import datasets_folder
from bert4rec_tui.training.console import keep_console_log
from bert4rec_tui.training.distributed import ALONE, World, device_of
from bert4rec_tui.training.notification import Notification, ending_sentence, run_notify_command
from bert4rec_tui.training.rank_connections import RankConnections
from bert4rec_tui.training.recorder import Recorder, RunTakenError
from bert4rec_tui.training.signals import (
    SAME_SIGNAL_SECONDS,
    end_at_once_on_signals,
    obey_signals,
    under_torchrun,
)
from bert4rec_tui.training.trainer import Trainer

# When a rank dies, what the others are doing breaks; who died is known a moment later.
VERDICT_SECONDS = 5.0
# How torch says it on CPUs of every system, and on MPS; CUDA has an exception of its own.
NO_MEMORY = re.compile(r"out of memory|can't allocate memory|not enough memory", re.IGNORECASE)


class StopRequestedError(Exception):
    """Somebody wants the run to stop before it has begun, or with nothing but its test before it."""


def run_worker(folder: Path, stop_requested: threading.Event) -> int:
    """Work on the run in a folder, from its lock to its ending. Returns the exit code.

    stop_requested: set by signals, perhaps already.
    """
    run, world = Run(folder), World.of_environment()
    if under_torchrun():
        _end_with_parent()
    if not world.is_leader:
        return work(run, stop_requested, world)
    keep_console_log(run.path)
    lock = worker_lock(run.path)
    try:
        # A reader tries the lock for an instant; another worker keeps it.
        lock.acquire(timeout=3)
        other = other_worker(run.path, _own_pids(), lambda seconds: _wait(seconds, stop_requested))
    except LockHeldError:
        other = "another worker"
    except StopRequestedError:
        lock.release()
        return 0
    except (OSError, UserError) as error:
        lock.release()
        return _refuse(run, str(explain_os_error(error, run.path)) if isinstance(error, OSError) else str(error))
    if other:
        lock.release()
        print(f"{run.id}: {other} trains this run; this worker stops", flush=True)
        return 2
    worker = Worker(run, stop_requested, world)
    worker.lock_refused = lock.refused
    try:
        code = worker.work()
    finally:
        lock.release()
    worker.notify_ending()  # after the lock: a command that takes long keeps nobody from the run
    return code


def _own_pids() -> tuple[int, int]:
    """The pids by which a status may know this worker; torchrun's, which starts it, until it speaks for itself."""
    return os.getpid(), os.getppid()


def _wait(seconds: float, stop_requested: threading.Event) -> None:
    """Wait while another machine's heartbeat is young. Raises StopRequestedError for a stop meanwhile."""
    if stop_requested.wait(seconds):
        raise StopRequestedError


def _refuse(run: Run, sentence: str) -> int:
    """End before there is a worker, with a sentence in the console log and where possible in the run."""
    print(f"failed: {sentence}", flush=True)
    with suppress(OSError, UserError):
        status = read_status(run.path)
        if status.state not in LIVE or status.pid in (0, *_own_pids()):
            write_failure(run.path, sentence)
    return 1


def _sweep(checkpoints: Path) -> None:
    """Clear away what an earlier worker was writing when it was killed; nobody else writes while we hold the lock."""
    for left in checkpoints.glob(".*.tmp"):
        with suppress(OSError):
            left.unlink()


def work(run: Run, stop_requested: threading.Event, world: World = ALONE) -> int:
    """Train a run whose lock is held by the rank that leads, and leave its ending in its status."""
    return Worker(run, stop_requested, world).work()


def _end_with_parent() -> None:
    """Have the kernel send SIGTERM when torchrun is killed: a rank that nobody looks after must not stay behind."""
    if sys.platform == "linux":
        set_death_signal = 1  # PR_SET_PDEATHSIG of prctl(2)
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGTERM)


class Worker:
    """A process at work on a run, from the signals and requests it gets to the ending it leaves."""

    def __init__(self, run: Run, stop_requested: threading.Event, world: World) -> None:
        self.run, self.stop_requested, self.world = run, stop_requested, world
        self.lock_refused = ""  # why the disk grants no lock, where it does not
        self.lifeline: RankConnections | None = None
        self.recorder: Recorder | None = None

    def work(self) -> int:
        """Everything. Returns the exit code."""
        config: Config | None = None
        try:
            if self.world.is_leader:
                clear_leftovers(self.run.path)
                _sweep(self.run.path / "checkpoints")
                keep_reserve(self.run.path)
                self._claim_run()
            config = self.run.config()
            self._join_ranks(config)
            dataset = dataset_of(config.dataset, datasets_folder())
            device = device_of(config.training.device, self.world)
            set_up_process(config.training.threads, config.training.deterministic, device, self.world.local_size)
            if device.type == "cuda" and not self.world.alone:
                torch.cuda.set_device(device)  # NCCL takes the current one
            precision = choose_precision(config.training.precision, device)
            trainer = Trainer(config, dataset, self.run.path, device, precision, self.world)
        except Exception as error:
            return self._fail(error, None)
        trainer.recorder.stop_requested = self.stop_requested
        try:
            self._train(trainer, config, dataset)
        except Exception as error:
            return self._fail(error, config)
        else:
            return 0
        finally:
            trainer.recorder.close()

    def notify_ending(self) -> None:
        """Run the user's `notify_command` where the run has finished or failed."""
        with suppress(OSError, UserError):
            status = read_status(self.run.path)
            if status.state not in ("finished", "failed"):
                return
            ending = "nan" if self.recorder and self.recorder.not_finite else status.state
            log = EventLog(self.run.path / "events.jsonl")

            def note(text: str) -> None:
                print(text, flush=True)
                log.append(Note(at=time.time(), text=text))

            run_notify_command(Notification(self.run.path, ending, ending_sentence(status)), note)

    def _claim_run(self) -> None:
        """Put this process into the status before anything slow: from here on the lock tells whether it lives."""
        status = read_status(self.run.path)
        if status.state != "starting":  # started by hand, as on several machines: what was wanted before is void
            clear_control(self.run.path)
            status.control = 0
        status.state, status.phase = "starting", "loading"
        claim(status, os.getpid())
        status.progressed_at = status.heartbeat
        write_status(self.run.path, status)

    def _join_ranks(self, config: Config) -> None:
        """Find the other ranks, if there are any; from here on none of them dies unnoticed."""
        if self.world.alone:
            return
        end_at_once_on_signals()
        self.world.join(config.training.device)
        self.lifeline = RankConnections(self.world, self.stop_requested, self._end_with_lost_rank)
        obey_signals(self.stop_requested, SAME_SIGNAL_SECONDS)

    def _train(self, trainer: Trainer, config: Config, dataset: PreparedDataset) -> None:
        """Train from the first step to the last, part from the other ranks, test, and leave the ending."""
        recorder, position, world = trainer.recorder, trainer.position, self.world
        device = str(trainer.device)
        if self.lifeline:
            device = f"{world.size} × {trainer.device.type}"
            recorder.pids = [member.pid for member in self.lifeline.members]
        recorder.open(position, trainer.resumed, trainer.batches.steps_per_epoch, device, trainer.precision)
        self.recorder = recorder
        if self.lifeline:
            recorder.note(f"training with {', '.join(map(str, self.lifeline.members))}{world.rendezvous_place()}")
        if self.lock_refused:
            recorder.note(
                f"the disk of this run does not support locks ({self.lock_refused}): a file and the heartbeat "
                "prevent a second worker"
            )
        ending = trainer.train()
        if self.lifeline:
            self.lifeline.close()
            trainer.step.shared_loss.close()
            world.leave()
        if not world.is_leader:
            if self.lifeline and world.size > world.local_size:
                self.lifeline.wait_for_rank_0()
            return
        if ending == "finished" and config.training.test_at_end:
            recorder.phase("testing")
            test_best(self.run, trainer, config, dataset)
        recorder.change_state("finished" if ending == "finished" else "stopped", position.step)

    def _fail(self, error: Exception, config: Config | None) -> int:
        """Leave a failure in the status, on the rank that leads, or with that rank. Returns the exit code."""
        if isinstance(error, RunTakenError):
            with suppress(OSError):
                print(f"{self.run.id}: {error}", flush=True)
            return 2
        known = isinstance(error, (UserError, WorkFailedError))
        sentence = explain(error, config, self.recorder.status.phase if self.recorder else "")
        if self.lifeline and not known:
            time.sleep(VERDICT_SECONDS)  # if this is but the consequence of another's death, it ends here
        with suppress(OSError):
            if not known:
                traceback.print_exception(error)
        if self.lifeline and not self.world.is_leader:
            self.lifeline.fail(sentence)
            time.sleep(VERDICT_SECONDS)
            return 1
        self._leave_failure(sentence)
        return 1

    def _leave_failure(self, sentence: str) -> None:
        with suppress(OSError):
            print(f"failed: {sentence}", flush=True)
        if not self.world.is_leader:
            return
        with suppress(OSError, UserError):  # where not even the ending can be written, readers call the run lost
            if self.recorder:
                self.recorder.change_state("failed", self.recorder.status.step, sentence)
                return
            write_failure(self.run.path, sentence)

    def _end_with_lost_rank(self, sentence: str) -> None:
        """End because another rank has; called from a thread while the loop may wait for that rank in vain."""
        self._leave_failure(sentence)
        if not self.world.is_leader:
            with suppress(OSError, UserError, LockHeldError):
                if not self._take_over(sentence):
                    os._exit(1)
        self.notify_ending()
        os._exit(1)

    def _take_over(self, sentence: str) -> bool:
        """Write the ending in the place of rank 0, unless it did; its lock is free now, and only one can have it.

        Returns whether this rank wrote it.
        """
        assert self.lifeline is not None
        leader = self.lifeline.members[0]
        with worker_lock(self.run.path).acquire(timeout=2):
            status = read_status(self.run.path)
            if status.state in ENDED or (status.pid, status.host) != (leader.pid, leader.host):
                return False
            write_failure(self.run.path, sentence)
            return True


def test_best(run: Run, trainer: Trainer, config: Config, dataset: PreparedDataset) -> None:
    """Test the best checkpoint at the end of training, unless somebody wants it to stop; let it be seen to move."""
    recorder, evaluation = trainer.recorder, config.evaluation

    def moved(progress: Progress) -> None:
        del progress
        recorder.advance()
        if recorder.request() == "stop":
            raise StopRequestedError

    try:
        run_test(run, dataset, "best", evaluation.protocols, trainer.device, evaluation.test_precision, moved)
    except StopRequestedError:
        recorder.note(f"the test was stopped; run it with `bert4rec-tui test {run.short_id}`")


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
        return "out of memory: make the model smaller, or use a machine with more memory"
    if isinstance(error, (UserError, WorkFailedError)):
        return str(error)
    if isinstance(error, OSError):
        return str(explain_os_error(error, Path(error.filename or "the run's folder")))
    return f"{type(error).__name__}: {text} (see the console log)"
