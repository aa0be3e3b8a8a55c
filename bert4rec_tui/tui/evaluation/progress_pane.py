"""Runs tests, one after the other, by our own command, and shows how far they are in a line at the foot."""

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from bert4rec_tui.progress import Progress, describe_progress
from bert4rec_tui.tui.evaluation.comparison import Job
from bert4rec_tui.tui.evaluation.session import TEST_RUNNING, EvaluationSession
from bert4rec_tui.tui.shell.child_command import ChildCommand, CommandCancelledError, CommandError, Progressed
from bert4rec_tui.tui.shell.pane import Pane
from bert4rec_tui.tui.shell.text import bar, clean

STARTING = Progress(stage="Starting the test")


class ProgressPane(Pane):
    """Run a test."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "run_test", "Run test", id="test.run",
                tooltip="Test the checkpoint under the chosen protocols; in a comparison, whatever is not tested yet"),
    ]  # fmt: skip

    class Ended(Message):
        """The tests are done, cancelled, or one failed: there may be other results."""

    def __init__(self, session: EvaluationSession) -> None:
        super().__init__(id="test-progress")
        self.session = session
        self.line = Static(markup=False)
        self._command: ChildCommand | None = None
        self._message = ""  # the last sentence of the command, such as where it runs and why there

    def compose(self) -> ComposeResult:
        """The line."""
        yield self.line

    def action_run_test(self) -> None:
        """Test the checkpoint under the chosen protocols; in a comparison, what one of the two is missing."""
        session = self.session
        if session.testing:
            self.notify(TEST_RUNNING, severity="warning")
            return
        jobs = session.jobs()
        for job in jobs:
            checkpoint = job.checkpoint
            if not checkpoint.exists():
                run = checkpoint.run
                missing = f"{run.short_id} has no {checkpoint.checkpoint} checkpoint to test."
                none = session.what_is_missing().partition("\n")[0]
                self.notify(missing if run.has_checkpoint() else none, severity="warning", markup=False)
                return
        if jobs:
            session.testing = True
            self.run_jobs(jobs)

    @work(exclusive=True, group="test", exit_on_error=False)
    async def run_jobs(self, jobs: Sequence[Job]) -> None:
        """Run our own command for each and show how far it is."""
        self._message = ""
        self._show(STARTING)
        try:
            for job in jobs:
                await self._run(job)
        except CommandCancelledError:
            self.notify("Test cancelled; no results saved.")
        except CommandError as error:
            self.notify(str(error), severity="error", markup=False, timeout=15)
        else:
            more = f" {self._message}." if self._message else ""
            self.notify(f"Test done.{more}", markup=False, timeout=12 if more else 5)
        finally:
            self._command, self.session.testing = None, False
            self._show(None)
        self.post_message(self.Ended())

    async def _run(self, job: Job) -> None:
        words = [word for protocol in job.protocols for word in ("--protocol", protocol)]
        run, checkpoint = job.checkpoint.run.id, job.checkpoint.checkpoint
        command = self.application.command("test", run, "--checkpoint", checkpoint, *words)
        self._command = command
        async for event in command.events():
            if isinstance(event, Progressed):
                self._show(event.progress)
            else:
                self._message = event.sentence
                self._show(STARTING)

    def _show(self, progress: Progress | None) -> None:
        self.set_class(progress is not None, "-shown")
        if progress is None:
            return
        words = Content(f"{clean(describe_progress(progress))}   esc cancel")
        if progress.total:
            words = bar(progress.done / progress.total, 20, self.application.ascii) + Content("  ") + words
        self.line.update(Content(f"{clean(self._message)}\n") + words if self._message else words)

    def cancel(self) -> None:
        """End the test that is running."""
        if self._command is not None:
            self._command.cancel()
