"""Parquet files of which Arrow knows a column's type not, such as the Int128 of polars: the other columns of them."""

from dataclasses import replace
from pathlib import Path

from bert4rec_tui.data.forms.table import Part, new_path
from bert4rec_tui.errors import UserError, printable


def without_unknown_types(part: Part, temporary: Path) -> Part:
    """The part itself, or a copy in `temporary` without the columns that Arrow cannot read, with a note on them.

    Raises UserError where nothing of the file can be read.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        parquet.ParquetFile(part.path, pre_buffer=False).close()
    except pa.ArrowNotImplementedError as error:
        return _copied(part, temporary, printable(str(error), 100))
    except (OSError, pa.ArrowException):
        pass  # reported by whoever reads it
    return part


def _copied(part: Part, temporary: Path, reason: str) -> Part:
    import duckdb

    path = new_path(temporary, "known.parquet")
    connection = duckdb.connect()
    try:
        relation = connection.read_parquet(str(part.path))
        # What Arrow does not know DuckDB reads as plain bytes.
        kept = [name for name, kind in zip(relation.columns, relation.types, strict=True) if str(kind) != "BLOB"]
        left_out = [name for name in relation.columns if name not in kept]
        if not kept or not left_out:
            raise UserError(f"{part.name}: cannot be read as Parquet ({reason})")
        columns = ", ".join(f'"{name.replace(chr(34), chr(34) * 2)}"' for name in kept)
        relation.project(columns).write_parquet(str(path))
    except duckdb.Error as error:
        raise UserError(f"{part.name}: cannot be read as Parquet ({printable(str(error), 100)})") from None
    finally:
        connection.close()
    names = ", ".join(printable(name, 40) for name in left_out)
    return replace(part, path=path, notes=(*part.notes, f"{part.name}: {names} left out ({reason})"))
