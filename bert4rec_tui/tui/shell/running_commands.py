"""Our own commands at work for the interface: what they report, what they give, and their end with it."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Any

from bert4rec_tui.progress import Progress
from bert4rec_tui.tui.shell.child_command import OUR_COMMAND, ChildCommand, CommandCancelledError, Reported


class RunningCommands:
    """Runs our commands as child processes; `report` shows what one of them has to tell the person."""

    def __init__(self, report: Callable[[str], None], program: Sequence[str] = OUR_COMMAND) -> None:
        self.report, self.program = report, program
        self._running: set[ChildCommand] = set()
        self._closed = False  # the program ends: a worker that still asks for a command gets none
        self._ending: set[ChildCommand] = set()  # nobody awaits them any more, and they may not be gone yet

    @property
    def busy(self) -> bool:
        """Whether one is at work."""
        return bool(self._running)

    async def run(self, *arguments: str, progressed: Callable[[Progress], None] | None = None) -> dict[str, Any]:
        """Run a command to its end and return the object that it printed.

        Raises CommandError with the command's own sentence. Cancelling whoever awaits this ends the command.
        """
        if self._closed:
            raise CommandCancelledError("cancelled")
        command = ChildCommand(*arguments, program=self.program)
        self._running.add(command)
        try:
            async with aclosing(command.events()) as events:
                async for event in events:
                    if isinstance(event, Reported):
                        self.report(event.sentence)
                    elif progressed is not None:
                        progressed(event.progress)
        except BaseException:  # also where what is shown of it fails: it is still at work then
            self._ending.add(command)
            raise
        finally:
            self._running.discard(command)
        return command.result

    async def end_all(self) -> None:
        """End all of them and wait until they are gone: a loop that closes before would print a traceback for each."""
        self._closed = True
        await asyncio.gather(*(command.end() for command in self._running | self._ending), return_exceptions=True)
