"""Test a checkpoint: ranks of held-out items, metrics with intervals, and baselines; stored in the run."""

import errno
import os
import time
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import torch

from bert4rec_tui.config import Config
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.negatives import short_users
from bert4rec_tui.data.repeats import repeated
from bert4rec_tui.errors import WorkFailedError
from bert4rec_tui.evaluation.baselines import baselines
from bert4rec_tui.evaluation.ease import too_large_for_ease
from bert4rec_tui.evaluation.metrics import estimates
from bert4rec_tui.evaluation.ranking import ModelScorer, Question, Ranks, Scorer, held_out, rank
from bert4rec_tui.evaluation.results import test_summary
from bert4rec_tui.evaluation.saved_ranks import SavedRanks, save_ranks
from bert4rec_tui.files import clear_leftovers, explain_os_error, make_folder
from bert4rec_tui.model.weights import load_checkpoint
from bert4rec_tui.progress import Progress, ReportProgress, ignore_progress
from bert4rec_tui.runs.store import CheckpointName, Run

COVERAGE_KS = (10,)


def run_test(
    run: Run,
    dataset: PreparedDataset,
    checkpoint: CheckpointName,
    protocols: Sequence[str],
    device: torch.device,
    precision: str = "fp32",
    report: ReportProgress = ignore_progress,
) -> dict[str, Any]:
    """Test one checkpoint of a run and write two files for each protocol.

    Returns the result of `test --json`. Raises UserError for a checkpoint that is missing or of another dataset, and
    WorkFailedError where the score of a target is not finite.
    """
    path = run.checkpoint(checkpoint)
    if not path.exists():
        raise run.missing(checkpoint)
    if not os.access(run.path, os.W_OK):
        raise explain_os_error(PermissionError(errno.EACCES, ""), run.path)  # before the work rather than after it
    config = run.config()
    began = time.monotonic()
    model, head = load_checkpoint(path, dataset, device)
    question = held_out(dataset, "test", protocols, config.evaluation.negatives_seed, device)
    results = _rank(ModelScorer(model, precision), question, config, report, "Testing")
    broken = max(result.not_finite for result in results.values())
    if broken:
        raise WorkFailedError(f"{path}: the scores of {broken:,} of {len(question.users):,} targets are not finite")
    on_cpu = (
        question if device.type == "cpu" else held_out(dataset, "test", protocols, config.evaluation.negatives_seed)
    )
    baseline_ranks = _rank_baselines(dataset, on_cpu, config, report)
    had_before = repeated(dataset.history, dataset.offsets, dataset.split.test)[question.users]
    common = {
        "run": run.id,
        "checkpoint": checkpoint,
        "epoch": int(head["epoch"]),
        "step": int(head["step"]),
        "part": "test",
        "dataset": dataset.id,
        "split_hash": dataset.manifest.split_hash,
        "objective": model.config.objective,
        "users": len(question.users),
        "untrained_targets": dataset.manifest.counts.untrained_test_targets,
        "newcomers": dataset.manifest.counts.test_newcomers,
        "repeated_targets": int(np.count_nonzero(had_before)),
        "seconds": round(time.monotonic() - began, 3),
        "precision": precision,
        "device": str(device),
        "left_out": too_large_for_ease(dataset),
    }
    for protocol in protocols:
        record = common | {
            "protocol": protocol,
            "short_users": short_users(question.negatives[protocol].cpu().numpy()) if protocol != "full" else 0,
            "metrics": _metrics(results[protocol], dataset, config),
            "baselines": {name: _metrics(ranks[protocol], dataset, config) for name, ranks in baseline_ranks.items()},
        }
        if had_before.any() and not had_before.all():
            record["metrics_new_targets"] = _metrics_of_new(results[protocol], had_before, config)
        _store(run, checkpoint, protocol, record, results[protocol])
    return test_summary(run, checkpoint, protocols)


def _rank_baselines(
    dataset: PreparedDataset, question: Question, config: Config, report: ReportProgress
) -> dict[str, dict[str, Ranks]]:
    """The ranks of the same targets by each baseline: name → protocol → ranks."""

    def fit(done: int, total: int) -> None:
        report(Progress(stage="Fitting EASE", done=done, total=total, unit="users"))

    found: dict[str, dict[str, Ranks]] = {}
    for name, make in baselines(dataset, fit).items():
        report(Progress(stage=f"Testing {name}"))
        found[name] = _rank(make(dataset), question, config, report, f"Testing {name}")
    return found


def _rank(scorer: Scorer, question: Question, config: Config, report: ReportProgress, stage: str) -> dict[str, Ranks]:
    began = time.monotonic()

    def advance(done: int, total: int) -> None:
        rate = done / max(1e-9, time.monotonic() - began)
        report(Progress(stage=stage, done=done, total=total, unit="users", seconds_left=(total - done) / rate))

    return rank(scorer, question, config.evaluation.batch_size, COVERAGE_KS, advance)


def _metrics(result: Ranks, dataset: PreparedDataset, config: Config) -> dict[str, dict[str, float | None]]:
    """Metrics with intervals; for `full` also catalogue coverage and the mean popularity of recommendations."""
    evaluation = config.evaluation
    found = estimates(result.ranks, evaluation.ks, int(result.candidates.max()), evaluation.bootstrap)
    values: dict[str, dict[str, float | None]] = {
        name: msgspec.to_builtins(estimate) for name, estimate in found.items()
    }
    popularity = np.asarray(dataset.train_counts)
    for k, counts in result.recommended.items():
        # Properties of the catalogue, not means over users: no interval.
        whole = {"coverage": (counts > 0).mean(), "popularity": (counts * popularity).sum() / counts.sum()}
        values |= {f"{name}@{k}": {"value": float(number), "low": None, "high": None} for name, number in whole.items()}
    return values


def _metrics_of_new(result: Ranks, had_before: np.ndarray, config: Config) -> dict[str, dict[str, float | None]]:
    """Metrics with intervals over the users whose target they had not had before. had_before: (users,) bool."""
    evaluation = config.evaluation
    ranks, most = result.ranks[~had_before], int(result.candidates.max())
    found = estimates(ranks, evaluation.ks, most, evaluation.bootstrap)
    return {name: msgspec.to_builtins(estimate) for name, estimate in found.items()}


def _store(run: Run, checkpoint: str, protocol: str, record: dict[str, Any], result: Ranks) -> None:
    if not run.path.exists():
        raise WorkFailedError(f"{run.id}: was removed during the test")
    folder = make_folder(run.test_folder(checkpoint, protocol))
    clear_leftovers(folder)
    save_ranks(folder, SavedRanks(result.users, result.ranks, result.candidates), record)
