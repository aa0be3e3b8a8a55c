"""The first rows of a file in any form, without reading all of it."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from bert4rec_tui.data.format_detection import read_head
from bert4rec_tui.data.forms.kinds import COMPRESSED, Kind, kind_of
from bert4rec_tui.data.forms.reading import to_table
from bert4rec_tui.data.forms.table import new_path
from bert4rec_tui.data.layouts.layout import plain_name
from bert4rec_tui.errors import UserError
from bert4rec_tui.files import make_folder

SAMPLE_BYTES = 4 * 2**20
SAMPLE_ROWS = 100
_CODECS = {Kind.GZIP: "gzip", Kind.BZIP2: "bz2", Kind.ZSTD: "zstd"}


def sample_of(path: Path, temporary: Path) -> Path:
    """A file with the first lines of a text, which may be compressed; the file itself where it is small or no text.

    Raises UserError where it cannot be read.
    """
    try:
        kind = kind_of(path, path.name)
        if path.stat().st_size <= SAMPLE_BYTES or kind not in (Kind.TEXT, *COMPRESSED):
            return path
        start = _start_of(path, kind)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from None
    if start is None or b"\n" not in start:
        return path
    sample = new_path(make_folder(temporary), plain_name(path.name))
    sample.write_bytes(start[: start.rfind(b"\n") + 1])
    return sample


def _start_of(path: Path, kind: Kind) -> bytes | None:
    """The first bytes of a text; None where it is compressed in a way that is not read in pieces here."""
    if kind is Kind.TEXT:
        with path.open("rb") as file:
            return file.read(SAMPLE_BYTES)
    if kind is Kind.XZ:
        import lzma

        with lzma.open(path) as opened:
            return opened.read(SAMPLE_BYTES)
    if kind not in _CODECS:
        return None
    import pyarrow as pa

    stream: Any = pa.input_stream(str(path), compression=_CODECS[kind])
    with stream:
        return bytes(stream.read(SAMPLE_BYTES))


def head_of_sample(path: Path, temporary: Path) -> tuple[list[str] | None, list[list[str]]] | None:
    """The header of a file, None without one, and its first rows; None where no rows can be read."""
    from bert4rec_tui.data.parquet import parquet_head

    with suppress(UserError):
        table = to_table([sample_of(path, temporary)], temporary / "samples")
        if table.is_parquet:
            return parquet_head(table.path, SAMPLE_ROWS)
        head = read_head(table.path, table.separator)
        return head.shape.names, head.rows
    return None
