"""A training that takes a moment, for tests in every folder that start one by a command."""

TINY = {
    "model.hidden": "16",
    "model.heads": "2",
    "model.blocks": "1",
    "model.max_len": "12",
    "training.batch_size": "32",
    "training.threads": "1",
    "training.device": "cpu",
    "training.test_at_end": "false",
    "evaluation.ks": "[1,5]",
    "evaluation.protocols": '["full","uniform-10"]',
    "evaluation.best_metric": "full:NDCG@5",
}


def tiny(**changes: str) -> list[str]:
    """The words that make a training small; a change is named like `training__epochs`."""
    values = TINY | {key.replace("__", "."): value for key, value in changes.items()}
    return [word for key, value in values.items() for word in ("--set", f"{key}={value}")]
