"""What the test screen does beside testing: it shows where the checkpoint is weak, and writes its table to a file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from textual import work
from textual.binding import Binding, BindingType

from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.checkpoints import Results
from bert4rec_tui.runs.report import KINDS, ReportKind, report
from bert4rec_tui.runs.store import CheckpointName, Run
from bert4rec_tui.tui.evaluation.groups import GroupTable, turned
from bert4rec_tui.tui.evaluation.running import TestRunning
from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.shell.child_command import ChildCommand, CommandCancelledError, CommandError
from bert4rec_tui.tui.shell.export import write_export
from bert4rec_tui.tui.shell.path_prompt import PathPrompt

View = Literal["", "weak", "against"]  # what stands beside the table, or in its place


@dataclass(frozen=True)
class Found:
    """What is known of the tests of one checkpoint of a run. moment: the epoch and step that it is of now, if known."""

    run: Run
    checkpoint: CheckpointName
    results: Results
    configured: tuple[str, ...]
    moment: tuple[int, int] | None


class TestActions(TestRunning):
    """The keys of the test screen that need no test to run."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "turn_weak", "Weak spots", id="test.weak",
                tooltip="Turn to where the checkpoint is weak: by history, popularity, genre, recency; and back"),
        Binding("right", "turn_view(1)", "Next protocol", id="test.next_protocol", show=False,
                tooltip="Where it is weak, or against another: under the next protocol"),
        Binding("left", "turn_view(-1)", "Protocol before", id="test.previous_protocol", show=False,
                tooltip="Where it is weak, or against another: under the protocol before"),
        Binding("e", "export", "Export", id="test.export",
                tooltip="Write the results to a file: Markdown for a paper, CSV or JSON"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.found: Found | None = None
        self.wanted_view: View = ""  # the view that was asked for
        self.view_protocol = ""
        self.groups: Mapping[str, Any] | None = None  # protocol → what `test --groups` says of it; None: not read
        self._groups_said = ""
        self._groups_of: tuple[str, CheckpointName, Results] | None = None  # what they were read for

    @property
    def view(self) -> View:
        """What stands beside the table or in its place: what was asked for, else in a very wide terminal weak spots."""
        if self.wanted_view or not self.has_class("-widest"):
            return self.wanted_view
        return "weak" if self.found is not None and self.found.results else ""

    @property
    def alone(self) -> bool:
        """Whether the view stands in place of the table and the curves."""
        return bool(self.view) and not self.has_class("-widest")

    def show(self) -> None:
        """Draw what was found; the screen says how."""

    def shown_protocol(self) -> str:
        """The protocol that the table shows, or shows first; the screen says which."""
        return ""

    def view_protocols(self) -> list[str]:
        """The protocols that the view can turn to, as in the table."""
        if self.found is None:
            return []
        order = dict.fromkeys([*self.found.configured, *self.found.results])
        return [protocol for protocol in order if protocol in self.found.results]

    def enter_view(self, view: View) -> None:
        """Go to a view, or with none back to the table."""
        self.wanted_view = view
        if view:
            self.view_protocol = self.shown_protocol() or self.view_protocol
        self.renew_view()
        self.show()
        self.choose_pane(self.query_one("#side-pane" if view else "#table-pane"))

    def renew_view(self) -> None:
        """Read what the view shows, where that is not read yet."""
        protocols = self.view_protocols()
        if self.view_protocol not in protocols:
            self.view_protocol = protocols[0] if protocols else ""
        self.renew_groups()

    def go_back(self) -> None:
        """Back from a view to the table."""
        if self.wanted_view:
            self.enter_view("")

    def action_turn_view(self, direction: int) -> None:
        """Show the view under the next protocol, or the one before."""
        protocols = self.view_protocols()
        if self.view and protocols:
            self.view_protocol = turned(protocols, self.view_protocol, direction)
            self.show()

    # Where it is weak

    def action_turn_weak(self) -> None:
        """Turn to where it is weak, under the protocol that is shown, or back to the table."""
        if self.found is None or not self.found.results:
            self.notify("Nothing has been tested yet; r tests it.", severity="warning")
            return
        self.query_one("#groups", ArrayList).action_first()
        self.enter_view("" if self.wanted_view == "weak" else "weak")

    def renew_groups(self) -> None:
        """Read the groups of what was found, where they are shown and not those that were read."""
        found = self.found
        if self.view != "weak" or found is None:
            return
        if not found.results:
            self.wanted_view = ""
            return
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
        weak = None if self.groups is None else self.groups.get(self.view_protocol)
        return GroupTable(self.view_protocol, weak, self._groups_said or "Dividing the users…")

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
            if await self.application.ask(f"{file.name} exists", keep) != "replace":
                return
        try:
            content = await asyncio.to_thread(report, found.run, found.checkpoint, kind)
        except UserError as error:
            self.notify(str(error), severity="error", markup=False, timeout=10)
            return
        folders = [Path.cwd(), found.run.path] if file.name == answer else [file.parent]
        said, failed = await asyncio.to_thread(write_export, content.encode(), file.name, folders)
        self.notify(said, severity="error" if failed else "information", markup=False, timeout=10)
