"""The command `resume`: continue a run from its last checkpoint, with any number of processes."""

from shlex import quote

from bert4rec_tui.commands.follow import Interrupts, follow, raise_for_ending, summary, summary_text
from bert4rec_tui.commands.output import Output
from bert4rec_tui.commands.print_launch import Launch, check_rendezvous, print_launch
from bert4rec_tui.config import save_config, with_assignments
from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.control import request
from bert4rec_tui.runs.launcher import launch, logout_warning
from bert4rec_tui.runs.status import ENDED, Status
from bert4rec_tui.runs.store import LocalRuns, Run
from bert4rec_tui.settings import runs_folder


def run_resume(
    reference: str,
    *,
    detach: bool,
    as_json: bool,
    processes: int = 0,
    launch_kind: Launch | None = None,
    rendezvous: str = "",
) -> None:
    """Continue a paused run, restart a stopped, failed or lost one, follow a live one.

    processes: how many to restart with, on this machine alone; 0: as before. Raises UserError for a finished run, and
    for a run on several machines without `processes`.
    """
    output = Output(as_json)
    check_rendezvous(rendezvous, launch_kind)
    run = LocalRuns(runs_folder()).find(reference, "restartable")
    status = run.status()
    state = run.state(status)
    offset = run.events.read()[1]
    pid, warning = status.pid, ""
    if state == "finished":
        kept = run.checkpoint("last" if run.checkpoint("last").exists() else "best")
        raise UserError(
            f"{run.id}: has finished {_how_far(run, status)}; to train further, start a new run with "
            f"--config {quote(str(run.path / 'config.toml'))} --init-from {quote(str(kept))}"
        )
    starts = state in ENDED or state == "queued"
    if not starts and (processes or launch_kind):
        raise UserError(f"{run.id}: is {state}; stop it before you restart it differently")
    if launch_kind and processes:
        raise UserError("--processes: applies to this machine only and cannot be combined with --print-launch")
    if launch_kind:
        print_launch(run, launch_kind, rendezvous, output)
        return
    if starts:
        _prepare(run, processes)
    with Interrupts() as interrupts:
        if state in ("paused", "pausing", "stopping"):
            request(run.path, "train", status.control)
            output.message(f"{run.id}: continues from step {status.step:,}")
        elif starts:
            pid = launch(run)
            where = "its last checkpoint" if run.can_continue() else "the beginning"
            output.message(f"{run.id}: was {state}; a new worker continues from {where}")
            warning = logout_warning()
            if warning:
                output.message(warning)
        if detach:
            values = {"run": run.id, "pid": pid, "path": str(run.path), "warning": warning}
            output.result(
                values, f"{run.id} trains in the background; follow it with `bert4rec-tui watch {run.short_id}`"
            )
            return
        status = follow(run, output, interrupts, offset)
    output.result(summary(run, status), summary_text(run, status))
    raise_for_ending(run, status, interrupts)


def _how_far(run: Run, status: Status) -> str:
    """How many epochs a finished run has trained, and why it ended."""
    if status.epoch >= status.epochs:
        return "its epoch" if status.epochs == 1 else f"its {status.epochs} epochs"
    training, evaluation = run.config().training, run.config().evaluation
    return (
        f"after {status.epoch} of {status.epochs} epochs: {evaluation.best_metric} did not improve in "
        f"{training.patience} validations (training.patience)"
    )


def _prepare(run: Run, processes: int) -> None:
    """Set the number of processes of a run; batches are the same with any number."""
    training = run.config().training
    if processes:
        changed = with_assignments(run.config(), [f"training.processes={processes}", "training.machines=1"])
        save_config(changed, run.path / "config.toml")
    elif training.machines > 1:
        raise UserError(
            f"{run.id}: runs on {training.machines} machines; launch it on each as --print-launch shows, or resume it "
            f"on this machine alone with --processes {training.processes}"
        )
