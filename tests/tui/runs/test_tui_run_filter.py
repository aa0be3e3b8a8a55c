"""The filter of the runs screen: words and comparisons that must all hold, and a sentence for what is none."""

from pathlib import Path

import pytest

from bert4rec_tui.config import Config, with_assignments
from bert4rec_tui.runs.labels import Labels
from bert4rec_tui.runs.listing import RunRow
from bert4rec_tui.runs.status import Best, Status
from bert4rec_tui.runs.store import Run
from bert4rec_tui.tui.runs.filter import read_filter

SMALL = with_assignments(
    Config(preset="fast"), ["model.objective=causal", "model.hidden=64", "training.learning_rate=0.002"]
)
WIDE = RunRow(
    Run(Path("ml-1m+items5-20260101-000000-lamp")),
    "finished",
    Status(epoch=40, best=Best(metric="full:NDCG@10", value=0.17, epoch=31)),
    with_assignments(
        Config(preset="causal"),
        [
            "model.objective=causal",
            "model.hidden=128",
            "model.tied_head=true",
            "dataset.name=ml-1m",
            "dataset.min_item_interactions=5",
        ],
    ),
    Labels(name="wide one", note="Longer history"),
)
NEW = RunRow(Run(Path("sample-20260102-000000-moss")), "queued", Status(), SMALL, Labels(pinned=True))
UNREADABLE = RunRow(Run(Path("x-20260102-000000-rose")), "lost", Status(), problem="status.json: cannot be read")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", "wide new unreadable"),
        ("LAMP", "wide"),
        ("longer", "wide"),
        ("model.hidden>=128", "wide"),
        ("model.hidden<128", "new"),
        ("hidden=128", "wide"),
        ("model.hidden!=128", "new unreadable"),
        ("model.objective=causal", "wide new"),
        ("preset=fast", "new"),
        ("training.learning_rate<=0.001", "wide"),
        ("model.tied_head=yes best>0.1", "wide"),
        ("best<0.1", ""),
        ("epoch>=40", "wide"),
        ("state!=queued", "wide unreadable"),
        ("dataset=ml-1m", ""),
        ("dataset=ml-1m*", "wide"),
        ("evaluation.ks=10 metric=FULL:*", "wide"),
        ('name="wide one"', "wide"),
        ("pinned=yes", "new"),
        ("causal model.hidden<100 state=queued", "new"),
    ],
)
def test_every_term_must_hold(text, shown):
    found = read_filter(text)
    assert found.problem == ""
    rows = {"wide": WIDE, "new": NEW, "unreadable": UNREADABLE}
    assert [name for name, row in rows.items() if found.matches(row)] == shown.split()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("model.hiden>=1", "model.hiden is not a field of a run; did you mean model.hidden?"),
        ("hiddn=1", "hiddn is not a field of a run; did you mean model.hidden?"),
        ("zzz=1", "zzz is not a field of a run."),
        ("seed=1", "seed is ambiguous: dataset.seed or model.seed or training.seed."),
        ("model.hidden>=", "model.hidden>= needs a number after it."),
        ("state=", "state= needs one of queued, starting, "),
        ("model.hidden=wide", 'model.hidden is a number; "wide" is not.'),
        ("model.objective>cloze", "model.objective is not a number; compare it with = or !=, not >."),
        ("model.objective=cloz", "model.objective is one of cloze, causal."),
        ("pinned=maybe", "pinned is yes or no."),
        ("dataset.columns=x", "dataset.columns is a table and cannot be compared."),
    ],
)
def test_a_term_that_is_none_is_said_and_the_others_hold(text, sentence):
    found = read_filter(f"lamp {text}")
    assert found.problem.startswith(sentence)
    assert (found.matches(WIDE), found.matches(NEW)) == (True, False)
