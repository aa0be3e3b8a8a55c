"""What a person asks of a run from the interface; each function is for a thread and returns a sentence to show."""

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
        return f"{run.short_id} is paused already; r resumes it."
    if state not in LIVE:
        raise UserError(f"{run.short_id} is {state}: there is nothing to pause")
    _request(run, "pause")
    return f"{run.short_id} saves and pauses."


def resume(run: Run) -> str:
    """Go on with a run: a paused one by a word to its worker, an ended one by a new worker.

    Raises UserError where it trains or has finished.
    """
    state = run.state()
    if state == "finished":
        raise UserError(f"{run.short_id} has finished; e edits its configuration and launches it as a new run")
    if state in LIVE:
        if state == "training":
            return f"{run.short_id} is already training."
        _request(run, "train")
        return f"{run.short_id} goes on."
    launch(run)
    from_where = "from its last checkpoint" if run.can_go_on() else "from the beginning"
    return " ".join(filter(None, [f"{run.short_id} starts {from_where}.", logout_warning()]))


def stop(run: Run) -> str:
    """Ask a run to save and end. Raises UserError where it has no worker."""
    state = run.state()
    if state not in LIVE:
        raise UserError(f"{run.short_id} is {state}: there is nothing to stop")
    _request(run, "stop")
    return f"{run.short_id} saves and stops; r goes on from there."


def remove(source: LocalRuns, run: Run) -> str:
    """Delete a run with everything in it. Raises UserError while it is live."""
    source.remove(run)
    return f"{run.id} is removed."


def rename(source: LocalRuns, run: Run, name: str) -> str:
    """Give a run a name. Raises UserError where another run is called by it."""
    named = source.rename(run, name)
    return f"{run.short_id} is called {named} now." if named else f"{run.short_id} has no name now."


def write_note(run: Run, note: str) -> str:
    """Write a note on a run. Raises UserError for one that is too long."""
    kept = run.relabel(lambda labels: with_note(labels, note)).note
    return f"The note on {run.short_id} is kept." if kept else f"{run.short_id} has no note now."


def turn_pin(run: Run) -> str:
    """Pin a run to the top of the table, or take the pin away."""
    pinned = run.relabel(lambda labels: replace(labels, pinned=not labels.pinned)).pinned
    return f"{run.short_id} stands first now, whatever the order." if pinned else f"{run.short_id} is not pinned now."


def _request(run: Run, wanted: Request) -> None:
    request(run.path, wanted, at_least=run.status().control)
