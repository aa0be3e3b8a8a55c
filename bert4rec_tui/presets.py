"""Known good configurations, each a few differences from the defaults."""

from typing import Any

from bert4rec_tui.config import Config, from_dict, to_dict, value_at, with_value
from bert4rec_tui.errors import UserError

# What each preset is for, and where it differs from the defaults of config.py.
PRESETS: dict[str, tuple[str, dict[str, Any]]] = {
    "recommended": (
        "The best known setting for accuracy with the Cloze objective.",
        {
            "training.epochs": 200,
            "training.mask_rate": 0.3,
            "training.last_item_rate": 0.1,
            "training.weight_decay": 0.01,
            "training.schedule": "cosine",
            "training.warmup_epochs": 2.0,
            "training.patience": 20,
            "training.gradient_clip": 5.0,
            "model.dropout": 0.2,
            "model.attention_dropout": False,
            "model.feed_forward_dropout": False,
            "model.block_dropout": False,
            "model.tied_head": True,
            "evaluation.best_metric": "full:NDCG@10",
            "training.test_at_end": True,
        },
    ),
    "causal": (
        "The best known setting for accuracy with the next-item objective: fewer epochs.",
        {
            "model.objective": "causal",
            "model.hidden": 128,
            "model.max_len": 200,
            "model.heads": 2,
            "model.dropout": 0.2,
            "model.attention_dropout": False,
            "model.feed_forward_dropout": False,
            "model.block_dropout": False,
            "model.tied_head": True,
            "training.epochs": 60,
            "training.weight_decay": 0.01,
            "training.warmup_epochs": 1.0,
            "training.patience": 10,
            "training.gradient_clip": 5.0,
            "training.test_at_end": True,
            "evaluation.best_metric": "full:NDCG@10",
        },
    ),
    "notebook": (
        "The sizes, masking and every dropout site of the notebook that this project grew from.",
        {"training.optimizer": "adam", "training.schedule": "step"},
    ),
    "quickstart": (
        "What the quick start trains on the bundled sample: 610 users are too few for Cloze, so it is causal.",
        {
            "model.objective": "causal",
            "model.hidden": 64,
            "model.heads": 2,
            "model.max_len": 50,
            "model.dropout": 0.3,
            "model.attention_dropout": False,
            "model.feed_forward_dropout": False,
            "model.block_dropout": False,
            "model.tied_head": True,
            "training.epochs": 60,
            "training.learning_rate": 0.002,
            "training.patience": 15,
            "evaluation.best_metric": "full:NDCG@10",
        },
    ),
    "fast": (
        "A first look within minutes on a CPU.",
        {
            "model.objective": "causal",
            "model.hidden": 64,
            "model.heads": 2,
            "model.max_len": 50,
            "model.dropout": 0.3,
            "model.attention_dropout": False,
            "model.feed_forward_dropout": False,
            "model.block_dropout": False,
            "model.tied_head": True,
            "training.epochs": 20,
            "training.learning_rate": 0.002,
            "training.patience": 5,
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
