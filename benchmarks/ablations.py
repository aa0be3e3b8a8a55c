"""Single changes of a training, and what each brings: the paired difference of the ranks of the same users."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bert4rec_tui.config import Config, with_assignments
from bert4rec_tui.errors import UserError
from bert4rec_tui.evaluation.metrics import bootstrap, gains
from bert4rec_tui.runs.store import Run

# Each changes one thing; those that a base has already are passed over.
CHANGES: Mapping[str, tuple[str, ...]] = {
    "mask-0.15": ("training.mask_rate=0.15",),
    "mask-0.3": ("training.mask_rate=0.3",),
    "mask-0.5": ("training.mask_rate=0.5",),
    "last-item-0": ("training.last_item_rate=0.0",),
    "last-item-0.1": ("training.last_item_rate=0.1",),
    "last-item-0.3": ("training.last_item_rate=0.3",),
    "windows-last": ("training.windows=last",),
    "windows-sliding": ("training.windows=sliding",),
    "windows-random": ("training.windows=random",),
    "length-100": ("model.max_len=100",),
    "length-200": ("model.max_len=200",),
    "output-bias": ("model.output_bias=true",),
    "no-output-bias": ("model.output_bias=false",),
    "tied-head": ("model.tied_head=true",),
    "untied-head": ("model.tied_head=false",),
    "dropout-0.1": ("model.dropout=0.1",),
    "dropout-0.2": ("model.dropout=0.2",),
    "dropout-0.3": ("model.dropout=0.3",),
    "all-dropout-sites": (
        "model.attention_dropout=true",
        "model.feed_forward_dropout=true",
        "model.block_dropout=true",
    ),
    "start-random": ("training.start=random",),
    "start-transitions": ("training.start=transitions",),
    "cosine-warmup-2": ("training.schedule=cosine", "training.warmup_epochs=2"),
    "constant-rate": ("training.schedule=constant", "training.warmup_epochs=0"),
    "weight-decay-0": ("training.weight_decay=0",),
    "weight-decay-0.01": ("training.weight_decay=0.01",),
    "weight-decay-0.1": ("training.weight_decay=0.1",),
}
CLOZE_ALONE = ("mask-", "last-item-")


def changes_of(base: Config, only: list[str]) -> dict[str, tuple[str, ...]]:
    """The changes that change something of a base: those named, or all. Raises UserError for a name that is none."""
    for name in only:
        if name not in CHANGES:
            raise UserError(f"--only {name}: is no change; there are {', '.join(CHANGES)}")
    causal = base.model.objective == "causal"
    return {
        name: assignments
        for name, assignments in CHANGES.items()
        if (not only or name in only)
        and not (causal and name.startswith(CLOZE_ALONE))
        and _changed(base, assignments) not in (None, base)
    }


def _changed(base: Config, assignments: tuple[str, ...]) -> Config | None:
    """The base with a change, None where the two cannot go together."""
    try:
        return with_assignments(base, list(assignments))
    except UserError:
        return None


@dataclass(frozen=True)
class Difference:
    """By how much the mean of a metric differs from the base's, with its 95% interval over users."""

    value: float
    low: float
    high: float


def contributions(run: Run, protocol: str, metric: str) -> tuple[np.ndarray, np.ndarray]:
    """What each tested user adds to a metric of a run's best checkpoint: users (U,) int64, values (U,) float64."""
    with np.load(run.test_folder("best", protocol) / "ranks.npz", allow_pickle=False) as kept:
        k = int(metric.partition("@")[2] or 1)
        found = gains(kept["ranks"], [k], int(kept["candidates"].max()))
        return kept["users"], found[metric]


def difference(run: Run, base: Run, protocol: str, metric: str, resamples: int = 2000) -> Difference:
    """The paired difference of two runs: users are drawn, and both runs keep what each user adds."""
    users, values = contributions(run, protocol, metric)
    same, others = contributions(base, protocol, metric)
    if not np.array_equal(users, same):
        raise UserError(f"{run.id} and {base.id} were not tested on the same users")
    low, high = bootstrap((values - others)[:, None], np.ones(len(values), np.int64), resamples)[0]
    return Difference(float((values - others).mean()), float(low), float(high))
