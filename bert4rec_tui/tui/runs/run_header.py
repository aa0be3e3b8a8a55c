"""The head of the run pane: how far the selected run is, and the keys that act on it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from bert4rec_tui.errors import UserError, WorkFailedError
from bert4rec_tui.runs.failure_advice import advised_setting
from bert4rec_tui.runs.listing import RunRow
from bert4rec_tui.runs.status import LIVE
from bert4rec_tui.tui.runs import run_requests
from bert4rec_tui.tui.runs.console import Console
from bert4rec_tui.tui.runs.session import RunsSession
from bert4rec_tui.tui.runs.table import headline
from bert4rec_tui.tui.shell.dialogs import Prompt
from bert4rec_tui.tui.shell.lines import Lines
from bert4rec_tui.tui.shell.pane import Pane


class RunHeader(Pane):
    """The selected run."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pause", "Pause", id="runs.pause", tooltip="Save, then wait between two steps"),
        Binding("r", "resume", "Resume", id="runs.resume",
                tooltip="Resume a paused run; restart a stopped, failed or lost one from its last checkpoint"),
        Binding("s", "stop", "Stop", id="runs.stop", tooltip="Save and end the run; it can be resumed"),
        Binding("t", "test", "Test", id="runs.test", tooltip="Go to the Test screen with this run"),
        Binding("e", "edit", "Edit and relaunch", id="runs.edit", show=False,
                tooltip="Take this run's configuration to the Train screen, with the fix its failure advises"),
        Binding("o", "console", "Console", id="runs.console", show=False, tooltip="Show the worker's output"),
        Binding("n", "rename", "Name", id="runs.rename", show=False, tooltip="Name the run"),
        Binding("N", "note", "Note", id="runs.note", show=False, tooltip="Write a note about the run"),
        Binding("P", "pin", "Pin", id="runs.pin", show=False,
                tooltip="Pin the run to the top of the table, or unpin it"),
        Binding("x", "remove", "Remove", id="runs.remove", show=False, tooltip="Delete the run, after confirmation"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    RunHeader { height: 2; }
    RunHeader #head { height: 2; }
    """

    @dataclass
    class Requested(Message):
        """A request about the run was carried out, or failed; `sentence` says how it went."""

        sentence: str
        failed: bool

    @dataclass
    class Handled(Message):
        """The run is being resumed, or its configuration edited: the notice of its end has served."""

    def __init__(self, session: RunsSession) -> None:
        super().__init__()
        self.session = session
        self.lines = Lines(id="head")

    def compose(self) -> ComposeResult:
        """The two lines."""
        yield self.lines

    def show(self) -> None:
        """Show how far the run is."""
        row = self.session.selected_row
        self.display = row is not None
        if row is not None:
            self.lines.show(lambda width: headline(row, width, self.application.ascii))

    @work(thread=True, group="request", exit_on_error=False)
    def request(self, what: Callable[[], str]) -> None:
        """Carry out a request in a thread and say how it went."""
        try:
            message = self.Requested(what(), failed=False)
        except (UserError, WorkFailedError) as error:
            message = self.Requested(str(error), failed=True)
        self.post_message(message)

    @on(Requested)
    def report(self, message: Requested) -> None:
        """Show how it went; the screen reads the table again."""
        self.notify(message.sentence, severity="error" if message.failed else "information", markup=False)

    def action_pause(self) -> None:
        """Ask the run to pause."""
        if (row := self.session.selected_row) is not None:
            self.request(lambda: run_requests.pause(row.run))

    def action_resume(self) -> None:
        """Resume the run."""
        if (row := self.session.selected_row) is not None:
            self.post_message(self.Handled())
            self.request(lambda: run_requests.resume(row.run))

    def action_stop(self) -> None:
        """Ask whether to stop the run, and stop it."""
        row = self.session.selected_row
        if row is None:
            return
        if row.state in LIVE:
            self.ask_to_stop(row)
        else:
            self.notify(f"{row.run.short_id} is {row.state}: nothing to stop.", severity="warning")

    @work(exclusive=True, group="question")
    async def ask_to_stop(self, row: RunRow) -> None:
        """Ask, then do."""
        choices = {"keep": "Keep training", "stop": "Stop after saving; r resumes from there"}
        if await self.application.ask(f"Stop {row.run.short_id}?", choices) == "stop":
            self.request(lambda: run_requests.stop(row.run))

    def action_remove(self) -> None:
        """Ask whether to delete the run, and delete it."""
        row = self.session.selected_row
        if row is None:
            return
        if row.live:
            self.notify(f"{row.run.short_id} is {row.state}; stop it before you remove it.", severity="warning")
        else:
            self.ask_to_remove(row)

    @work(exclusive=True, group="question")
    async def ask_to_remove(self, row: RunRow) -> None:
        """Ask, then do."""
        detail = f"{row.run.id}, with its checkpoints, curves and test results."
        choices = {"keep": "Keep it", "remove": "Delete it permanently"}
        if await self.application.ask(f"Remove {row.run.short_id}?", choices, detail) == "remove":
            self.request(lambda: run_requests.remove(self.application.runs, row.run))

    @work(exclusive=True, group="question")
    async def action_rename(self) -> None:
        """Ask for a name and give it to the run."""
        if (row := self.session.selected_row) is not None:
            name = await self.app.push_screen_wait(Prompt(f"Name of {row.run.short_id}", row.name, "none"))
            if name is not None:
                self.request(lambda: run_requests.rename(self.application.runs, row.run, name))

    @work(exclusive=True, group="question")
    async def action_note(self) -> None:
        """Ask for a note and write it on the run."""
        if (row := self.session.selected_row) is not None:
            note = await self.app.push_screen_wait(Prompt(f"Note on {row.run.short_id}", row.labels.note, "none"))
            if note is not None:
                self.request(lambda: run_requests.write_note(row.run, note))

    def action_pin(self) -> None:
        """Pin the run, or unpin it."""
        if (row := self.session.selected_row) is not None:
            self.request(lambda: run_requests.toggle_pin(row.run))

    def action_console(self) -> None:
        """Show the worker's output."""
        if (row := self.session.selected_row) is not None:
            self.app.push_screen(Console(row.run))

    def action_test(self) -> None:
        """Go to the Test screen with the run."""
        if (row := self.session.selected_row) is not None:
            self.application.show_test(row.run.id)

    def action_edit(self) -> None:
        """Take the configuration of the run to the Train screen, with the setting that its failure advises."""
        row = self.session.selected_row
        if row is None:
            return
        try:
            config = row.run.config()
        except UserError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.post_message(self.Handled())
        advice = advised_setting(row.status.message, config) if row.state == "failed" else None
        self.application.go("train", dataset=config.dataset.id, config=config, advice=advice)
