"""The state of the test screen, without a terminal: checkpoint, protocols, view, results by group, comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from bert4rec_tui.config import EvaluationConfig
from bert4rec_tui.runs.checkpoints import Results
from bert4rec_tui.runs.store import CheckpointName
from bert4rec_tui.tui.evaluation.checkpoint import CheckpointResults
from bert4rec_tui.tui.evaluation.comparison import Comparison, Job

View = Literal["", "groups", "comparison"]  # what is next to the table, or in its place

NO_RUN = "No run has a checkpoint yet.\nPress 2 to configure and launch one; its best checkpoint is tested here."
NOT_TESTED = "Not tested yet; press r to test it."
TEST_RUNNING = "A test is running; esc cancels it."
GROUPING = "Grouping users…"


@dataclass(frozen=True)
class Groups:
    """Results by group. `of`: what they are read for. by_protocol: None while they are read, or where that failed."""

    of: CheckpointResults
    by_protocol: Mapping[str, Any] | None = None
    problem: str = ""


class EvaluationSession:
    """The state of the test screen.

    `run_id` and `checkpoint` say what to show (an empty id for the newest run with a checkpoint), `tested` what was
    read of it. `protocols` are those to test under, `first_protocol` the place of the first one in the table.
    """

    def __init__(self) -> None:
        self.run_id = ""
        self.checkpoint: CheckpointName = "best"
        self.tested: CheckpointResults | None = None
        self.protocols: list[str] = []
        self.first_protocol = 0
        self.testing = False
        self.widest = False  # whether there is room for a view next to the table
        self.requested_view: View = ""
        self.view_protocol = ""
        self.groups: Groups | None = None
        self.compared_with: tuple[str, CheckpointName] | None = None
        self.comparison: Comparison | None = None

    # The checkpoint

    def choose_run(self, run_id: str) -> None:
        """Show the best checkpoint of a run from now on."""
        self.run_id, self.checkpoint = run_id, "best"

    def accept(self, tested: CheckpointResults | None) -> bool:
        """Take what was read. Returns whether it is of another run than before."""
        before, self.tested = self.tested, tested
        other_run = tested is None or before is None or tested.run.id != before.run.id
        if other_run:
            self.protocols, self.first_protocol = [], 0
        if self.comparison is not None and (tested is None or self.comparison.ours.reference != tested.reference):
            self.comparison = None
        if tested is not None:
            self.run_id, self.checkpoint = tested.run.id, tested.checkpoint
            self.protocols = self.protocols or list(tested.configured)
        return other_run

    @property
    def results(self) -> Results:
        """What the tests of the checkpoint gave."""
        return self.tested.results if self.tested else {}

    # Protocols

    @property
    def known_protocols(self) -> list[str]:
        """The protocols that can be chosen: those of the table, then those of the defaults."""
        return list(dict.fromkeys([*self._columns, *EvaluationConfig().protocols]))

    @property
    def table_protocols(self) -> list[str]:
        """The protocols of the table: tested or chosen, those of the configuration first."""
        return [protocol for protocol in self._columns if protocol in self.results or protocol in self.protocols]

    @property
    def _columns(self) -> list[str]:
        if self.tested is None:
            return []
        return list(dict.fromkeys([*self.tested.configured, *self.tested.results, *self.protocols]))

    def side_by_side(self, most: int) -> list[str]:
        """So many protocols of the table, from the first shown one on; fewer only where there are no more."""
        shown = self.table_protocols
        if not shown:
            return []
        self.first_protocol %= len(shown)
        first = min(self.first_protocol, max(0, len(shown) - most))
        return shown[first : first + most]

    def turn_table(self, direction: int) -> bool:
        """Let the table begin with the next protocol, or the one before. Returns whether there is one."""
        step = self.first_protocol + direction
        if not 0 <= step < len(self.table_protocols):
            return False
        self.first_protocol = step
        return True

    # The view

    @property
    def view(self) -> View:
        """What is next to the table or in its place: what was asked for, else results by group if there is room."""
        if self.requested_view or not self.widest:
            return self.requested_view
        return "groups" if self.results else ""

    @property
    def alone(self) -> bool:
        """Whether the view is in place of the table and the curves."""
        return bool(self.view) and not self.widest

    @property
    def view_protocols(self) -> list[str]:
        """The protocols that the view can turn to; in a comparison those of the other checkpoint too."""
        own = self.tested.protocols if self.tested else []
        if self.view != "comparison" or self.comparison is None:
            return own
        return list(dict.fromkeys([*own, *self.comparison.protocols]))

    def enter_view(self, view: View, protocol: str = "") -> None:
        """Go to a view, under a protocol; or with none back to the table."""
        self.requested_view = view
        if view:
            self.view_protocol = protocol or self.view_protocol

    def turn_view(self, direction: int) -> bool:
        """Show the view under the next protocol or the one before, round and round. Returns whether there is one."""
        protocols = self.view_protocols
        if not self.view or not protocols:
            return False
        at = protocols.index(self.view_protocol) if self.view_protocol in protocols else 0
        self.view_protocol = protocols[(at + direction) % len(protocols)]
        if self.alone:  # the table shows the same one afterwards
            shown = self.table_protocols
            self.first_protocol = shown.index(self.view_protocol) if self.view_protocol in shown else 0
        return True

    def settle_view(self) -> None:
        """Leave a view that has nothing to show any more, and a protocol that it does not have."""
        if self.requested_view == "groups" and self.tested is not None and not self.results:
            self.requested_view = ""
        own = (self.tested.run.id, self.tested.checkpoint) if self.tested else None
        if self.requested_view == "comparison" and own is not None and self.compared_with == own:
            self.stop_comparing()  # it came to be compared with itself
        protocols = self.view_protocols
        if self.view_protocol not in protocols:
            self.view_protocol = protocols[0] if protocols else ""

    # Results by group

    def groups_to_read(self) -> CheckpointResults | None:
        """What to read the groups of; None where they are not shown, or are read or being read. Asked once for each."""
        tested = self.tested
        if self.view != "groups" or tested is None or not tested.results:
            return None
        if self.groups is not None and self.groups.of.same_as(tested):
            return None
        self.groups = Groups(tested)
        return tested

    def accept_groups(self, of: CheckpointResults, by_protocol: Mapping[str, Any] | None, problem: str = "") -> bool:
        """Take the groups of a checkpoint, or why there are none. Returns False where others are wanted by now."""
        if self.groups is None or not self.groups.of.same_as(of):
            return False
        self.groups = replace(self.groups, by_protocol=by_protocol, problem=problem)
        return True

    @property
    def shown_groups(self) -> Mapping[str, Any] | None:
        """The groups under the protocol of the view; None where there are none yet."""
        by_protocol = self.groups.by_protocol if self.groups else None
        return None if by_protocol is None else by_protocol.get(self.view_protocol)

    @property
    def groups_status(self) -> str:
        """Why no groups are shown."""
        return (self.groups.problem if self.groups else "") or GROUPING

    # The comparison

    def compare_with(self, run_id: str, checkpoint: CheckpointName) -> None:
        """Compare the checkpoint with another one from now on."""
        if self.compared_with != (run_id, checkpoint):
            self.compared_with, self.comparison = (run_id, checkpoint), None

    def stop_comparing(self) -> None:
        """Compare with nothing; the table stands again."""
        self.compared_with = self.comparison = None
        if self.requested_view == "comparison":
            self.requested_view = ""

    def is_compared(self, comparison: Comparison) -> bool:
        """Whether a comparison of the same two, with the same results, is made or stands as far as it can."""
        known = self.comparison
        return known is not None and not known.status and known.same_as(comparison)

    def accept_comparison(self, comparison: Comparison) -> bool:
        """Take a comparison as far as it is made. Returns False where it is not of the two to compare by now."""
        ours, other = comparison.ours, comparison.other
        if not ours.same_as(self.tested) or self.compared_with != (other.run.id, other.checkpoint):
            return False
        self.comparison = comparison
        self.settle_view()
        return True

    # What to test

    def jobs(self) -> Sequence[Job]:
        """What to test next: in a comparison what either checkpoint is missing, else the chosen protocols."""
        if self.tested is None:
            return []
        missing: Sequence[Job] = []
        if self.view == "comparison" and self.comparison is not None:
            missing = self.comparison.missing(self.protocols)
        return missing or [Job(self.tested, tuple(self.protocols))]

    def what_is_missing(self) -> str:
        """What to do where the table is empty."""
        if self.tested is None:
            return NO_RUN
        name = self.tested.run.short_id
        if not self.tested.run.has_checkpoint():
            return f"{name} has no checkpoint yet; the first one is saved after its first validation."
        return (
            f"{name}: the {self.checkpoint} checkpoint has not been tested yet.\n"
            f"Press r to test it under {', '.join(self.protocols)};\n"
            "p changes the protocols, v the checkpoint, n the run."
        )
