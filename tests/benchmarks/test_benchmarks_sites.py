"""`benchmarks/sites.py`: every site in both arithmetics, torch's way and ours."""

import pytest

pytestmark = pytest.mark.long


def test_every_site_is_timed_in_both_arithmetics(benchmark):
    said = benchmark("sites", "--rows", "2", "--length", "8", "--hidden", "16", "--repeats", "2", "--threads", "1")
    names = ("dropout", "attention that drops out", "attention", "GELU: by tanh, exact")
    assert set(said.values["sites"]) == {f"{name}, {kind}" for name in names for kind in ("bf16", "fp32")}
    for name, values in said.values["sites"].items():
        assert values["ratio"] == pytest.approx(values["torch_ms"] / values["ours_ms"], rel=0.1)
        assert any(line.startswith(name) for line in said.table.splitlines())
