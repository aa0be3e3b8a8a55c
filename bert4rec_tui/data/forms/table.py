"""What the forms of a source have in common: the plain table they become, a part on the way there, and the limits."""

import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from bert4rec_tui.errors import UserError
from bert4rec_tui.files import explain_os_error, make_folder

GIB = 1024**3
PARQUET = (".parquet", ".pq")
_UNSAFE = re.compile(r"[^A-Za-z0-9._=-]")


@dataclass(frozen=True)
class Table:
    """One plain table: UTF-8 text, or Parquet where `is_parquet`, whatever the name of a source.

    `columns` are the names of a table without a header where its form gives them; `separator` is empty where it is to
    be detected; `notes` are sentences for people; `order_kept` says whether the rows stand as in the sources.
    """

    path: Path
    columns: tuple[str, ...] | None = None
    separator: str = ""
    notes: tuple[str, ...] = ()
    order_kept: bool = True
    is_parquet: bool = False


@dataclass(frozen=True)
class Limits:
    """What a source may take: bytes of disk and of one row, numbers of levels, columns and keys."""

    ratio: int = 200  # unpacked bytes for a compressed one
    allowance: int = GIB  # unpacked bytes that any source may take
    spare_disk: int = GIB  # bytes that are left free
    levels: int = 2  # of compression in compression
    row: int = 16 * 1024 * 1024  # bytes of a line or of a JSON value
    columns: int = 2000
    keys: int = 64  # of an object, beyond which it is kept as JSON text and not as columns
    block: int = 4 * 1024 * 1024  # bytes read at once


LIMITS = Limits()


@dataclass(frozen=True)
class Part:
    """A file on its way to a table: where it is, its name for people, and the `key=value` folders above it.

    `order` is its place among its neighbours; `notes` are sentences about how it was read.
    """

    path: Path
    name: str
    keys: tuple[tuple[str, str], ...] = ()
    order: PurePosixPath = field(default_factory=PurePosixPath)
    notes: tuple[str, ...] = ()


def new_path(temporary: Path, name: str, text: bool = False) -> Path:
    """A path in `temporary` that is not taken, in a folder of its own and with as much of `name` as is safe in a path.

    text: the file will be text, so that it may not be named as Parquet. Raises UserError where the folder cannot be
    made.
    """
    safe = _UNSAFE.sub("_", PurePosixPath(name).name).lstrip(".")[-100:] or "table"
    if text and safe.lower().endswith(PARQUET):
        safe = f"{safe}.csv"
    try:
        return Path(tempfile.mkdtemp(prefix="form-", dir=make_folder(temporary))) / safe
    except OSError as error:
        raise explain_os_error(error, temporary) from error


def short_list(names: list[str], most: int = 4) -> str:
    """The first names, and an ellipsis for the others."""
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def empty(name: str) -> UserError:
    """The error of a source without any row."""
    return UserError(f"{name}: contains no interactions; expected a row per interaction")
