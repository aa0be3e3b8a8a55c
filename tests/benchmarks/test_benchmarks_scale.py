"""The benchmark of large catalogues, in small."""

import pytest

pytestmark = pytest.mark.long

SIZES = ["--items", "300", "600", "--interactions", "1200", "--users", "60", "--evaluated", "10"]
FEW = ["--warm-up", "1", "--steps", "2", "--rounds", "2"]
SMALL = ["model.hidden=16", "model.heads=2", "training.negatives=20", "training.device=cpu", "training.threads=1"]
SETTINGS = [word for setting in SMALL for word in ("--set", setting)]


@pytest.mark.parametrize("loss", ["sampled", "gbce"])
def test_every_size_gets_a_row_and_is_compared_with_the_first(benchmark, loss):
    said = benchmark("scale", *SIZES, *FEW, *SETTINGS, "--set", f"training.loss={loss}")
    rows = said.values["rows"]
    assert [row["items"] for row in rows] == [300, 600]
    assert rows[0]["growth"] == 1
    assert all(row[key] > 0 for row in rows for key in ("step_s", "growth", "full_s", "popular-100_s", "peak_mib"))
    assert said.values["loss"] == loss
    assert said.table.splitlines()[0].split()[:2] == ["items", "step"]


def test_fewer_interactions_than_items_are_refused(benchmark):
    said = benchmark("scale", "--items", "2000", "--interactions", "1000", code=1)
    assert "must be at least the largest of --items" in said.err
