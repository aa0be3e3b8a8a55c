"""What a person asks of a run from the interface; each function is for a thread and returns a sentence to show."""

from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.control import Wish, ask
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
    _wish(run, "pause")
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
            return f"{run.short_id} is training already."
        _wish(run, "train")
        return f"{run.short_id} goes on."
    launch(run)
    from_where = "from its last checkpoint" if run.checkpoint("last").exists() else "from the beginning"
    return " ".join(filter(None, [f"{run.short_id} starts {from_where}.", logout_warning()]))


def stop(run: Run) -> str:
    """Ask a run to save and end. Raises UserError where it has no worker."""
    state = run.state()
    if state not in LIVE:
        raise UserError(f"{run.short_id} is {state}: there is nothing to stop")
    _wish(run, "stop")
    return f"{run.short_id} saves and stops; r goes on from there."


def remove(source: LocalRuns, run: Run) -> str:
    """Delete a run with everything in it. Raises UserError while it is live."""
    source.remove(run)
    return f"{run.id} is removed."


def _wish(run: Run, wanted: Wish) -> None:
    ask(run.path, wanted, at_least=run.status().control)
