"""What a benchmark is started with and what it says, for the tests of each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent


@dataclass
class Said:
    """What a benchmark has printed. table: all but the last line. values: the object in the last line."""

    code: int
    table: str
    err: str
    values: Any
