"""Two checkpoints side by side, as the test screen shows them: their figures, the paired test, the users apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import wrap
from typing import Any

import numpy as np
from textual.content import Content

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
from bert4rec_tui.runs.checkpoints import Results, epochs_tested
from bert4rec_tui.runs.store import CheckpointName, Run
from bert4rec_tui.settings import datasets_folder
from bert4rec_tui.tui.evaluation.results import figures
from bert4rec_tui.tui.lists.array_list import cells
from bert4rec_tui.tui.shell.text import MUTED, clean, count, cut, metric, signed

SHOWN = ("NDCG@10", "Recall@10", "MRR")
NAME, VALUE, DIFFERENCE, INTERVAL, P = 11, 6, 10, 17, 4
FIGURES = NAME + 2 * VALUE + DIFFERENCE + INTERVAL + P + 6  # with the spaces between them
WORDS = 40  # cells that a verdict takes when it is said in full
USER, KNOWN, RANK, CHANGE = 8, 7, 7, 8
NOTE = "intervals and p tell of other users, not of another seed; p is not corrected for several lines"


@dataclass(frozen=True)
class Side:
    """One of the two: a checkpoint and what its tests gave."""

    run: Run
    checkpoint: CheckpointName
    results: Results

    @property
    def name(self) -> str:
        """What to call it in a sentence: `lamp best`."""
        return f"{self.run.short_id} {self.checkpoint}"

    @property
    def reference(self) -> str:
        """How the command `compare` is told of it."""
        return f"{self.run.id}:{self.checkpoint}"

    def epoch(self) -> str:
        """The epoch that was tested, in brackets, or those under each protocol; nothing where none was."""
        return f" ({epochs_tested(self.results, list(self.results))})" if self.results else ""


@dataclass(frozen=True)
class ApartRows:
    """The users on whom they differ most, a line each, drawn from arrays. targets: (n,) items 1…N. known: (n,) int."""

    dataset: PreparedDataset
    apart: LargestRankChanges
    targets: np.ndarray
    known: np.ndarray
    tested: int

    def line(self, row: int, width: int, ascii: bool) -> Content:
        """A user, the target, its two ranks and the change, up where ours is better."""
        user, theirs, ours = (int(of[row]) for of in (self.apart.users, self.apart.theirs, self.apart.ours))
        up = ours < theirs
        sign = ("^" if up else "v") if ascii else ("▲" if up else "▼")
        change = Content.styled(
            f"{sign}{count(abs(ours - theirs))}", "$text-success" if up else "$text-warning"
        )  # fmt: skip
        title = cut(self.dataset.title(int(self.targets[row])), title_room(width), ascii)
        return cells(
            (str(self.dataset.user_ids[user]), USER), (count(int(self.known[row])), -KNOWN), (title, title_room(width)),
            (count(theirs), -RANK), ("→", 1), (Content.styled(count(ours), "bold"), RANK), (change, -CHANGE),
        )  # fmt: skip


def title_room(width: int) -> int:
    """The cells that are left for the title of a target."""
    return max(8, width - USER - KNOWN - 2 * RANK - 1 - CHANGE - 6)


@dataclass(frozen=True)
class Against:
    """What is known of the two; `ours` is the checkpoint of the screen.

    paired: the differences of ours against theirs as `compare --json` gives them. said: a sentence while there are
    none. apart: protocol → the users, or why there are none.
    """

    ours: Side
    theirs: Side
    paired: Sequence[Mapping[str, Any]] = ()
    said: str = ""
    apart: Mapping[str, ApartRows | str] = field(default_factory=dict[str, ApartRows | str])

    @property
    def protocols(self) -> list[str]:
        """Those under which one was tested or the other."""
        return list(dict.fromkeys([*self.ours.results, *self.theirs.results]))

    @property
    def shared(self) -> list[str]:
        """Those under which both were."""
        return [protocol for protocol in self.ours.results if protocol in self.theirs.results]

    @property
    def tested_pairs(self) -> set[str]:
        """The protocols under which the paired test is made."""
        return {row["protocol"] for row in self.paired}

    @property
    def labels(self) -> tuple[str, str]:
        """Theirs and ours, as short as a column."""
        if self.ours.run.id == self.theirs.run.id:
            return self.theirs.checkpoint, self.ours.checkpoint
        return self.theirs.run.short_id, self.ours.run.short_id

    def title(self) -> str:
        """What is held against what, on how many users."""
        users = next((f" · {count(r['users'])} users" for r in self.ours.results.values() if "users" in r), "")
        return clean(
            f"{self.ours.name}{self.ours.epoch()} against {self.theirs.name}{self.theirs.epoch()} · test set{users}"
        )

    def missing(self, wanted: Sequence[str]) -> list[tuple[Side, list[str]]]:
        """Each side with the protocols that it was not tested under and the other was, or, of none, the wanted."""
        protocols = self.protocols or wanted
        found = [(side, [name for name in protocols if name not in side.results]) for side in (self.ours, self.theirs)]
        return [(side, names) for side, names in found if names]

    def lines(self, protocols: Sequence[str], width: int) -> list[Content]:
        """The figures of each protocol with their differences, and what is missing."""
        lines = [line for protocol in protocols for line in self._of_protocol(protocol, width)]
        return lines + [Content.styled(line, MUTED) for line in wrap(self.said, max(20, width))]

    def _of_protocol(self, protocol: str, width: int) -> list[Content]:
        title = Content.styled(protocol, "bold $foreground")
        untested = [side.name for side in (self.ours, self.theirs) if protocol not in side.results]
        if untested:
            words = f"{' and '.join(untested)} {'is' if len(untested) == 1 else 'are'} not tested under it; r tests it"
            return [cells((title, NAME)) + Content.styled(f" {words}", "$text-warning")]
        heads = [(label, -VALUE) for label in self.labels]
        heads += [("difference", -DIFFERENCE), ("95% interval", -INTERVAL), ("p", -P)]
        lines = [cells((title, NAME), *((Content.styled(text, MUTED), room) for text, room in heads))]
        found = {row["metric"]: row for row in self.paired if row["protocol"] == protocol}
        for name in SHOWN:
            values = [figures(side.results, protocol, name).value for side in (self.theirs, self.ours)]
            if values == [None, None]:
                continue
            parts: list[tuple[str | Content, int]] = [(name, NAME), *((metric(value), -VALUE) for value in values)]
            lines.append(cells(*parts, *_difference(found.get(name), width)))
        first = next((found[name] for name in SHOWN if name in found), None)
        if first is not None and width < FIGURES + WORDS:  # in full here, where the lines have no room for it
            lines.append(Content.styled(f"{first['metric']} {protocol}, {self.ours.name}: {first['words']}", MUTED))
        return lines

    def users_header(self, protocol: str, width: int) -> list[Content]:
        """What the list of users is, and its columns."""
        rows = self.apart.get(protocol)
        title = Content.styled("Users on whom they differ most", "bold $text-accent")
        words = f"  {protocol}"
        if isinstance(rows, ApartRows):
            words += f" · {count(len(rows.apart.users))} of {count(rows.tested)} differ"
        theirs, ours = self.labels
        columns = cells(
            ("user", USER), ("history", -KNOWN), ("target", title_room(width)), (theirs, -RANK), ("→", 1), (ours, RANK),
            ("change", -CHANGE),
        )  # fmt: skip
        return [(title + Content.styled(words, MUTED)).truncate(max(1, width)), columns]


def _difference(found: Mapping[str, Any] | None, width: int) -> list[tuple[str | Content, int]]:
    """The difference with its interval, p, and what it shows, as columns."""
    if found is None:
        return []
    interval = f"[{signed(found['low'])}, {signed(found['high'])}]"
    full = width >= FIGURES + WORDS
    words = found["words"] if full else found["words"].partition(" shown")[0].partition(" by ")[0]
    colour = ("$text-success" if found["value"] > 0 else "$text-warning") if found["shown"] else MUTED
    return [
        (Content.styled(signed(found["value"]), "bold" if found["shown"] else ""), -DIFFERENCE),
        (interval, -INTERVAL),
        (metric(found["p"])[:P], -P),
        (Content.styled(words, colour), WORDS if full else 13),
    ]


def read_apart(ours: Side, theirs: Side, protocol: str) -> ApartRows | str:
    """The users on whom they differ under a protocol, or why there are none. For a thread."""
    pair = [TestedCheckpoint(side.run, side.checkpoint) for side in (ours, theirs)]
    try:
        one, other = load_rank_pair(pair[0], pair[1], protocol)
        dataset = dataset_of(ours.run.config().dataset, datasets_folder())
        for side in (ours, theirs):
            check_same_split(side.run, side.results.get(protocol, {}), dataset, one.users)
        found = largest_rank_changes(one, other)
        known = np.asarray(dataset.split.targets("test"))[found.users].astype(np.int64)
        targets = np.asarray(dataset.history[np.asarray(dataset.offsets)[found.users] + known])
        _ = dataset.titles, dataset.user_ids  # opened here, so that no line waits for a disk
    except UserError as error:
        return str(error)
    if not len(found.users):
        return "Every user has the same rank by both."
    return ApartRows(dataset, found, targets, known, len(one.users))
