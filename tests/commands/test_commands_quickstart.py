"""The command `quickstart`, with a training cut to one small epoch."""

import json

import pytest
from terminal import Here, Terminal

from bert4rec_tui.commands import quickstart
from bert4rec_tui.config import Config, with_assignments
from bert4rec_tui.config.presets import preset

SMALL = ["model.hidden=16", "model.heads=2", "model.blocks=1", "model.max_len=10", "training.epochs=1"]


@pytest.fixture
def here(home, capsys, monkeypatch) -> Here:
    def small(name: str) -> Config:
        return with_assignments(preset(name), SMALL)

    monkeypatch.setattr(quickstart, "preset", small)
    monkeypatch.setenv("PYTHONPATH", Terminal(home).environment()["PYTHONPATH"])
    return Here(capsys, monkeypatch)


def test_from_nothing_to_ten_movies(here, home):
    """The last line is one object that holds what `test` and `recommend` print; a second start has less to do."""
    answer = here("quickstart", "--json")
    values = answer.json()
    assert list(values) == ["run", "seconds", "test", "recommend"]
    (run,) = Terminal(home).store.runs()
    assert values["run"] == run.id == values["test"]["run"]
    assert run.config().dataset.id == "sample+items5"
    assert values["test"]["users"] == 610
    assert {"full", "uniform-100", "popular-100"} == set(values["test"]["protocols"])
    for name in ("popularity", "transitions"):
        assert 0 < values["test"]["baselines"][name]["full"]["NDCG@10"]["value"] < 1
    assert len(values["recommend"]["recommendations"]) == 10
    assert all(row["title"] for row in values["recommend"]["recommendations"])
    messages = [json.loads(line).get("message", "") for line in answer.err.splitlines()]
    steps = [text.partition(" ")[0] for text in messages if text[:3] in ("1/4", "2/4", "3/4", "4/4")]
    assert steps == ["1/4", "2/4", "3/4", "4/4"]
    assert f"2/4 training a small model with the causal objective as {run.id}" in messages


def test_the_verdict_names_metric_protocol_objective_and_baselines():
    def result(value: float) -> dict:
        return {"full": {"NDCG@10": {"value": value}}}

    test = {
        "objective": "causal",
        "protocols": result(0.0571),
        "baselines": {"popularity": result(0.019), "transitions": result(0.052)},
    }
    sentence = "NDCG@10 full 0.0571 with the causal objective (popularity 0.0190, transitions 0.0520)."
    assert quickstart.comparison(test) == sentence
