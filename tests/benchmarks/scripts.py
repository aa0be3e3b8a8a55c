"""What a benchmark is started with and what it says, for the tests of each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
TINY = {
    "model.hidden": "16",
    "model.heads": "2",
    "model.blocks": "1",
    "model.max_len": "12",
    "training.batch_size": "32",
    "training.threads": "1",
    "training.device": "cpu",
    "evaluation.ks": "[1,5]",
    "evaluation.protocols": '["full","uniform-10"]',
    "evaluation.best_metric": "full:NDCG@5",
}


def tiny(**changes: str) -> list[str]:
    """The words that make a training small; a change is named like `training__epochs`."""
    values = TINY | {key.replace("__", "."): value for key, value in changes.items()}
    return [word for key, value in values.items() for word in ("--set", f"{key}={value}")]


@dataclass
class Said:
    """What a benchmark has printed. table: all but the last line. values: the object in the last line."""

    code: int
    table: str
    err: str
    values: Any
