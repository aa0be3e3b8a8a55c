"""`--print-launch`: the command or job script that launches a run on several machines."""

import re
from typing import Literal

from bert4rec_tui.commands.output import Output
from bert4rec_tui.errors import UserError
from bert4rec_tui.files import clear_leftovers_of, replacing
from bert4rec_tui.runs import machine
from bert4rec_tui.runs.store import Run
from bert4rec_tui.runs.torchrun import PORT, sbatch_script, torchrun_line
from bert4rec_tui.settings import home

Launch = Literal["torchrun", "sbatch"]
_PLACE = re.compile(r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}\Z")
_FILES: dict[Launch, str] = {"torchrun": "torchrun.sh", "sbatch": "job.sbatch"}


def print_launch(run: Run, kind: Launch, rendezvous: str, output: Output) -> None:
    """Print the launch command or job script of a run, and write it to the run's folder."""
    training = run.config().training
    if kind == "torchrun":
        text = torchrun_line(run, training, rendezvous or f"{machine.host()}:{PORT}", home()) + "\n"
        where = "here" if training.machines == 1 else f"on each of the {training.machines} machines"
        action = f"run this command {where}"
    else:
        text = sbatch_script(run, training, home())
        action = "submit this script with sbatch"
    file = run.path / _FILES[kind]
    clear_leftovers_of(file)
    with replacing(file) as temporary:
        temporary.write_text(text if kind == "sbatch" else f"#!/bin/sh\n{text}", encoding="utf-8")
        temporary.chmod(0o755)
    output.message(f"{run.id} is queued: {action} ({file}); do the same to resume it from its last checkpoint")
    values = {"run": run.id, "path": str(run.path), "launch": kind, "file": str(file), "text": text}
    output.result(values, text.rstrip())


def check_rendezvous(rendezvous: str, kind: Launch | None) -> None:
    """Raises UserError for a rendezvous endpoint that torchrun does not accept, or without torchrun."""
    if rendezvous and kind != "torchrun":
        raise UserError(f"--rendezvous {rendezvous}: needs --print-launch torchrun")
    if rendezvous and not _PLACE.match(rendezvous):
        raise UserError(f"--rendezvous {rendezvous}: use HOST:PORT, such as {machine.host()}:{PORT}")
