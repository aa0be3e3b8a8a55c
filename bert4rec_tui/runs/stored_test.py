"""The result of a test as it lies on disk: which numbers it must have, and that they are numbers to reckon with."""

from pathlib import Path
from typing import Annotated, Any, cast

import msgspec
from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=0, le=2**53)]


class _Figure(Struct):
    """A metric with its interval, where it has one."""

    value: float
    low: float | None = None
    high: float | None = None


class _StoredTest(Struct):
    """What a metrics.json is not a result without, and the types of what is reckoned with."""

    epoch: Count
    users: Count
    seconds: float
    short_users: Count
    metrics: dict[str, _Figure]
    baselines: dict[str, dict[str, _Figure]]
    step: Count = 0
    untrained_targets: Count = 0
    newcomers: Count = 0
    repeated_targets: Count = 0
    metrics_new_targets: dict[str, _Figure] = {}
    split_hash: str = ""
    dataset: str = ""
    left_out: str = ""


def read_stored_test(file: Path) -> dict[str, Any]:
    """The record in a metrics.json. Raises ValueError where it is not the result of a test, and what reading raises."""
    content = file.read_bytes()
    msgspec.json.decode(content, type=_StoredTest)
    return cast(dict[str, Any], msgspec.json.decode(content))
