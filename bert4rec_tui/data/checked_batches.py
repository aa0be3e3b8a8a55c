"""Interactions in Arrow batches on their way into the staged database: checked, trimmed, and their times summed up."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from bert4rec_tui.data.time_scale import NumberSummary

NEEDED = frozenset(("user", "item", "timestamp"))  # without one of these a row is incomplete


class CheckedBatches:
    """Batches on their way into the database: checked, trimmed, and their times summed up.

    missing: whether a user, item or time is missing somewhere. moments: whether times are Arrow's own.
    """

    def __init__(self, batches: Iterable[Any], schema: Any) -> None:
        import pyarrow as pa

        self._batches, self._given = batches, schema
        self.failure: BaseException | None = None
        self.rows = 0
        self.missing = False
        self.numbers: NumberSummary | None = NumberSummary()
        self.moments = "timestamp" in schema.names and pa.types.is_timestamp(schema.field("timestamp").type)
        self.schema = pa.schema(
            [(field.name, pa.int64() if pa.types.is_timestamp(field.type) else field.type) for field in schema]
        )

    def batches(self) -> Iterator[Any]:
        """The batches, as they go into the database."""
        try:
            for batch in self._batches:
                if len(batch):
                    yield self._check(batch)
                    self.rows += len(batch)
        except BaseException as error:
            self.failure = error
            raise

    def _check(self, batch: Any) -> Any:
        import pyarrow as pa

        columns = [self._check_column(field.name, batch.column(index)) for index, field in enumerate(self._given)]
        return pa.record_batch(columns, schema=self.schema)

    def _check_column(self, role: str, column: Any) -> Any:
        import pyarrow as pa
        from pyarrow import compute

        if role not in NEEDED and role != "rating":
            return column
        if role == "rating":
            if column.null_count or not np.isfinite(numbers_of(column)).all():
                raise ValueError("a rating is missing or not a finite number")
            return column
        if pa.types.is_string(column.type):
            if role != "timestamp" and _any(
                compute.call_function("match_substring", [column], compute.MatchSubstringOptions("\n"))
            ):
                raise ValueError("an id spans several lines")
            # Spaces around an id are layout, not part of the id.
            column = compute.call_function("utf8_trim_whitespace", [column])
            empty = compute.call_function("equal", [column, pa.scalar("")])
            if _any(empty):
                column = compute.call_function("if_else", [empty, pa.scalar(None, pa.string()), column])
        self.missing = self.missing or column.null_count > 0
        if role == "timestamp" and self.moments:
            return column.cast(pa.int64())
        if role == "timestamp" and not pa.types.is_string(column.type):
            if column.null_count:
                self.numbers = None  # rows are numbered without gaps; the database is asked later
            elif self.numbers is not None:
                self.numbers.add(numbers_of(column))
        return column


def numbers_of(column: Any) -> np.ndarray:
    """A column without nulls, by DLPack, because Arrow's own conversion imports pandas."""
    return np.from_dlpack(column)


def _any(found: Any) -> bool:
    from pyarrow import compute

    return bool(compute.call_function("any", [found]).as_py())
