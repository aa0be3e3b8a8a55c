"""The command `compare`: runs side by side with the paired test, and one sentence for what cannot be compared."""

import json
import shutil

import numpy as np
import pytest
from terminal import Here, Terminal

from bert4rec_tui.config import save_config, with_assignments
from bert4rec_tui.runs.store import Run


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
        file = other.test_folder("best", protocol) / "ranks.npz"
        with np.load(file, allow_pickle=False) as kept:
            arrays = dict(kept)
        np.savez(file, **arrays | {"ranks": np.arange(60) % 2 + 3})
    return base, other


def test_two_runs_stand_side_by_side_with_the_paired_difference_and_what_differs(pair, here):
    base, other = pair
    values = here("compare", base.short_id, "wider", "--json").json()
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
    assert mrr["words"] == "lower for these 60 users"
    assert any("several seeds" in note for note in values["notes"])


def test_people_read_the_same_as_tables(pair, here):
    base, other = pair
    shutil.copy(base.test_folder("best", "full") / "ranks.npz", other.test_folder("best", "full") / "ranks.npz")
    out = here("compare", base.id, other.id, "--protocol", "full").out
    assert f"wide  {other.id} (wider) · best (epoch " in out
    assert "model.hidden" in out
    (line,) = [line for line in out.splitlines() if line.startswith("NDCG@10 full")]
    assert line.split()[:4] == ["NDCG@10", "full", "wide", "−"]
    assert line.endswith("no difference shown by 60 users")
    assert "uniform-10" not in out.partition("test set")[2]


def test_what_cannot_be_compared_is_said_in_a_sentence(pair, terminal, here):
    base, other = pair
    assert "needs at least two runs" in here.refuses("compare", base.id, base.short_id)
    refused = here.refuses("compare", base.id, other.id, "--checkpoint", "last")
    assert f"`bert4rec-tui test {base.short_id} --checkpoint last` does" in refused
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
