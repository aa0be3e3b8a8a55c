"""Claim: "101 candidates" is two questions; the same checkpoint under ours and under those of published figures.

usage: python benchmarks/published_candidates.py --run RUN [--checkpoint best] [--draws 3]

bert4rec_repro (RecSys '22), in which RecTools measured its BERT4Rec too, samples the 100 others from all items in
proportion to all interactions, those that the user has seen among them, and then puts the seen ones last
(PopTargetItemsSampler, FilterSeenRecommender). Each seen item among the hundred is one rival less. Ours are 100 items
that the user has not seen. Here a checkpoint and the baselines are ranked on the test items under both, for
`popular-100`, and for `uniform-100` with its RandomTargetItemSampler, in several samples of the others.

Printed: NDCG@10 and Recall@10 with the bootstrap interval over users of the first draw, how far the other draws are
from it, and how many unseen rivals are left of a hundred. The last line is one JSON object.
"""

import argparse
import dataclasses
import json
from collections.abc import Sequence
from typing import Any, Literal, cast

import msgspec
import numpy as np
import torch
from tables import as_table

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.negatives import parse_protocol, sample_negatives
from bert4rec_tui.data.store import dataset_of
from bert4rec_tui.errors import UserError
from bert4rec_tui.evaluation.baselines import baselines
from bert4rec_tui.evaluation.metrics import estimates
from bert4rec_tui.evaluation.ranking import ModelScorer, Question, held_out, rank
from bert4rec_tui.model.hardware import choose_device
from bert4rec_tui.model.weights import load_model
from bert4rec_tui.runs.store import LocalRuns
from bert4rec_tui.settings import datasets_folder, runs_folder

PROTOCOLS = ("uniform-100", "popular-100")
KS = (10,)


def drawn_with_seen(dataset: PreparedDataset, protocol: str, seed: int) -> np.ndarray:
    """(users, number) int32 the others as bert4rec_repro draws them, 0 where the user has seen what was drawn.

    Drawn without replacement from all items but the test target, alike or in proportion to all interactions, those of
    the test included. A seen item cannot be above the target there, so that it is as good as not drawn.
    """
    kind, number = parse_protocol(protocol)
    places = np.asarray(dataset.offsets[:-1]) + dataset.split.targets("test")
    counts = np.bincount(dataset.history, minlength=dataset.items + 1)[1:]
    weights = np.ones_like(counts) if kind == "uniform" else counts
    targets = np.asarray(dataset.history)[np.maximum(places, 0)]
    drawn = sample_negatives(targets, np.arange(dataset.users + 1), weights, number, seed)
    for user in dataset.evaluated_users("test").tolist():
        seen = np.asarray(dataset.history[dataset.offsets[user] : places[user]])
        drawn[user][np.isin(drawn[user], seen)] = 0
    return drawn


def questions(dataset: PreparedDataset, draws: int, device: torch.device) -> dict[str, list[Question]]:
    """Whose candidates → the test's question with them, once for each draw."""
    users = dataset.evaluated_users("test")
    found: dict[str, list[Question]] = {"ours": [], "published": []}
    for seed in range(draws):
        ours = held_out(dataset, "test", PROTOCOLS, seed, device)
        theirs = {
            protocol: torch.from_numpy(drawn_with_seen(dataset, protocol, seed)[users]).to(device)
            for protocol in PROTOCOLS
        }
        found["ours"].append(ours)
        found["published"].append(dataclasses.replace(ours, negatives=theirs))
    return found


def measured(scorer: Any, asked: Sequence[Question]) -> dict[str, dict[str, Any]]:
    """protocol → metric → its estimate in the first draw, and the means of all draws; and the rivals that are left."""
    ranked = [rank(scorer, question) for question in asked]
    found: dict[str, dict[str, Any]] = {}
    for protocol in PROTOCOLS:
        draws = [estimates(ranks[protocol].ranks, KS, 101) for ranks in ranked]
        found[protocol] = {
            name: {
                **msgspec.to_builtins(draws[0][name]),
                "draws": [draw[name].value for draw in draws],
                "mean": float(np.mean([draw[name].value for draw in draws])),
            }
            for name in ("NDCG@10", "Recall@10")
        }
        found[protocol]["rivals"] = float(np.mean([ranks[protocol].candidates.mean() - 1 for ranks in ranked]))
    return found


def rows_of(name: str, found: dict[str, dict[str, dict[str, Any]]]) -> list[tuple[str, ...]]:
    """A scorer's rows of the table."""
    rows: list[tuple[str, ...]] = []
    for protocol in PROTOCOLS:
        for metric in ("NDCG@10", "Recall@10"):
            cells: list[str] = []
            for whose in ("ours", "published"):
                value = found[whose][protocol][metric]
                cells += [f"{value['mean']:.4f}", f"[{value['low']:.4f}, {value['high']:.4f}]"]
            gap = found["published"][protocol][metric]["mean"] - found["ours"][protocol][metric]["mean"]
            rivals = f"{found['published'][protocol]['rivals']:.1f}"
            rows.append((f"{name}: {protocol} {metric}", *cells, f"{gap:+.4f}", rivals))
    return rows


def main() -> None:
    """Rank under both, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", required=True, help="a run that has a checkpoint, as `bert4rec-tui runs` lists it")
    parser.add_argument("--checkpoint", default="best", choices=("best", "last"))
    parser.add_argument("--draws", type=int, default=3, help="how often the others are drawn")
    arguments = parser.parse_args()
    try:
        checkpoint = cast(Literal["best", "last"], arguments.checkpoint)
        run = LocalRuns(runs_folder()).find(arguments.run, checkpoint)
        dataset = dataset_of(run.config().dataset, datasets_folder())
        device = choose_device("auto")
        model = ModelScorer(load_model(run.checkpoint(checkpoint), dataset, device))
        asked = questions(dataset, arguments.draws, device)
        found = {"model": {whose: measured(model, each) for whose, each in asked.items()}}
        at_home = asked if device.type == "cpu" else questions(dataset, arguments.draws, torch.device("cpu"))
        for name, make in baselines(dataset).items():
            scorer = make(dataset)
            found[name] = {whose: measured(scorer, each) for whose, each in at_home.items()}
    except UserError as error:
        raise SystemExit(f"published_candidates: {error}") from None
    head = ("test", "unseen only", "[95%]", "seen put last", "[95%]", "difference", "rivals left")
    print(f"{run.id}, checkpoint {arguments.checkpoint}, {dataset.id}, means over {arguments.draws} draws\n")
    print(as_table([head, *(row for name, values in found.items() for row in rows_of(name, values))]))
    print(json.dumps({"run": run.id, "checkpoint": arguments.checkpoint, "draws": arguments.draws, "tests": found}))


if __name__ == "__main__":
    main()
