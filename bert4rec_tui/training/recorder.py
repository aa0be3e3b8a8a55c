"""What a training leaves in its run: events, status, TensorBoard scalars; and the requests that it reads there."""

import math
import os
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor

from bert4rec_tui.errors import UserError, WorkFailedError
from bert4rec_tui.runs.control import Request, read_control
from bert4rec_tui.runs.ending import free_reserve
from bert4rec_tui.runs.events import Alert, Event, EventLog, EventState, Note, StateChange, Step, Validation
from bert4rec_tui.runs.status import Best, Status, WrittenState, beat, claim, owner, read_status, write_status
from bert4rec_tui.runs.summary import Summary
from bert4rec_tui.training.alerts import AlertMessage, FullDisk, RisingLoss, Validations
from bert4rec_tui.training.checkpoint import Position
from bert4rec_tui.training.notification import Notification, run_notify_command
from bert4rec_tui.training.scalars import Scalars
from bert4rec_tui.training.sensors import Sensors

BEAT_SECONDS = 2.0
SYSTEM_SECONDS = 10.0
EVENT_SECONDS = 0.25
SUMMARY_SECONDS = 30.0
SUMMARY_BYTES = 8_000_000  # of the log at a time, so that the heartbeat does not wait for a long one
RISING_STEPS = 400  # at least so many, or two epochs, before a rising loss is reported


def finite(value: float) -> float | None:
    """The value, or None where JSON has no word for it."""
    return value if math.isfinite(value) else None


class RunTakenError(WorkFailedError):
    """Another worker has taken the run over; nothing more may be written to it."""


class Recorder:
    """Writes a run's folder while its worker lives. The thread that beats writes too, so all writes take the lock."""

    def __init__(self, folder: Path, device: torch.device, metric: str = "", patience: int = 0) -> None:
        self.folder, self.metric = folder, metric
        self.status: Status = read_status(folder)
        self.log = EventLog(folder / "events.jsonl")
        self.stop_requested = threading.Event()
        self.pids = [os.getpid()]
        self.taken = ""  # by whom else the run was found to be trained
        self._owners = {owner(self.status)}
        self._sensors = Sensors(device)
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._beat: threading.Thread | None = None
        self._scalars: Scalars | None = None
        self._pending: list[Tensor] = []
        self._samples_pending = 0
        self._last_event = self._last_look = 0.0
        self._request: Request = "train"
        self._request_number = 0
        self.not_finite = False
        self._summary = Summary(folder)
        self._rising, self._disk = RisingLoss(RISING_STEPS), FullDisk()
        self._validations = Validations(metric, patience)
        self._notified = False

    def open(self, position: Position, resumed: bool, steps_per_epoch: int, device: str, precision: str) -> None:
        """Take the run over: say who works on it, cut what an earlier life left half written, begin to beat."""
        step, samples = position.step, position.samples
        self.log.cut_partial_line()
        now = time.time()
        status = self.status
        status.state, status.phase = "training", "loading"
        claim(status, os.getpid())
        status.pids, status.progressed_at = self.pids, now
        self._owners.add(owner(status))
        status.step, status.steps_per_epoch, status.message, status.ended = step, steps_per_epoch, "", None
        status.device, status.precision = device, precision
        # What an earlier life reached after its last checkpoint is void.
        status.epoch = position.epoch
        if status.best and status.best.epoch != position.best_epoch:
            status.best = None
            if position.best is not None:
                status.best = Best(metric=self.metric, value=position.best, epoch=position.best_epoch)
        self.write()
        self.append(StateChange(at=now, state="resumed" if resumed else "training", step=step))
        self._summary.load()
        self._summary.read_on(SUMMARY_BYTES)
        self._validations.start_with(self._summary.validations)
        self._rising = RisingLoss(max(RISING_STEPS, 2 * steps_per_epoch))
        self._scalars = Scalars(self.folder / "tensorboard", samples if resumed else None)
        self._last_event = time.monotonic()
        self._beat = threading.Thread(target=self._keep_beating, name="heartbeat", daemon=True)
        self._beat.start()

    def _keep_beating(self) -> None:
        last_system, last_summary = 0.0, time.monotonic()
        self._sensors.begin()
        while not self._ended.wait(BEAT_SECONDS):
            try:
                with self._lock:
                    beat(self.status)
                    self.write()
                    if time.monotonic() - last_system > SYSTEM_SECONDS:
                        last_system = time.monotonic()
                        self.append(self._sensors.read())
                        self._alert_all(self._disk.take(shutil.disk_usage(self.folder).free, self._checkpoint_bytes()))
                behind = self.log.size() - self._summary.offset > SUMMARY_BYTES
                if behind or time.monotonic() - last_summary > SUMMARY_SECONDS:
                    last_summary = time.monotonic()
                    self._summary.read_on(SUMMARY_BYTES)
                    self._summary.save()
            except Exception as error:
                # A disk may be full for a moment, a GPU's sensor refuse: one missed beat is no reason to fall silent.
                with suppress(OSError):
                    print(f"! {error}", flush=True)

    def _checkpoint_bytes(self) -> int:
        return sum(file.stat().st_size for file in (self.folder / "checkpoints").glob("*") if file.is_file())

    def write(self) -> None:
        """Put the status on disk. Raises RunTakenError where that of another worker is there."""
        with self._lock:
            self.check_owner()
            write_status(self.folder, self.status)

    def check_owner(self) -> None:
        """Raises RunTakenError where another worker has taken the run.

        Two mounts of one disk may not share locks: a second worker may have found this one's free.
        """
        if not self.taken:
            try:
                found = read_status(self.folder)
            except UserError:  # damaged meanwhile: it is written anew
                return
            if owner(found) in self._owners:
                return
            self.taken = f"process {found.pid} on {found.host} trains this run too; this worker stops"
        raise RunTakenError(self.taken)

    def append(self, event: Event) -> None:
        """Append an event to the log, which is another worker's once the run is taken."""
        with self._lock:
            if not self.taken:
                self.log.append(event)

    def print(self, text: str) -> None:
        """Leave a line in the console log."""
        print(text, flush=True)

    def note(self, text: str) -> None:
        """Leave a sentence in the log, and in the console log."""
        self.print(text)
        self.append(Note(at=time.time(), text=text))

    def alert(self, kind: str, message: str) -> None:
        """Say that somebody should look."""
        self.print(f"! {message}")
        self.append(Alert(at=time.time(), kind=kind, message=message, step=self.status.step))

    def _alert_all(self, concerns: list[AlertMessage]) -> None:
        for concern in concerns:
            self.alert(concern.kind, concern.message)

    def notify(self, state: str, sentence: str) -> None:
        """Run the user's `notify_command`, once in a life, in a thread: training does not wait for it."""
        if self._notified:
            return
        self._notified = True
        about = Notification(self.folder, state, sentence)
        threading.Thread(target=lambda: run_notify_command(about, self.note), name="notify", daemon=True).start()

    def phase(self, phase: str) -> None:
        """Say what the worker does now."""
        with self._lock:
            self.status.phase = phase
            self.advance()
            self.write()

    def advance(self) -> None:
        """Count that the loop has moved."""
        now = time.time()
        passed = now - self.status.progressed_at
        self.status.interval = passed if not self.status.progress else 0.9 * self.status.interval + 0.1 * passed
        self.status.progress += 1
        self.status.progressed_at = now

    def step(self, samples: int, loss: Tensor, gradient_norm: Tensor) -> None:
        """Take in a training step; its numbers stay on the device until the next event is due.

        loss, gradient_norm: () tensors.
        """
        self.status.step += 1
        self._samples_pending += samples
        self._pending.append(torch.stack([loss.detach().float(), gradient_norm.detach().float()]))
        self.advance()

    def flush_due(self) -> bool:
        """Whether an event may be written: at most four a second are."""
        return time.monotonic() - self._last_event >= EVENT_SECONDS

    def flush(self, epoch: int, total_samples: int, learning_rate: float) -> list[float]:
        """Write one event for the latest steps, and return their losses, NaN for a gradient that is not finite."""
        if not self._pending:
            return []
        now = time.monotonic()
        losses, norms = torch.stack(self._pending).cpu().double().unbind(1)
        real = losses[losses.isfinite()]
        speed = self._samples_pending / max(1e-9, now - self._last_event)
        bad = int((~(losses.isfinite() & norms.isfinite())).sum())
        event = Step(
            at=time.time(),
            epoch=epoch,
            step=self.status.step,
            samples=total_samples,
            count=len(losses),
            loss=finite(float(real.mean())) if len(real) else None,
            loss_min=finite(float(real.min())) if len(real) else None,
            loss_max=finite(float(real.max())) if len(real) else None,
            learning_rate=learning_rate,
            gradient_norm=finite(float(norms.mean())),
            gradient_norm_max=finite(float(norms.max())),
            speed=speed,
            not_finite=bad,
        )
        with self._lock:
            self.append(event)
            self.status.loss = event.loss
            self.status.speed = speed if self.status.speed is None else 0.8 * self.status.speed + 0.2 * speed
        if bad and not self.not_finite:
            self.not_finite = True
            self.alert("not a number", f"the loss is not a number at step {self.status.step}")
        self._alert_all(self._rising.take(losses.tolist()))
        self._pending, self._samples_pending, self._last_event = [], 0, now
        return losses.where(norms.isfinite(), torch.nan).tolist()

    def restart_timer(self) -> None:
        """Leave the time since the last event out of the speed, as after a validation or a pause."""
        self._last_event = time.monotonic()

    def training_scalars(self, samples: int, loss: float, learning_rate: float, epoch: int) -> None:
        """Points for TensorBoard."""
        self._add_scalars({"train/loss": loss, "train/learning_rate": learning_rate, "train/epoch": epoch}, samples)

    def validation(self, event: Validation, samples: int, metric: str, value: float) -> None:
        """Take in a validation; `metric` and `value` are those that choose the best checkpoint."""
        with self._lock:
            self.append(event)
            if event.best:
                self.status.best = Best(metric=metric, value=value, epoch=event.epoch)
            self.status.epoch = event.epoch
            self.write()
        self._alert_all(self._validations.take(event))
        points = {
            f"validation/{protocol}/{name}": number
            for protocol, values in event.metrics.items()
            for name, number in values.items()
        }
        self._add_scalars(points, samples)

    def _add_scalars(self, points: Mapping[str, float], samples: int) -> None:
        if not self._scalars:
            return
        reported = self._scalars.lost
        reason = self._scalars.add(points, samples)
        if reason and not reported:  # once in a life: the run itself continues
            self.alert("tensorboard", f"TensorBoard's curves have a gap at step {self.status.step}: {reason}")

    def estimate(self, seconds_left: float | None, seconds: float) -> None:
        """Say how long the training has taken, and how long it will."""
        self.status.seconds_left, self.status.seconds = seconds_left, seconds

    def request(self) -> Request:
        """What people want of this run, read at most four times a second; a signal outweighs the file.

        Raises RunTakenError where another worker was found at the run.
        """
        if self.taken:
            raise RunTakenError(self.taken)
        if self.stop_requested.is_set():
            return "stop"
        if time.monotonic() - self._last_look >= EVENT_SECONDS:
            self._last_look = time.monotonic()
            control = read_control(self.folder)
            if control.number > self.status.control:
                self._request, self._request_number = control.wanted, control.number
                # A pause is echoed when it is reached: until then readers show "pausing…".
                if control.wanted != "pause":
                    self._acknowledge(control.number)
        return self._request

    def _acknowledge(self, number: int) -> None:
        with self._lock:
            self.status.control = number
            self.write()

    def wait_while_paused(self, step: int, agree: Callable[[Request], Request] = lambda request: request) -> Request:
        """Stand still until somebody wants otherwise. Returns what, as the ranks of a run `agree` on it."""
        # The number of the request that is obeyed, not the newest: one that came while this saved is still to be read.
        self.status.control = self._request_number
        self.change_state("paused", step)
        while (request := agree(self.request())) == "pause":
            time.sleep(EVENT_SECONDS)
        if request == "train":
            self.status.progressed_at = time.time()
            self.change_state("training", step)
        self.restart_timer()
        return request

    def change_state(self, state: WrittenState, step: int, message: str = "") -> None:
        """Enter a state, in the status and in the log."""
        with self._lock:
            self.status.state, self.status.message, self.status.phase = state, message, ""
            if state in ("finished", "stopped", "failed"):
                free_reserve(self.folder)
                self.status.ended = time.time()
                self.status.seconds_left = 0.0 if state == "finished" else None
            self.write()
            logged: Mapping[str, EventState] = {s: s for s in ("training", "paused", "finished", "stopped", "failed")}
            self.append(StateChange(at=time.time(), state=logged[state], step=step, message=message))

    def close(self) -> None:
        """End the heartbeat and what else is open."""
        self._ended.set()
        if self._beat:
            self._beat.join(timeout=5)
            if not self._beat.is_alive():  # the summary is that thread's
                with suppress(OSError, UserError):  # on a full disk; readers read the log then
                    self._summary.read_on()
                    self._summary.save()
        if self._scalars:
            self._scalars.close()
        self._sensors.close()


class SilentRecorder(Recorder):
    """What stands in for the recorder on every rank but the first: it writes nothing and hears of a stop alone."""

    def open(self, position: Position, resumed: bool, steps_per_epoch: int, device: str, precision: str) -> None:
        """Leave the run to rank 0."""

    def write(self) -> None:
        """Leave the status to rank 0."""

    def check_owner(self) -> None:
        """Leave the run to rank 0."""

    def append(self, event: Event) -> None:
        """Leave the log to rank 0."""

    def print(self, text: str) -> None:
        """Leave the console to rank 0."""

    def notify(self, state: str, sentence: str) -> None:
        """Leave the user to rank 0."""

    def step(self, samples: int, loss: Tensor, gradient_norm: Tensor) -> None:
        """Count a step; its numbers are rank 0's to keep."""
        del samples, loss, gradient_norm
        self.advance()

    def flush_due(self) -> bool:
        """Nothing is ever due."""
        return False

    def request(self) -> Request:
        """Whether a stop was asked; what else people want is for rank 0 to read."""
        return "stop" if self.stop_requested.is_set() else "train"
