"""`benchmarks/latency.py`: both ways to ask, of a run and of an untrained network."""

import msgspec
import pytest
import torch
from histories import walks
from small import tiny

from bert4rec_tui.config import with_assignments
from bert4rec_tui.config.presets import preset
from bert4rec_tui.runs.store import LocalRuns
from bert4rec_tui.training.trainer import Trainer

pytestmark = pytest.mark.long

FEW = ["--changes", "4", "--explanations", "2", "--history", "8"]


def check(said) -> None:
    for way in ("called", "served"):
        for kind in ("recommend", "explain"):
            values = said.values[way][kind]
            assert 0 < values["median_ms"] <= values["p95_ms"] <= values["slowest_ms"]
            assert f"{values['median_ms']:.1f}" in said.table


def test_an_untrained_network_of_any_preset_is_asked(benchmark):
    said = benchmark("latency", *FEW, "--preset", "causal", *tiny(), "--users", "40", "--items", "150")
    check(said)
    assert (said.values["objective"], said.values["run"]) == ("causal", None)
    assert said.values["users"] == 40


def test_a_run_is_asked_where_one_is_named(make_dataset, home, benchmark):
    dataset = make_dataset(walks(40, 20, 12))
    words = [word for word in tiny(training__epochs="1") if word != "--set"]
    config = msgspec.structs.replace(with_assignments(preset("fast"), words), dataset=dataset.manifest.settings)
    run = LocalRuns(home / "runs").create(config, dataset.id)
    Trainer(config, dataset, run.path, torch.device("cpu"), "fp32").train()
    said = benchmark("latency", *FEW, "--run", "latest")
    check(said)
    assert said.values["run"] == run.id
    assert "nowhere: there is no such run" in benchmark("latency", "--run", "nowhere", code=1).err
