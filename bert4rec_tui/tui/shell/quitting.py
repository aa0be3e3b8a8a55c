"""What is asked and said when one leaves while something trains."""

from bert4rec_tui.runs.control import request
from bert4rec_tui.tui.shell.dialogs import Question
from bert4rec_tui.tui.shell.live_runs import LiveRun


def leave_question(live: tuple[LiveRun, ...]) -> Question:
    """The question; a second q leaves the runs alone."""
    one = len(live) == 1
    who = live[0].run.short_id if one else f"{len(live)} runs"
    doing = "waiting, paused," if all(run.state == "paused" for run in live) else "training"
    detail = f"{who} {'goes' if one else 'go'} on {doing} when this program has closed. Later:\n"
    return Question(
        "Leave?",
        {
            "detach": "Leave; it goes on  (q)" if one else "Leave; they go on  (q)",
            "stop": "Stop after saving, then leave",
            "stay": "Stay here",
        },
        f"{detail}{come_back(live)}",
        keys={"q": "detach"},
    )


def come_back(live: tuple[LiveRun, ...]) -> str:
    """The command that comes back."""
    return f"bert4rec-tui watch {live[0].run.short_id}" if len(live) == 1 else "bert4rec-tui runs"


def stop_all(live: tuple[LiveRun, ...]) -> None:
    """Ask every live run to save and end."""
    for run in live:
        request(run.run.path, "stop", at_least=run.status.control)


def farewell(live: tuple[LiveRun, ...], stopped: bool) -> str:
    """What stands on the terminal afterwards."""
    names = ", ".join(run.run.id for run in live)
    verb = (
        ("saves and stops" if len(live) == 1 else "save and stop")
        if stopped
        else "goes on"
        if len(live) == 1
        else "go on"
    )
    return f"{names} {verb}; come back with: {come_back(live)}"
