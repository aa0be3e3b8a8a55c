"""Tested configurations, each a few differences from the defaults."""

from typing import Any

from bert4rec_tui.config.dataset import DatasetConfig
from bert4rec_tui.config.fields import value_at
from bert4rec_tui.config.reading import from_dict, to_dict, with_value
from bert4rec_tui.config.run import Config
from bert4rec_tui.errors import UserError

# The bundled ratings: `quickstart` trains on them, and so was the run of `demo`.
SAMPLE = DatasetConfig(name="sample", min_item_interactions=5)

# The optional dropout sites, off where accuracy or speed is what counts; the other three have no switch.
_FEW_DROPOUT_SITES: dict[str, Any] = {
    "model.attention_dropout": False,
    "model.feed_forward_dropout": False,
    "model.block_dropout": False,
}

_ACCURATE: dict[str, Any] = {
    **_FEW_DROPOUT_SITES,
    "model.dropout": 0.2,
    "model.tied_head": True,
    "training.optimizer": "adamw",
    "training.weight_decay": 0.01,
    "training.gradient_clip": 5.0,
    "training.test_at_end": True,
    "evaluation.best_metric": "full:NDCG@10",
}

# The purpose of each preset, and its differences from the defaults.
PRESETS: dict[str, tuple[str, dict[str, Any]]] = {
    "recommended": (
        "Most accurate with the cloze objective.",
        {
            **_ACCURATE,
            # The last 100 of each history alone would leave more than half of MovieLens-1M unused.
            "training.windows": "sliding",
            "training.epochs": 60,
            "training.learning_rate": 0.002,
            "training.weight_decay": 1.0,
            "training.schedule": "cosine",
            "training.warmup_epochs": 2.0,
        },
    ),
    "causal": (
        "Most accurate with the causal (next-item) objective; fewer epochs.",
        {
            **_ACCURATE,
            "model.objective": "causal",
            "model.hidden": 128,
            "model.blocks": 6,
            "model.max_len": 200,
            "model.heads": 2,
            "model.dropout": 0.3,
            # Without overlap, so that each item is a target about once an epoch: every position of a window predicts.
            "training.windows": "sliding",
            "training.window_stride": 200,
            "training.epochs": 30,
            "training.schedule": "cosine",
            "training.warmup_epochs": 1.0,
        },
    ),
    "notebook": ("Sizes, masking and all dropout sites of the original notebook.", {}),
    "fast": (
        "Minutes on a CPU: item embeddings from item transitions, three epochs.",
        {
            **_ACCURATE,
            "model.objective": "causal",
            "model.hidden": 128,
            "model.max_len": 200,
            "model.heads": 1,
            "model.tied_head": False,
            "training.start": "transitions",
            "training.batch_size": 32,
            "training.learning_rate": 0.003,
            "training.epochs": 3,
            "training.schedule": "cosine",
            "training.warmup_epochs": 0.3,
        },
    ),
    "large-catalogue": (
        "For 100,000 items and more: trains and validates on sampled negatives, at a constant cost per step.",
        {
            **_ACCURATE,
            "model.objective": "causal",
            "model.hidden": 128,
            "model.heads": 2,
            "model.max_len": 50,
            "training.loss": "sampled",
            "training.weight_decay": 0.0,
            "training.batch_size": 256,
            "training.epochs": 60,
            "training.schedule": "constant",
            "training.warmup_epochs": 1.0,
            "training.patience": 5,
            # Ranking the whole catalogue for each user after every epoch would take longer than the epoch.
            "evaluation.protocols": ("uniform-100", "popular-100"),
            "evaluation.best_metric": "popular-100:NDCG@10",
        },
    ),
    "quickstart": (
        "For the bundled sample: 610 users are too few for cloze, so it is causal.",
        {
            **_FEW_DROPOUT_SITES,
            "model.objective": "causal",
            "model.hidden": 64,
            "model.heads": 2,
            "model.max_len": 50,
            "model.dropout": 0.3,
            "model.tied_head": True,
            "training.optimizer": "adamw",
            # The last 50 of each history alone would leave seven tenths of so few ratings unused.
            "training.windows": "sliding",
            "training.batch_size": 32,
            "training.learning_rate": 0.002,
            "training.weight_decay": 0.3,
            "training.schedule": "cosine",
            "training.warmup_epochs": 1.0,
            "training.epochs": 8,
            "evaluation.best_metric": "full:NDCG@10",
        },
    ),
}


def preset(name: str) -> Config:
    """The configuration of a preset. Raises UserError that lists the names there are."""
    if name not in PRESETS:
        raise UserError(f"{name!r} is not a preset; choose one of {', '.join(PRESETS)}")
    values = to_dict(Config(preset=name))
    for path, value in PRESETS[name][1].items():
        values = with_value(values, path, value)
    return from_dict(values, Config)


def changes_from_preset(config: Config) -> dict[str, tuple[Any, Any]]:
    """Where the model, the training or the evaluation differs from the configuration's preset: path → (preset, now)."""
    if config.preset not in PRESETS:
        return {}
    base, now = to_dict(preset(config.preset)), to_dict(config)
    return {
        f"{group}.{field}": (base[group][field], value)
        for group in ("model", "training", "evaluation")
        for field, value in value_at(now, group).items()
        if value != base[group][field]
    }
