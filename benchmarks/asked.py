"""What the benchmarks of answers share: the network, the histories that it is asked about, how times are printed."""

import argparse
import random
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from synthetic import ITEMS, USERS, prepare_synthetic

from bert4rec_tui.config import Config, with_assignments
from bert4rec_tui.config.presets import preset
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.store import find_dataset
from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.store import LocalRuns, Run
from bert4rec_tui.settings import datasets_folder, runs_folder


def network_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the command line say which network is asked, and about histories of what length."""
    parser.add_argument("--run", default="", help="a run with a checkpoint; without it: an untrained network")
    parser.add_argument("--preset", default="recommended", help="of the untrained network")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of that network")
    parser.add_argument("--history", type=int, default=100, help="items of a history")
    parser.add_argument("--users", type=int, default=USERS, help="of the synthetic ratings")
    parser.add_argument("--items", type=int, default=ITEMS, help="of the synthetic ratings")


@contextmanager
def asked_run(arguments: argparse.Namespace) -> Generator[tuple[Run, PreparedDataset, Path]]:
    """The run that is asked, its dataset, and a folder for as long; ends the program with a sentence where none is."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            if arguments.run:
                run = LocalRuns(runs_folder()).find(arguments.run, "checkpoint")
            else:
                config = with_assignments(preset(arguments.preset), arguments.set)
                run = untrained(Path(folder) / "asked", config, arguments.users, arguments.items)
            dataset = find_dataset(run.config().dataset.id, datasets_folder())
        except UserError as error:
            raise SystemExit(str(error)) from None
        yield run, dataset, Path(folder)


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
    model.initialise_from_popularity(torch.from_numpy(np.array(dataset.train_counts)))
    save_weights(run.checkpoint("best"), model, weights_metadata(model, dataset, 0, 0))
    return run


def network_told(run: Run, dataset: PreparedDataset, arguments: argparse.Namespace) -> dict[str, object]:
    """Which network was asked, and at what size, for the last line."""
    model = run.config().model
    told: dict[str, object] = {"run": run.id if arguments.run else None, "users": dataset.users, "items": dataset.items}
    told |= {key: getattr(model, key) for key in ("objective", "hidden", "blocks", "max_len")}
    return told | {"history": arguments.history}


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


def summary(spent: list[float]) -> dict[str, float]:
    """Median, 95th percentile and slowest, in ms."""
    median, late = np.percentile(spent, [50, 95])
    return {"median_ms": round(median, 2), "p95_ms": round(late, 2), "slowest_ms": round(max(spent), 2)}


def in_milliseconds(values: dict[str, float]) -> list[str]:
    """The three figures as the cells of a table."""
    return [f"{values[key]:.1f}" for key in ("median_ms", "p95_ms", "slowest_ms")]
