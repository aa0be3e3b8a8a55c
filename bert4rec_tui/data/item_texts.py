"""Titles and genres of items in the staged database: from the interactions themselves, or from a file next to them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from bert4rec_tui.data.items_file import clean_genres
from bert4rec_tui.data.movies import read_movies
from bert4rec_tui.data.staging import Staging
from bert4rec_tui.data.texts import Texts, concatenated
from bert4rec_tui.errors import printable


def stage_item_texts(staging: Staging, movies: Path | None) -> bool:
    """Make the table `texts (id, title, genres)`, of the first texts in the rows of each item or of MovieLens' file.

    Returns whether there are titles. Call it before rows are dropped: the first title may be in one of them. Raises
    UserError where the file cannot be read.
    """
    if movies is not None and "title" not in staging.roles:
        _stage_movies(staging, movies)
        return True
    first = {
        role: f"arg_min(nullif(trim({role}), ''), rowid)" if role in staging.roles else "NULL::VARCHAR"
        for role in ("title", "genres")
    }
    some = "title" in staging.roles or "genres" in staging.roles
    identity, rows = ("item", "GROUP BY item") if some else ("NULL", "LIMIT 0")
    staging.execute(
        f"CREATE OR REPLACE TABLE texts AS SELECT CAST({identity} AS VARCHAR) AS id, {first['title']} AS title, "
        f"{first['genres']} AS genres FROM interactions {rows}"
    )
    clean_genres(staging)
    return "title" in staging.roles


def _stage_movies(staging: Staging, movies: Path) -> None:
    import pyarrow as pa

    found = read_movies(movies)
    staging.store(
        "texts",
        pa.table(
            {
                "id": pa.array(map(str, found), pa.string()),
                "title": pa.array([title for title, _ in found.values()], pa.string()),
                "genres": pa.array([genres for _, genres in found.values()], pa.string()),
            }
        ),
    )


def missing_titles(staging: Staging, file: str) -> str:
    """A sentence where fewer than half of the items have a title in the file, with an example of each side."""
    row = staging.row(
        f"SELECT count(*), count(*) FILTER (t.id IS NULL), arg_min(i.id, i.code) FILTER (t.id IS NULL) FROM {_JOINED}"
    )
    items, without, example = row or (0, 0, None)
    if 2 * without <= items:
        return ""
    examples = f'such as "{printable(str(example), 40)}"'
    other = staging.value("SELECT id FROM texts ORDER BY rowid LIMIT 1")
    if other is not None:
        examples += f'; it has, for example, "{printable(str(other), 40)}"'
    return f"{file} has no title for {without:,} of {items:,} items, {examples}"


def item_arrays(staging: Staging) -> dict[str, np.ndarray]:
    """The raw ids, titles and genres of items 1…N as arrays; the raw id replaces an unknown title."""
    arrays = id_arrays(staging, "items")
    for name, value in (
        ("title", "coalesce(nullif(t.title, ''), CAST(i.id AS VARCHAR))"),
        ("genre", "coalesce(t.genres, '')"),
    ):
        texts = texts_of(staging.batches(f"SELECT {value} FROM {_JOINED} ORDER BY i.code"))
        arrays |= {f"{name}_characters": texts.characters, f"{name}_offsets": texts.offsets}
    return arrays


def id_arrays(staging: Staging, table: str) -> dict[str, np.ndarray]:
    """The raw ids of `users` or `items` in order, as int64 or as texts."""
    batches = staging.batches(f"SELECT id FROM {table} ORDER BY code")
    if staging.kind(table.removesuffix("s")) != "VARCHAR":
        return {"ids": np.concatenate([np.from_dlpack(batch.column(0)) for batch in batches]).astype(np.int64)}
    texts = texts_of(batches)
    return {"id_characters": texts.characters, "id_offsets": texts.offsets}


def texts_of(batches: Iterable[Any]) -> Texts:
    """The texts of the first column of Arrow batches, which has no nulls; without a Python string for each."""
    import pyarrow as pa

    pieces: list[tuple[np.ndarray, np.ndarray]] = []
    for batch in batches:
        column = batch.column(0).cast(pa.large_string())
        _, offsets, characters = column.buffers()
        ends = np.frombuffer(offsets, np.int64)[column.offset : column.offset + len(column) + 1]
        whole = np.frombuffer(characters, np.uint8) if characters is not None else np.empty(0, np.uint8)
        pieces.append((whole[ends[0] : ends[-1]].copy(), np.diff(ends)))
    return concatenated(pieces)


# Ids of a file are compared as they are written: of a number, its digits.
_JOINED = "items i LEFT JOIN texts t ON CAST(i.id AS VARCHAR) = t.id"
