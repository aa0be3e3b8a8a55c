"""Two checkpoints on the same users: their results, the paired test, and the users that they rank differently."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.store import dataset_of
from bert4rec_tui.errors import UserError
from bert4rec_tui.evaluation.paired import (
    LargestRankChanges,
    TestedCheckpoint,
    check_same_split,
    largest_rank_changes,
    load_rank_pair,
)
from bert4rec_tui.runs.store import CheckpointName, Run, RunSource
from bert4rec_tui.settings import datasets_folder
from bert4rec_tui.tui.evaluation.checkpoint import CheckpointResults

CHECKPOINTS: tuple[CheckpointName, ...] = ("best", "last")


@dataclass(frozen=True)
class Job:
    """A checkpoint to test, and the protocols to test it under."""

    checkpoint: CheckpointResults
    protocols: tuple[str, ...]


@dataclass(frozen=True)
class UserDifferences:
    """The users whose target two checkpoints rank differently, the largest difference first.

    targets: (n,) items 1…N. histories: (n,) int, how many items are known before the target. tested: how many users
    were tested.
    """

    dataset: PreparedDataset
    ranks: LargestRankChanges
    targets: np.ndarray
    histories: np.ndarray
    tested: int

    def __len__(self) -> int:
        return len(self.ranks.users)


@dataclass(frozen=True)
class Comparison:
    """What is known of two checkpoints; `ours` is the one of the screen.

    paired: the differences of ours less the other as `compare --json` gives them. status: what is being done, or why
    it cannot be; empty once all is there. users: protocol → the users who differ, or why there are none.
    """

    ours: CheckpointResults
    other: CheckpointResults
    paired: Sequence[Mapping[str, Any]] = ()
    status: str = ""
    users: Mapping[str, UserDifferences | str] = field(default_factory=dict[str, UserDifferences | str])

    @property
    def protocols(self) -> list[str]:
        """Those under which one was tested or the other."""
        return list(dict.fromkeys([*self.ours.results, *self.other.results]))

    @property
    def shared(self) -> list[str]:
        """Those under which both were tested."""
        return [protocol for protocol in self.ours.results if protocol in self.other.results]

    @property
    def compared_protocols(self) -> set[str]:
        """The protocols under which the paired test is made."""
        return {row["protocol"] for row in self.paired}

    @property
    def labels(self) -> tuple[str, str]:
        """The other and ours, as short as a column."""
        if self.ours.run.id == self.other.run.id:
            return self.other.checkpoint, self.ours.checkpoint
        return self.other.run.short_id, self.ours.run.short_id

    def same_as(self, other: "Comparison") -> bool:
        """Whether another comparison is of the same checkpoints with the same results."""
        return self.ours.same_as(other.ours) and self.other.same_as(other.other)

    def missing(self, chosen: Sequence[str]) -> list[Job]:
        """What to test so that both have the same: what only one was tested under, or, without any test, `chosen`."""
        protocols = self.protocols or chosen
        found = [
            Job(side, tuple(name for name in protocols if name not in side.results)) for side in (self.ours, self.other)
        ]
        return [job for job in found if job.protocols]

    def users_under(self, protocol: str) -> UserDifferences | str:
        """The users who differ under a protocol, or why there are none."""
        waiting = "Reading…" if protocol in self.shared else "Users appear here once both are tested."
        return self.users.get(protocol, waiting)


def read_user_differences(ours: CheckpointResults, other: CheckpointResults, protocol: str) -> UserDifferences | str:
    """The users whom two checkpoints rank differently under a protocol, or why there are none. For a thread."""
    pair = [TestedCheckpoint(side.run, side.checkpoint) for side in (ours, other)]
    try:
        of_ours, of_other = load_rank_pair(pair[0], pair[1], protocol)
        dataset = dataset_of(ours.run.config().dataset, datasets_folder())
        for side in (ours, other):
            check_same_split(side.run, side.results.get(protocol, {}), dataset, of_ours.users)
        ranks = largest_rank_changes(of_ours, of_other)
        histories = np.asarray(dataset.split.targets("test"))[ranks.users].astype(np.int64)
        targets = np.asarray(dataset.history[np.asarray(dataset.offsets)[ranks.users] + histories])
        _ = dataset.titles, dataset.user_ids  # opened here, so that no line waits for a disk
    except UserError as error:
        return str(error)
    if not len(ranks.users):
        return "Both checkpoints give every user the same rank."
    return UserDifferences(dataset, ranks, targets, histories, len(of_ours.users))


@dataclass(frozen=True)
class Candidate:
    """A checkpoint to compare with. tested: under how many protocols it was."""

    run: Run
    checkpoint: CheckpointName
    tested: int
    label: str

    @property
    def note(self) -> str:
        """How far it is tested, in words."""
        return f"tested under {self.tested} protocol{'' if self.tested == 1 else 's'}" if self.tested else "not tested"


def comparable_checkpoints(source: RunSource, ours: CheckpointResults) -> list[Candidate]:
    """The checkpoints on the same dataset: the other one of the run, then what was tested, then the rest. For a thread.

    The last checkpoint of another run is among them only where it was tested.
    """
    dataset = _dataset_of(ours.run)
    if not dataset:
        return []
    ranked: list[tuple[int, Candidate]] = []
    for run in source.runs():
        for name in CHECKPOINTS:
            own = run.id == ours.run.id
            tested = len(list((run.path / "test").glob(f"{name}-*/ranks.npz")))
            if (own and name == ours.checkpoint) or not (tested or run.checkpoint(name).exists()):
                continue
            if (name == "last" and not own and not tested) or _dataset_of(run) != dataset:
                continue
            label = " ".join(filter(None, [run.id[-20:], name, "of this run" if own else run.name()]))
            ranked.append((0 if own else 1 if tested else 2, Candidate(run, name, tested, label)))
    return [candidate for _, candidate in sorted(ranked, key=lambda pair: pair[0])]


def _dataset_of(run: Run) -> str:
    try:
        return run.config().dataset.id
    except UserError:
        return ""
