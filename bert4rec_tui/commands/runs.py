"""The commands `runs`, `watch`, `pause`, `stop` and `remove`."""

import sys
import time
from typing import Any

import msgspec

from bert4rec_tui.commands.follow import (
    event_json,
    event_line,
    new_events,
    raise_for_ending,
    show_events,
    summary,
    summary_text,
)
from bert4rec_tui.commands.output import Output, as_json_line, duration
from bert4rec_tui.errors import UserError, WorkFailedError, printable
from bert4rec_tui.runs.control import Request, read_control, request
from bert4rec_tui.runs.status import ENDED, LIVE
from bert4rec_tui.runs.store import LocalRuns, Run
from bert4rec_tui.settings import runs_folder

CONTROL_TIMEOUT = 120.0  # a step of a large model on a CPU, a validation before it, and a checkpoint


def run_runs(*, as_json: bool) -> None:
    """Print all runs, pinned ones first, then newest first."""
    described = [describe(run) for run in LocalRuns(runs_folder()).runs()]
    described.sort(key=lambda values: not values.get("pinned"))  # stable: the others stay newest first
    Output(as_json).result({"runs": described}, _table(described))


def describe(run: Run) -> dict[str, Any]:
    """A run in `runs --json`; an unreadable one is listed with the reason."""
    try:
        status, config, labels = run.status(), run.config(), run.labels()
        state = run.state(status)
    except UserError as error:
        return {"run": run.id, "state": "unreadable", "message": str(error), "path": str(run.path)}
    return {
        "run": run.id,
        "name": run.name(),
        "note": labels.note,
        "pinned": labels.pinned,
        "state": state,
        "phase": status.phase,
        "dataset": config.dataset.id,
        "objective": config.model.objective,
        "preset": config.preset,
        "epoch": status.epoch,
        "epochs": status.epochs,
        "step": status.step,
        "best": msgspec.to_builtins(status.best),
        "loss": status.loss,
        "speed": status.speed,
        "seconds": round(status.seconds, 3),
        "seconds_left": status.seconds_left if state in LIVE else None,
        "created": status.created,
        "host": status.host,
        "pid": status.pid,
        "pids": status.pids,
        "device": status.device,
        "precision": status.precision,
        "message": status.message,
        "path": str(run.path),
    }


def _table(described: list[dict[str, Any]]) -> str:
    if not described:
        return "no runs yet; start one with `bert4rec-tui train`"
    named = any(values.get("name") or values.get("pinned") for values in described)
    titles = ("run", "state", "objective", "epoch", "best", "left", "age", "name" if named else "")
    rows: list[tuple[str, ...]] = [titles]
    for values in described:
        if values["state"] == "unreadable":
            rows.append((values["run"], "unreadable", values["message"]))  # as long as it is: it widens no column
            continue
        best = values["best"]
        left = values["seconds_left"]
        rows.append(
            (
                values["run"],
                values["state"],
                values["objective"],
                f"{values['epoch']}/{values['epochs']}",
                f"{best['value']:.4f} {best['metric']}" if best else "–",
                duration(left) if left is not None else "–",
                duration(time.time() - values["created"]),
                " ".join(filter(None, ["pinned" if values["pinned"] else "", values["name"]])),
            )
        )
    whole = [row for row in rows if len(row) == len(titles)]
    widths = [max(len(row[column]) for row in whole) for column in range(len(titles))]
    widths[:2] = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in rows
    )


def run_watch(reference: str, *, as_json: bool) -> None:
    """Follow a run until it ends; Ctrl-C stops following and does not touch the run."""
    output = Output(as_json)
    run = LocalRuns(runs_folder()).find(reference)
    if run.state() == "queued":
        output.message(
            f"{run.id}: is queued; launch it as --print-launch showed, or `bert4rec-tui resume {run.short_id}`"
        )
    try:
        for events in new_events(run):
            if as_json:
                for event in events:
                    print(as_json_line(event_json(event), sys.stdout), flush=True)
            else:
                for event in events:
                    line = event_line(event)
                    if line:
                        output.line(line)
                show_events(run, [], output)
    except KeyboardInterrupt:
        if run.state() in LIVE:
            output.message(f"{run.id} keeps training; follow it with `bert4rec-tui watch {run.short_id}`")
        raise
    status = run.status()
    if not as_json:
        output.line(summary_text(run, status))
    raise_for_ending(run, status)


def run_control(reference: str, wanted: Request, *, as_json: bool) -> None:
    """Pause or stop a run and wait until it has. Raises UserError where it is not live."""
    output = Output(as_json)
    run = LocalRuns(runs_folder()).find(reference, "live")
    status = run.status()
    state = run.state(status)
    if state not in LIVE:
        raise UserError(f"{run.id}: is {state}; nothing to {wanted}")
    reached = {"pause": "paused", "stop": "stopped"}[wanted]
    if state != reached:
        asked = request(run.path, wanted, status.control)
        output.message(f"{run.id}: saving, then {'pausing' if wanted == 'pause' else 'stopping'}")
        deadline = time.monotonic() + CONTROL_TIMEOUT
        while (state := run.state()) != reached and state not in ENDED:
            if (newest := read_control(run.path)).number > asked.number and newest.wanted != wanted:
                other = {"train": "continue", "pause": "pause", "stop": "stop"}[newest.wanted]
                raise WorkFailedError(f"{run.id}: has not {reached}; it received a later request to {other}")
            if time.monotonic() > deadline:
                raise WorkFailedError(
                    f"{run.id}: has not {reached} within {CONTROL_TIMEOUT:.0f} s; it will after the current step"
                )
            time.sleep(0.2)
    status = run.status()
    output.result(summary(run, status), f"{run.id}: {state}")
    raise_for_ending(run, status)


def run_remove(reference: str, *, yes: bool, as_json: bool) -> None:
    """Delete a run, on a terminal after confirmation. Raises UserError while it is live."""
    store = LocalRuns(runs_folder())
    run = store.find(reference)
    if sys.stdin.isatty() and not yes and not as_json:
        try:
            answer = input(f"Delete {printable(run.id)} with its checkpoints and results? [y/N] ")
        except EOFError:  # ctrl+d
            answer = ""
        if answer.strip().lower() not in ("y", "yes"):
            Output(as_json).result({"run": run.id, "removed": False}, f"{run.id} kept")
            return
    store.remove(run)
    Output(as_json).result({"run": run.id, "removed": True}, f"{run.id} removed")
