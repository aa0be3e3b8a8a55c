"""Claim: the next items for a history with one item changed within 30 ms, and the attribution of one prediction over
100 history items within 300 ms, warm, on the CPU at MovieLens-1M's size.

usage: python benchmarks/latency.py [--run RUN] [--preset P] [--set KEY=VALUE]… [--changes 200] [--explanations 20]

With --run it is the best checkpoint of a run in the data folder; without, an untrained network of the preset on
invented ratings of MovieLens-1M's size, which costs the same to ask. Each request takes one item out of a history of
--history items or puts one in. Both requests are measured twice: by calling the recommender, and as the app asks, by
a round trip of JSON lines to `recommend/server.py`. The model is loaded, and some requests went before. The CPU
alone is asked, whatever the run was trained on.

Printed: a table of the median, the 95th percentile and the slowest in ms, beside the aim; last, one JSON object.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from synthetic import ITEMS, USERS, prepare_synthetic
from tables import as_table

from bert4rec_tui.config import Config, with_assignments
from bert4rec_tui.data.dataset import PreparedDataset, find_dataset
from bert4rec_tui.errors import UserError
from bert4rec_tui.presets import preset
from bert4rec_tui.runs.store import LocalRuns, Run
from bert4rec_tui.settings import datasets_folder, runs_folder

AIMS = {"recommend": 30.0, "explain": 300.0}
WARM = 10

Ask = Callable[[Any, Any], Any]


def untrained(home: Path, config: Config, users: int, items: int) -> Run:
    """A run whose best checkpoint is the network as training would begin with it."""
    import msgspec
    import torch

    from bert4rec_tui.model.bert4rec import Bert4Rec
    from bert4rec_tui.model.weights import save_weights, weights_metadata

    dataset = find_dataset(prepare_synthetic(home, users, items), datasets_folder())
    config = msgspec.structs.replace(config, dataset=dataset.manifest.settings)
    run = LocalRuns(runs_folder()).create(config, dataset.id)
    model = Bert4Rec(dataset.items, config.model)
    model.start_from_popularity(torch.from_numpy(np.array(dataset.train_counts)))
    save_weights(run.checkpoint("best"), model, weights_metadata(model, dataset, 0, 0))
    return run


def changed_histories(dataset: PreparedDataset, length: int, count: int) -> Iterator[list[int]]:
    """Histories of about this length, of which each differs from the one before by one item, taken out or put in."""
    chance = random.Random(0)
    longest = int(np.diff(dataset.offsets).argmax())
    history: list[int] = dataset.history_of(longest)[-length:].tolist()
    history += [chance.randint(1, dataset.items) for _ in range(length - len(history))]
    for turn in range(count):
        if turn % 2 == 0:
            history.pop(chance.randrange(len(history)))
        else:
            history.insert(chance.randint(0, len(history)), chance.randint(1, dataset.items))
        yield list(history)


def milliseconds(ask: Ask, histories: list[list[int]], item: int) -> list[float]:
    """How long each request takes, some that warm up left out."""
    for history in histories[:WARM]:
        ask(history, item)
    spent: list[float] = []
    for history in histories:
        began = time.perf_counter()
        ask(history, item)
        spent.append(1000 * (time.perf_counter() - began))
    return spent


def called(run: Run, dataset: PreparedDataset, k: int) -> dict[str, Ask]:
    """Ask the recommender in this process."""
    import torch

    from bert4rec_tui.model.hardware import set_up_process
    from bert4rec_tui.recommend.recommender import Recommender

    set_up_process(0, False, torch.device("cpu"))
    recommender = Recommender(run, dataset)
    return {
        "recommend": lambda history, item: recommender.recommend(history, k, item),
        "explain": lambda history, item: recommender.explain(history, item),
    }


@contextmanager
def served(run: Run, k: int) -> Generator[dict[str, Ask]]:
    """Ask the process that answers for the app."""
    command = [sys.executable, "-m", "bert4rec_tui.recommend.server", "--device", "cpu"]
    root = str(Path(__file__).resolve().parent.parent)
    paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": paths}
    ) as process:
        say, hear = process.stdin, process.stdout
        assert say is not None
        assert hear is not None
        hear.readline()  # that it is ready

        def ask(method: str, params: dict[str, Any]) -> Any:
            request = {"id": 1, "method": method, "params": {"run": str(run.path), **params}}
            print(json.dumps(request), file=say, flush=True)
            answer = json.loads(hear.readline())
            if "result" not in answer:
                raise SystemExit(f"the server answers: {answer.get('error', answer)}")
            return answer["result"]

        yield {
            "any": ask,
            "recommend": lambda history, item: ask("recommend", {"history": history, "k": k, "target": item}),
            "explain": lambda history, item: ask("explain", {"history": history, "item": item}),
        }
        say.close()


def measured(asks: dict[str, Ask], dataset: PreparedDataset, arguments: argparse.Namespace) -> dict[str, Any]:
    """Median, 95th percentile and slowest of each kind of request, in ms."""
    found: dict[str, Any] = {}
    for kind in AIMS:
        ask = asks[kind]
        count = arguments.changes if kind == "recommend" else arguments.explanations
        histories = list(changed_histories(dataset, arguments.history, count))
        spent = milliseconds(ask, histories, item=1 + dataset.items // 2)
        median, late = np.percentile(spent, [50, 95])
        found[kind] = {"median_ms": round(median, 2), "p95_ms": round(late, 2), "slowest_ms": round(max(spent), 2)}
    return found


def main() -> None:
    """Measure both ways to ask, and print them."""
    parser = argparse.ArgumentParser(description="Latency of a recommendation and of its explanation, on the CPU.")
    parser.add_argument("--run", default="", help="a run with a checkpoint; without it: an untrained network")
    parser.add_argument("--preset", default="recommended", help="of the untrained network")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of that network")
    parser.add_argument("--changes", type=int, default=200, help="recommendations that are measured")
    parser.add_argument("--explanations", type=int, default=20, help="explanations that are measured")
    parser.add_argument("--history", type=int, default=100, help="items of a history")
    parser.add_argument("-k", type=int, default=10, help="items that are recommended")
    parser.add_argument("--users", type=int, default=USERS, help="of the invented ratings")
    parser.add_argument("--items", type=int, default=ITEMS, help="of the invented ratings")
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the server sets it, before torch is imported
    with tempfile.TemporaryDirectory() as folder:
        try:
            if arguments.run:
                run = LocalRuns(runs_folder()).find(arguments.run, "checkpoint")
            else:
                config = with_assignments(preset(arguments.preset), arguments.set)
                run = untrained(Path(folder), config, arguments.users, arguments.items)
            dataset = find_dataset(run.config().dataset.id, datasets_folder())
        except UserError as error:
            raise SystemExit(f"latency: {error}") from None
        found = {"called": measured(called(run, dataset, arguments.k), dataset, arguments)}
        with served(run, arguments.k) as asks:
            found["served"] = measured(asks, dataset, arguments)
        model = run.config().model
    rows = [("request", "asked", "median ms", "95% ms", "slowest ms", "aim ms")]
    for kind, aim in AIMS.items():
        for way, kinds in found.items():
            values = kinds[kind]
            median, late, slowest = (f"{values[key]:.1f}" for key in ("median_ms", "p95_ms", "slowest_ms"))
            rows.append((kind, way, median, late, slowest, f"{aim:.0f}"))
    what = f"run {run.id}" if arguments.run else f"untrained network of the preset {arguments.preset}"
    print(
        f"{what}: {model.objective}, hidden {model.hidden}, {model.blocks} blocks, max_len {model.max_len}; "
        f"{dataset.users:,} users, {dataset.items:,} items, histories of {arguments.history}"
    )
    print(as_table(rows))
    network = {key: getattr(model, key) for key in ("objective", "hidden", "blocks", "max_len")}
    size = {"users": dataset.users, "items": dataset.items, "history": arguments.history}
    print(json.dumps({"run": run.id if arguments.run else None, **network, **size, "aim_ms": AIMS, **found}))


if __name__ == "__main__":
    main()
