"""Write batches of rows into one Parquet file, a row group at a time."""

from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bert4rec_tui.errors import UserError, printable
from bert4rec_tui.files import explain_os_error

ROWS = 1024 * 1024
BYTES = 32 * 1024 * 1024


class ParquetTarget:
    """A Parquet file being written; what is held in memory is one row group of at most 32 MiB, or one batch."""

    def __init__(self, path: Path, schema: Any) -> None:
        self.path, self.schema = path, schema
        self.rows = 0
        self._held: list[Any] = []
        self._held_rows = self._held_bytes = 0
        self._writer: Any = None

    def __enter__(self) -> Self:
        from pyarrow import parquet

        try:
            self._writer = parquet.ParquetWriter(self.path, self.schema, compression="zstd", compression_level=1)
        except OSError as error:
            raise explain_os_error(error, self.path) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            with suppress(Exception):
                self._writer.close()
            self.path.unlink(missing_ok=True)
            return
        self._flush()
        try:
            self._writer.close()
        except OSError as failure:
            raise explain_os_error(failure, self.path) from failure

    def write(self, batch: Any) -> None:
        """Add the rows of a record batch or table of the schema. Raises UserError where the disk is full."""
        if not batch.num_rows:
            return
        self._held.append(batch)
        self.rows += batch.num_rows
        self._held_rows += batch.num_rows
        self._held_bytes += batch.nbytes
        if self._held_rows >= ROWS or self._held_bytes >= BYTES:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        if not self._held:
            return
        tables = [held if isinstance(held, pa.Table) else pa.Table.from_batches([held]) for held in self._held]
        self._held, self._held_rows, self._held_bytes = [], 0, 0
        try:
            self._writer.write_table(pa.concat_tables(tables), row_group_size=ROWS)
        except OSError as error:
            raise explain_os_error(error, self.path) from error
        except pa.ArrowException as error:
            raise UserError(f"{self.path.name}: cannot be written as Parquet ({printable(str(error))})") from None
