"""How the test screen runs a test: our own command as a child, how far it is, and the key that ends it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from bert4rec_tui.progress import Progress, describe_progress
from bert4rec_tui.tui.shell.child_command import (
    OUR_COMMAND,
    ChildCommand,
    CommandCancelledError,
    CommandError,
    Progressed,
)
from bert4rec_tui.tui.shell.screen import MainScreen
from bert4rec_tui.tui.shell.text import bar, clean

Job = tuple[str, str, Sequence[str]]  # a run's id, its checkpoint, the protocols


class TestRunning(MainScreen):
    """Runs one test after the other and speaks of it in a line at the foot."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="test.cancel", show=False,
                tooltip="End the test that is running, or go back from a view to the table"),
    ]  # fmt: skip

    program: Sequence[str] = OUR_COMMAND

    def __init__(self) -> None:
        super().__init__()
        self._command: ChildCommand | None = None
        self._said = ""  # what the command has to tell, such as where it runs and why there

    def read(self) -> object:
        """Show what the tests have given; the screen says how."""

    def is_busy(self) -> bool:
        """Whether a test is running, which then is said."""
        if self._command is not None:
            self.notify("A test is running; esc ends it.", severity="warning")
        return self._command is not None

    @work(exclusive=True, group="test", exit_on_error=False)
    async def run_tests(self, jobs: Sequence[Job]) -> None:
        """Run our own command for each and show how far it is."""
        self._said = ""
        self._show_progress(Progress(stage="Starting the test"))
        try:
            for run, checkpoint, protocols in jobs:
                under = [word for protocol in protocols for word in ("--protocol", protocol)]
                command = ChildCommand("test", run, "--checkpoint", checkpoint, *under, program=self.program)
                self._command = command
                async for event in command.events():
                    if isinstance(event, Progressed):
                        self._show_progress(event.progress)
                    else:
                        self._said = event.sentence
                        self._show_progress(Progress(stage="Starting the test"))
        except CommandCancelledError:
            self.notify("The test is cancelled; nothing of it is kept.")
        except CommandError as error:
            self.notify(str(error), severity="error", markup=False, timeout=15)
        else:
            said = f"The test is done.{f' {self._said}.' if self._said else ''}"
            self.notify(said, markup=False, timeout=12 if self._said else 5)
        finally:
            self._command = None
            self._show_progress(None)
        self.read()

    def _show_progress(self, progress: Progress | None) -> None:
        line = self.query_one("#test-progress", Static)
        line.set_class(progress is not None, "-shown")
        if progress is not None:
            done = progress.done / progress.total if progress.total else 0.0
            words = Content(f"{clean(describe_progress(progress))}   esc cancel")
            shown = bar(done, 20, self.application.ascii) + Content("  ") + words if progress.total else words
            line.update(Content(f"{clean(self._said)}\n") + shown if self._said else shown)

    def action_cancel(self) -> None:
        """End the test that is running; without one, go back."""
        if self._command is not None:
            self._command.cancel()
        else:
            self.go_back()

    def go_back(self) -> None:
        """Go back from a view to the table; the screen says how."""
