"""Claim: a preset reaches the accuracy published for it, on a prepared dataset, for several seeds.

usage: python benchmarks/accuracy.py --preset P --dataset D [--seeds 0,1,2] [--set KEY=VALUE]… [--epochs N]
       python benchmarks/accuracy.py --preset P --dataset D --ablate [--only NAME,NAME…] [--epochs 60]

Trains with the program's own commands, detached: after a Ctrl-C or a lost connection the runs go on, and the same line
started again follows them, resumes what was interrupted and trains only what is missing. Which run is which is in a
small JSON file, --keep. With --finished nothing is trained, and what has finished is printed. The best checkpoint by
the preset's validation metric is tested under all protocols.

Printed: the split; for each seed the test metrics with 95% bootstrap intervals over users, then mean and standard
deviation over seeds, next to the published figure to beat where the dataset is ml-1m+items5 (with `validation_users`
too); and the baselines. With --ablate: a list of single changes of the preset, one seed each, and the difference of
each from the preset unchanged, with the interval of a paired bootstrap over users; one seed says nothing of other
seeds. The last line is one JSON object.
"""

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

import msgspec
from ablations import changes_of
from kept_runs import KeptRuns, Training, tested
from tables import as_table

from bert4rec_tui.commands.follow import headline_metrics
from bert4rec_tui.config import Config, with_assignments
from bert4rec_tui.config.presets import preset
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.store import find_dataset
from bert4rec_tui.errors import UserError
from bert4rec_tui.evaluation.paired import TestedCheckpoint, load_rank_pair, paired_differences
from bert4rec_tui.runs.store import Run
from bert4rec_tui.settings import datasets_folder, home

# objective → protocol → metric → the best published figure on MovieLens-1M, leave-one-out, 3,416 items, and whose.
TARGETS: dict[str, dict[str, dict[str, tuple[float, str]]]] = {
    "cloze": {
        "full": {"NDCG@10": (0.1618, "RecTools"), "Recall@10": (0.2921, "RecTools")},
        "uniform-100": {"NDCG@10": (0.6009, "BERT4Rec, 16 h"), "Recall@10": (0.8040, "BERT4Rec, 16 h")},
        "popular-100": {"NDCG@10": (0.5020, "RecTools"), "Recall@10": (0.7151, "RecTools")},
    },
    "causal": {"full": {"NDCG@10": (0.1857, "RecSys '23"), "Recall@10": (0.3159, "RecSys '23")}},
}
PUBLISHED_ON = "ml-1m+items5"
ABLATION_EPOCHS = 60


def split_of(dataset: PreparedDataset) -> str:
    """Which split every figure is of, in words."""
    settings, counts = dataset.manifest.settings, dataset.manifest.counts
    filtered = f", at least {settings.min_item_interactions} each" if settings.min_item_interactions else ""
    return (
        f"{dataset.id}: {settings.split}, {counts.users:,} users, {counts.items:,} items{filtered}; "
        f"{counts.validation_users:,} users give up an item for validation, {counts.test_users:,} are tested"
    )


def targets_for(dataset: PreparedDataset, objective: str) -> dict[str, dict[str, tuple[float, str]]]:
    """The published figures comparable with a test on this dataset; none where it is prepared differently."""
    settings = msgspec.structs.replace(dataset.manifest.settings, validation_users=0)
    return TARGETS.get(objective, {}) if settings.id == PUBLISHED_ON else {}


def assignments_of(arguments: argparse.Namespace) -> tuple[str, ...]:
    """What the command line changes of the preset."""
    epochs = arguments.epochs or (ABLATION_EPOCHS if arguments.ablate else 0)
    return (*arguments.set, *([f"training.epochs={epochs}"] if epochs else []))


def training(arguments: argparse.Namespace, label: str, seed: int, *changes: str) -> Training:
    """A training of the preset as the command line changes it, with a seed for its weights and its order."""
    words = (*assignments_of(arguments), *changes, f"training.seed={seed}", f"model.seed={seed}")
    free = (f"training.threads={arguments.threads}",) if arguments.threads else ()
    return Training(label, arguments.preset, arguments.dataset, words, free)


def wanted(arguments: argparse.Namespace, kept: KeptRuns, training: Training) -> Run | None:
    """The finished run of a training; with --finished None where it would still have to be trained."""
    if not arguments.finished:
        return kept.finished(training)
    run = kept.find(training)
    return run if run is not None and run.state() == "finished" else None


def shown_metrics(results: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """The protocols and metrics that are printed: NDCG and Recall at 10, or at what is nearest below."""
    return [(protocol, name) for protocol, result in results.items() for name in headline_metrics(result["metrics"])]


def record(run: Run, results: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What the last line says of a run."""
    status, first = run.status(), next(iter(results.values()))
    return {
        "run": run.id,
        "epochs": status.epoch,
        "best_epoch": first["epoch"],
        "seconds": round(status.seconds),
        "test": {
            protocol: {name: result["metrics"][name] for name in headline_metrics(result["metrics"])}
            for protocol, result in results.items()
        },
    }


def over_seeds(arguments: argparse.Namespace, kept: KeptRuns, dataset: PreparedDataset, config: Config) -> None:
    """Train every seed, and print what their tests say."""
    tests: dict[int, dict[str, dict[str, Any]]] = {}
    records: dict[int, dict[str, Any]] = {}
    for seed in arguments.seeds:
        run = wanted(arguments, kept, training(arguments, f"seed {seed}", seed))
        if run is None:
            continue
        tests[seed] = tested(run)
        records[seed] = record(run, tests[seed])
    if not tests:
        raise UserError("none of these runs has finished yet")
    first = next(iter(tests.values()))
    targets = targets_for(dataset, config.model.objective)
    summed: dict[str, dict[str, dict[str, float]]] = {}
    rows = [("test", *(f"seed {seed} [95%]" for seed in tests), "mean", "±sd", "to beat", "by")]
    for protocol, name in shown_metrics(first):
        values = [results[protocol]["metrics"][name] for results in tests.values()]
        mean = statistics.fmean(value["value"] for value in values)
        spread = statistics.stdev(value["value"] for value in values) if len(values) > 1 else 0.0
        summed.setdefault(protocol, {})[name] = {"mean": mean, "sd": spread}
        target, source = targets.get(protocol, {}).get(name, (None, ""))
        cells = [f"{value['value']:.4f} [{value['low']:.4f}, {value['high']:.4f}]" for value in values]
        known = "–" if target is None else f"{target:.4f}"
        rows.append((f"{protocol} {name}", *cells, f"{mean:.4f}", f"{spread:.4f}", known, source or "–"))
    print(f"preset {config.preset}, {config.model.objective}; {split_of(dataset)}")
    for seed, values in records.items():
        print(f"seed {seed}: {values['run']}, best epoch {values['best_epoch']} of {values['epochs']}")
    print("\n" + as_table(rows) + "\n\n" + baseline_table(first))
    print(
        json.dumps(
            {
                **said(arguments, dataset, config),
                "seeds": records,
                "over_seeds": summed,
                "to_beat": {p: {m: value[0] for m, value in metrics.items()} for p, metrics in targets.items()},
            }
        )
    )


def baseline_table(results: dict[str, dict[str, Any]]) -> str:
    """What needs no training, on the same users under the same protocols."""
    names = list(next(iter(results.values()))["baselines"])
    rows = [("baselines", *names)]
    for protocol, metric in shown_metrics(results):
        values = [results[protocol]["baselines"][name][metric]["value"] for name in names]
        rows.append((f"{protocol} {metric}", *(f"{value:.4f}" for value in values)))
    return as_table(rows)


def ablate(arguments: argparse.Namespace, kept: KeptRuns, dataset: PreparedDataset, config: Config) -> None:
    """Train the base and every change of it, and print what each brought."""
    seed = arguments.seeds[0]
    base = wanted(arguments, kept, training(arguments, "base", seed))
    if base is None:
        raise UserError("the run of the preset unchanged has not finished yet")
    base_tests = tested(base)
    shown = [(protocol, name) for protocol, name in shown_metrics(base_tests) if not name.startswith("Recall")]
    head = [word for protocol, name in shown for word in (f"{protocol} {name}", "difference [95%]")]
    rows: list[tuple[str, ...]] = [("change", "best epoch", *head)]

    def row(label: str, run: Run, tests: dict[str, dict[str, Any]]) -> dict[str, Any]:
        cells: list[str] = []
        differences: dict[str, dict[str, Any]] = {}
        for protocol, name in shown:
            cells.append(f"{tests[protocol]['metrics'][name]['value']:.4f}")
            if run is base:
                cells.append("")
                continue
            k = int(name.partition("@")[2] or 1)
            ranks = load_rank_pair(TestedCheckpoint(run, "best"), TestedCheckpoint(base, "best"), protocol)
            found = paired_differences(*ranks, [k])[name]
            differences.setdefault(protocol, {})[name] = msgspec.to_builtins(found)
            cells.append(f"{found.value:+.4f} [{found.low:+.4f}, {found.high:+.4f}]")
        rows.append((label, str(next(iter(tests.values()))["epoch"]), *cells))
        return record(run, tests) | {"difference": differences}

    records = {"base": row("base", base, base_tests)}
    for name, changes in changes_of(config, arguments.only).items():
        run = wanted(arguments, kept, training(arguments, name, seed, *changes))
        if run is not None:
            records[name] = row(name, run, tested(run))
    print(f"preset {config.preset}, {config.model.objective}, seed {seed}; {split_of(dataset)}")
    print("\n" + as_table(rows) + "\n\n" + baseline_table(base_tests))
    print(json.dumps({**said(arguments, dataset, config), "seed": seed, "changes": records}))


def said(arguments: argparse.Namespace, dataset: PreparedDataset, config: Config) -> dict[str, Any]:
    """What the last line says of the whole."""
    return {
        "preset": config.preset,
        "objective": config.model.objective,
        "dataset": dataset.id,
        "split": split_of(dataset),
        "settings": list(assignments_of(arguments)),
    }


def main() -> None:
    """Train what is left to train, and print what the tests say."""
    parser = argparse.ArgumentParser(description="Test metrics of a preset over seeds, or of single changes of it.")
    parser.add_argument("--preset", default="recommended")
    parser.add_argument("--dataset", required=True, help="a prepared dataset, such as ml-1m+items5")
    parser.add_argument("--seeds", default=[0], type=lambda text: [int(seed) for seed in text.split(",")])
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of every run")
    parser.add_argument("--epochs", type=int, default=0, help=f"instead of the preset's; --ablate: {ABLATION_EPOCHS}")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads of each run")
    parser.add_argument("--keep", type=Path, help="the JSON file of the runs; without it one in the data folder")
    parser.add_argument("--finished", action="store_true", help="train nothing; print what has finished already")
    parser.add_argument("--ablate", action="store_true", help="single changes, of the first seed")
    parser.add_argument("--only", default=[], type=lambda text: text.split(","), help="of the changes, these")
    arguments = parser.parse_args()
    kept = KeptRuns(arguments.keep or home() / "benchmarks" / "accuracy.json")
    try:
        dataset = find_dataset(arguments.dataset, datasets_folder())
        arguments.dataset = dataset.id
        config = with_assignments(preset(arguments.preset), list(assignments_of(arguments)))
        (ablate if arguments.ablate else over_seeds)(arguments, kept, dataset, config)
    except UserError as error:
        raise SystemExit(f"accuracy: {error}") from None


if __name__ == "__main__":
    main()
