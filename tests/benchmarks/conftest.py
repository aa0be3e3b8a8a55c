"""Benchmarks as a person starts them: processes that print a table and one JSON object last."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from scripts import ROOT, Said


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return os.environ | {"BERT4REC_TUI_HOME": str(home), "PYTHONPATH": path}


def running(environment: dict[str, str], limit: float) -> Callable[..., Said]:
    """What runs a script of `benchmarks/` to its end; it must end with `code` and show none of our code."""

    def run(name: str, *words: str, code: int = 0) -> Said:
        answer = subprocess.run(
            [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), *words],
            env=environment,
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )
        assert answer.returncode == code, answer.stderr
        assert "Traceback" not in answer.stderr, answer.stderr
        if code:
            return Said(code, answer.stdout, answer.stderr, None)
        *table, last = answer.stdout.splitlines()
        return Said(code, "\n".join(table), answer.stderr, json.loads(last))

    return run


@pytest.fixture
def benchmark(environment: dict[str, str]) -> Callable[..., Said]:
    """Run a script that takes minutes at most."""
    return running(environment, 300)


@pytest.fixture
def long_benchmark(environment: dict[str, str]) -> Callable[..., Said]:
    """Run a script that may take an hour."""
    return running(environment, 4 * 3600)
