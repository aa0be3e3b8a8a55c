"""The files of a source: a file, a folder of parts as Spark, DuckDB, polars and pandas write them, or a pattern."""

import glob
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from bert4rec_tui.data.format_detection import check_source, explain_read_error
from bert4rec_tui.data.forms.table import Part, short_list
from bert4rec_tui.errors import UserError, printable

MAX_PARTS = 100_000
_DATA = re.compile(
    r"\.(csv|tsv|txt|inter|data|dat|tab|psv|parquet|pq|json|jsonl|ndjson|arrow|arrows|feather|ipc"
    r"|gz|zst|zstd|bz2|xz|lz4|zip|tar|tgz)"
)
_NO_DATA = re.compile(
    r"\.(crc|md|rst|html?|pdf|png|jpe?g|gif|svg|py|r|ipynb|sh|ya?ml|toml|ini|cfg|xml|log|sql|md5|sha1|sha256|sig|asc"
    r"|lock|tmp|docx|url)"
)
_NO_TABLES = ("readme", "license", "licence", "copying", "changelog", "checksum", "sha256sum", "md5sum")
_LOGS = {"_delta_log": "Delta Lake", ".hoodie": "Hudi"}
_NULL = "__HIVE_DEFAULT_PARTITION__"


def expanded(sources: Sequence[Path]) -> list[Part]:
    """The files of the sources in their order; those of a folder or a pattern in the natural order of their names.

    `_SUCCESS`, `_metadata`, hidden and `.crc` files, readmes and licences are left aside. Raises UserError for a path
    that does not exist, a folder or pattern without tables, and a file that is given twice.
    """
    parts: list[Part] = []
    for source in sources:
        parts += _of_source(source)
    seen: dict[Path, str] = {}
    for part in parts:
        real = part.path.resolve()
        if real in seen:
            raise UserError(f"{part.name}: is given twice; its rows would be counted twice")
        seen[real] = part.name
    times = Counter(part.name for part in parts)
    return [replace(part, name=printable(str(part.path), 120)) if times[part.name] > 1 else part for part in parts]


def _of_source(source: Path) -> list[Part]:
    if glob.has_magic(str(source)) and not source.exists():
        return _of_pattern(source)
    check_source(source)
    if source.is_dir():
        names = _files_below(source)
        found = tables([_part(source / name, name) for name in names if is_wanted(name)])
        if not found:
            raise UserError(f"{source}: contains no table; expected CSV, TSV, JSON, Parquet or Arrow files")
        return found
    return [Part(source, source.name, order=PurePosixPath(source.name))]


def _of_pattern(source: Path) -> list[Part]:
    root = Path(*_before_magic(source))
    found: list[Part] = []
    for path in root.glob(str(source.relative_to(root))):
        relative = PurePosixPath(path.relative_to(root).as_posix())
        inside = _files_below(path) if path.is_dir() else [PurePosixPath()]
        found += [_part(path / name, relative / name) for name in inside if is_wanted(relative / name)]
        if len(found) > MAX_PARTS:
            raise UserError(f"{source}: matches more than {MAX_PARTS:,} files")
    found = tables(found)
    if not found:
        raise UserError(f"{source}: matches no table; put the pattern in quotes, and ** for folders below")
    return found


def _before_magic(source: Path) -> list[str]:
    parts = list(source.parts)
    return parts[: next(place for place, part in enumerate(parts) if glob.has_magic(part))]


def _files_below(folder: Path) -> list[PurePosixPath]:
    """The files of a folder and those below, relative to it; links to folders are not followed."""

    def fail(error: OSError) -> None:
        raise explain_read_error(error, folder)

    names: list[PurePosixPath] = []
    for where, folders, files in os.walk(folder, onerror=fail):
        log = next((name for name in folders if name in _LOGS), None)
        if log is not None:
            raise UserError(
                f"{where}: is a {_LOGS[log]} table, whose log says which files are valid; write it as plain Parquet"
            )
        folders[:] = [name for name in folders if not _is_hidden(name)]
        inside = Path(where).relative_to(folder)
        names += [PurePosixPath((inside / name).as_posix()) for name in files if (Path(where) / name).is_file()]
        if len(names) > MAX_PARTS:
            raise UserError(f"{folder}: contains more than {MAX_PARTS:,} files; pass the folder with the ratings")
    return names


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "_")) or name == "__MACOSX"


def is_wanted(name: PurePosixPath) -> bool:
    """Whether a file of a folder or an archive may be a table, by its name relative to it."""
    if any(_is_hidden(part) for part in name.parts):
        return False
    return not _NO_DATA.fullmatch(name.suffix.lower()) and not name.name.lower().startswith(_NO_TABLES)


def tables(parts: list[Part]) -> list[Part]:
    """The parts with a table's suffix, all where none has one, in the natural order of their names."""
    named = [part for part in parts if _DATA.fullmatch(part.order.suffix.lower())]
    return sorted(named or parts, key=lambda part: _natural(str(part.order)))


def _natural(name: str) -> list[tuple[int, int, str]]:
    """`part-2` stands before `part-10`."""
    pieces = re.split(r"([0-9]+)", name)
    return [(0, int(piece), "") if piece.isascii() and piece.isdigit() else (1, 0, piece) for piece in pieces]


def _part(path: Path, relative: PurePosixPath) -> Part:
    return Part(path, printable(str(relative), 120), keys_of(relative), relative)


def keys_of(relative: PurePosixPath) -> tuple[tuple[str, str], ...]:
    """The `key=value` folders above a file; the name that writers give to a missing value is an empty one."""
    pairs = [folder.partition("=") for folder in relative.parts[:-1] if "=" in folder.strip("=")]
    return tuple((unquote(key), "" if value == _NULL else unquote(value)) for key, _, value in pairs if key)


def check_keys(parts: Sequence[Part]) -> None:
    """Raises UserError that names the part whose `key=value` folders are others than those of the first."""
    names = [key for key, _ in parts[0].keys]
    if len(set(names)) < len(names):
        raise UserError(f"{parts[0].name}: lies in two folders with the key {short_list(names)}; rename one")
    for part in parts:
        if [key for key, _ in part.keys] != names:
            raise UserError(
                f"{part.name}: lies in other key=value folders than {parts[0].name} "
                f"({short_list(names) or 'none'}); pass one folder of parts"
            )


def differs(part: Part, columns: Sequence[str], first: Part, expected: Sequence[str]) -> UserError:
    """The error of a part that has other columns than the first."""
    shown = [printable(name, 30) for name in columns]
    wanted = [printable(name, 30) for name in expected]
    return UserError(
        f"{part.name}: has the columns {short_list(shown, 8)}, {first.name} has {short_list(wanted, 8)}; parts of one "
        "table have the same columns, so pass the file with the interactions"
    )
