"""Test results by group of users or targets, from the stored ranks, the weakest groups first. Numpy only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from msgspec import Struct

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.evaluation.metrics import FEW, Estimate, estimates
from bert4rec_tui.evaluation.paired import check_same_split
from bert4rec_tui.evaluation.saved_ranks import SavedRanks, load_ranks
from bert4rec_tui.runs.store import Run

By = Literal["length", "popularity", "genre", "recency", "trained"]
GROUPINGS: tuple[By, ...] = ("length", "popularity", "genre", "recency", "trained")
K = 10

HEAD, MIDDLE = 0.5, 0.8  # cumulative shares of the training interactions: end of the head, end of the middle
MINUTE, HOUR, DAY = 60, 3600, 86_400
SINCE = (
    (MINUTE, "within a minute"),
    (HOUR, "a minute to an hour"),
    (DAY, "an hour to a day"),
    (7 * DAY, "a day to a week"),
    (30 * DAY, "a week to a month"),
    (365 * DAY, "a month to a year"),
)
LONGEST_SINCE = "more than a year"


class Group(Struct, frozen=True):
    """A group of test users with its size and metrics.

    verdict: weaker or stronger where the interval of the first metric excludes the overall value, few where there are
    too few users for a conclusion, else empty.
    """

    label: str
    users: int
    metrics: dict[str, Estimate]
    verdict: Literal["weaker", "stronger", "few", ""] = ""


class Grouping(Struct, frozen=True):
    """One grouping of the users: its criterion, its groups, the weakest first, and why there are none."""

    by: By
    words: str
    groups: list[Group]
    note: str = ""


class GroupResults(Struct, frozen=True):
    """The results of a checkpoint under a protocol: over all users, then by group."""

    whole: Group
    groupings: list[Grouping]


@dataclass(frozen=True)
class _Partition:
    """Users by group. names: of the groups. members: for each group the indices of its users in the test."""

    names: list[str]
    members: list[np.ndarray]
    words: str
    note: str = ""


def run_group_results(
    run: Run, dataset: PreparedDataset, checkpoint: str, protocol: str, by: Sequence[By] = GROUPINGS
) -> GroupResults:
    """The results of a checkpoint of a run under a protocol by group, from the stored ranks of its test.

    Raises UserError where it was not tested under it, or on another preparation of the dataset.
    """
    stored = load_ranks(run, checkpoint, protocol)
    check_same_split(run, run.test_results(checkpoint).get(protocol, {}), dataset, stored.users)
    return group_results(dataset, stored, by, run.config().evaluation.bootstrap)


def group_results(
    dataset: PreparedDataset, stored: SavedRanks, by: Sequence[By] = GROUPINGS, resamples: int = 1000
) -> GroupResults:
    """NDCG@10 and Recall@10 over all test users and by group; a smaller k where there are fewer candidates."""
    candidates = int(stored.candidates.max())
    k = max(1, min(K, candidates - 1))
    # Ranks beyond k count the same in both metrics: the bootstrap then has at most k + 1 values.
    ranks = np.minimum(stored.ranks, k + 1)

    def group(label: str, members: np.ndarray, compared: Group | None) -> Group:
        found = estimates(ranks[members], [k], max(candidates, k + 1), resamples)
        metrics = {name: found[name] for name in (f"NDCG@{k}", f"Recall@{k}")}
        return Group(label, len(members), metrics, _verdict(metrics, len(members), compared))

    whole = group("all users", np.arange(len(ranks)), None)
    groupings: list[Grouping] = []
    for name in by:
        partition = _GROUP_BY[name](dataset, stored.users)
        groups = [
            group(label, members, whole)
            for label, members in zip(partition.names, partition.members, strict=True)
            if len(members)
        ]
        groups.sort(key=lambda found: [estimate.value for estimate in found.metrics.values()])
        groupings.append(Grouping(name, partition.words, groups, partition.note))
    return GroupResults(whole, groupings)


def _verdict(
    metrics: dict[str, Estimate], users: int, compared: Group | None
) -> Literal["weaker", "stronger", "few", ""]:
    if compared is None:
        return ""
    if users < FEW:
        return "few"
    first = next(iter(metrics))
    own, whole = metrics[first], compared.metrics[first].value
    return "weaker" if own.high < whole else "stronger" if own.low > whole else ""


def _places(dataset: PreparedDataset, users: np.ndarray) -> np.ndarray:
    """The position of each user's target in the user's history. Returns (users,) int64."""
    return np.asarray(dataset.split.test)[users].astype(np.int64)


def _targets(dataset: PreparedDataset, users: np.ndarray) -> np.ndarray:
    """The target of each user: (users,) items 1…N."""
    return np.asarray(dataset.history[np.asarray(dataset.offsets)[users] + _places(dataset, users)])


def _bin(values: np.ndarray, edges: Sequence[int], names: list[str], words: str) -> _Partition:
    """Bin values: up to the first edge, up to the second, …, beyond the last."""
    at = np.searchsorted(np.asarray(edges), values, side="left")
    return _Partition(names, [np.flatnonzero(at == number) for number in range(len(names))], words)


def _by_length(dataset: PreparedDataset, users: np.ndarray) -> _Partition:
    lengths = _places(dataset, users)  # everything before the target is known
    edges = readable_edges(lengths)
    names = [ranged(low + 1, high) for low, high in zip([-1, *edges], [*edges, None], strict=True)]
    if edges:
        names[0] = f"up to {edges[0]:,}"
    return _bin(lengths, edges, names, f"{dataset.noun.several} in the history before the target")


def readable_edges(values: np.ndarray) -> list[int]:
    """The quartiles, rounded to half a unit of their leading digit, such as 45, 95, 200: the upper ends of groups."""
    found: list[int] = []
    for value in np.quantile(values, [0.25, 0.5, 0.75]) if len(values) else ():
        step = max(1, 10 ** int(np.log10(max(1.0, value))) // 2)
        found.append(int(round(value / step) * step))
    return sorted({edge for edge in found if int(values.min()) <= edge < int(values.max())})


def ranged(low: int, high: int | None) -> str:
    """A range of whole numbers: `46–95`, `201 or more`."""
    if high is None:
        return f"{low:,} or more"
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"


def _by_popularity(dataset: PreparedDataset, users: np.ndarray) -> _Partition:
    counts = np.asarray(dataset.train_counts)
    ordered = np.sort(counts)[::-1]
    held = np.cumsum(ordered) / max(1, ordered.sum())
    # Items with the same count are in the same group: a group ends at a count, not at an item.
    ends = (min(int(np.searchsorted(held, part)), len(ordered) - 1) for part in (HEAD, MIDDLE))
    head, middle = (max(1, int(ordered[end])) for end in ends)
    names = [
        f"cold test {dataset.noun.several}",
        f"tail: {ranged(1, middle - 1)}",
        f"middle: {ranged(middle, head - 1)}",
    ]
    names.append(f"head: {ranged(head, None)}")
    words = "training interactions of the target; head: 50%, middle: 30% of all interactions"
    return _bin(counts[_targets(dataset, users) - 1], [0, middle - 1, head - 1], names, words)


def _by_genre(dataset: PreparedDataset, users: np.ndarray) -> _Partition:
    items, at = np.unique(_targets(dataset, users), return_inverse=True)
    category = dataset.category
    none = f"no {category.one}"
    words = f"{category.one} of the target; a target with several {category.several} counts in each"
    of_items: dict[str, list[int]] = {}
    for number, item in enumerate(items.tolist()):
        for genre in dict.fromkeys(part.strip() for part in dataset.genres[item - 1].split("|")):
            of_items.setdefault(genre or none, []).append(number)
    if not set(of_items) - {none}:
        return _Partition([], [], words, f"the source has no {category.several}")
    names = sorted(of_items)
    return _Partition(names, [np.flatnonzero(np.isin(at, of_items[name])) for name in names], words)


def _by_recency(dataset: PreparedDataset, users: np.ndarray) -> _Partition:
    words = f"time between the target and the previous {dataset.noun.one}"
    if dataset.timestamps is None:
        return _Partition([], [], words, "the source has no timestamps")
    if dataset.times_are_positions:
        return _Partition([], [], words, "the timestamps of this source only number each user's interactions")
    places = np.asarray(dataset.offsets)[users] + _places(dataset, users)
    after = _places(dataset, users) > 0
    since = dataset.timestamps[places] - dataset.timestamps[places - after]
    binned = _bin(since, [edge for edge, _ in SINCE], [*(name for _, name in SINCE), LONGEST_SINCE], words)
    binned.members[0] = binned.members[0][after[binned.members[0]]]
    return _Partition(
        [*binned.names, f"no previous {dataset.noun.one}"], [*binned.members, np.flatnonzero(~after)], words
    )


def _by_trained(dataset: PreparedDataset, users: np.ndarray) -> _Partition:
    seen = np.asarray(dataset.train_counts)[_targets(dataset, users) - 1] > 0
    names, members = (
        ["seen in training", f"cold test {dataset.noun.several}"],
        [np.flatnonzero(seen), np.flatnonzero(~seen)],
    )
    return _Partition(names, members, "whether the target occurs in training")


_GROUP_BY: dict[By, Callable[[PreparedDataset, np.ndarray], _Partition]] = {
    "length": _by_length,
    "popularity": _by_popularity,
    "genre": _by_genre,
    "recency": _by_recency,
    "trained": _by_trained,
}
