"""Read ratings from a Parquet file."""

import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bert4rec_tui.data.format_detection import explain_read_error
from bert4rec_tui.data.settling import settle
from bert4rec_tui.data.staging import ALL_ROWS, BATCH_ROWS, CONDITION, RowRules, Staging
from bert4rec_tui.data.times import RowError
from bert4rec_tui.errors import UserError, printable
from bert4rec_tui.progress import Progress, ReportProgress, ignore_progress

EXACT = 2**53  # from which floating point leaves out whole numbers


def stage_parquet(
    path: Path,
    roles: dict[str, int],
    staging: Staging,
    rules: RowRules = ALL_ROWS,
    report: ReportProgress = ignore_progress,
) -> None:
    """Read a Parquet table. Raises UserError that names the invalid column and row.

    The columns of a condition are among the roles, named `condition0`, ….
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path, pre_buffer=False)
        names = file.schema_arrow.names
        twice = next((names[index] for index in roles.values() if names.count(names[index]) > 1), None)
        if twice is not None:
            raise UserError(f"{path.name}: has several columns named {printable(twice)}; rename them")
        chosen = {role: names[index] for role, index in roles.items()}
        kinds = {role: file.schema_arrow.field(name).type for role, name in chosen.items()}
        if "timestamp" in chosen:
            _check_moments(file.schema_arrow.field(chosen["timestamp"]), path)
        schema = pa.schema([(role, _typed(pa.nulls(0, kind), role, path).type) for role, kind in kinds.items()])
        staging.load(_batches(file, chosen, schema, path, report), schema, rules.condition)
    except OSError as error:
        raise explain_read_error(error, path) from None
    except pa.ArrowException as error:
        raise UserError(f"{path.name}: cannot be read as Parquet ({printable(str(error))})") from None
    except ValueError as error:
        raise UserError(f"{path.name}: {error}") from None
    if not staging.read:
        raise UserError(f"{path.name}: contains no interactions; expected a row per interaction")
    if not staging.rows:
        raise UserError(f"{path.name}: no row meets the condition; change --where")
    try:
        settle(staging, rules)
    except RowError as error:
        where = "" if error.row is None else f", row {error.row + 1:,}"
        raise UserError(f"{path.name}{where}: {error}") from None
    except ValueError as error:
        raise UserError(f"{path.name}: {error}") from None


def _batches(file: Any, names: dict[str, str], schema: Any, path: Path, report: ReportProgress) -> Iterator[Any]:
    """The columns by role, typed, in batches."""
    import pyarrow as pa

    first, rows, size = 0, max(1, file.metadata.num_rows), path.stat().st_size
    for batch in file.iter_batches(BATCH_ROWS, columns=list(names.values())):
        columns = [_typed(batch.column(name), role, path, first) for role, name in names.items()]
        yield pa.record_batch(columns, schema=schema)
        first += len(batch)
        report(Progress(stage="Reading", done=size * first // rows, total=size, unit="bytes"))


def parquet_head(path: Path, count: int = 0) -> tuple[list[str], list[list[str]]]:
    """The column names of a Parquet file and its first rows as text. Raises UserError where it is not Parquet."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path, pre_buffer=False)
        sample = next(file.iter_batches(count)) if count and file.metadata.num_rows else None
        columns = [_cells(column) for column in sample.columns] if sample is not None else []
    except OSError as error:
        raise explain_read_error(error, path) from None
    except pa.ArrowException:
        raise UserError(f"{path.name}: is not a Parquet file") from None
    names = list(file.schema_arrow.names)
    return names, [[_shown(cell) for cell in row] for row in zip(*columns, strict=True)]


def _cells(column: Any) -> list[Any]:
    """The values of a column, as text where Python has none like them, such as nanoseconds."""
    import pyarrow as pa

    try:
        return column.to_pylist()
    except (ValueError, OverflowError):
        return column.cast(pa.string()).to_pylist()


def _shown(cell: Any) -> str:
    if isinstance(cell, bytes):
        return cell.decode("utf-8", errors="replace")
    return "" if cell is None else str(cell)


def _typed(column: Any, role: str, path: Path, first: int = 0) -> Any:
    """Cast a Parquet column to a type that `Staging` accepts. first: the row of the file that it begins with."""
    import pyarrow as pa

    if column.null_count and role == "rating":
        row = 1 + first + column.is_null().to_pylist().index(True)
        raise UserError(f"{path.name}, row {row:,}: the {role} is empty")
    kind: Any = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if _is_uuid(column):
        column = _as_uuids(column)
        kind = column.type
    if _holds_text(kind):
        column = _as_utf_8(column, role, path, first)
        kind = column.type
    try:
        if role == "rating":
            return column.cast(pa.float32())
        if role in ("title", "genres") or role.startswith(CONDITION):
            return _as_text(column)
        if pa.types.is_string(kind):
            return column
        if role == "timestamp" and (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
            # Nanoseconds, which some writers add by default, are truncated to microseconds.
            return column.cast(pa.timestamp("us"), safe=False)
        if role in ("user", "item") and pa.types.is_floating(kind):
            _check_float_ids(column, role, path, first)
        return column.cast(pa.float64() if role == "timestamp" and pa.types.is_floating(kind) else pa.int64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        if role in ("user", "item") and (pa.types.is_integer(kind) or pa.types.is_decimal(kind)):
            raise UserError(
                f"{path.name}: the {role} ids are not whole numbers of 64 bits with a sign; write the column as text"
            ) from None
        raise UserError(f"{path.name}: the {role} column cannot be used ({printable(str(error))})") from None


def _check_moments(field: Any, path: Path) -> None:
    """Raises UserError for times of day, durations and pandas' periods, which are no moments."""
    import pyarrow as pa

    called = {b"pandas.period": "periods"}.get((field.metadata or {}).get(b"ARROW:extension:name", b""), "")
    if isinstance(field.type, pa.BaseExtensionType):
        called = {"pandas.period": "periods"}.get(field.type.extension_name, called)
    called = "times of day" if pa.types.is_time(field.type) else called
    called = "durations" if pa.types.is_duration(field.type) else called
    if called:
        raise UserError(f"{path.name}: the timestamp column has {called}, which are no moments; write dates or numbers")


def _is_uuid(column: Any) -> bool:
    """Whether 16 bytes a value are UUIDs: by their type, or because they are no text."""
    import pyarrow as pa

    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return kind.extension_name == "arrow.uuid"
    if not pa.types.is_fixed_size_binary(kind) or kind.byte_width != 16:
        return False
    return any((value is not None and not value.isascii()) or b"\0" in (value or b"") for value in column.to_pylist())


def _as_uuids(column: Any) -> Any:
    """UUIDs as they are usually written."""
    import pyarrow as pa

    stored = column.storage if isinstance(column.type, pa.BaseExtensionType) else column
    values = [None if value is None else str(uuid.UUID(bytes=value)) for value in stored.to_pylist()]
    return pa.array(values, pa.string())


def _check_float_ids(column: Any, role: str, path: Path, first: int) -> None:
    """Raises UserError for ids of 2^53 or more in floating point, which has merged some of them in the file."""
    lost = np.flatnonzero(np.abs(np.from_dlpack(column.fill_null(0))) >= EXACT)
    if len(lost):
        raise UserError(
            f"{path.name}, row {first + lost[0] + 1:,}: the {role} ids are floating point, which merges ids from 2^53 "
            "on (DuckDB's HUGEINT and pandas' columns with a gap are written so); write them as integers or as text"
        )


def _holds_text(kind: Any) -> bool:
    """Whether a type is one that writers use for text, including plain bytes."""
    import pyarrow as pa

    of_text = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    of_bytes = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view, pa.types.is_fixed_size_binary)
    return any(is_one(kind) for is_one in (*of_text, *of_bytes))


def _as_utf_8(column: Any, role: str, path: Path, first: int) -> Any:
    """A column of text or bytes as text. Raises UserError that names the first row that is not UTF-8."""
    import pyarrow as pa

    try:
        return column.cast(pa.string())
    except pa.ArrowInvalid:
        row = next((row for row, cell in enumerate(column, first + 1) if not _is_utf_8(cell.as_py())), 0)
        raise UserError(
            f"{path.name}, row {row:,}: the {role} is not UTF-8 text; write the column as strings"
        ) from None
    except pa.ArrowNotImplementedError as error:
        raise UserError(f"{path.name}: the {role} column cannot be used ({printable(str(error))})") from None


def _is_utf_8(cell: Any) -> bool:
    try:
        return cell is None or cell == cell.decode("utf-8").encode()
    except UnicodeDecodeError:
        return False


def _as_text(column: Any) -> Any:
    """A column of text, or of lists of texts, joined by `|` as MovieLens' genres are; nulls in a list are left out."""
    import pyarrow as pa
    from pyarrow import compute

    if not _is_list(column.type):
        return column.cast(pa.string())
    lists = column.cast(pa.list_(pa.string()))
    if lists.flatten().null_count:
        return pa.array([None if found is None else "|".join(filter(None, found)) for found in lists.to_pylist()])
    return compute.call_function("binary_join", [lists, pa.scalar("|")])


def _is_list(kind: Any) -> bool:
    import pyarrow as pa

    return any(is_one(kind) for is_one in (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list))


def text_batches(path: Path, columns: Mapping[str, str]) -> Iterator[Any]:
    """Columns of a Parquet file as texts, in batches; lists are written as Python writes them.

    columns: new name → its name in the file. Raises UserError where one cannot be read.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path, pre_buffer=False)
        for batch in file.iter_batches(BATCH_ROWS, columns=list(columns.values())):
            found = {new: _texts(batch.column(name)) for new, name in columns.items()}
            yield pa.record_batch(list(found.values()), names=list(found))
    except OSError as error:
        raise explain_read_error(error, path) from None
    except pa.ArrowException as error:
        raise UserError(f"{path.name}: cannot be read as Parquet ({printable(str(error))})") from None


def _texts(column: Any) -> Any:
    import pyarrow as pa

    if _is_list(column.type):
        return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(pa.string())
