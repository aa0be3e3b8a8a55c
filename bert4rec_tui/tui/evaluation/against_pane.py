"""What the test screen shows of its checkpoint against another one: the paired test, and the users they rank apart."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, cast

from textual import work
from textual.binding import Binding, BindingType

from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.store import CheckpointName, Run, RunSource
from bert4rec_tui.tui.evaluation.actions import Found, TestActions
from bert4rec_tui.tui.evaluation.comparison import Against, ApartRows, Side, read_apart
from bert4rec_tui.tui.evaluation.running import Job
from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.shell.child_command import ChildCommand, CommandCancelledError, CommandError
from bert4rec_tui.tui.shell.dialogs import Choice, Chooser

DRAWING = "Resampling users…"
MANY_USERS = 50_000  # from which the paired test of a protocol takes seconds
CHECKPOINTS: tuple[CheckpointName, ...] = ("best", "last")


class ApartList(ArrayList):
    """The users on whom two checkpoints differ most."""

    help_text = """The users whose held-out movie the two checkpoints rank differently, those first where the change
        counts most in NDCG: from rank 1 to 20 stands before 1,000 to 3,000, which nobody would see. Up is better by
        the checkpoint of this screen. enter shows the user in Explore."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.explore_user", "Explore this user", id="test.explore_user", show=False,
                tooltip="Open Explore on this user, by this run"),
    ]  # fmt: skip


class TestAgainst(TestActions):
    """Two checkpoints on the same users."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "choose_against", "Against", id="test.against",
                tooltip="Hold the checkpoint against another run's, or against the other one of this run"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.against: Against | None = None
        self._against_with: tuple[str, CheckpointName] | None = None  # the other one

    @work(exclusive=True, group="question")
    async def action_choose_against(self) -> None:
        """Ask which checkpoint to hold this one against."""
        found = self.found
        if found is None or self.is_busy():
            return
        choices = await asyncio.to_thread(against_choices, self.application.runs, found)
        if not choices:
            self.notify(
                "There is no other checkpoint on this dataset, prepared like this; train another run.",
                severity="warning",
            )
            return
        before = ":".join(self._against_with) if self._against_with else None
        answer = await self.app.push_screen_wait(
            Chooser(f"{found.run.short_id} {found.checkpoint} against which?", choices, before, search=len(choices) > 9)
        )
        if answer is not None:
            run, _, checkpoint = answer.rpartition(":")
            self._against_with = run, cast(CheckpointName, checkpoint)
            self.query_one("#apart", ArrayList).action_first()
            self.enter_view("against")

    def view_protocols(self) -> list[str]:
        """Against another also those under which that one alone was tested."""
        own = super().view_protocols()
        if self.view != "against" or self.against is None:
            return own
        return list(dict.fromkeys([*own, *self.against.protocols]))

    def renew_view(self) -> None:
        """Read what stands against it anew."""
        super().renew_view()
        if self.view == "against" and self.found is not None and self._against_with is not None:
            if self._against_with == (self.found.run.id, self.found.checkpoint):
                self.wanted_view, self.against, self._against_with = "", None, None  # it came to stand against itself
                return
            self.read_against(self.found, *self._against_with)

    @work(exclusive=True, group="against", exit_on_error=False)
    async def read_against(self, found: Found, run_id: str, checkpoint: CheckpointName) -> None:
        """Read both sides in a thread, the users first; the paired test is made by our own command."""
        try:
            theirs = await asyncio.to_thread(_side, self.application.runs, run_id, checkpoint)
        except UserError as error:
            self.notify(str(error), severity="warning", markup=False)
            self.against, self._against_with = None, None
            self.enter_view("")
            return
        against = Against(Side(found.run, found.checkpoint, found.results), theirs)
        known = self.against
        if known is not None and not known.said and (known.ours, known.theirs) == (against.ours, against.theirs):
            return
        if not against.shared:
            # Of each protocol its line says what is missing; where there is none, one sentence does.
            self._take(against if against.protocols else replace(against, said="Neither was tested; r tests both."))
            return
        self._take(replace(against, said=DRAWING))
        apart = await asyncio.to_thread(lambda: {p: read_apart(against.ours, theirs, p) for p in against.shared})
        against = replace(against, apart=apart)
        self._take(replace(against, said=DRAWING))
        for protocols in self._portions(against):
            words = [word for protocol in protocols for word in ("--protocol", protocol)]
            command = ChildCommand("compare", theirs.reference, against.ours.reference, *words, program=self.program)
            try:
                async for _ in command.events():
                    pass
            except CommandCancelledError:
                return
            except CommandError as error:
                self._take(replace(against, said=str(error)))
                return
            against = replace(against, paired=[*against.paired, *command.result["paired"]])
            self._take(replace(against, said="" if len(against.tested_pairs) == len(against.shared) else DRAWING))

    def _portions(self, against: Against) -> list[list[str]]:
        """The protocols that are compared by one command: of many users one, the shown one first."""
        shared = sorted(against.shared, key=lambda protocol: protocol != self.view_protocol)
        most = max(int(result.get("users", 0)) for result in against.ours.results.values())
        return [[protocol] for protocol in shared] if most > MANY_USERS else [shared]

    def _take(self, against: Against) -> None:
        self.against = against
        if self.view == "against" and self.view_protocol not in self.view_protocols():
            self.view_protocol = next(iter(self.view_protocols()), "")
        self.show()

    def missing_tests(self, wanted: Sequence[str]) -> list[Job]:
        """What `r` tests while two stand side by side: what one has and the other has not."""
        if self.view != "against" or self.against is None:
            return []
        return [(side.run.id, side.checkpoint, names) for side, names in self.against.missing(wanted)]

    def apart_rows(self) -> ApartRows | str:
        """The users of the protocol that is shown, or why there are none."""
        if self.against is None:
            return "reading…"
        waiting = "reading…" if self.view_protocol in self.against.shared else "Users appear here once both are tested."
        return self.against.apart.get(self.view_protocol, waiting)

    def action_explore_user(self) -> None:
        """Open Explore on the user under the cursor, by the run of the screen with the other one beside it."""
        rows, row = self.apart_rows(), self.query_one("#apart", ArrayList).row
        if self.against is not None and isinstance(rows, ApartRows) and row >= 0:
            ours, theirs = self.against.ours, self.against.theirs
            user = int(rows.apart.users[row])
            beside = (theirs.run.id, theirs.checkpoint)
            self.application.go("explore", run=ours.run.id, user=user, checkpoint=ours.checkpoint, beside=beside)


def _side(source: RunSource, run_id: str, checkpoint: CheckpointName) -> Side:
    run = source.find(run_id)
    return Side(run, checkpoint, run.test_results(checkpoint))


def against_choices(source: RunSource, found: Found) -> list[Choice]:
    """The checkpoints on the same dataset: the other one of the run, what was tested, the rest. For a thread.

    Of another run the last checkpoint is among them only where it was tested.
    """
    try:
        dataset = found.run.config().dataset.id
    except UserError:
        return []
    ranked: list[tuple[int, Choice]] = []
    for run in source.runs():
        for name in CHECKPOINTS:
            own = run.id == found.run.id
            tested = len(list((run.path / "test").glob(f"{name}-*/ranks.npz")))
            if (own and name == found.checkpoint) or not (tested or run.checkpoint(name).exists()):
                continue
            if (name == "last" and not own and not tested) or _dataset_of(run) != dataset:
                continue
            words = f"tested under {tested} protocol{'' if tested == 1 else 's'}" if tested else "not tested yet"
            label = " ".join(filter(None, [run.id[-20:], name, "of this run" if own else run.name()]))
            ranked.append((0 if own else 1 if tested else 2, Choice(f"{run.id}:{name}", label, words)))
    return [choice for _, choice in sorted(ranked, key=lambda pair: pair[0])]


def _dataset_of(run: Run) -> str:
    try:
        return run.config().dataset.id
    except UserError:
        return ""
