"""Choose among the runs that have a model, for the screens that use one."""

import asyncio
from contextlib import suppress
from typing import cast

from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.store import CheckpointName, Run, RunSource, other_checkpoint
from bert4rec_tui.tui.shell.dialogs import Choice, Chooser
from bert4rec_tui.tui.shell.screen import MainScreen
from bert4rec_tui.tui.shell.text import SIGNS, metric, metric_words


def run_with_model(source: RunSource, reference: str = "") -> Run | None:
    """The run with that id; where it is gone or none is given, the newest with a checkpoint; None for none."""
    with suppress(UserError):
        if reference:
            return source.find(reference, "anything")
    with suppress(UserError):
        return source.find("latest", "checkpoint")
    return None


def checkpoint_of(run: Run, preferred: CheckpointName = "best") -> CheckpointName:
    """The preferred checkpoint if it exists, else the other one."""
    other = other_checkpoint(preferred)
    return preferred if run.checkpoint(preferred).exists() or not run.checkpoint(other).exists() else other


def _choices(source: RunSource) -> list[Choice]:
    found: list[Choice] = []
    for run in source.runs():
        if not run.has_checkpoint():
            continue
        try:
            status = run.status()
            state = SIGNS[run.state(status)].word
        except UserError:
            continue
        best = f"{metric_words(status.best.metric)} {metric(status.best.value)}" if status.best else ""
        found.append(Choice(run.id, run.id, f"{state}  {best}".strip()))
    return found


async def choose_run(screen: MainScreen, title: str, now: Run | None) -> Run | None:
    """Ask which run; None when the question is left, or when no run has a checkpoint."""
    source = screen.application.runs
    choices = await asyncio.to_thread(_choices, source)
    if not choices:
        screen.notify("No run has a checkpoint yet; train one first.", severity="warning")
        return None
    answer = await screen.app.push_screen_wait(
        Chooser(title, choices, now.id if now else None, search=len(choices) > 9)
    )
    return next((run for run in source.runs() if run.id == answer), None)


async def choose_other(
    screen: MainScreen, title: str, run: Run, checkpoint: CheckpointName
) -> tuple[str, CheckpointName] | None:
    """Ask for another run, or for the other checkpoint of this one; None when the question is left or has no answer.

    Returns the id of a run and its checkpoint.
    """
    other = other_checkpoint(checkpoint)
    choices = [choice for choice in await asyncio.to_thread(_choices, screen.application.runs) if choice.key != run.id]
    if run.checkpoint(other).exists():
        choices.insert(0, Choice(run.id, f"{run.id} {other}", "of this run"))
    if not choices:
        screen.notify("No other checkpoint available.", severity="warning")
        return None
    answer = await screen.app.push_screen_wait(Chooser(title, choices, search=len(choices) > 9))
    return None if answer is None else (answer, other if answer == run.id else "best")


async def choose_checkpoint(screen: MainScreen, run: Run, now: CheckpointName) -> CheckpointName | None:
    """Ask which checkpoint of a run; None when the question is left."""
    words = {"best": "best, by the checkpoint metric", "last": "last, the most recent epoch"}
    choices = [
        Choice(name, words[name], "" if run.checkpoint(name).exists() else "not saved yet") for name in ("best", "last")
    ]
    answer = await screen.app.push_screen_wait(Chooser("Which checkpoint?", choices, now))
    return cast(CheckpointName | None, answer)
