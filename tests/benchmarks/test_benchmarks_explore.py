"""`benchmarks/explore.py` measures all that it claims, of a small network and few users."""

import pytest
from small import tiny

pytestmark = pytest.mark.long


def test_everything_is_measured(benchmark):
    few = ["--changes", "4", "--explanations", "2", "--history", "8", "--searches", "6", "--titles", "500"]
    small = ["--users", "40", "--items", "150", "--listed-users", "300", "--presses", "4"]
    said = benchmark("explore", *few, *small, "--preset", "causal", *tiny())
    for what in ("what-if", "filtered", "diverse", "why", "search", "few: scroll", "users: open", "users: scroll"):
        values = said.values[what]
        assert 0 < values["median_ms"] <= values["p95_ms"] <= values["slowest_ms"]
        assert f"{values['median_ms']:.1f}" in said.table
