"""The command `compare`: runs side by side with the paired test, and one sentence for what cannot be compared."""

import json
import shutil

import numpy as np
import pytest
from stored_ranks import change_ranks
from terminal import Here, Terminal

from bert4rec_tui.config import save_config, with_assignments
from bert4rec_tui.data.store import find_dataset
from bert4rec_tui.runs.store import Run
from bert4rec_tui.settings import datasets_folder


@pytest.fixture
def pair(terminal: Terminal, here: Here) -> tuple[Run, Run]:
    """The trained run, tested; and one of another width whose test had every target at rank 3 or 4."""
    here("test", "--protocol", "full", "--protocol", "uniform-10")
    base = terminal.last_run()
    other = Run(base.path.with_name("toy+users3-20300101-000000-wide"))
    shutil.copytree(base.path, other.path)
    save_config(with_assignments(base.config(), ["model.hidden=32"]), other.path / "config.toml")
    terminal.store.rename(other, "wider")
    for protocol in ("full", "uniform-10"):
        change_ranks(other, protocol, np.arange(60) % 2 + 3)
    return base, other


def test_two_runs_stand_side_by_side_with_the_paired_difference_and_what_differs(pair, here):
    base, other = pair
    values = here("compare", base.short_id, "wider", "--users", "3", "--json").json()
    assert [run["run"] for run in values["runs"]] == [base.id, other.id]
    assert [run["name"] for run in values["runs"]] == ["mine", "wider"]
    assert values["differences"] == {"model.hidden": [16, 32]}
    assert values["protocols"] == ["full", "uniform-10"]
    found = {(row["protocol"], row["metric"]): row for row in values["paired"]}
    assert set(found) == {(p, m) for p in ("full", "uniform-10") for m in ("NDCG@10", "Recall@10", "MRR")}
    mrr = found["full", "MRR"]
    assert (mrr["run"], mrr["against"], mrr["users"], mrr["shown"]) == (other.id, base.id, 60, True)
    assert mrr["value"] == pytest.approx(7 / 24 - values["runs"][0]["metrics"]["full"]["MRR"]["value"])
    assert mrr["low"] <= mrr["value"] <= mrr["high"] < 0
    assert mrr["words"] == f"worse by {-mrr['value']:.4f} (60 users)".replace("0.", ".", 1)
    assert any("several seeds" in note for note in values["notes"])
    full, sampled = values["users"]
    assert (full["protocol"], sampled["protocol"], len(full["most"])) == ("full", "uniform-10", 3)
    with np.load(base.test_folder("best", "full") / "ranks.npz", allow_pickle=False) as kept:
        before, after = kept["ranks"], np.arange(60) % 2 + 3
    assert full["differ"] == (before != after).sum()
    first = full["most"][0]
    at = int(np.argmax(np.abs(1 / np.log2(1 + before) - 1 / np.log2(1 + after))))
    assert (first["user"], first["against_rank"], first["rank"]) == (at + 1, before[at], after[at])
    assert first["title"] == f"Film {first['item']}"
    dataset = find_dataset(base.config().dataset.id, datasets_folder())
    assert first["history"] == dataset.split.test[at]


def test_people_read_the_same_as_tables(pair, here):
    base, other = pair
    for name in ("ranks.npz", "metrics.json"):
        shutil.copy(base.test_folder("best", "full") / name, other.test_folder("best", "full") / name)
    out = here("compare", base.id, other.id, "--protocol", "full", "--users", "2").out
    assert f"wide  {other.id} (wider) · best (epoch " in out
    assert "model.hidden" in out
    (line,) = [line for line in out.splitlines() if line.startswith("NDCG@10 full")]
    assert line.split()[:4] == ["NDCG@10", "full", "wide", "−"]
    assert line.endswith("no significant difference (60 users)")
    assert "uniform-10" not in out.partition("test set")[2]
    assert "full: 0 of 60 users' ranks differ" in out


def test_the_two_checkpoints_of_one_run_are_compared_too(terminal, here):
    run = terminal.last_run()
    here("test", "mine", "--protocol", "full")
    assert "the last checkpoint has not been tested" in here.refuses("compare", "mine:best", "mine:last")
    here("test", "mine", "--checkpoint", "last", "--protocol", "full")
    values = here("compare", "mine:best", "mine:last", "--json").json()
    assert [(side["run"], side["checkpoint"]) for side in values["runs"]] == [(run.id, "best"), (run.id, "last")]
    assert [side["epoch"] for side in values["runs"]] == [run.status().best.epoch, 2]
    assert {found["label"] for found in values["paired"]} == {f"{run.short_id}:last"}
    assert values["notes"][0].startswith("These are two checkpoints of one run")


def test_what_cannot_be_compared_is_said_in_a_sentence(pair, terminal, here):
    base, other = pair
    assert "needs at least two runs" in here.refuses("compare", base.id, f"{base.short_id}:best")
    refused = here.refuses("compare", base.id, other.id, "--checkpoint", "last")
    assert f"run `bert4rec-tui test {base.short_id} --checkpoint last`" in refused
    assert "has not been tested under popular-5" in here.refuses(
        "compare", base.id, other.id, "--protocol", "full", "--protocol", "popular-5"
    )
    metrics = other.test_folder("best", "full") / "metrics.json"
    kept = json.loads(metrics.read_text())
    for change, sentence in (
        ({"split_hash": "0" * 16}, "different splits of toy+users3"),
        ({"dataset": "else"}, "was tested on else"),
    ):
        metrics.write_text(json.dumps(kept | change))
        assert sentence in here.refuses("compare", base.id, other.id)
    metrics.write_text(json.dumps(kept))
    (other.test_folder("best", "full") / "ranks.npz").write_bytes(b"PK")
    assert "ranks.npz: cannot be read" in here.refuses("compare", base.id, other.id)


@pytest.mark.parametrize("instead", ["ranks of another protocol", "an array", "arrays that do not fit"])
def test_ranks_that_are_not_of_this_test_are_never_compared(pair, here, instead):
    base, other = pair
    file = other.test_folder("best", "full") / "ranks.npz"
    if instead == "ranks of another protocol":
        shutil.copy(other.test_folder("best", "uniform-10") / "ranks.npz", file)
    else:
        metrics = file.with_name("metrics.json")  # as a version without checksums wrote it
        record = json.loads(metrics.read_text())
        del record["ranks_checksum"]
        metrics.write_text(json.dumps(record))
        with file.open("wb") as content:
            if instead == "an array":
                np.save(content, np.arange(3))
            else:
                np.savez(content, users=np.arange(3), ranks=np.ones(2, int), candidates=np.ones(3, int))
    said = here.refuses("compare", base.id, other.id)
    assert "ranks.npz: cannot be read (" in said
    assert f"test again with `bert4rec-tui test {other.short_id} --checkpoint best --protocol full`" in said


def test_names_notes_and_pins_are_listed_and_the_pinned_stand_first(pair, here):
    base, other = pair
    base.relabel(lambda labels: type(labels)(note="the base", pinned=True))
    rows = here("runs", "--json").json()["runs"]
    assert [(row["run"], row["name"], row["note"], row["pinned"]) for row in rows] == [
        (base.id, "mine", "the base", True),
        (other.id, "wider", "", False),
    ]
    table = here("runs").out.splitlines()
    assert table[1].endswith("pinned mine")
    assert table[2].endswith("wider")


def test_a_checkpoint_that_has_changed_between_its_tests_is_told(pair, here):
    base, other = pair
    file = other.test_folder("best", "uniform-10") / "metrics.json"
    record = json.loads(file.read_text())
    file.write_text(json.dumps(record | {"epoch": record["epoch"] + 5, "step": record["step"] + 500}))
    values = here("compare", base.short_id, "wider", "--json").json()
    epoch = record["epoch"]
    assert values["runs"][1]["epochs"] == {"full": epoch, "uniform-10": epoch + 5}
    note = values["notes"][-1]
    assert note.startswith(f"wide: the best checkpoint, now at epoch {epoch}, step {record['step']}, has changed")
    assert "test it again with `bert4rec-tui test wide --checkpoint best --protocol uniform-10`" in note
    assert (
        f"best (full at epoch {epoch}, uniform-10 at epoch {epoch + 5})" in here("compare", base.short_id, "wider").out
    )


def test_latest_is_the_newest_run_that_was_tested(pair, here):
    base, other = pair
    untested = Run(base.path.with_name("toy+users3-20310101-000000-newa"))
    shutil.copytree(base.path, untested.path, ignore=shutil.ignore_patterns("test"))
    assert here("compare", "latest", base.short_id, "--json").json()["runs"][0]["run"] == other.id
    out = other.path / "told.json"
    here("export", "latest", "--format", "test-json", "--out", str(out))
    assert json.loads(out.read_text())["run"] == other.id
