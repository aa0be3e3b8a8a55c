"""How a run ended, in one sentence for whatever screen is shown."""

from dataclasses import dataclass

from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.status import State
from bert4rec_tui.runs.store import Run
from bert4rec_tui.tui.shell.text import clean


@dataclass(frozen=True)
class Ending:
    """A run that is no longer live: in which state, a short sentence for the terminal, a longer one for the screen."""

    state: State
    brief: str
    sentence: str

    @property
    def bad(self) -> bool:
        """Whether the person should look at it."""
        return self.state != "finished"


def ending_of(run: Run) -> Ending | None:
    """How a run ended; None where there is nothing to say: stopped by the person, removed, or live again."""
    try:
        status = run.status()
        state = run.state(status)
    except UserError:  # removed meanwhile
        return None
    name = run.short_id
    if state == "finished":
        return Ending(state, f"{name} finished", f"{name} finished; press 4 to test, 5 to explore")
    if state == "failed":
        return Ending(state, f"{name} failed", f"{name} failed: {_reason(status.message)}; press 3 to see it")
    if state == "lost":
        return Ending(state, f"{name} is lost", f"{name} is lost: {_reason(status.message)}; press 3 to see it")
    return None


def _reason(message: str) -> str:
    return clean(message).rstrip(".") or "its worker process is gone"
