"""Our own commands at work for the interface: what they report, what they give, and their end with it."""

from collections.abc import Callable, Sequence
from typing import Any

from bert4rec_tui.progress import Progress
from bert4rec_tui.tui.shell.child_command import OUR_COMMAND, ChildCommand, Reported


class RunningCommands:
    """Runs our commands as child processes; `report` shows what one of them has to tell the person."""

    def __init__(self, report: Callable[[str], None], program: Sequence[str] = OUR_COMMAND) -> None:
        self.report, self.program = report, program
        self._running: set[ChildCommand] = set()

    @property
    def busy(self) -> bool:
        """Whether one is at work."""
        return bool(self._running)

    async def run(self, *arguments: str, progressed: Callable[[Progress], None] | None = None) -> dict[str, Any]:
        """Run a command to its end and return the object that it printed.

        Raises CommandError with the command's own sentence. Cancelling whoever awaits this ends the command.
        """
        command = ChildCommand(*arguments, program=self.program)
        self._running.add(command)
        try:
            async for event in command.events():
                if isinstance(event, Reported):
                    self.report(event.sentence)
                elif progressed is not None:
                    progressed(event.progress)
        finally:
            self._running.discard(command)
        return command.result

    def end_all(self) -> None:
        """Ask all of them to end, without waiting for it."""
        for command in self._running:
            command.end_now()
