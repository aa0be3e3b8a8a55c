"""The command `export`: what each file holds, where it goes, and that a failure leaves the file before as it was."""

import csv
import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from bert4rec_tui.commands import export_next
from bert4rec_tui.errors import WorkFailedError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder that the commands are called in."""
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def rows(file) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_safetensors_is_the_checkpoint_with_its_head(here, terminal, folder):
    answer = here("export", "mine", "--format", "safetensors", "--json").json()
    run = terminal.last_run()
    file = folder / f"{run.id}-best.safetensors"
    assert answer["path"] == file.name
    assert file.read_bytes() == run.checkpoint("best").read_bytes()
    here("export", "mine", "--format", "safetensors", "--checkpoint", "last", "--out", str(folder / "w.bin"))
    ours, kept = load_file(folder / "w.bin"), load_file(run.checkpoint("last"))
    assert all(torch.equal(ours[name], kept[name]) for name in kept)


def test_csv_has_for_every_user_what_recommend_says(here, folder, monkeypatch):
    """In several chunks, the last of them smaller; what a user has is not among it, even where k asks for all."""
    monkeypatch.setattr(export_next, "USERS_AT_ONCE", 7)
    answer = here("export", "mine", "--format", "csv", "-k", "5", "--json").json()
    assert (answer["users"], answer["rows"], answer["k"]) == (60, 300, 5)
    found = rows(folder / answer["path"])
    for user in ("1", "30", "60"):
        told = here("recommend", "mine", "--user", user, "-k", "5", "--json").json()["recommendations"]
        own = [row for row in found if row["user"] == user]
        assert [row["rank"] for row in own] == ["1", "2", "3", "4", "5"]
        assert [int(row["item"]) for row in own] == [row["item"] for row in told]
        assert [row["title"] for row in own] == [row["title"] for row in told]
        np.testing.assert_allclose([float(row["score"]) for row in own], [r["score"] for r in told], rtol=1e-3)
    here("export", "mine", "--format", "csv", "-k", "20", "--out", "all.csv")
    history = {row["item"] for row in here("recommend", "mine", "--user", "1", "--json").json()["history"]}
    own = [int(row["item"]) for row in rows(folder / "all.csv") if row["user"] == "1"]
    assert len(own) == 20 - len(history)
    assert not history & set(own)


def test_the_table_of_the_tests_names_dataset_split_and_protocol_and_agrees_in_all_its_forms(here, folder):
    kept = here("test", "mine", "--json").json()
    for form in ("md", "csv", "json"):
        here("export", "mine", "--format", f"test-{form}", "--out", f"table.{form}")
    told = json.loads((folder / "table.json").read_text())
    assert (told["dataset"], told["split"], told["users"]) == ("toy+users3", "leave-one-out", 60)
    assert list(told["protocols"]) == ["full", "uniform-10"]
    for protocol, found in told["protocols"].items():
        assert found["metrics"] == kept["protocols"][protocol]
    value = kept["protocols"]["full"]["NDCG@5"]
    (line,) = (
        row
        for row in rows(folder / "table.csv")
        if (row["protocol"], row["model"], row["metric"]) == ("full", "BERT4Rec", "NDCG@5")
    )
    assert [float(line[name]) for name in ("value", "low", "high")] == [value[n] for n in ("value", "low", "high")]
    text = (folder / "table.md").read_text()
    assert "**toy+users3**, split leave-one-out; test set, 60 users." in text
    (shown,) = (line for line in text.splitlines() if line.startswith("| full | NDCG@5 |"))
    assert f"{value['value']:.4f}" in shown
    assert f"[{value['low']:.4f}, {value['high']:.4f}]" in shown
    baselines = kept["baselines"]
    best = max(value["value"], *(baselines[name]["full"]["NDCG@5"]["value"] for name in baselines))
    assert shown.count("**") == 2 * shown.count(f"**{best:.4f}**") > 0


def test_a_failure_leaves_the_file_before_and_nothing_half_written(here, folder, monkeypatch):
    file = folder / "next.csv"
    file.write_text("mine\n")

    def broken(*arguments, **more):
        arguments[2].write_text("user,rank\n1,")
        raise WorkFailedError("the scores are not numbers")

    monkeypatch.setattr(export_next, "write_next_items", broken)
    answer = here("export", "mine", "--format", "csv", "--out", str(file), code=1)
    assert answer.err.startswith("bert4rec-tui: the scores are not numbers")
    assert [path.name for path in folder.iterdir()] == ["next.csv"]
    assert file.read_text() == "mine\n"


def test_a_wrong_request_is_one_sentence(here, folder):
    for words, sentence in (
        (["--format", "csv", "-k", "0"], "-k 0: toy+users3 has 20 items"),
        (["--format", "safetensors", "--out", "no/where.bin"], "--out no/where.bin: there is no folder no"),
        (["--format", "test-md", "--checkpoint", "last"], "its checkpoint last has not been tested"),
    ):
        answer = here("export", "mine", *words, code=2)
        assert sentence in answer.err
    assert not list(folder.iterdir())


def test_onnx_that_scores_otherwise_is_not_kept(here, folder, monkeypatch):
    from bert4rec_tui.model import onnx_export

    monkeypatch.setattr(onnx_export, "write_onnx", lambda model, path, metadata: path.write_bytes(b"x"))
    monkeypatch.setattr(onnx_export, "largest_difference", lambda model, path: 0.5)
    answer = here("export", "mine", "--format", "onnx", code=1)
    assert "scores of the exported network differ by up to 0.5" in answer.err
    assert not list(folder.iterdir())
