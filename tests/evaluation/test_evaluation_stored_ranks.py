"""The table of a real test, the one of the run that comes with the program, against an implementation not ours."""

import json
from pathlib import Path
from zipfile import ZipFile

import ir_measures
import numpy as np
import pytest
from ir_measures import RR, R, nDCG

DEMO = Path(__file__).parents[2] / "assets" / "demo-run.zip"


@pytest.mark.parametrize("protocol", ["full", "uniform-100", "popular-100"])
def test_the_figures_of_a_tested_run_are_those_of_ir_measures_on_its_stored_ranks(protocol):
    with ZipFile(DEMO) as archive:
        (folder,) = {Path(name).parent for name in archive.namelist() if f"/best-{protocol}/" in name}
        table = json.loads(archive.read(f"{folder}/metrics.json"))
        with archive.open(f"{folder}/ranks.npz") as file:
            kept = np.load(file, allow_pickle=False)
            users, ranks = kept["users"], kept["ranks"]
    assert len(users) == table["users"] > 500
    names = [name for name in table["metrics"] if name.startswith(("Recall", "NDCG", "MRR"))]
    measures = {
        name: RR if name == "MRR" else (R if name.startswith("Recall") else nDCG) @ int(name.partition("@")[2])
        for name in names
    }
    assert {"Recall@10", "NDCG@10", "MRR"} <= set(names)
    # A ranking that has no more than the documents above the target and the target itself.
    truth = [ir_measures.Qrel(str(user), "target", 1) for user in users]
    run = [
        ir_measures.ScoredDoc(str(user), "target" if place == rank else str(place), -float(place))
        for user, rank in zip(users.tolist(), ranks.tolist(), strict=True)
        for place in range(1, rank + 1)
    ]
    theirs = ir_measures.calc_aggregate(measures.values(), truth, run)
    for name, measure in measures.items():
        assert table["metrics"][name]["value"] == pytest.approx(theirs[measure], abs=1e-9), name
