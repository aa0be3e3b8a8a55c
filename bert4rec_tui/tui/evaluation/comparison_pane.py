"""The checkpoint compared with another one: metrics, paired test, and the users whom the two rank differently."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from bert4rec_tui.data.nouns import Noun
from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.store import CheckpointName, RunSource
from bert4rec_tui.tui.evaluation.checkpoint import ITEM, CheckpointResults, read_checkpoint
from bert4rec_tui.tui.evaluation.comparison import (
    Comparison,
    UserDifferences,
    comparable_checkpoints,
    read_user_differences,
)
from bert4rec_tui.tui.evaluation.comparison_lines import (
    NOTE,
    comparison_lines,
    comparison_title,
    user_line,
    users_header,
)
from bert4rec_tui.tui.evaluation.results import keys_of_view, plain
from bert4rec_tui.tui.evaluation.session import TEST_RUNNING, EvaluationSession
from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.shell.child_command import CommandCancelledError, CommandError
from bert4rec_tui.tui.shell.dialogs import Choice, Chooser
from bert4rec_tui.tui.shell.lines import Lines
from bert4rec_tui.tui.shell.pane import Pane

RESAMPLING = "Resampling users…"
MANY_USERS = 50_000  # from which the paired test of a protocol takes seconds
ALL_PROTOCOLS = 34  # lines of the terminal from which every protocol is above the users


class UserDifferencesList(ArrayList):
    """The users with the largest differences."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Explore this user", id="test.explore_user", show=False,
                tooltip="Open Explore on this user, with both checkpoints' predictions"),
    ]  # fmt: skip

    item: Noun = ITEM

    @dataclass
    class Opened(Message):
        """A user is to be explored; `row` is the place in the list."""

        row: int

    @property
    def help_text(self) -> str:
        """What the list shows and in what order."""
        return (
            f"Users whose held-out {self.item.one} the two checkpoints rank differently, sorted by the change in NDCG: "
            "rank 1 to 20 comes before 1,000 to 3,000, which nobody would see. Up means that this screen's checkpoint "
            "is better. enter opens the user in Explore."
        )

    def action_open(self) -> None:
        """Explore the user under the cursor."""
        if self.row >= 0:
            self.post_message(self.Opened(self.row))


class ComparisonPane(Pane):
    """The checkpoint compared with another one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "choose", "Compare with", id="test.against",
                tooltip="Compare with another run's checkpoint, or with the other one of this run"),
    ]  # fmt: skip

    class Chosen(Message):
        """Another checkpoint to compare with is chosen."""

    class Failed(Message):
        """There is nothing to compare with any more."""

    def __init__(self, session: EvaluationSession) -> None:
        super().__init__(id="comparison-pane", classes="-absent")
        self.session = session
        self.figures = Lines(id="comparison-metrics")
        self.users = UserDifferencesList(self._line, header=self._header, head=2, id="user-differences")
        self.notes = Static(classes="view-notes", markup=False)

    def compose(self) -> ComposeResult:
        """The metrics, the users, and what to know of them."""
        yield self.figures
        yield self.users
        yield self.notes

    # Choosing

    def action_choose(self) -> None:
        """Ask which checkpoint to compare with."""
        if self.session.testing:
            self.notify(TEST_RUNNING, severity="warning")
        elif (tested := self.session.tested) is not None:
            self.screen.run_worker(self._choose(tested), group="question", exclusive=True)

    async def _choose(self, tested: CheckpointResults) -> None:
        candidates = await asyncio.to_thread(comparable_checkpoints, self.application.runs, tested)
        if not candidates:
            self.notify(
                "No other checkpoint on this dataset with the same preparation; train another run.",
                severity="warning",
            )
            return
        choices = [Choice(f"{found.run.id}:{found.checkpoint}", found.label, found.note) for found in candidates]
        before = ":".join(self.session.compared_with) if self.session.compared_with else None
        title = f"Compare {tested.name} with which?"
        answer = await self.app.push_screen_wait(Chooser(title, choices, before, search=len(choices) > 9))
        if answer is not None:
            run, _, checkpoint = answer.rpartition(":")
            self.session.compare_with(run, cast(CheckpointName, checkpoint))
            self.post_message(self.Chosen())

    # Reading

    def renew(self) -> None:
        """Read the two checkpoints, where they are shown."""
        ours, other = self.session.tested, self.session.compared_with
        if self.session.view == "comparison" and ours is not None and other is not None:
            self.read(ours, *other)

    @work(exclusive=True, group="comparison", exit_on_error=False)
    async def read(self, ours: CheckpointResults, run_id: str, checkpoint: CheckpointName) -> None:
        """Read both sides in a thread, the users first; the paired test is made by our own command."""
        try:
            other = await asyncio.to_thread(_read, self.application.runs, run_id, checkpoint)
        except UserError as error:
            self.notify(str(error), severity="warning", markup=False)
            self.session.stop_comparing()
            self.post_message(self.Failed())
            return
        comparison = Comparison(ours, other)
        if self.session.is_compared(comparison):
            return
        if not comparison.shared:
            # Of each protocol its line says what is missing; where there is none, one sentence does.
            neither = "" if comparison.protocols else "Neither is tested; press r to test both."
            self._take(replace(comparison, status=neither))
            return
        self._take(replace(comparison, status=RESAMPLING))
        users = await asyncio.to_thread(
            lambda: {protocol: read_user_differences(ours, other, protocol) for protocol in comparison.shared}
        )
        comparison = replace(comparison, users=users)
        self._take(replace(comparison, status=RESAMPLING))
        for protocols in self._portions(comparison):
            words = [word for protocol in protocols for word in ("--protocol", protocol)]
            command = self.application.command("compare", other.reference, ours.reference, *words)
            try:
                async for _ in command.events():
                    pass
            except CommandCancelledError:
                return
            except CommandError as error:
                self._take(replace(comparison, status=str(error)))
                return
            comparison = replace(comparison, paired=[*comparison.paired, *command.result.get("paired", [])])
            done = len(comparison.compared_protocols) == len(comparison.shared)
            self._take(replace(comparison, status="" if done else RESAMPLING))

    def _portions(self, comparison: Comparison) -> Sequence[list[str]]:
        """The protocols that are compared by one command: of many users one, the shown one first."""
        shared = sorted(comparison.shared, key=lambda protocol: protocol != self.session.view_protocol)
        return [[protocol] for protocol in shared] if (comparison.ours.users or 0) > MANY_USERS else [shared]

    def _take(self, comparison: Comparison) -> None:
        if self.session.accept_comparison(comparison):
            self.show()

    # Showing

    def show(self) -> None:
        """Draw the comparison, where it is the view."""
        session, ascii, comparison = self.session, self.application.ascii, self.session.comparison
        self.set_class(session.view != "comparison", "-absent")
        if session.view != "comparison":
            return
        if session.tested is not None:
            self.users.item = session.tested.item
        self.border_title = Content(plain(comparison_title(comparison), ascii) if comparison else "Compare with")
        self.border_subtitle = Content(f"enter explore  {keys_of_view(session.alone, True)}")
        tall = self.app.size.height >= ALL_PROTOCOLS
        protocols = session.view_protocols if tall else [session.view_protocol]

        def lines(width: int) -> list[Content]:
            return comparison_lines(comparison, protocols, width) if comparison else [Content("Reading…")]

        self.figures.styles.height = len(lines(self.figures.size.width or self.app.size.width - 4))
        self.figures.show(lines)
        users = comparison.users_under(session.view_protocol) if comparison else "Reading…"
        self.users.empty = users if isinstance(users, str) else ""
        self.users.show_rows(0 if isinstance(users, str) else len(users))
        self.notes.update(Content(plain(NOTE, ascii)))

    def _line(self, row: int, width: int) -> Content:
        users = self._shown_users()
        return user_line(users, row, width, self.application.ascii) if users is not None else Content("")

    def _header(self, width: int) -> list[Content]:
        comparison = self.session.comparison
        return users_header(comparison, self.session.view_protocol, width) if comparison else []

    def _shown_users(self) -> UserDifferences | None:
        comparison = self.session.comparison
        users = comparison.users_under(self.session.view_protocol) if comparison else ""
        return users if isinstance(users, UserDifferences) else None

    @on(UserDifferencesList.Opened)
    def explore(self, message: UserDifferencesList.Opened) -> None:
        """Open Explore on the user, by the run of the screen with the other one next to it."""
        message.stop()
        comparison, users = self.session.comparison, self._shown_users()
        if comparison is None or users is None or message.row >= len(users):
            return
        ours, other = comparison.ours, comparison.other
        user = int(users.ranks.users[message.row])
        beside = (other.run.id, other.checkpoint)
        self.application.go("explore", run=ours.run.id, user=user, checkpoint=ours.checkpoint, beside=beside)


def _read(source: RunSource, run_id: str, checkpoint: CheckpointName) -> CheckpointResults:
    return read_checkpoint(source.find(run_id), checkpoint)
