"""Claim: interactions of any number are prepared in a stated memory, and 50 million from Parquet at least twice as fast
as by the build that kept them all in memory.

usage: python benchmarks/preparation.py [--form csv|parquet] [--rows N] [--users N] [--items N] [--memory 1GB]
           [--baseline WORKTREE] [--rounds 1] [--source PATH]

`csv`: a folder in the layout of ml-32m, by default of its size: synthetic ratings in its columns and order (by user,
then by movie), with histories of 20 items and more whose lengths are log-normal, a popularity that follows a power law,
and timestamps in an order of their own. `parquet`: one file with user, item, timestamp and rating in the order of time,
compressed with zstd, by default 50 million rows of 100,000 users and 826,000 items. Prepared by our command in a
process of its own, whose imports and start are in the time, negatives too; the making of the file is not. With
--baseline, a worktree of another build, both prepare it alternately. The peak is the largest resident memory of the
process.

Printed: what was prepared, seconds and MiB of each round, and the ratios of the medians; the last line is one JSON
object.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

HERE = Path(__file__).resolve().parent.parent
SIZES = {"csv": (32_000_204, 200_948, 87_585), "parquet": (50_000_000, 100_000, 826_000)}
BLOCK = 2**22


def invent_csv(folder: Path, ratings: int, users: int, items: int) -> None:
    """Write ratings.csv and movies.csv in the layout of ml-32m."""
    chance = np.random.default_rng(0)
    lengths = 20 + chance.lognormal(3.9, 1.2, users)
    lengths = np.maximum(20, lengths * ratings / lengths.sum()).astype(np.int64)
    lengths[0] += max(0, ratings - lengths.sum())
    # The cumulated popularity of the places, looked up with uniform numbers: samples by popularity.
    popularity = (np.arange(1, items + 1) + 0.002 * items) ** -0.9
    ids = chance.permutation(np.arange(1, 3 * items, 3))
    ends = np.cumsum(popularity) / popularity.sum()
    folder.mkdir(parents=True, exist_ok=True)
    schema = pa.schema(
        {"userId": pa.int32(), "movieId": pa.int32(), "rating": pa.float32(), "timestamp": pa.int64()}.items()
    )
    options = pyarrow.csv.WriteOptions(quoting_style="none")
    with pyarrow.csv.CSVWriter(str(folder / "ratings.csv"), schema, write_options=options) as file:
        for first in range(0, users, 20_000):
            user = np.arange(first, min(users, first + 20_000)).repeat(lengths[first : first + 20_000])
            movie = ids[np.searchsorted(ends, chance.random(len(user))).clip(max=items - 1)]
            order = np.lexsort((movie, user))
            columns = {
                "userId": (user[order] + 1).astype(np.int32),
                "movieId": movie[order].astype(np.int32),
                "rating": (chance.integers(1, 11, len(user)) / 2).astype(np.float32),
                "timestamp": chance.integers(800_000_000, 1_700_000_000, len(user)),
            }
            file.write_table(pa.table(columns, schema=schema))
    movies = {
        "movieId": ids,
        "title": [f"Movie {number} ({1900 + number % 125})" for number in ids.tolist()],
        "genres": ["Drama|Comedy"] * items,
    }
    pyarrow.csv.write_csv(pa.table(movies), str(folder / "movies.csv"))


def invent_parquet(path: Path, rows: int, users: int, items: int) -> None:
    """Write interactions in the order of time; users and items are as popular as a power law has it."""
    chance = np.random.default_rng(0)
    schema = pa.schema(
        {"user": pa.int64(), "item": pa.int64(), "timestamp": pa.int64(), "rating": pa.float32()}.items()
    )
    begin, seconds = 1_500_000_000, 150_000_000
    with pyarrow.parquet.ParquetWriter(str(path), schema, compression="zstd") as file:
        for first in range(0, rows, BLOCK):
            count = min(BLOCK, rows - first)
            # Every user and item occurs, the first ones of each more often.
            user = (users * chance.random(count) ** 1.5).astype(np.int64)
            item = (items * chance.random(count) ** 2.5).astype(np.int64)
            columns = {
                "user": user * 7 + 1,
                "item": item * 3 + 5,
                "timestamp": begin + (np.arange(first, first + count) * seconds) // rows,
                "rating": (chance.integers(1, 11, count) / 2).astype(np.float32),
            }
            file.write_table(pa.table(columns, schema=schema))


def prepared(tree: Path, source: Path, name: str, memory: str, scratch: Path) -> dict[str, float]:
    """Prepare the source with the build of a worktree. Returns counts, seconds and the peak in MiB."""
    home = scratch / "home"
    words = [sys.executable, "-m", "bert4rec_tui", "prepare", name, "--source", str(source), "--json"]
    if memory and tree == HERE:
        words += ["--memory", memory]
    out = scratch / "out.json"
    began = time.perf_counter()
    child = os.fork()
    if not child:
        os.chdir(tree)
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(descriptor, 1)
        environment = os.environ | {"BERT4REC_TUI_HOME": str(home), "PYTHONPATH": str(tree)}
        os.execve(sys.executable, words, environment)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - began
    if status:
        raise SystemExit(f"{tree}: preparing failed")
    counts = json.loads(out.read_text().splitlines()[-1])
    shutil.rmtree(home)
    named = {key: counts[key] for key in ("interactions", "users", "items")}
    return {**named, "seconds": round(seconds, 1), "peak_mib": round(usage.ru_maxrss / 1024)}


def compare(trees: Sequence[Path], source: Path, name: str, arguments: argparse.Namespace, scratch: Path) -> None:
    """Prepare with each build alternately, and print it."""
    rounds: dict[str, list[dict[str, float]]] = {str(tree): [] for tree in trees}
    for _ in range(arguments.rounds):
        for tree in trees:
            found = prepared(tree, source, name, arguments.memory, scratch)
            rounds[str(tree)].append(found)
            who = "this build" if tree == HERE else "baseline"
            print(f"{who:<11} {found['seconds']:7.1f} s, peak {found['peak_mib']:7,.0f} MiB", flush=True)
    counts = {key: rounds[str(HERE)][0][key] for key in ("interactions", "users", "items")}
    print(", ".join(f"{number:,} {what}" for what, number in counts.items()))
    medians = {
        tree: {key: statistics.median(found[key] for found in all_of) for key in ("seconds", "peak_mib")}
        for tree, all_of in rounds.items()
    }
    if len(trees) > 1:
        ours, theirs = medians[str(HERE)], medians[str(trees[1])]
        print(
            f"{theirs['seconds'] / ours['seconds']:.2f} times as fast as the baseline, "
            f"{ours['peak_mib'] / theirs['peak_mib']:.2f} of its peak"
        )
    print(json.dumps({**counts, "memory": arguments.memory, "rounds": list(rounds.values())}))


def main() -> None:
    """Make the source, prepare it, and print what it took."""
    parser = argparse.ArgumentParser(description="Prepare many interactions, and time it.")
    parser.add_argument("--form", choices=SIZES, default="csv")
    parser.add_argument("--rows", type=int, help="default: 32,000,204 of csv, 50,000,000 of parquet")
    parser.add_argument("--users", type=int)
    parser.add_argument("--items", type=int)
    parser.add_argument("--memory", default="", help="what this build may take; default: its own")
    parser.add_argument("--baseline", type=Path, help="a worktree of another build")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--source", type=Path, help="an existing source, instead of a synthetic one")
    arguments = parser.parse_args()
    given = (arguments.rows, arguments.users, arguments.items)
    rows, users, items = (number or usual for number, usual in zip(given, SIZES[arguments.form], strict=True))
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        source = arguments.source
        if source is None and arguments.form == "csv":
            source = scratch / "ml-32m"
            invent_csv(source, rows, users, items)
        elif source is None:
            source = scratch / "interactions.parquet"
            invent_parquet(source, rows, users, items)
        trees = [HERE, *([arguments.baseline.resolve()] if arguments.baseline else [])]
        compare(trees, source, "ml-32m" if arguments.form == "csv" else "invented", arguments, scratch)


if __name__ == "__main__":
    main()
