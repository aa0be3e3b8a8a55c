"""Claim: the next items for a history with one item changed within 30 ms, and the attribution of one prediction over
100 history items within 300 ms, warm, on the CPU at MovieLens-1M's size.

usage: python benchmarks/latency.py [--run RUN] [--preset P] [--set KEY=VALUE]… [--changes 200] [--explanations 20]

With --run it is the best checkpoint of a run in the data folder; without, an untrained network of the preset on
synthetic ratings of MovieLens-1M's size, which costs the same to ask. Each request removes one item from a history of
--history items or puts one in. Both requests are measured twice: by calling the recommender, and as the app asks, by
a round trip of JSON lines to `recommend/server.py`. The model is loaded, and some requests went before. The CPU
alone is asked, whatever the run was trained on.

Printed: a table of the median, the 95th percentile and the slowest in ms, and the target; last, one JSON object.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from asked import asked_run, changed_histories, in_milliseconds, network_arguments, network_told, summary
from tables import as_table

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.runs.store import Run

AIMS = {"recommend": 30.0, "explain": 300.0}
WARM = 10

Ask = Callable[[Any, Any], Any]


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
        found[kind] = summary(spent)
    return found


def main() -> None:
    """Measure both ways to ask, and print them."""
    parser = argparse.ArgumentParser(description="Latency of a recommendation and of its explanation, on the CPU.")
    network_arguments(parser)
    parser.add_argument("--changes", type=int, default=200, help="recommendations that are measured")
    parser.add_argument("--explanations", type=int, default=20, help="explanations that are measured")
    parser.add_argument("-k", type=int, default=10, help="items that are recommended")
    arguments = parser.parse_args()
    with asked_run(arguments) as (run, dataset, _):
        found = {"called": measured(called(run, dataset, arguments.k), dataset, arguments)}
        with served(run, arguments.k) as asks:
            found["served"] = measured(asks, dataset, arguments)
        told = network_told(run, dataset, arguments)
    rows = [("request", "asked", "median ms", "95% ms", "slowest ms", "aim ms")]
    for kind, aim in AIMS.items():
        for way, kinds in found.items():
            rows.append((kind, way, *in_milliseconds(kinds[kind]), f"{aim:.0f}"))
    what = f"run {run.id}" if arguments.run else f"untrained network of the preset {arguments.preset}"
    print(
        f"{what}: {told['objective']}, hidden {told['hidden']}, {told['blocks']} blocks, max_len {told['max_len']}; "
        f"{dataset.users:,} users, {dataset.items:,} items, histories of {arguments.history}"
    )
    print(as_table(rows))
    print(json.dumps({**told, "aim_ms": AIMS, **found}))


if __name__ == "__main__":
    main()
