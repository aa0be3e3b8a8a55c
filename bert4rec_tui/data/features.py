"""Features of items: what kind each is, and its values for items 1…N."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bert4rec_tui.data.genres import genres_of
from bert4rec_tui.data.staging import Staging
from bert4rec_tui.errors import UserError

FILE = "features.parquet"
Kind = Literal["number", "category", "categories", "text", "vector"]
_MISSING = frozenset(("", "null", "na", "n/a", "nan", "nat", "none", "<na>", "\\n"))
# A text of which there are as many different ones as this share of the items is a text, and no category.
_TEXT_SHARE = 0.5
_TEXT_LETTERS = 40
_MANY = 50


def write_features(staging: Staging, names: Sequence[str], folder: Path) -> dict[str, str]:
    """Write features.parquet: a row for each item 1…N, a column for each feature. Returns the kind of each.

    numbers: float64; categories and texts: string; lists of categories: list of strings; vectors: list of float32.
    Missing values are null. Raises UserError where a vector has another length than the others.
    """
    import pyarrow as pa
    from pyarrow import parquet

    kinds: dict[str, str] = {}
    columns: dict[str, Any] = {}
    joined = "items i LEFT JOIN features t ON CAST(i.id AS VARCHAR) = t.id"
    for place, name in enumerate(names):
        values = [
            None if value is None or value.strip().lower() in _MISSING else value.strip()
            for batch in staging.batches(f"SELECT t.f{place} FROM {joined} ORDER BY i.code")
            for value in batch.column(0).to_pylist()
        ]
        kinds[name], columns[name] = _typed(name, values)
    parquet.write_table(pa.table(columns), folder / FILE, compression="zstd")
    return kinds


def _typed(name: str, values: list[str | None]) -> tuple[Kind, Any]:
    import pyarrow as pa

    known = [value for value in values if value is not None]
    if known and all(map(_is_number, known)):
        return "number", pa.array([None if value is None else float(value) for value in values], pa.float64())
    if known and all(value[0] == "[" and value[-1] == "]" for value in known):
        vectors = [None if value is None else _vector(value) for value in values]
        if all(vector is not None for value, vector in zip(values, vectors, strict=True) if value is not None):
            lengths = {len(vector) for vector in vectors if vector is not None}
            if lengths != {0} and len(lengths) == 1:
                return "vector", pa.array(vectors, pa.list_(pa.float32()))
            raise UserError(f"{name}: has vectors of different lengths ({', '.join(map(str, sorted(lengths)[:4]))}, …)")
    lists = [None if value is None else genres_of(value) for value in values]
    if any(value[0] in "[{" or "|" in value for value in known):
        return "categories", pa.array(lists, pa.list_(pa.string()))
    distinct = len(set(known))
    long = known and float(np.mean([len(value) for value in known])) > _TEXT_LETTERS
    if long and distinct > max(_MANY, _TEXT_SHARE * len(known)):
        return "text", pa.array(values, pa.string())
    return "category", pa.array(values, pa.string())


def _is_number(text: str) -> bool:
    try:
        return "_" not in text and bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _vector(text: str) -> list[float] | None:
    pieces = text[1:-1].replace(",", " ").split()
    try:
        return [float(piece) for piece in pieces]
    except ValueError:
        return None
