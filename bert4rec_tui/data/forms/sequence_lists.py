"""A user a row, with the items in a list column or in a list of objects: one row for each of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bert4rec_tui.data.forms.parquet_parts import batches, is_list, opened, plain_array, plain_type
from bert4rec_tui.data.forms.parquet_target import ParquetTarget
from bert4rec_tui.data.forms.sequence_roles import item_list, role_of, single_name
from bert4rec_tui.data.forms.table import Part, empty, new_path, short_list
from bert4rec_tui.errors import UserError, printable
from bert4rec_tui.progress import Progress, ReportProgress, ignore_progress

PIECE = 256 * 1024  # values in the lists that are taken apart at once


@dataclass(frozen=True)
class _Plan:
    """What becomes of the columns: `scalars` are repeated, `lists` are taken apart next to `items`, others are left."""

    items: str
    scalars: list[str]
    lists: list[str]
    schema: Any

    @property
    def of_objects(self) -> bool:
        """Whether the items are fields of a list of objects."""
        return not self.lists


def exploded(part: Part, temporary: Path, report: ReportProgress = ignore_progress) -> Part | None:
    """A Parquet part with a user a row as one with an interaction a row; None where its rows have no list of items.

    Lists of the same lengths are taken apart together; others are left out with a note. Raises UserError where a list
    of times or ratings is not as long as that of the items.
    """
    try:
        file = opened(part)
    except UserError:
        return None  # the reader of Parquet says what is wrong, or reads it by other means
    with file:
        return _exploded(part, file, temporary, report)


def _exploded(part: Part, file: Any, temporary: Path, report: ReportProgress) -> Part | None:
    schema = file.schema_arrow
    if len(set(schema.names)) < len(schema.names) or not any(is_list(field.type) for field in schema):
        return None
    plan = _plan(part, file, schema)
    if plan is None:
        return None
    used = {*plan.scalars, *plan.lists, plan.items}
    left = [name for name in schema.names if name not in used]
    path = new_path(temporary, "rows.parquet")
    total = file.metadata.num_rows
    done = 0
    with ParquetTarget(path, plan.schema) as target:
        for batch in batches(part, file, [*plan.scalars, *(plan.lists or [plan.items])], 1024):
            for piece in _pieces(batch, plan.items):
                target.write(_rows_of_objects(piece, plan) if plan.of_objects else _rows(piece, plan))
            done += batch.num_rows
            report(Progress(stage="Reading sequences", done=done, total=total, unit="rows"))
    if not target.rows:
        raise empty(part.name)
    note = f"{part.name}: a row for each value of {printable(plan.items, 40)}, in their order"
    if left:
        note += f"; left out, as they have no value for each item: {printable(short_list(left), 120)}"
    return replace(part, path=path, notes=(*part.notes, note))


def _plan(part: Part, file: Any, schema: Any) -> _Plan | None:
    import pyarrow as pa

    objects = [field.name for field in schema if is_list(field.type) and pa.types.is_struct(field.type.value_type)]
    lists = [field.name for field in schema if is_list(field.type) and not pa.types.is_nested(field.type.value_type)]
    scalars = [field.name for field in schema if not pa.types.is_nested(field.type)]
    items = item_list(scalars, lists)
    if items is not None:
        return _plan_of_lists(part, file, schema, items, scalars, lists)
    if any(role_of(name) == "item" for name in scalars):
        return None
    for name in objects:
        fields = list(schema.field(name).type.value_type)
        if any(role_of(_field_name(field.name, name, ())) == "item" for field in fields):
            named = [pa.field(_field_name(f.name, name, scalars), plain_type(f.type)) for f in fields]
            kept = [pa.field(scalar, plain_type(schema.field(scalar).type)) for scalar in scalars]
            return _Plan(name, scalars, [], pa.schema([*kept, *named]))
    return None


def _field_name(name: str, of: str, taken: Any) -> str:
    """The column of a field of an object: its own name, or with the list's before it where that is taken."""
    if name.lower() == "id" and role_of(single_name(of)) == "item":
        return "item_id"
    return f"{of}.{name}" if name in taken else name


def _plan_of_lists(part: Part, file: Any, schema: Any, items: str, scalars: list[str], lists: list[str]) -> _Plan:
    import pyarrow as pa

    other = _other_lengths(part, file, items, lists)
    for name, row in other.items():
        role = role_of(single_name(name))
        if role in ("timestamp", "rating"):
            raise UserError(
                f"{part.name}, row {row + 1:,}: the lists {printable(items, 40)} and {printable(name, 40)} have "
                f"different lengths; expected a {role} for each item"
            )
    along = [name for name in lists if name not in other]
    names = [*scalars, *along]
    shown = [*scalars, *(single_name(name) for name in along)]
    types = [plain_type(schema.field(name).type) for name in names]
    if len(set(shown)) < len(shown):
        shown = names
    kinds = [kind.value_type if name in along else kind for name, kind in zip(names, types, strict=True)]
    fields = [pa.field(name, kind) for name, kind in zip(shown, kinds, strict=True)]
    return _Plan(items, scalars, along, pa.schema(fields))


def _other_lengths(part: Part, file: Any, items: str, lists: list[str]) -> dict[str, int]:
    """The list columns that are not as long as the items in every row, and the first row where they are not."""
    found: dict[str, int] = {}
    row = 0
    if len(lists) < 2:
        return found
    for batch in batches(part, file, lists, 1024):
        expected = _lengths(batch.column(items))
        for name in lists:
            if name not in found:
                differ = np.flatnonzero(_lengths(batch.column(name)) != expected)
                if len(differ):
                    found[name] = row + int(differ[0])
        row += batch.num_rows
    return found


def _lengths(array: Any) -> Any:
    """The lengths of lists, 0 for a missing one."""
    from pyarrow import compute

    lengths = compute.call_function("list_value_length", [array])
    return lengths.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)


def _pieces(batch: Any, items: str) -> Iterator[Any]:
    """Slices of a batch with at most `PIECE` items, or one row."""
    ends = np.cumsum(_lengths(batch.column(items)))
    start = 0
    while start < batch.num_rows:
        before = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + PIECE, "right")))
        yield batch.slice(start, stop - start)
        start = stop


def _repeated(piece: Any, plan: _Plan) -> list[Any]:
    """The scalar columns, once for each item."""
    import pyarrow as pa

    lengths = _lengths(piece.column(plan.items))
    rows = pa.array(np.repeat(np.arange(piece.num_rows), lengths))
    kinds = [plan.schema.field(place).type for place in range(len(plan.scalars))]
    columns = [plain_array(piece.column(name), kind) for name, kind in zip(plan.scalars, kinds, strict=True)]
    return [column.take(rows) for column in columns]


def _rows(piece: Any, plan: _Plan) -> Any:
    import pyarrow as pa

    kinds = list(plan.schema.types)[len(plan.scalars) :]
    values = [_flat(piece.column(name), kind) for name, kind in zip(plan.lists, kinds, strict=True)]
    return pa.RecordBatch.from_arrays([*_repeated(piece, plan), *values], schema=plan.schema)


def _rows_of_objects(piece: Any, plan: _Plan) -> Any:
    import pyarrow as pa

    column = piece.column(plan.items)
    objects = _flat(column, column.type.value_type)
    kinds = list(plan.schema.types)[len(plan.scalars) :]
    # Unlike `field`, `flatten` knows that the fields of a missing object are missing.
    values = [plain_array(field, kind) for field, kind in zip(objects.flatten(), kinds, strict=True)]
    return pa.RecordBatch.from_arrays([*_repeated(piece, plan), *values], schema=plan.schema)


def _flat(column: Any, kind: Any) -> Any:
    """The values of lists one after another, in a plain type."""
    import pyarrow as pa

    if not pa.types.is_list(column.type) and not pa.types.is_large_list(column.type):
        column = column.cast(pa.list_(column.type.value_type))
    return plain_array(column.flatten(), kind)
