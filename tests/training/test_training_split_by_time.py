"""Training on a split by time: no window reaches beyond the first cut, and a run goes from there to its test."""

import threading

import msgspec
import numpy as np
import pytest
import torch
from visits import prepare_visits
from whole_log import WholeLog

from bert4rec_tui.config import Config, with_assignments
from bert4rec_tui.evaluation.testing import run_test
from bert4rec_tui.runs.store import LocalRuns
from bert4rec_tui.training.batches import TrainingBatches
from bert4rec_tui.training.worker import work

SMALL = [
    *("model.hidden=16", "model.heads=2", "model.blocks=1", "model.max_len=6", "training.batch_size=8"),
    *("training.epochs=2", "training.threads=1", "training.device=cpu", "training.precision=fp32"),
    *("evaluation.ks=[1,5]", 'evaluation.protocols=["full","popular-5"]', "evaluation.best_metric=full:NDCG@5"),
]


def config_for(dataset, *assignments: str) -> Config:
    config = msgspec.structs.replace(Config(), dataset=dataset.manifest.settings)
    return with_assignments(config, [*SMALL, *assignments])


@pytest.mark.parametrize("objective", ["cloze", "causal"])
@pytest.mark.parametrize("windows", ["last", "sliding", "random"])
def test_no_window_holds_anything_from_after_the_first_cut(tmp_path, objective, windows):
    dataset = prepare_visits(tmp_path)
    config = config_for(dataset, f"model.objective={objective}", f"training.windows={windows}")
    batches = TrainingBatches(dataset, config, torch.device("cpu"))
    times, seen = np.asarray(dataset.timestamps), set()
    for epoch in range(5):
        found = batches.windows_of(epoch)
        for start, end in zip(found.starts.tolist(), found.ends.tolist(), strict=True):
            assert times[start:end].max() < dataset.split.cuts[0]
            seen |= set(range(start, end))
        assert sum(len(batch) for batch in batches.batches(epoch)) == batches.windows_per_epoch
    trained = np.flatnonzero(times < dataset.split.cuts[0])
    assert seen <= set(trained.tolist())
    if windows == "sliding":  # whoever has enough to learn from is learnt from whole
        enough = np.repeat(dataset.split.train_end, np.diff(dataset.offsets)) > (objective == "causal")
        assert seen == set(trained[enough[trained]].tolist())


def test_a_run_trains_validates_and_is_tested(tmp_path, home):
    dataset = prepare_visits(home)
    run = LocalRuns(home / "runs").create(config_for(dataset), dataset.id)
    assert work(run, threading.Event()) == 0
    curves = WholeLog()
    curves.add(run.events.read()[0])
    assert {validation.users for validation in curves.validations} == {dataset.manifest.counts.validation_users}
    result = run_test(run, dataset, "best", ["full", "popular-5"], torch.device("cpu"))
    counts = dataset.manifest.counts
    assert (result["users"], result["untrained_targets"], result["newcomers"]) == (
        counts.test_users,
        counts.untrained_test_targets,
        counts.test_newcomers,
    )
    with np.load(run.test_folder("best", "full") / "ranks.npz", allow_pickle=False) as kept:
        assert kept["users"].tolist() == dataset.evaluated_users("test").tolist()
