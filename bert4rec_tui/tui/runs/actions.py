"""What the keys of the runs screen do to the chosen run."""

from collections.abc import Callable
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from bert4rec_tui.errors import UserError, WorkFailedError
from bert4rec_tui.runs.failure_advice import advised
from bert4rec_tui.runs.listing import RunRow
from bert4rec_tui.runs.status import LIVE
from bert4rec_tui.tui.runs import control as run_control
from bert4rec_tui.tui.runs.console import Console
from bert4rec_tui.tui.shell.dialogs import Prompt
from bert4rec_tui.tui.shell.screen import MainScreen


class RunActions(MainScreen):
    """Pause, resume, stop, test, edit, remove; the screen says which run is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pause", "Pause", id="runs.pause", tooltip="Save, then wait between two steps"),
        Binding("r", "resume", "Resume", id="runs.resume",
                tooltip="Go on with a paused run; start a stopped, failed or lost one again"),
        Binding("s", "stop", "Stop", id="runs.stop", tooltip="Save and end the run; it can be resumed"),
        Binding("t", "test", "Test", id="runs.test", tooltip="What the trained model is worth"),
        Binding("e", "edit", "Edit and relaunch", id="runs.edit", show=False,
                tooltip="Take the configuration of this run to the train screen, with what its failure advises"),
        Binding("o", "console", "Console", id="runs.console", show=False, tooltip="What the worker wrote"),
        Binding("n", "rename", "Name", id="runs.rename", show=False, tooltip="A name of your own for the run"),
        Binding("N", "note", "Note", id="runs.note", show=False, tooltip="A note of your own on the run"),
        Binding("P", "pin", "Pin", id="runs.pin", show=False, tooltip="Keep the run at the top of the table, or not"),
        Binding("x", "remove", "Remove", id="runs.remove", show=False, tooltip="Delete the run, after a question"),
    ]  # fmt: skip

    @property
    def chosen_row(self) -> RunRow | None:
        """The run that the keys act on."""
        return None

    def acted_on(self) -> None:
        """Called when something is done about the chosen run; the screen says what follows."""

    def look(self) -> object:
        """Read the runs again; the screen says how."""

    def action_console(self) -> None:
        """Show what the worker wrote."""
        if (row := self.chosen_row) is not None:
            self.app.push_screen(Console(row.run))

    def action_test(self) -> None:
        """Go to the test screen with the chosen run."""
        if (row := self.chosen_row) is not None:
            self.application.show_test(row.run.id)

    def action_pause(self) -> None:
        """Ask the run to pause."""
        if (row := self.chosen_row) is not None:
            self.do(lambda: run_control.pause(row.run))

    def action_resume(self) -> None:
        """Go on with the run."""
        if (row := self.chosen_row) is not None:
            self.acted_on()
            self.do(lambda: run_control.resume(row.run))

    @work(exclusive=True, group="question")
    async def action_stop(self) -> None:
        """Ask whether to stop, then ask the run to."""
        row = self.chosen_row
        if row is None:
            return
        if row.state not in LIVE:
            self.notify(f"{row.run.short_id} is {row.state}: there is nothing to stop.", severity="warning")
            return
        choices = {"keep": "Keep it training", "stop": "Stop after saving; r goes on from there"}
        if await self.application.ask(f"Stop {row.run.short_id}?", choices) == "stop":
            self.do(lambda: run_control.stop(row.run))

    @work(exclusive=True, group="question")
    async def action_remove(self) -> None:
        """Ask whether to delete the run, then do."""
        row = self.chosen_row
        if row is None:
            return
        if row.live:
            self.notify(f"{row.run.short_id} is {row.state}; stop it before removing it.", severity="warning")
            return
        detail = f"{row.run.id}: its checkpoints, curves and tests go with it."
        choices = {"keep": "Keep it", "remove": "Remove it for good"}
        if await self.application.ask(f"Remove {row.run.short_id}?", choices, detail) == "remove":
            self.do(lambda: run_control.remove(self.application.runs, row.run))

    @work(exclusive=True, group="question")
    async def action_rename(self) -> None:
        """Ask for a name and give it to the run."""
        if (row := self.chosen_row) is not None:
            name = await self.app.push_screen_wait(Prompt(f"Name of {row.run.short_id}", row.name, "none"))
            if name is not None:
                self.do(lambda: run_control.rename(self.application.runs, row.run, name))

    @work(exclusive=True, group="question")
    async def action_note(self) -> None:
        """Ask for a note and write it on the run."""
        if (row := self.chosen_row) is not None:
            note = await self.app.push_screen_wait(Prompt(f"Note on {row.run.short_id}", row.labels.note, "none"))
            if note is not None:
                self.do(lambda: run_control.write_note(row.run, note))

    def action_pin(self) -> None:
        """Pin the run, or take the pin away."""
        if (row := self.chosen_row) is not None:
            self.do(lambda: run_control.turn_pin(row.run))

    def action_edit(self) -> None:
        """Take the configuration of the run to the train screen, and what its failure advises."""
        row = self.chosen_row
        if row is None:
            return
        try:
            config = row.run.config()
        except UserError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.acted_on()
        mend = advised(row.status.message, config) if row.state == "failed" else None
        self.application.go("train", dataset=config.dataset.id, config=config, advice=mend)

    @work(thread=True, group="control", exit_on_error=False)
    def do(self, what: Callable[[], str]) -> None:
        """Carry something out in a thread and say how it went."""
        try:
            said, severity = what(), "information"
        except (UserError, WorkFailedError) as error:
            said, severity = str(error), "error"
        self.app.call_from_thread(self.notify, said, severity=severity, markup=False)
        self.app.call_from_thread(self.look)
