"""The results of a run's tests as a table to take elsewhere: Markdown for a paper, CSV, JSON.

Every figure names its protocol, and the head names the dataset, its split and the checkpoint.
"""

import csv
import io
import json
from collections.abc import Mapping
from typing import Any, Literal

from bert4rec_tui.config import METRIC, DatasetConfig
from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.checkpoints import epochs_tested
from bert4rec_tui.runs.store import Run

ReportKind = Literal["md", "csv", "json"]
KINDS: tuple[ReportKind, ...] = ("md", "csv", "json")
COLUMNS = (
    "run", "dataset", "split", "part", "users", "objective", "checkpoint", "epoch",
    "protocol", "model", "metric", "value", "low", "high",
)  # fmt: skip
OURS = "BERT4Rec"
ORDER = ("Recall", "NDCG", "MRR", "coverage", "popularity")

Metrics = Mapping[str, Mapping[str, float | None]]


def split_words(dataset: DatasetConfig) -> str:
    """The split of a dataset in words, with what it was set to."""
    if dataset.split == "leave-one-out":
        validated = f", {dataset.validation_users:,} validation users" if dataset.validation_users else ""
        return f"leave-one-out{validated}"
    if dataset.split == "holdout":
        return f"holdout of {dataset.eval_users:,} users" if dataset.eval_users else "holdout of users"
    # Not :.0%, which makes 12% of 12.5%.
    validation, test = (f"{100 * share:g}%" for share in (dataset.validation_share, dataset.test_share))
    return f"time, validation {validation} and test {test} of the interactions"


def report(run: Run, checkpoint: str, kind: ReportKind) -> str:
    """All test results that are kept of a checkpoint. Raises UserError where there are none."""
    results = run.test_results(checkpoint)
    if not results:
        raise UserError(
            f"{run.id}: its checkpoint {checkpoint} has not been tested; run `bert4rec-tui test "
            f"{run.short_id} --checkpoint {checkpoint}`"
        )
    config = run.config()
    order = {protocol: at for at, protocol in enumerate(config.evaluation.protocols)}
    results = dict(sorted(results.items(), key=lambda found: (order.get(found[0], len(order)), found[0])))
    first = next(iter(results.values()))
    head: dict[str, Any] = {
        "run": run.id,
        "dataset": first.get("dataset", config.dataset.id),
        "split": split_words(config.dataset),
        "part": first.get("part", "test"),
        "users": first["users"],
        "objective": first.get("objective", config.model.objective),
        "checkpoint": checkpoint,
        "epoch": first["epoch"],
    }
    if kind == "json":
        return _json(head, results)
    return _csv(head, results) if kind == "csv" else _markdown(head, results, config.evaluation.bootstrap)


def _json(head: Mapping[str, Any], results: Mapping[str, Mapping[str, Any]]) -> str:
    protocols = {
        protocol: {"epoch": result["epoch"], "metrics": result["metrics"], "baselines": result["baselines"]}
        for protocol, result in results.items()
    }
    return json.dumps({**head, "protocols": protocols}, indent=1, ensure_ascii=False) + "\n"


def _csv(head: dict[str, Any], results: Mapping[str, Mapping[str, Any]]) -> str:
    """A figure a line, so that any tool groups them as it likes."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(COLUMNS)
    for protocol, result in results.items():
        leading = [*(head | {"epoch": result["epoch"]}).values(), protocol]
        for model, metrics in {OURS: result["metrics"], **result["baselines"]}.items():
            for name in _names(metrics):
                found = metrics[name]
                table.writerow([*leading, model, name, found["value"], found.get("low"), found.get("high")])
    return written.getvalue()


def _markdown(head: Mapping[str, Any], results: Mapping[str, Mapping[str, Any]], resamples: int) -> str:
    baselines = list(dict.fromkeys(name for result in results.values() for name in result["baselines"]))
    moments = epochs_tested(results, list(results))
    lines = [
        f"**{head['dataset']}**, split {head['split']}; {head['part']} set, {head['users']:,} users. "
        f"{OURS} ({head['objective']}), {head['checkpoint']} checkpoint ({moments}) of `{head['run']}`; "
        f"in brackets the 95% bootstrap interval over users ({resamples:,} resamples). "
        "The best value of each row is bold.",
        "",
    ]
    columns = ["Protocol", "Metric", OURS, *baselines]
    lines += [_row(columns), _row(["---", "---", *["---:"] * (len(columns) - 2)])]
    for protocol, result in results.items():
        for name in _names(result["metrics"]):
            figures = {OURS: result["metrics"], **result["baselines"]}
            values = {model: metrics.get(name, {}).get("value") for model, metrics in figures.items()}
            best = max((value for value in values.values() if value is not None), default=None)
            # Neither a wide nor a popular list is better as such: nothing is bold there.
            ranked = name.partition("@")[0] not in ("coverage", "popularity")
            cells: list[str] = []
            for model in (OURS, *baselines):
                value = values.get(model)
                text = _figure(name, value)
                text = f"**{text}**" if ranked and value is not None and value == best else text
                cells.append(text + _interval(result["metrics"][name]) if model == OURS else text)
            lines.append(_row([protocol, name, *cells]))
    return "\n".join(lines) + "\n"


def _names(metrics: Metrics) -> list[str]:
    """The metrics by kind, then by k."""

    def key(name: str) -> tuple[int, int]:
        kind, _, k = name.partition("@")
        return ORDER.index(kind) if kind in ORDER else len(ORDER), int(k) if k.isdigit() else 0

    return sorted(metrics, key=key)


def _figure(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.4f}" if METRIC.match(name) or name.startswith("coverage") else f"{value:,.1f}"


def _interval(found: Mapping[str, float | None]) -> str:
    low, high = found.get("low"), found.get("high")
    return f" [{low:.4f}, {high:.4f}]" if low is not None and high is not None else ""


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
