"""Where an epoch's time goes: every part has a share, and the floor lies below the epoch."""

import pytest

pytestmark = pytest.mark.long
SMALL = ["model.hidden=16", "model.heads=2", "model.max_len=10", "training.threads=1", "training.epochs=1"]


def test_the_shares_are_of_the_whole_and_the_floor_is_below_the_epoch(benchmark):
    said = benchmark("floor", "--profiled", "2", *(word for setting in SMALL for word in ("--set", setting)))
    assert 0 < said.values["floor_s"] < said.values["epoch_s"]
    assert sum(said.values["shares"].values()) == pytest.approx(1, abs=0.01)
    parts = {"products of matrices", "attention", "dropout", "GELU", "softmax of the head"}
    assert parts <= set(said.values["shares"])
