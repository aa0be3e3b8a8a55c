"""A text table as Arrow batches of the columns that are used, read from start to end in bounded memory."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from bert4rec_tui.data.format_detection import Shape
from bert4rec_tui.progress import Progress, ReportProgress, ignore_progress

BLOCK = 4 * 2**20
UNIT_SEPARATOR = b"\x1f"


class TextTable:
    """One attempt at a text table, with a type for each role; the columns of a batch are named by role.

    types: role → int64, float32, float64, moment or text. roles: role → number of its column. doubled: read a separator
    such as `::` as two, with an empty column between. multiline: cells may span lines. missing: texts that mean that
    there is no value.
    """

    def __init__(
        self,
        path: Path,
        shape: Shape,
        types: dict[str, str],
        roles: dict[str, int],
        doubled: bool,
        multiline: bool,
        missing: Sequence[str] = ("",),
    ) -> None:
        self.missing = list(missing)
        self.path, self.shape, self.types, self.roles = path, shape, types, roles
        self.doubled, self.multiline = doubled, multiline

    @property
    def schema(self) -> Any:
        """The Arrow schema of the batches."""
        import pyarrow as pa

        return pa.schema([(role, _arrow_type(self.types[role])) for role in self.roles])

    def batches(self, report: ReportProgress = ignore_progress) -> Iterator[Any]:
        """The rows, in order. Raises OSError, and ArrowInvalid where a cell is of another type or a row too short."""
        import pyarrow as pa
        from pyarrow import csv

        stride = len(self.shape.separator) if self.doubled else 1
        names = [f"column {index}" for index in range((self.shape.count - 1) * stride + 1)]
        types = {name: pa.null() for index, name in enumerate(names) if index % stride}
        read: dict[int, str] = {}  # a column of a condition may have another role as well, and is read once
        for role, index in self.roles.items():
            if index not in read:
                read[index] = names[index * stride] = role
                types[role] = _arrow_type(self.types[role])
        delimiter = self.shape.separator[0] if self.doubled else self.shape.separator
        size = self.path.stat().st_size
        with self.path.open("rb") as file:
            source: Any = file
            if len(delimiter) > 1:
                source, delimiter = _Replaced(file, delimiter.encode()), UNIT_SEPARATOR.decode()
            reader = csv.open_csv(
                source,
                read_options=csv.ReadOptions(column_names=names, skip_rows=self.shape.skip, block_size=BLOCK),
                parse_options=csv.ParseOptions(
                    delimiter=delimiter,
                    quote_char='"' if self.shape.quoted else False,
                    double_quote=self.shape.escape == '"',
                    escape_char=self.shape.escape if self.shape.quoted and self.shape.escape != '"' else False,
                    newlines_in_values=self.multiline,
                ),
                convert_options=csv.ConvertOptions(
                    column_types=types,
                    include_columns=[*read.values(), *(name for index, name in enumerate(names) if index % stride)],
                    null_values=self.missing,
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                ),
            )
            for batch in reader:
                report(Progress(stage="Reading", done=min(file.tell(), size), total=size, unit="bytes"))
                columns = [batch.column(read[index]) for index in self.roles.values()]
                shown = zip(columns, self.schema.types, strict=True)
                yield pa.record_batch([column.cast(kind) for column, kind in shown], schema=self.schema)


def _arrow_type(name: str) -> Any:
    import pyarrow as pa

    types: dict[str, Any] = {
        "int64": pa.int64(),
        "float32": pa.float32(),
        "float64": pa.float64(),
        "moment": pa.timestamp("us"),
        "text": pa.string(),
    }
    return types[name]


class _Replaced(io.RawIOBase):
    """A file in which a separator of several characters is one that Arrow takes."""

    def __init__(self, file: BinaryIO, separator: bytes) -> None:
        super().__init__()
        self._file, self._separator, self._left = file, separator, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            # Whole lines: a separator may not be cut in two.
            block = self._file.read(BLOCK) + self._file.readline()
            if not block:
                return 0
            self._left = block.replace(self._separator, UNIT_SEPARATOR)
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count
