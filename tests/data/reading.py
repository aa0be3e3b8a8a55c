"""Ways to read a file of interactions and to look at what came of it, for tests of each part."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.formats import stage_interactions
from bert4rec_tui.data.item_texts import missing_titles, stage_item_texts
from bert4rec_tui.data.sources import opened
from bert4rec_tui.data.staging import Staging
from bert4rec_tui.data.time_scale import NumberSummary, TimeScale
from bert4rec_tui.errors import UserError

MEMORY = 512 * 2**20
NUL_BYTE = (
    "mine.csv, line 1: has a NUL byte, so it is not a text file; expected CSV, TSV, JSON, Parquet or Arrow, or UTF-16 "
    "with --encoding utf-16-le"
)
INCOMPLETE = "(1 row lacks a user, an item or a time; complete them, or leave them out with --drop-incomplete)"


@dataclass
class Times:
    """Times in file order. ticks: by which they are ordered."""

    ticks: list[float]
    in_seconds: np.ndarray

    def seconds(self) -> np.ndarray:
        return self.in_seconds


@dataclass
class Reading:
    """What was read: rows in file order with raw ids, and the sorted distinct ids with their texts."""

    users: list
    items: list
    ratings: list | None
    times: Times | None
    user_ids: list
    item_ids: list
    titles: list[str] | None
    genres: list[str] | None
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.users)


def read(source: Path, columns: dict[str, str] | None = None, separator: str = "", **said) -> Reading:
    settings = DatasetConfig(name="mine", source=str(source), columns=columns or {}, separator=separator, **said)
    folder = Path(tempfile.mkdtemp())
    try:
        with (
            opened(source, source.parent / "unpacked", settings) as found,
            Staging(folder / "staging", MEMORY) as staging,
        ):
            notes = list(stage_interactions(found, settings, staging).notes)
            titled = stage_item_texts(staging, found.movies)
            return reading_of(staging, titled, found.movies, notes)
    finally:
        shutil.rmtree(folder)


def reading_of(staging: Staging, titled: bool, movies: Path | None, notes: list[str]) -> Reading:
    def column(expression: str) -> list:
        table = staging.table(f"SELECT {expression} AS value FROM interactions ORDER BY rowid")
        return table.column("value").to_pylist()

    times = None
    if staging.times is not None:
        kind = staging.kind("timestamp")
        raw = np.array(column("timestamp"), dtype=np.float64 if kind == "DOUBLE" else np.int64)
        times = Times(column(staging.times.order("timestamp")), staging.times.seconds(raw))
    user_ids, item_ids = (sorted(set(column(role))) for role in ("user", "item"))
    texts = {
        row["id"]: row
        for row in staging.table("SELECT CAST(id AS VARCHAR) AS id, title, genres FROM texts").to_pylist()
    }
    found = {name: [(texts.get(str(item)) or {}).get(name) or "" for item in item_ids] for name in ("title", "genres")}
    has_genres = titled or any(found["genres"])
    if movies is not None and "title" not in staging.roles:
        numbered = "SELECT item AS id, row_number() OVER (ORDER BY item) AS code FROM interactions GROUP BY item"
        staging.execute(f"CREATE TABLE items AS {numbered}")
        notes = [*notes, *filter(None, [missing_titles(staging, movies.name)])]
    return Reading(
        column("user"),
        column("item"),
        column("rating") if "rating" in staging.roles else None,
        times,
        user_ids,
        item_ids,
        found["title"] if titled else None,
        found["genres"] if has_genres else None,
        tuple(notes),
    )


def rows(reading: Reading) -> list[tuple]:
    """(user, item, rating, seconds) in file order, with raw ids; None for what there is not."""
    count = len(reading)
    times = reading.times.seconds().tolist() if reading.times is not None else [None] * count
    return list(zip(reading.users, reading.items, reading.ratings or [None] * count, times, strict=True))


def scale_of(values: np.ndarray) -> TimeScale:
    """How numbers become times, looked at in two batches."""
    summary = NumberSummary()
    for part in np.array_split(values, 2):
        summary.add(part)
    return summary.scale()


def fault(path: Path, **said) -> str:
    with pytest.raises(UserError) as error:
        read(path, **said)
    return str(error.value)


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path
