"""Claim: 32 million ratings in the layout of ml-32m are prepared, with negatives, in under 90 s and 4 GiB on two cores.

usage: python benchmarks/preparation.py [--ratings 32000204] [--users 200948] [--items 87585] [--source FOLDER]

Without --source the file is synthetic: as many ratings, users and movies as ml-32m has, in its columns and its order
(by user, then by movie), with histories of 20 items and more whose lengths are log-normal, a popularity that follows a
power law, and timestamps in an order of their own. Prepared by our command in a process of its own, whose imports and
start are in the time; the making of the file is not. The peak is that of the process.

Printed: what was prepared, seconds and MiB and the target; the last line is one JSON object.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

AIM_SECONDS, AIM_MIB = 90, 4096


def invent(folder: Path, ratings: int, users: int, items: int) -> None:
    """Write ratings.csv and movies.csv in the layout of ml-32m."""
    chance = np.random.default_rng(0)
    lengths = 20 + chance.lognormal(3.9, 1.2, users)
    lengths = np.maximum(20, lengths * ratings / lengths.sum()).astype(np.int64)
    lengths[0] += max(0, ratings - lengths.sum())
    # The cumulated popularity of the places, looked up with uniform numbers: a draw by popularity.
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


def main() -> None:
    """Make the file, prepare it, and print what it took."""
    parser = argparse.ArgumentParser(description="Prepare ratings in ml-32m's layout, and time it.")
    parser.add_argument("--ratings", type=int, default=32_000_204)
    parser.add_argument("--users", type=int, default=200_948)
    parser.add_argument("--items", type=int, default=87_585)
    parser.add_argument("--source", type=Path, help="a folder in ml-32m's layout, instead of a synthetic one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        source = arguments.source
        if source is None:
            source = Path(scratch) / "ml-32m"
            invent(source, arguments.ratings, arguments.users, arguments.items)
        size = (source / "ratings.csv").stat().st_size / 2**20
        environment = os.environ | {"BERT4REC_TUI_HOME": str(Path(scratch) / "home")}
        command = ["prepare", "ml-32m", "--source", str(source), "--json"]
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "bert4rec_tui", *command], env=environment, stdout=subprocess.PIPE, check=False
        )
        seconds = time.perf_counter() - began
        if done.returncode:
            raise SystemExit(done.returncode)
        prepared = json.loads(done.stdout)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    counts = {name: prepared[name] for name in ("interactions", "users", "items")}
    print("\n" + ", ".join(f"{number:,} {name}" for name, number in counts.items()) + f"; ratings.csv {size:,.0f} MiB")
    print(f"{seconds:.1f} s (target {AIM_SECONDS}), peak {peak:,.0f} MiB (target {AIM_MIB:,})")
    record = {**counts, "file_mib": round(size), "invented": arguments.source is None}
    print(json.dumps({**record, "seconds": round(seconds, 1), "peak_mib": round(peak)}))


if __name__ == "__main__":
    main()
