"""Claim: on Explore a changed history is answered within 100 ms and explained within 300 ms on the CPU at
MovieLens-1M's size, a title is found among 80,000 within 50 ms, and 200,000 users scroll as 1,000 do.

usage: python benchmarks/explore.py [--run RUN] [--preset P] [--set KEY=VALUE]… [--changes 100] [--explanations 20]
           [--searches 200] [--titles 80000] [--listed-users 200000] [--presses 200]

With --run it is the best checkpoint of a run in the data folder; without, an untrained network of the preset on
synthetic ratings of MovieLens-1M's size, which costs the same to ask. A what-if removes one movie from a history of
--history or adds one, and asks for 100 movies with their ranks before and now, by a round trip of JSON lines to the
process that answers for the app; `filtered` asks the same with a filter, `diverse` with diversity 0.3. A search looks
for a title as people write it: whole, a part, with two letters exchanged. The users are opened and scrolled in the app
itself without a terminal, with a recommender that answers nothing: opening lasts from the key until the first history
is drawn, and a press from the key until everything that it caused is done; `few` is the same with 1,000 users, for what
the drawing of a screen costs on this machine whatever its size.

Printed: a table of the median, the 95th percentile and the slowest in ms, and the target; last, one JSON object.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from asked import asked_run, changed_histories, in_milliseconds, network_arguments, network_told, summary
from latency import served
from synthetic import prepare_synthetic
from tables import as_table

from bert4rec_tui.config.presets import preset
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.store import find_dataset
from bert4rec_tui.recommend.titles import TitleIndex
from bert4rec_tui.runs.store import LocalRuns, Run
from bert4rec_tui.settings import datasets_folder, runs_folder

AIMS = {"what-if": 100.0, "filtered": 100.0, "diverse": 100.0, "why": 300.0, "search": 50.0}
FEW_USERS = 1_000  # a table to compare the large one with, since both draw one screenful
SHOWN = 100  # movies that the screen asks for
WARM = 5
SYLLABLES = ["ka", "lo", "mer", "vin", "sa", "tor", "el", "dun", "pri", "no", "gal", "shi", "wer", "ta", "bon", "ice"]


def timed(calls: list[Callable[[], Any]]) -> dict[str, float]:
    """How long each call takes, after a few that warm up."""
    for call in calls[:WARM]:
        call()
    spent: list[float] = []
    for call in calls:
        began = time.perf_counter()
        call()
        spent.append(1000 * (time.perf_counter() - began))
    return summary(spent)


def answers(run: Run, dataset: PreparedDataset, arguments: argparse.Namespace) -> dict[str, dict[str, float]]:
    """What-ifs, plain, filtered and diverse, and explanations, as the app asks for them."""
    histories = list(changed_histories(dataset, arguments.history, arguments.changes))
    target, found = 1 + dataset.items // 2, dict[str, dict[str, float]]()
    popular = {"min_count": int(np.median(dataset.train_counts))}
    ways: dict[str, dict[str, Any]] = {"what-if": {}, "filtered": {"wanted": popular}, "diverse": {"weight": 0.3}}
    with served(run, SHOWN) as asks:
        ask = asks["any"]
        for name, more in ways.items():
            params = {"k": SHOWN, "target": target, "before": histories[0], **more}
            found[name] = timed([lambda h=h, p=params: ask("recommend", {"history": h, **p}) for h in histories])
        causes = histories[: arguments.explanations]
        found["why"] = timed([lambda h=h: ask("explain", {"history": h, "item": target}) for h in causes])
    return found


def invented_titles(number: int) -> list[str]:
    """So many titles of two to four made-up words, with a year."""
    chance = random.Random(0)
    words = ["".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))) for _ in range(30_000)]
    return [
        f"{' '.join(chance.choices(words, k=chance.randint(2, 4))).title()} ({chance.randint(1920, 2024)})"
        for _ in range(number)
    ]


def searches(arguments: argparse.Namespace) -> dict[str, float]:
    """Titles as people write them, looked for among all."""
    titles, chance = invented_titles(arguments.titles), random.Random(1)
    index = TitleIndex(titles)
    wanted: list[str] = []
    for turn in range(arguments.searches):
        title = chance.choice(titles)[:-7].lower()
        if turn % 3 == 1:
            title = title[: max(3, len(title) // 2)]
        elif turn % 3 == 2:
            at = chance.randrange(len(title) - 1)
            title = title[:at] + title[at + 1] + title[at] + title[at + 2 :]
        wanted.append(title)
    return timed([lambda text=text: index.find(text) for text in wanted])


def large_world(home: Path, users: int) -> None:
    """A data folder with a run on a dataset of so many users, and no network behind it."""
    import msgspec

    dataset = find_dataset(prepare_synthetic(home, users, 200, "many"), datasets_folder())
    config = msgspec.structs.replace(preset("fast"), dataset=dataset.manifest.settings)
    run = LocalRuns(runs_folder()).create(config, dataset.id)
    run.checkpoint("best").parent.mkdir(parents=True, exist_ok=True)
    run.checkpoint("best").write_bytes(b"")


async def users_table(presses: int) -> dict[str, dict[str, float]]:
    """Open Explore, then press keys that move through the users."""
    from bert4rec_tui.tui.app import Bert4RecApp
    from bert4rec_tui.tui.explore.screen import ExploreScreen

    ExploreScreen.program = (sys.executable, "-c", "import sys; sys.stdin.read()")
    app, chance, spent = Bert4RecApp(), random.Random(0), list[float]()
    async with app.run_test(size=(120, 40)) as pilot:
        began = time.perf_counter()
        await pilot.press("5")
        while not (isinstance(app.screen, ExploreScreen) and app.screen.session.history.entries):
            await pilot.pause()
            await asyncio.sleep(0.002)
        opened = 1000 * (time.perf_counter() - began)
        for _ in range(presses):
            key = chance.choice(["j", "pagedown", "G", "k", "pageup", "g"])
            began = time.perf_counter()
            await pilot.press(key)
            spent.append(1000 * (time.perf_counter() - began))
    return {"open": summary([opened]), "scroll": summary(spent)}


def measured(run: Run, dataset: PreparedDataset, folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Everything that is measured."""
    found = answers(run, dataset, arguments)
    found["search"] = searches(arguments)
    for name, users in (("few", FEW_USERS), ("users", arguments.listed_users)):
        large_world(folder / name, users)
        found |= {f"{name}: {what}": of for what, of in asyncio.run(users_table(arguments.presses)).items()}
    return found


def main() -> None:
    """Measure, and print it."""
    parser = argparse.ArgumentParser(description="Latencies of the Explore screen, on the CPU.")
    network_arguments(parser)
    parser.add_argument("--changes", type=int, default=100, help="what-ifs of each kind")
    parser.add_argument("--explanations", type=int, default=20, help="explanations that are measured")
    parser.add_argument("--searches", type=int, default=200, help="titles that are looked for")
    parser.add_argument("--titles", type=int, default=80_000, help="synthetic titles to look in")
    parser.add_argument("--listed-users", type=int, default=200_000, help="users of the table that scrolls")
    parser.add_argument("--presses", type=int, default=200, help="keys that move through the users")
    arguments = parser.parse_args()
    with asked_run(arguments) as (run, dataset, folder):
        told = network_told(run, dataset, arguments)
        found = measured(run, dataset, folder, arguments)
    rows = [("what", "median ms", "95% ms", "slowest ms", "aim ms")]
    rows += [(name, *in_milliseconds(of), f"{AIMS[name]:.0f}" if name in AIMS else "") for name, of in found.items()]
    print(as_table(rows))
    sizes = {"titles": arguments.titles, "listed_users": arguments.listed_users}
    print(json.dumps({**told, **sizes, "aim_ms": AIMS, **found}))


if __name__ == "__main__":
    main()
