"""Single changes of a training that can be tried one by one."""

from collections.abc import Mapping

from bert4rec_tui.config import Config, with_assignments
from bert4rec_tui.errors import UserError

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
    "weight-decay-1": ("training.weight_decay=1.0",),
    "learning-rate-0.001": ("training.learning_rate=0.001",),
    "blocks-2": ("model.blocks=2",),
    "blocks-3": ("model.blocks=3",),
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
