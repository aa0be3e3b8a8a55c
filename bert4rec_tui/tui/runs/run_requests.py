"""What the keys ask of a run; each function is for a thread, and returns a sentence to show."""

from msgspec.structs import replace

from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.control import Request, request
from bert4rec_tui.runs.labels import with_note
from bert4rec_tui.runs.launcher import launch, logout_warning
from bert4rec_tui.runs.status import LIVE
from bert4rec_tui.runs.store import LocalRuns, Run


def pause(run: Run) -> str:
    """Ask a run to save and wait. Raises UserError where it has no worker."""
    state = run.state()
    if state == "paused":
        return f"{run.short_id} is paused already; press r to resume it."
    if state not in LIVE:
        raise UserError(f"{run.short_id} is {state}: nothing to pause")
    _request(run, "pause")
    return f"{run.short_id} will save and pause."


def resume(run: Run) -> str:
    """Resume a run: a paused one by a request to its worker, an ended one with a new worker.

    Raises UserError where it has finished.
    """
    state = run.state()
    if state == "finished":
        raise UserError(f"{run.short_id} has finished; press e to edit its configuration and launch a new run")
    if state in LIVE:
        if state == "training":
            return f"{run.short_id} is already training."
        _request(run, "train")
        return f"{run.short_id} resumes."
    launch(run)
    from_where = "from its last checkpoint" if run.can_continue() else "from the beginning"
    return " ".join(filter(None, [f"{run.short_id} starts {from_where}.", logout_warning()]))


def stop(run: Run) -> str:
    """Ask a run to save and end. Raises UserError where it has no worker."""
    state = run.state()
    if state not in LIVE:
        raise UserError(f"{run.short_id} is {state}: nothing to stop")
    _request(run, "stop")
    return f"{run.short_id} will save and stop; press r to resume from there."


def remove(source: LocalRuns, run: Run) -> str:
    """Delete a run with everything in it. Raises UserError while it is live."""
    source.remove(run)
    return f"{run.id} was removed."


def rename(source: LocalRuns, run: Run, name: str) -> str:
    """Name a run. Raises UserError where another run has the name."""
    named = source.rename(run, name)
    return f"{run.short_id} is now named {named}." if named else f"{run.short_id} no longer has a name."


def write_note(run: Run, note: str) -> str:
    """Write a note about a run. Raises UserError for one that is too long."""
    saved = run.relabel(lambda labels: with_note(labels, note)).note
    return f"Note on {run.short_id} saved." if saved else f"Note on {run.short_id} deleted."


def toggle_pin(run: Run) -> str:
    """Pin a run to the top of the table, or unpin it."""
    pinned = run.relabel(lambda labels: replace(labels, pinned=not labels.pinned)).pinned
    return (
        f"{run.short_id} is pinned to the top, whatever the order."
        if pinned
        else f"{run.short_id} is no longer pinned."
    )


def _request(run: Run, requested: Request) -> None:
    request(run.path, requested, at_least=run.status().control)
