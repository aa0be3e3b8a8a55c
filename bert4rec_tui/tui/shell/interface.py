"""What the application offers to its screens; none of them needs to know the application itself."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

from textual.dom import DOMNode

from bert4rec_tui.config import Config
from bert4rec_tui.progress import Progress
from bert4rec_tui.runs.store import LocalRuns
from bert4rec_tui.settings import Settings
from bert4rec_tui.tui.shell.child_command import ChildCommand
from bert4rec_tui.tui.shell.live_runs import LiveRun


class Application(Protocol):
    """The application as an area sees it: the runs, our own commands, questions, and the ways to other screens."""

    settings: Settings
    runs: LocalRuns
    ascii: bool
    remote: bool

    @property
    def live(self) -> tuple[LiveRun, ...]:
        """The live runs, newest first."""
        ...

    @property
    def current_mode(self) -> str:
        """Which of the five screens is shown."""
        ...

    def go(self, mode: str, **what: Any) -> None:
        """Go to one of the five screens, there to something, such as `run="…"`."""
        ...

    def show_run(self, run_id: str) -> None:
        """Watch a run."""
        ...

    def show_test(self, run_id: str) -> None:
        """See how well a run's model does."""
        ...

    def explore(self, run_id: str | None = None, user: int | None = None) -> None:
        """See what a run's model recommends, to a user if one is named."""
        ...

    def train_on(self, dataset_id: str, config: Config | None = None) -> None:
        """Configure a run on a prepared dataset, starting from a configuration if one is given."""
        ...

    async def run_command(
        self, *arguments: str, progressed: Callable[[Progress], None] | None = None
    ) -> dict[str, Any]:
        """Run one of our commands to its end and return the object that it printed; to be awaited in a worker.

        Raises CommandError with the command's own sentence. Cancelling the worker ends the command.
        """
        ...

    def command(self, *arguments: str) -> ChildCommand:
        """One of our commands that the caller follows and may cancel; it ends with the program without a question."""
        ...

    async def ask(self, question: str, choices: Mapping[str, str], detail: str = "") -> str | None:
        """Ask in a dialog: key of the choice → its words, the safe answer first; None when it is left with esc."""
        ...


def application_of(node: DOMNode) -> Application:
    """The application that a screen or widget stands in."""
    return cast(Application, node.app)
