"""`benchmarks/accuracy.py`: runs that outlive it, tests with intervals, and what single changes bring."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from histories import walks
from scripts import ROOT
from small import tiny

from bert4rec_tui.runs.store import LocalRuns

pytestmark = pytest.mark.long


@pytest.fixture
def toy(make_dataset):
    return make_dataset(walks(60, 20, 12))


def words(*more: str) -> list[str]:
    return ["--preset", "fast", "--dataset", "toy", *tiny(), *more]


def test_every_seed_is_tested_with_intervals_and_nothing_is_trained_twice(toy, home, benchmark):
    line = words("--seeds", "0,1", "--epochs", "2")
    said = benchmark("accuracy", *line)
    assert said.values["dataset"] == toy.id
    assert "leave-one-out, 60 users" in said.table
    assert said.values["to_beat"] == {}
    assert list(said.values["seeds"]) == ["0", "1"]
    for seed in said.values["seeds"].values():
        for protocol in ("full", "uniform-10"):
            value = seed["test"][protocol]["NDCG@5"]
            assert value["low"] <= value["value"] <= value["high"]
            assert f"{value['value']:.4f} [{value['low']:.4f}, {value['high']:.4f}]" in said.table
    found = [seed["test"]["full"]["NDCG@5"]["value"] for seed in said.values["seeds"].values()]
    assert said.values["over_seeds"]["full"]["NDCG@5"]["mean"] == pytest.approx(np.mean(found))
    assert said.values["over_seeds"]["full"]["NDCG@5"]["sd"] == pytest.approx(np.std(found, ddof=1))
    runs = {run.id for run in LocalRuns(home / "runs").runs()}
    assert runs == {seed["run"] for seed in said.values["seeds"].values()}
    assert benchmark("accuracy", *line).values == said.values
    assert {run.id for run in LocalRuns(home / "runs").runs()} == runs


def test_a_run_that_was_cut_short_is_resumed_when_it_is_started_again(toy, home, environment, benchmark):
    """The script is killed, then the worker: the same line goes on with the same run, even without its file."""
    line = words("--epochs", "400")
    script = subprocess.Popen(
        [sys.executable, str(ROOT / "benchmarks" / "accuracy.py"), *line],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    store = LocalRuns(home / "runs")
    deadline = time.monotonic() + 60
    while not (runs := store.runs()) or runs[0].status().epoch < 1:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(script.pid, signal.SIGKILL)
    script.wait()
    assert runs[0].state() == "training"
    os.kill(runs[0].status().pid, signal.SIGKILL)
    file = home / "benchmarks" / "accuracy.json"
    assert list(json.loads(file.read_text()).values()) == [runs[0].id]
    file.unlink()
    said = benchmark("accuracy", *line)
    assert "it goes on" in said.err
    assert [run.id for run in store.runs()] == [runs[0].id]
    assert said.values["seeds"]["0"]["run"] == runs[0].id


def test_changes_are_set_beside_the_base_with_paired_intervals(toy, benchmark):
    only = "dropout-0.1,dropout-0.2,mask-0.5,no-output-bias"
    said = benchmark("accuracy", *words("--ablate", "--only", only, "--epochs", "2"))
    # The base has dropout .2 already, and a causal network draws no masks.
    assert list(said.values["changes"]) == ["base", "no-output-bias", "dropout-0.1"]
    base = said.values["changes"]["base"]["test"]["full"]["NDCG@5"]["value"]
    changed = said.values["changes"]["no-output-bias"]
    found = changed["difference"]["full"]["NDCG@5"]
    assert found["value"] == pytest.approx(changed["test"]["full"]["NDCG@5"]["value"] - base, abs=1e-9)
    assert found["low"] <= found["value"] <= found["high"]
    assert "no-output-bias" in said.table
    # Nothing is trained where only what has finished is asked for.
    more = words("--ablate", "--only", f"{only},tied-head,untied-head", "--epochs", "2", "--finished")
    assert list(benchmark("accuracy", *more).values["changes"]) == ["base", "no-output-bias", "dropout-0.1"]


def test_what_cannot_be_meant_is_said_in_a_sentence(toy, benchmark):
    assert "nowhere: is not prepared" in benchmark("accuracy", "--dataset", "nowhere", code=1).err
    assert "has not finished yet" in benchmark("accuracy", *words("--ablate", "--finished"), code=1).err
    assert "--only sing: is no change" in benchmark("accuracy", *words("--ablate", "--only", "sing"), code=1).err
