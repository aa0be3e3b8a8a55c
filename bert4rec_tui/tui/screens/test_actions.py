"""What the test screen does beside testing: it shows where the checkpoint is weak, and writes its table to a file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.store import Run
from bert4rec_tui.runs.test_report import KINDS, ReportKind, report
from bert4rec_tui.tui.child import OUR_COMMAND, ChildCommand, CommandCancelledError, CommandError
from bert4rec_tui.tui.exporting import write_export
from bert4rec_tui.tui.path_prompt import PathPrompt
from bert4rec_tui.tui.run_choice import CheckpointName
from bert4rec_tui.tui.screens.base import MainScreen
from bert4rec_tui.tui.test_groups import GroupTable, turned
from bert4rec_tui.tui.test_results import Results
from bert4rec_tui.tui.widgets.array_list import ArrayList


@dataclass(frozen=True)
class Found:
    """What is known of the tests of one checkpoint of a run."""

    run: Run
    checkpoint: CheckpointName
    results: Results
    configured: tuple[str, ...]
    epoch_now: int | None


class TestActions(MainScreen):
    """The keys of the test screen that need no test to run."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "turn_weak", "Weak spots", id="test.weak",
                tooltip="Turn to where the checkpoint is weak: by history, popularity, genre, recency; and back"),
        Binding("e", "export", "Export", id="test.export",
                tooltip="Write the results to a file: Markdown for a paper, CSV or JSON"),
    ]  # fmt: skip

    program: Sequence[str] = OUR_COMMAND

    def __init__(self) -> None:
        super().__init__()
        self.found: Found | None = None
        self.weak = False  # whether the groups stand in place of the table
        self.weak_protocol = ""
        self.groups: Mapping[str, Any] | None = None  # protocol → what `test --groups` says of it; None: not read
        self._groups_said = ""
        self._groups_of: tuple[str, CheckpointName, Results] | None = None  # what they were read for

    def show(self) -> None:
        """Draw what was found; the screen says how."""

    def shown_protocol(self) -> str:
        """The protocol that the table shows, or shows first; the screen says which."""
        return ""

    # Where it is weak

    def action_turn_weak(self) -> None:
        """Turn to where it is weak, under the protocol that is shown, or back to the table."""
        if self.found is None or not self.found.results:
            self.notify("Nothing has been tested yet; r tests it.", severity="warning")
            return
        self.weak = not self.weak
        if self.weak:
            self.weak_protocol = self.shown_protocol()
            self.renew_groups()
            self.choose_pane(self.query_one("#table-pane"))  # the curves leave, whichever pane was chosen
        self.query_one(ArrayList).action_first()
        self.show()

    def renew_groups(self) -> None:
        """Read the groups of what was found, where they are shown and not those that were read."""
        found = self.found
        if not self.weak or found is None or not found.results:
            self.weak = False
            return
        if self.weak_protocol not in found.results:
            self.weak_protocol = next(iter(found.results))
        wanted = (found.run.id, found.checkpoint, found.results)
        if self._groups_of != wanted:
            self._groups_of, self.groups, self._groups_said = wanted, None, ""
            self.read_groups(found)

    @work(exclusive=True, group="groups", exit_on_error=False)
    async def read_groups(self, found: Found) -> None:
        """Ask our own command about all protocols at once, so that turning between them waits for nothing."""
        under = [word for protocol in found.results for word in ("--protocol", protocol)]
        words = (found.run.id, "--checkpoint", found.checkpoint, *under, "--groups", "--kept")
        command = ChildCommand("test", *words, program=self.program)
        try:
            async for _ in command.events():
                pass
            self.groups = command.result["groups"]
        except CommandCancelledError:
            return
        except CommandError as error:
            self._groups_said = str(error)
        self.show()

    def group_table(self) -> GroupTable:
        """The groups under the protocol that is shown."""
        weak = None if self.groups is None else self.groups.get(self.weak_protocol)
        return GroupTable(self.weak_protocol, weak, self._groups_said or "Dividing the users…")

    def turn_weak_protocol(self, direction: int) -> None:
        """Show the groups under the next protocol, or the one before."""
        if self.found is not None and self.found.results:
            order = dict.fromkeys([*self.found.configured, *self.found.results])  # as in the table
            tested = [protocol for protocol in order if protocol in self.found.results]
            self.weak_protocol = turned(tested, self.weak_protocol, direction)
            self.show()

    # Export

    @work(exclusive=True, group="question")
    async def action_export(self) -> None:
        """Ask for a file and write all results of the checkpoint to it; its ending says in which form."""
        found = self.found
        if found is None or not found.results:
            self.notify("Nothing has been tested yet; r tests it.", severity="warning")
            return
        name = f"{found.run.id}-{found.checkpoint}-test.md"
        answer = await self.app.push_screen_wait(PathPrompt("Write the results as .md, .csv or .json", name))
        if answer is None:
            return
        file = Path(answer).expanduser()
        kind: ReportKind | None = next((kind for kind in KINDS if file.suffix.lower() == f".{kind}"), None)
        if kind is None:
            self.notify(f"The name must end in .md, .csv or .json, not as {file.name}", severity="error", markup=False)
            return
        if await asyncio.to_thread(file.exists):
            keep = {"keep": "Keep the file as it is", "replace": "Replace it"}
            if await self.shell.ask(f"{file.name} exists", keep) != "replace":
                return
        try:
            content = await asyncio.to_thread(report, found.run, found.checkpoint, kind)
        except UserError as error:
            self.notify(str(error), severity="error", markup=False, timeout=10)
            return
        folders = [Path.cwd(), found.run.path] if file.name == answer else [file.parent]
        said, failed = await asyncio.to_thread(write_export, content.encode(), file.name, folders)
        self.notify(said, severity="error" if failed else "information", markup=False, timeout=10)
