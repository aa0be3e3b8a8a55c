"""Arrow IPC files and streams, and Feather version 2, which is the same, as Parquet."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from bert4rec_tui.data.format_detection import explain_read_error
from bert4rec_tui.data.forms.kinds import Kind
from bert4rec_tui.data.forms.parquet_parts import BATCH, plain_array, plain_type
from bert4rec_tui.data.forms.parquet_target import ParquetTarget
from bert4rec_tui.data.forms.table import Part, empty, new_path, short_list
from bert4rec_tui.errors import UserError, printable
from bert4rec_tui.progress import Progress, ReportProgress, ignore_progress


def arrow_to_parquet(part: Part, kind: Kind, temporary: Path, report: ReportProgress = ignore_progress) -> Part:
    """An Arrow file or stream as Parquet in `temporary`, batch by batch.

    Columns of types that Parquet has not, such as unions, are left out with a note. Raises UserError where the file is
    damaged or has no rows.
    """
    import pyarrow as pa

    path = new_path(temporary, f"{part.path.stem}.parquet")
    try:
        with pa.memory_map(str(part.path)) as source:
            total = source.size()
            reader: Any = pa.ipc.open_file(source) if kind is Kind.ARROW_FILE else pa.ipc.open_stream(source)
            kept = [field for field in reader.schema if _has_parquet(field)]
            left = [printable(field.name, 40) for field in reader.schema if field not in kept]
            schema = pa.schema([pa.field(field.name, plain_type(field.type)) for field in kept])
            if not kept:
                raise UserError(f"{part.name}: has no column of a type that can be read")
            places = [place for place, field in enumerate(reader.schema) if field in kept]
            with ParquetTarget(path, schema) as target:
                for batch in _batches(reader):
                    target.write(_plain(batch, places, schema))
                    report(Progress(stage="Reading Arrow", done=source.tell(), total=total, unit="bytes"))
    except OSError as error:
        if error.errno is not None:
            raise explain_read_error(error, part.path) from None
        raise _damaged(part, error) from None
    except (pa.ArrowException, ValueError, OverflowError) as error:
        raise _damaged(part, error) from None
    if not target.rows:
        raise empty(part.name)
    note = f"{part.name}: {short_list(left)} left out, as the type cannot be read"
    return replace(part, path=path, notes=(*part.notes, note) if left else part.notes)


def _damaged(part: Part, error: Exception) -> UserError:
    return UserError(f"{part.name}: cannot be read as Arrow ({printable(str(error), 120)}); write it again")


def _batches(reader: Any) -> Iterator[Any]:
    """The batches of a file or a stream, checked, in slices of bounded length."""
    numbers = getattr(reader, "num_record_batches", None)
    whole = reader if numbers is None else (reader.get_batch(number) for number in range(numbers))
    for batch in whole:
        batch.validate(full=True)  # offsets of a damaged file lead anywhere in memory
        for start in range(0, batch.num_rows, BATCH):
            yield batch.slice(start, BATCH)


def _plain(batch: Any, places: list[int], schema: Any) -> Any:
    import pyarrow as pa

    arrays = [plain_array(batch.column(place), field.type) for place, field in zip(places, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _has_parquet(field: Any) -> bool:
    """Whether Parquet can hold a column."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([pa.field(field.name, plain_type(field.type))])
    try:
        with parquet.ParquetWriter(pa.BufferOutputStream(), schema) as writer:
            writer.write_table(schema.empty_table())
    except (pa.ArrowException, ValueError, TypeError):
        return False
    return True
