"""What is asked before the program closes while something is at work, and what it prints afterwards."""

from dataclasses import dataclass
from typing import Any

from textual.app import App

from bert4rec_tui.runs.control import request
from bert4rec_tui.tui.shell.dialogs import Question
from bert4rec_tui.tui.shell.interface import application_of
from bert4rec_tui.tui.shell.live_runs import LiveRun


@dataclass(frozen=True)
class Quit:
    """The program may close; `farewell` is on the terminal afterwards."""

    farewell: str | None = None


async def ask_to_quit(app: App[Any], commands_busy: bool) -> Quit | None:
    """Ask what there is to ask; None where the person stays. To be awaited in a worker."""
    if commands_busy and await app.push_screen_wait(discard_question()) != "quit":
        return None
    live = application_of(app).live
    if not live:
        return Quit()
    answer = await app.push_screen_wait(quit_question(live))
    if answer == "stop":
        stop_all(live)
    return Quit(farewell(live, stopped=answer == "stop")) if answer in ("detach", "stop") else None


def discard_question() -> Question:
    """The question while one of our commands is at work for the interface alone."""
    return Question("A command is still running", {"stay": "Stay", "quit": "Quit and discard its unfinished work"})


def quit_question(live: tuple[LiveRun, ...]) -> Question:
    """The question while runs are live; a second q leaves them alone."""
    who = live[0].run.short_id if len(live) == 1 else f"{len(live)} runs"
    return Question(
        "Quit?",
        {
            "detach": f"Quit, keep {'paused' if _all_paused(live) else 'training'}  (q)",
            "stop": "Save, stop and quit",
            "stay": "Stay here",
        },
        f"{who} {_continues(live)} after this program closes. To return:\n{return_command(live)}",
        keys={"q": "detach"},
    )


def return_command(live: tuple[LiveRun, ...]) -> str:
    """The command that returns to the runs."""
    return f"bert4rec-tui watch {live[0].run.short_id}" if len(live) == 1 else "bert4rec-tui runs"


def stop_all(live: tuple[LiveRun, ...]) -> None:
    """Ask every live run to save and end."""
    for run in live:
        request(run.run.path, "stop", at_least=run.status.control)


def farewell(live: tuple[LiveRun, ...], stopped: bool) -> str:
    """What is on the terminal afterwards."""
    names = ", ".join(run.run.id for run in live)
    if stopped:
        return f"{names}: saving, then stopping; to return: {return_command(live)}"
    return f"{names} {_continues(live)}; to return: {return_command(live)}"


def _all_paused(live: tuple[LiveRun, ...]) -> bool:
    return all(run.state == "paused" for run in live)


def _continues(live: tuple[LiveRun, ...]) -> str:
    several = len(live) > 1
    if _all_paused(live):
        return "stay paused" if several else "stays paused"
    return "keep training" if several else "keeps training"
