"""What a file is, by its first bytes: compressed, an archive, Parquet, Arrow, text, or nothing that can be read."""

from enum import Enum
from pathlib import Path

from bert4rec_tui.data.format_detection import explain_read_error
from bert4rec_tui.errors import UserError

START = 512


class Kind(Enum):
    """A kind of file; the value is its name for people."""

    GZIP = "gzip"
    ZSTD = "zstd"
    BZIP2 = "bzip2"
    XZ = "xz"
    LZ4 = "lz4"
    ZIP = "zip"
    TAR = "tar"
    PARQUET = "Parquet"
    ARROW_FILE = "an Arrow IPC file"
    ARROW_STREAM = "an Arrow IPC stream"
    TEXT = "text"


COMPRESSED = (Kind.GZIP, Kind.ZSTD, Kind.BZIP2, Kind.XZ, Kind.LZ4)
ARCHIVES = (Kind.ZIP, Kind.TAR)
ARROW = (Kind.ARROW_FILE, Kind.ARROW_STREAM)

_MAGIC = {
    b"\x1f\x8b\x08": Kind.GZIP,
    b"\x28\xb5\x2f\xfd": Kind.ZSTD,
    b"\xfd7zXZ\x00": Kind.XZ,
    b"\x04\x22\x4d\x18": Kind.LZ4,
    b"PK\x03\x04": Kind.ZIP,
    b"PK\x05\x06": Kind.ZIP,
    b"PAR1": Kind.PARQUET,
    b"ARROW1\0\0": Kind.ARROW_FILE,
    b"\xff\xff\xff\xff": Kind.ARROW_STREAM,
}
_REFUSED = {
    b"FEA1": "is Feather version 1, which writers have given up; write it as Parquet or as Feather version 2",
    b"PARE": "is an encrypted Parquet file; write it without encryption",
    b"Rar!\x1a\x07": "is a RAR archive; unpack it and pass the file with the ratings",
    b"7z\xbc\xaf\x27\x1c": "is a 7z archive; unpack it and pass the file with the ratings",
    b"\x1f\x9d": "is compressed by compress (.Z); unpack it",
    b"Obj\x01": "is an Avro file; write it as Parquet or CSV",
    b"ORC": "is an ORC file; write it as Parquet or CSV",
    b"\x89HDF\r\n\x1a\n": "is an HDF5 file; write it as Parquet or CSV",
    b"SQLite format 3\0": "is an SQLite database; write the table as Parquet or CSV",
    b"\x93NUMPY": "is a NumPy array; write it as Parquet or CSV",
    b"%PDF-": "is a PDF document; expected a CSV, TSV, JSON or Parquet file",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "is an old Excel workbook; save the sheet as CSV",
}


def kind_of(path: Path, name: str) -> Kind:
    """What the file at `path` is. Raises UserError where it cannot be read, or is of a kind that cannot."""
    try:
        with path.open("rb") as file:
            start = file.read(START)
    except OSError as error:
        raise explain_read_error(error, path) from None
    return kind_of_start(start, name)


def kind_of_start(start: bytes, name: str) -> Kind:
    """What a file with these first 512 bytes is. Raises UserError where it is of a kind that cannot be read."""
    for magic, why in _REFUSED.items():
        # The letters alone may begin a header, such as ORCID.
        if start.startswith(magic) and (not magic.isalpha() or any(byte < 9 for byte in start)):
            raise UserError(f"{name}: {why}")
    if start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        raise UserError(f"{name}: is a Python pickle, which can run programs; write it as Parquet or CSV")
    if start.startswith(b"BZh") and start[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):
        return Kind.BZIP2
    if start[257:262] == b"ustar":
        return Kind.TAR
    return next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), Kind.TEXT)
