"""Parts of a Parquet table, one after another, and the types that every reader of ours knows."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bert4rec_tui.data.format_detection import explain_read_error
from bert4rec_tui.data.forms.parquet_target import ParquetTarget
from bert4rec_tui.data.forms.parts import check_keys, differs
from bert4rec_tui.data.forms.table import Part, empty, new_path
from bert4rec_tui.errors import UserError, printable
from bert4rec_tui.progress import Progress, ReportProgress, ignore_progress

BATCH = 64 * 1024  # rows


def opened(part: Part) -> Any:
    """A part as pyarrow's ParquetFile. Raises UserError where it is damaged."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(part.path, pre_buffer=False, buffer_size=1024 * 1024)
        _ = file.schema_arrow  # raises where a column has a type that Arrow has not
        return file
    except OSError as error:
        if error.errno is not None:
            raise explain_read_error(error, part.path) from None
        raise _unreadable(part, error) from None  # pyarrow's own
    except (pa.ArrowException, ValueError) as error:  # names that are not UTF-8 are a ValueError
        raise _unreadable(part, error) from None


def _unreadable(part: Part, error: Exception) -> UserError:
    return UserError(f"{part.name}: cannot be read as Parquet ({printable(str(error))})")


def batches(part: Part, file: Any, columns: Sequence[str], rows: int = BATCH) -> Iterator[Any]:
    """Some columns of a Parquet file in record batches. Raises UserError where it is damaged."""
    import pyarrow as pa

    try:
        yield from file.iter_batches(rows, columns=list(columns))
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _unreadable(part, error) from None


def plain_type(kind: Any) -> Any:
    """The type of the same values without a dictionary, a view, or a fixed size of lists."""
    import pyarrow as pa

    types = pa.types
    if types.is_dictionary(kind) or types.is_run_end_encoded(kind):
        return plain_type(kind.value_type)
    if types.is_string_view(kind):
        return pa.string()
    if types.is_binary_view(kind):
        return pa.binary()
    if is_list(kind):
        return pa.list_(plain_type(kind.value_type))
    return kind


def is_list(kind: Any) -> bool:
    """Whether a type is one of Arrow's lists."""
    import pyarrow as pa

    types = pa.types
    ways = (types.is_list, types.is_large_list, types.is_fixed_size_list, types.is_list_view, types.is_large_list_view)
    return any(is_one(kind) for is_one in ways)


def plain_array(array: Any, kind: Any) -> Any:
    """Values in a plain type. Raises pyarrow's ArrowException where the type has not all of them."""
    import pyarrow as pa
    from pyarrow import compute

    if pa.types.is_run_end_encoded(array.type):
        array = compute.call_function("run_end_decode", [array])
    return array if array.type == kind else array.cast(kind)


def join_parquet(parts: Sequence[Part], temporary: Path, report: ReportProgress = ignore_progress) -> Path:
    """Parquet parts as one file in `temporary`, batch by batch; `key=value` folders become columns of text.

    Whole numbers of different widths are joined in the widest. Raises UserError that names the part which has other
    columns or types.
    """
    import pyarrow as pa

    check_keys(parts)
    schema, total = _common_schema(parts)
    first = list(schema.names)
    keys = [key for key, _ in parts[0].keys if key not in first]
    whole = pa.schema([*schema, *(pa.field(key, pa.string()) for key in keys)])
    path = new_path(temporary, "rows.parquet")
    with ParquetTarget(path, whole) as target:
        for part in parts:
            values = dict(part.keys)
            with opened(part) as file:
                for batch in batches(part, file, first):
                    target.write(_widened(part, batch, schema, whole, [values[key] for key in keys]))
                    report(Progress(stage="Joining parts", done=target.rows, total=total, unit="rows"))
    if not target.rows:
        raise empty(parts[0].name)
    return path


def _common_schema(parts: Sequence[Part]) -> tuple[Any, int]:
    """The schema that holds the rows of all parts, and their number; the files are opened one at a time."""
    import pyarrow as pa

    schema: Any = None
    total = 0
    for part in parts:
        with opened(part) as file:
            fields = list(file.schema_arrow)
            total += file.metadata.num_rows
        names = [field.name for field in fields]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise UserError(f"{part.name}: has several columns named {printable(twice, 60)}; rename them")
        if schema is not None and set(names) != set(schema.names):
            raise differs(part, names, parts[0], schema.names)
        own = pa.schema([pa.field(field.name, plain_type(field.type)) for field in fields])
        try:
            schema = own if schema is None else pa.unify_schemas([schema, own], promote_options="permissive")
        except pa.ArrowException as error:
            raise UserError(f"{part.name}: has other types than {parts[0].name} ({printable(str(error))})") from None
    return schema, total


def _widened(part: Part, batch: Any, schema: Any, whole: Any, values: list[str]) -> Any:
    import pyarrow as pa

    arrays: list[Any] = []
    for field in schema:
        try:
            arrays.append(plain_array(batch.column(field.name), field.type))
        except pa.ArrowException:
            raise UserError(
                f'{part.name}: the column "{printable(field.name, 60)}" does not fit {field.type}, the type of all '
                "parts; write the parts with the same types"
            ) from None
    arrays += [pa.array([value or None] * batch.num_rows, pa.string()) for value in values]
    return pa.RecordBatch.from_arrays(arrays, schema=whole)
