"""Waiting for what another process does, for tests in every folder."""

import subprocess
import time
from collections.abc import Callable
from typing import Any


def wait_for(condition: Callable[[], Any], seconds: float = 60, worker: subprocess.Popen | None = None) -> Any:
    """Wait until a condition holds and return what it gave; fail when time is over, or `worker` has ended without."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        assert worker is None or worker.poll() is None or condition(), "the worker has ended"
        time.sleep(0.02)
    return found
