"""Follow a run in the terminal until it ends: for `train`, `resume` and `watch`."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Self

import msgspec

from bert4rec_tui.commands.output import Output, duration
from bert4rec_tui.errors import WorkFailedError
from bert4rec_tui.progress import Progress
from bert4rec_tui.runs import machine
from bert4rec_tui.runs.control import request
from bert4rec_tui.runs.events import Alert, Event, Note, StateChange, Validation
from bert4rec_tui.runs.status import ENDED, Status
from bert4rec_tui.runs.store import Run

PAUSE_SECONDS = 0.3


def new_events(run: Run, offset: int = 0) -> Iterator[list[Event]]:
    """The events of a run as they come, an empty list while there are none, until it has ended and all are read."""
    while True:
        ended = run.state() in ENDED
        events, offset = run.events.read(offset)
        yield events
        if ended and not events:
            return
        if not events:
            time.sleep(PAUSE_SECONDS)


class Interrupts:
    """Counts Ctrl-C instead of raising it, so that nothing is left half done; see `count`."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._on_interrupt)
        return self

    def __exit__(self, *raised: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _on_interrupt(self, number: int, frame: object) -> None:
        del number, frame
        self.count += 1


def follow(run: Run, output: Output, interrupts: Interrupts, offset: int = 0) -> Status:
    """Show a run until it ends. The first Ctrl-C saves and stops it, the second stops it at once.

    Returns its last status.
    """
    handled = 0
    try:
        for events in new_events(run, offset):
            show_events(run, events, output)
            if interrupts.count > handled:
                handled = interrupts.count
                if handled == 1:
                    output.message("saving and stopping; press Ctrl-C again to stop at once")
                    request(run.path, "stop", run.status().control)
                else:
                    end_at_once(run.status())
    except KeyboardInterrupt:  # SIGTERM or SIGHUP to this command, not to the run
        output.message(f"{run.id} keeps training; follow it with `bert4rec-tui watch {run.short_id}`")
        raise
    finally:
        output.close_line()
    return run.status()


def end_at_once(status: Status) -> None:
    """Kill a worker of this machine without saving; its last checkpoint stays valid."""
    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
        if status.host != machine.host() or not machine.process_lives(status.pid, status.pid_started):
            return
        with suppress(ProcessLookupError):
            os.kill(status.pid, number)
        time.sleep(0.2)


def show_events(run: Run, events: list[Event], output: Output) -> None:
    """Print events, then the progress of the run."""
    for event in events:
        line = event_line(event)
        if line:
            output.message(line)
    status = run.status()
    if status.state == "starting":
        output.progress(Progress(stage="starting the worker"))
    elif status.state == "training" and status.steps_per_epoch:
        done = status.step - status.epoch * status.steps_per_epoch
        stage = f"epoch {min(status.epoch + 1, status.epochs)} of {status.epochs}"
        if status.phase in ("validating", "testing"):
            output.progress(Progress(stage=f"{stage}  {status.phase}", seconds_left=status.seconds_left))
        else:
            output.progress(
                Progress(
                    stage=stage,
                    note="" if status.loss is None else f"loss {status.loss:.3f}",
                    done=max(0, done),
                    total=status.steps_per_epoch,
                    unit="steps",
                    seconds_left=status.seconds_left,
                )
            )


def event_line(event: Event) -> str:
    """An event as a line of text; empty for events that are only numbers."""
    match event:
        case Validation(metrics=metrics, epoch=epoch, best=best):
            shown = [
                f"{name} {values[name]:.4f} {protocol}"
                for protocol, values in metrics.items()
                for name in headline_metrics(values)
            ]
            return f"validation after epoch {epoch}: {'  '.join(shown)}{'  (best)' if best else ''}"
        case StateChange(state="failed", step=step):  # the reason is the command's own error
            return f"failed at step {step:,}"
        case StateChange(state=state, message=message, step=step):
            return f"{state} at step {step:,}" + (f": {message}" if message else "")
        case Alert(message=message):
            return f"! {message}"
        case Note(text=text):
            return text
        case _:
            return ""


def headline_metrics(values: dict[str, float]) -> list[str]:
    """The metrics to show: NDCG and Recall at 10, at the largest k below 10, or at the smallest k; else MRR."""
    ks = sorted(int(name.removeprefix("NDCG@")) for name in values if name.startswith("NDCG@"))
    if not ks:
        return [name for name in ("MRR",) if name in values]
    k = max((k for k in ks if k <= 10), default=ks[0])
    return [name for name in (f"NDCG@{k}", f"Recall@{k}") if name in values]


def summary(run: Run, status: Status) -> dict[str, Any]:
    """What `train --json` prints."""
    return {
        "run": run.id,
        "state": run.state(status),
        "epochs": status.epoch,
        "best_epoch": status.best.epoch if status.best else None,
        "best": {status.best.metric: status.best.value} if status.best else None,
        "seconds": round(status.seconds, 3),
    }


def summary_text(run: Run, status: Status) -> str:
    """The same as text."""
    best = f", best {status.best.metric} {status.best.value:.4f} in epoch {status.best.epoch}" if status.best else ""
    epochs = f"{status.epoch} epoch" + ("" if status.epoch == 1 else "s")
    text = f"{run.id}: {run.state(status)} after {epochs} and {duration(status.seconds)}{best}"
    if run.state(status) in ("stopped", "lost") or (run.state(status) == "failed" and run.can_continue()):
        text += f"\nto resume: bert4rec-tui resume {run.short_id}"
    if status.best and run.checkpoint("best").exists():
        return f"{text}\nnext: bert4rec-tui test {run.short_id}   bert4rec-tui recommend {run.short_id} --user ID"
    return text


def raise_for_ending(run: Run, status: Status, interrupts: Interrupts | None = None) -> None:
    """Raises WorkFailedError where a run has failed or was lost, with its message or the last lines of its log.

    Raises KeyboardInterrupt where Ctrl-C stopped it.
    """
    state = run.state(status)
    if (
        interrupts and interrupts.count > 1 and state == "failed"
    ):  # one of several ranks reports another that was killed
        raise KeyboardInterrupt
    if state == "failed":
        raise WorkFailedError(f"{run.id}: {status.message}")
    if interrupts and interrupts.count and state in ("stopped", "lost"):
        raise KeyboardInterrupt
    if state == "lost":
        raise WorkFailedError(f"{run.id}: {run.why_lost()}; to resume: `bert4rec-tui resume {run.short_id}`")


def event_json(event: Event) -> Any:
    """An event in `watch --json`."""
    return msgspec.to_builtins(event)
