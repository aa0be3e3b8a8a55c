"""Benchmarks as a person starts them: processes that print a table and one JSON object last."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

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


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return os.environ | {"BERT4REC_TUI_HOME": str(home), "PYTHONPATH": path}


@pytest.fixture
def benchmark(environment: dict[str, str]) -> Callable[..., Said]:
    """Run a script of `benchmarks/` to its end; it must end with `code` and show none of our code."""

    def run(name: str, *words: str, code: int = 0) -> Said:
        answer = subprocess.run(
            [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), *words],
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert answer.returncode == code, answer.stderr
        assert "Traceback" not in answer.stderr, answer.stderr
        if code:
            return Said(code, answer.stdout, answer.stderr, None)
        *table, last = answer.stdout.splitlines()
        return Said(code, "\n".join(table), answer.stderr, json.loads(last))

    return run
