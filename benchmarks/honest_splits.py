"""Claim: leave-one-out and sampled negatives flatter; the same preset on three splits, tested under every protocol.

usage: python benchmarks/honest_splits.py --dataset NAME [--source PATH] [--preset P] [--min-item-interactions N]
       [--validation-users N] [--seed S] [--set KEY=VALUE]…

Prepares the dataset three times: leave-one-out, leave-one-out where only --validation-users users give an item up for
validation, and by time. Trains the preset on each with the program's own commands (what is trained already is not
trained again) and tests the best checkpoint. A dataset whose times only number each user's items has no future to hold
out: its split by time is left out, with a message.

Printed first, for each split: who is tested, on what was trained, and how much of it happened after the item that is to
be predicted (the mean share over the tested users). Then the test, with 95% bootstrap intervals over users, beside the
baselines and what an order by chance would get. The splits test different users on different items, so their rows
cannot be paired. The last line is one JSON object.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from kept_runs import KeptRuns, Training, command, tested
from tables import as_table

from bert4rec_tui.commands.follow import headline_metrics
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.store import find_dataset
from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.store import Run
from bert4rec_tui.settings import datasets_folder, home


def splits_of(arguments: argparse.Namespace) -> dict[str, tuple[str, ...]]:
    """Each split by its name: the words of `prepare` that make it."""
    return {
        "leave-one-out": (),
        f"leave-one-out, {arguments.validation_users:,} validate": (
            "--validation-users",
            str(arguments.validation_users),
        ),
        "time": ("--split", "time"),
    }


def prepared(arguments: argparse.Namespace, words: tuple[str, ...]) -> PreparedDataset:
    """The dataset, prepared with one of the splits."""
    source = ("--source", arguments.source) if arguments.source else ()
    common = ("--min-item-interactions", str(arguments.min_item_interactions))
    made = command("prepare", arguments.dataset, *source, *common, *words)
    return find_dataset(made["dataset"], datasets_folder())


def learnt_later(dataset: PreparedDataset) -> float | None:
    """The share of the training interactions that happened after a test target, in the mean over the tested users.

    None where there are no times, or none that say when something happened.
    """
    if dataset.timestamps is None or dataset.times_are_positions:
        return None
    times, offsets = np.asarray(dataset.timestamps), np.asarray(dataset.offsets)
    place = np.arange(len(times)) - np.repeat(offsets[:-1], np.diff(offsets))
    trained = np.sort(times[place < np.repeat(dataset.split.train_end, np.diff(offsets))])
    users = dataset.evaluated_users("test")
    targets = times[offsets[users] + dataset.split.test[users]]
    return float((1 - np.searchsorted(trained, targets, side="right") / len(trained)).mean())


def by_chance(run: Run, protocol: str, metric: str) -> float:
    """What a metric is for a random order: every rank among a user's candidates is as likely."""
    with np.load(run.test_folder("best", protocol) / "ranks.npz", allow_pickle=False) as kept:
        candidates = kept["candidates"].astype(np.int64)
    name, _, k = metric.partition("@")
    values: list[float] = []
    for number in candidates.tolist():
        ranks = np.arange(1, min(int(k or number), number) + 1)
        gain = {"Recall": np.ones(len(ranks)), "NDCG": 1 / np.log2(ranks + 1), "MRR": 1 / ranks}[name]
        values.append(float(gain.sum() / number))
    return float(np.mean(values))


def about(dataset: PreparedDataset) -> dict[str, Any]:
    """What a split tests and what it lets a model learn."""
    counts = dataset.manifest.counts
    return {
        "dataset": dataset.id,
        "validation_users": counts.validation_users,
        "test_users": counts.test_users,
        "newcomers": counts.test_newcomers,
        "train_interactions": counts.train_interactions,
        "untrained_test_targets": counts.untrained_test_targets,
        "learnt_later": learnt_later(dataset),
        "cuts": dataset.cut_days,
    }


def main() -> None:
    """Prepare, train what is left to train, test, and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="sample", help="a known name, or one of your own with --source")
    parser.add_argument("--source", default="", help="a folder, zip or file with the ratings")
    parser.add_argument("--preset", default="quickstart")
    parser.add_argument("--min-item-interactions", type=int, default=5)
    parser.add_argument("--validation-users", type=int, default=2048)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of every run")
    parser.add_argument("--keep", type=Path, help="the JSON file of the runs; without it one in the data folder")
    arguments = parser.parse_args()
    kept = KeptRuns(arguments.keep or home() / "benchmarks" / "honest_splits.json")
    seeds = (f"training.seed={arguments.seed}", f"model.seed={arguments.seed}")
    facts: dict[str, dict[str, Any]] = {}
    tests: dict[str, dict[str, Any]] = {}
    rows: list[tuple[str, ...]] = []
    left_out = ""
    try:
        for split, words in splits_of(arguments).items():
            dataset = prepared(arguments, words)
            if split == "time" and dataset.times_are_positions:
                left_out = f"{dataset.id} is left out: its times only number each user's items"
                continue
            facts[split] = about(dataset)
            training = Training(split, arguments.preset, dataset.id, (*arguments.set, *seeds))
            run = kept.finished(training)
            tests[split] = {}
            for protocol, result in tested(run).items():
                tests[split][protocol] = {}
                for metric in headline_metrics(result["metrics"]):
                    value = result["metrics"][metric]
                    beside = {name: metrics[metric]["value"] for name, metrics in result["baselines"].items()}
                    chance = by_chance(run, protocol, metric)
                    tests[split][protocol][metric] = {**value, "baselines": beside, "by_chance": chance}
                    rows.append(
                        (
                            f"{split}: {protocol} {metric}",
                            f"{value['value']:.4f} [{value['low']:.4f}, {value['high']:.4f}]",
                            *(f"{number:.4f}" for number in beside.values()),
                            f"{chance:.4f}",
                        )
                    )
    except UserError as error:
        raise SystemExit(f"honest_splits: {error}") from None
    first = next(iter(next(iter(tests.values())).values()))
    names = list(next(iter(first.values()))["baselines"])
    print(f"preset {arguments.preset}, seed {arguments.seed}\n\n{as_table(fact_rows(facts))}\n")
    print(as_table([("test", "model [95%]", *names, "by chance"), *rows]))
    if left_out:
        print(f"\n{left_out}")
    said = {"preset": arguments.preset, "seed": arguments.seed, "settings": arguments.set}
    print(json.dumps({**said, "splits": facts, "tests": tests, "left_out": left_out}))


def fact_rows(facts: dict[str, dict[str, Any]]) -> list[tuple[str, ...]]:
    """The table of what each split tests and lets a model learn."""
    rows: list[tuple[str, ...]] = [("split", "tested", "new, left out", "trained on", "never trained", "learnt later")]
    for split, fact in facts.items():
        later = "–" if fact["learnt_later"] is None else f"{fact['learnt_later']:.1%}"
        numbers = ("test_users", "newcomers", "train_interactions", "untrained_test_targets")
        rows.append((split, *(f"{fact[name]:,}" for name in numbers), later))
    return rows


if __name__ == "__main__":
    main()
