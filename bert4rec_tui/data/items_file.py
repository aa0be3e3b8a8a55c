"""Titles, categories and features of items from a second file, in any form that interactions may have."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bert4rec_tui.data.format_detection import read_head
from bert4rec_tui.data.forms import Table, to_table
from bert4rec_tui.data.forms.samples import SAMPLE_ROWS
from bert4rec_tui.data.genres import genres_of
from bert4rec_tui.data.parquet import parquet_head, text_batches
from bert4rec_tui.data.staging import Staging
from bert4rec_tui.data.text_batches import TextTable
from bert4rec_tui.errors import UserError, printable
from bert4rec_tui.progress import ReportProgress, ignore_progress

TEXTS = ("title", "genres")


@dataclass(frozen=True)
class ItemsFile:
    """A file with a row for each item. columns: item, title, genres and features by name → its column there."""

    path: Path
    columns: Mapping[str, str]
    encoding: str = ""
    separator: str = ""

    @property
    def features(self) -> list[str]:
        """The names of the features."""
        return [name for name in self.columns if name not in ("item", *TEXTS)]


def stage_items(
    staging: Staging, file: ItemsFile, temporary: Path, report: ReportProgress = ignore_progress
) -> list[str]:
    """Make the tables `texts (id, title, genres)` and `features (id, f0, f1, …)`, all of text; the first row of an id.

    Returns notes on the file. Raises UserError where it cannot be read, or has no such column.
    """
    table = to_table([file.path], temporary, encoding=file.encoding, report=report)
    names, rows = _head(table, file.separator)
    places = _places(file, names, len(rows[0]) if rows else 0)
    kept = ["title" if "title" in places else "NULL::VARCHAR AS title"]
    kept.append("genres" if "genres" in places else "NULL::VARCHAR AS genres")
    staging.execute("DROP TABLE IF EXISTS raw_items")
    created = False
    for batch in _batches(table, file, names, places):
        if created:
            staging.append("raw_items", batch)
        else:
            staging.store("raw_items", batch)
            created = True
    if not created:
        raise UserError(f"{file.path.name}: has no rows; expected a row per item")
    # The same item written 1.0 by pandas is 1; an id is otherwise compared as it is written.
    number = r"regexp_replace(trim(item), '^(-?(0|[1-9][0-9]*))\.0$', '\1')"
    identity = number if staging.kind("item") != "VARCHAR" else "trim(item)"
    features = [f"f{index}" for index in range(len(file.features))]
    first = f"QUALIFY row_number() OVER (PARTITION BY {identity} ORDER BY rowid) = 1"
    filled = f"FROM raw_items WHERE item IS NOT NULL {first} ORDER BY rowid"
    staging.execute(f"CREATE OR REPLACE TABLE texts AS SELECT {identity} AS id, {', '.join(kept)} {filled}")
    if features:
        staging.execute(f"CREATE OR REPLACE TABLE features AS SELECT {identity} AS id, {', '.join(features)} {filled}")
    staging.execute("DROP TABLE raw_items")
    clean_genres(staging)
    used = ", ".join(f"{role}={printable(column, 40)}" for role, column in file.columns.items())
    return [*table.notes, f"{file.path.name}: items read with {used}"]


def clean_genres(staging: Staging) -> None:
    """Write lists of genres in `texts`, however they were written, as MovieLens does: joined by `|`."""
    import pyarrow as pa

    distinct = [text for batch in staging.batches("SELECT DISTINCT genres FROM texts WHERE genres IS NOT NULL")
                for text in batch.column(0).to_pylist()]  # fmt: skip
    cleaned = {text: "|".join(genres_of(text)) for text in distinct}
    changed = {text: clean for text, clean in cleaned.items() if text != clean}
    if changed:
        columns = {
            "before": pa.array(list(changed), pa.string()),
            "after": pa.array(list(changed.values()), pa.string()),
        }
        staging.store("cleaned", pa.table(columns))
        staging.execute("UPDATE texts SET genres = cleaned.after FROM cleaned WHERE texts.genres = cleaned.before")
        staging.execute("DROP TABLE cleaned")


def _head(table: Table, separator: str) -> tuple[list[str] | None, list[list[str]]]:
    if table.is_parquet:
        return parquet_head(table.path, SAMPLE_ROWS)
    head = read_head(table.path, separator or table.separator)
    return head.shape.names, head.rows


def _places(file: ItemsFile, names: list[str] | None, count: int) -> dict[str, int]:
    """The number of each column. Raises UserError where there is none of that name."""
    if "item" not in file.columns:
        raise UserError(f"{file.path.name}: no item column chosen; use --item-columns item=…,title=…")
    places: dict[str, int] = {}
    for role, column in file.columns.items():
        if names is not None and column in names:
            places[role] = names.index(column)
        elif column.isascii() and column.isdigit() and int(column) < (len(names) if names is not None else count):
            places[role] = int(column)
        else:
            choice = printable(", ".join(names), 300) if names is not None else f"0 to {count - 1}"
            raise UserError(
                f'{file.path.name}: has no column "{printable(column, 40)}" for {role}; choose from {choice}'
            )
    return places


def _batches(table: Table, file: ItemsFile, names: list[str] | None, places: dict[str, int]) -> Iterator[Any]:
    """Arrow tables with text columns: item, title, genres, f0, f1, …"""
    import pyarrow as pa

    called = {role: role if role in ("item", *TEXTS) else f"f{file.features.index(role)}" for role in places}
    if table.is_parquet:
        assert names is not None
        for batch in text_batches(table.path, {called[role]: names[place] for role, place in places.items()}):
            yield pa.table(batch)
        return
    head = read_head(table.path, file.separator or table.separator)
    roles = {called[role]: place for role, place in places.items()}
    types = dict.fromkeys(roles, "text")
    text = TextTable(table.path, head.shape, types, roles, len(head.shape.separator) > 1, multiline=True)
    try:
        for batch in text.batches():
            yield pa.table(batch)
    except pa.ArrowException as error:
        raise UserError(f"{file.path.name}: cannot be read ({printable(str(error))})") from None
