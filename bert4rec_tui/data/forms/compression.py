"""Unpack compressed files and archives, block by block, within bounds."""

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import IO, Any

from bert4rec_tui.data import archives
from bert4rec_tui.data.format_detection import explain_read_error
from bert4rec_tui.data.forms.kinds import ARCHIVES, COMPRESSED, Kind, kind_of
from bert4rec_tui.data.forms.parts import MAX_PARTS, keys_of
from bert4rec_tui.data.forms.room import free_bytes, no_room
from bert4rec_tui.data.forms.table import LIMITS, Limits, Part, new_path
from bert4rec_tui.errors import UserError, printable
from bert4rec_tui.files import explain_os_error
from bert4rec_tui.progress import Progress, ReportProgress, ignore_progress, size

BLOCK = 1024 * 1024
HEADER = 4 * 1024 * 1024  # no header of a tar is longer
XZ_MEMORY = 256 * 1024 * 1024  # four times what `xz -9` takes
_SUFFIXES = {".gz", ".gzip", ".zst", ".zstd", ".bz2", ".xz", ".lz4"}
_TAR_SUFFIXES = {".tgz": ".tar", ".tbz2": ".tar", ".tbz": ".tar", ".txz": ".tar", ".tzst": ".tar"}


class Budget:
    """How many bytes a source may still unpack to, and whether the disk has them."""

    def __init__(self, name: str, compressed: int, folder: Path, limits: Limits) -> None:
        self.name, self.folder, self.limits = name, folder, limits
        self.most = limits.ratio * compressed + limits.allowance
        self.left = self.most
        self.free = free_bytes(self.folder, self.limits)

    def take(self, amount: int) -> None:
        """Count bytes about to be written. Raises UserError beyond the bound, OutOfReachError without room."""
        self.left -= amount
        self.free -= amount
        if self.left < 0:
            raise UserError(
                f"{self.name}: grows beyond {size(self.most)} when unpacked, too much for its size; if it is right, "
                "unpack it yourself and pass the file"
            )
        if self.free < 0:
            self.free = free_bytes(self.folder, self.limits)
            if self.free < amount:
                raise no_room(self.name, self.folder)


def unpacked(
    part: Part,
    temporary: Path,
    wanted: Callable[[PurePosixPath], bool],
    limits: Limits = LIMITS,
    report: ReportProgress = ignore_progress,
) -> list[Part]:
    """The plain files of a part: itself, what it is the compressed form of, or the wanted members of an archive.

    Files are written into `temporary`. Raises UserError for what is damaged, unsafe, or grows too much.
    """
    kind = kind_of(part.path, part.name)
    if kind not in COMPRESSED and kind not in ARCHIVES:
        return [part]
    try:
        compressed = part.path.stat().st_size
    except OSError as error:
        raise explain_read_error(error, part.path) from None
    budget = Budget(part.name, compressed, temporary, limits)
    return _unpacked(part, kind, temporary, wanted, budget, limits.levels, report)


def _unpacked(
    part: Part,
    kind: Kind,
    temporary: Path,
    wanted: Callable[[PurePosixPath], bool],
    budget: Budget,
    levels: int,
    report: ReportProgress,
) -> list[Part]:
    if levels == 0 and kind is not Kind.TAR:
        raise UserError(f"{part.name}: is compressed in compressed files, several deep; unpack it and pass the file")
    if kind is Kind.ZIP:
        found = _of_zip(part, temporary, wanted, budget, report)
    elif kind is Kind.TAR:
        found = _of_tar(part, temporary, wanted, budget, report)
    else:
        path = new_path(temporary, inner_name(part.name))
        _write(path, _decompressed(part, kind, report), budget)
        found = [replace(part, path=path)]
    plain: list[Part] = []
    for member in found:
        inner = kind_of(member.path, member.name)
        if inner in COMPRESSED or inner in ARCHIVES:
            # A tar packs without compressing, so that a tar.gz is one level.
            plain += _unpacked(member, inner, temporary, wanted, budget, levels - (kind is not Kind.TAR), report)
            with suppress(OSError):
                member.path.unlink()
        else:
            plain.append(member)
    return plain


def inner_name(name: str) -> str:
    """The name of a file without the suffix of its compression."""
    path = PurePosixPath(name)
    suffix = path.suffix.lower()
    if suffix in _TAR_SUFFIXES:
        return path.stem + _TAR_SUFFIXES[suffix]
    return path.stem if suffix in _SUFFIXES else path.name


def _write(path: Path, blocks: Iterator[bytes], budget: Budget) -> None:
    try:
        with path.open("xb") as target:
            for block in blocks:
                budget.take(len(block))
                target.write(block)
    except FileExistsError:
        raise UserError(f"{budget.name}: contains {path.name} twice; create the archive again") from None
    except OSError as error:
        raise explain_os_error(error, path) from error


def _decompressed(part: Part, kind: Kind, report: ReportProgress) -> Iterator[bytes]:
    """The content of a compressed file in blocks. Raises UserError where it is damaged or truncated."""
    try:
        with part.path.open("rb") as packed:
            total = part.path.stat().st_size
            for block in _blocks(packed, kind):
                report(Progress(stage="Unpacking", done=min(packed.tell(), total), total=total, unit="bytes"))
                yield block
    except EOFError:
        raise UserError(f"{part.name}: ends early, as an interrupted download does; download it again") from None
    except OSError as error:
        if error.errno is not None and not isinstance(error, gzip.BadGzipFile):
            raise explain_read_error(error, part.path) from None
        if "memory" in str(error):  # zstd's, of a window beyond 128 MiB
            raise _too_large(part) from None
        raise _damaged(part, kind) from None
    except lzma.LZMAError as error:
        raise (_too_large(part) if "emory" in str(error) else _damaged(part, kind)) from None
    except (zlib.error, ValueError):
        raise _damaged(part, kind) from None
    except MemoryError:
        raise _too_large(part) from None


def _too_large(part: Part) -> UserError:
    return UserError(f"{part.name}: needs too much memory to unpack; compress it at a lower level, without --long")


def _damaged(part: Part, kind: Kind) -> UserError:
    return UserError(f"{part.name}: is damaged or incomplete ({kind.value}); download it again")


def _blocks(packed: IO[bytes], kind: Kind) -> Iterator[bytes]:
    import pyarrow as pa

    if kind is Kind.XZ:
        yield from _xz_blocks(packed)
        return
    if kind is Kind.GZIP:
        stream: Any = gzip.GzipFile(fileobj=packed)
    elif kind is Kind.BZIP2:
        stream = bz2.BZ2File(packed)
    else:
        stream = pa.CompressedInputStream(pa.PythonFile(packed, mode="r"), kind.value)
    while block := stream.read(BLOCK):
        yield block


def _xz_blocks(packed: IO[bytes]) -> Iterator[bytes]:
    """The content of an xz file, of one stream or several. Unlike LZMAFile, a file cannot choose how much memory."""
    rest = b""
    while rest := (rest or packed.read(BLOCK)).lstrip(b"\0"):  # between streams there may be padding
        decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY)
        yield decoder.decompress(rest, BLOCK)
        while not decoder.eof:
            more = packed.read(BLOCK) if decoder.needs_input else b""
            if decoder.needs_input and not more:
                raise EOFError
            yield decoder.decompress(more, BLOCK)
        rest = decoder.unused_data


def _of_zip(
    part: Part, temporary: Path, wanted: Callable[[PurePosixPath], bool], budget: Budget, report: ReportProgress
) -> list[Part]:
    names = archives.member_names(part.path)
    if "[Content_Types].xml" in names:
        raise UserError(f"{part.name}: is an Office document; save the sheet as CSV")
    if budget.free <= 0:
        raise no_room(part.name, temporary)
    folder = new_path(temporary, "unpacked")
    paths = archives.unpack(
        part.path, folder, lambda name: wanted(PurePosixPath(name)), limit=min(budget.left, budget.free), report=report
    )
    for path in paths:
        budget.take(path.stat().st_size)
    return [_member(part, path, path.relative_to(folder).as_posix()) for path in paths]


def _member(part: Part, path: Path, name: str) -> Part:
    inside = PurePosixPath(name)
    shown = f"{part.name}: {printable(name, 80)}"
    return replace(part, path=path, name=shown, keys=part.keys + keys_of(inside), order=part.order / inside)


class _BoundedReader:
    """A file that refuses to be read at once in sizes that only a hostile header asks for."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def read(self, amount: int = -1) -> bytes:
        if not 0 <= amount <= HEADER:
            raise tarfile.HeaderError("oversized header")
        return self.file.read(amount)

    def seek(self, place: int, whence: int = 0) -> int:
        return self.file.seek(place, whence)

    def tell(self) -> int:
        return self.file.tell()


def _of_tar(
    part: Part, temporary: Path, wanted: Callable[[PurePosixPath], bool], budget: Budget, report: ReportProgress
) -> list[Part]:
    """The wanted members of a tar: files only, each below a folder of our own under a name of our own."""
    found: list[Part] = []
    seen: set[str] = set()
    try:
        with part.path.open("rb") as file:
            reader: Any = _BoundedReader(file)
            with tarfile.open(fileobj=reader, mode="r:", errorlevel=1) as archive:
                for number, member in enumerate(archive):
                    if number >= MAX_PARTS:
                        raise UserError(
                            f"{part.name}: has more than {MAX_PARTS:,} members; unpack it and pass the folder"
                        )
                    name = _safe_member(part, member)
                    if name is None or not wanted(PurePosixPath(name)):
                        continue
                    if name in seen:
                        raise UserError(f"{part.name}: contains {printable(name, 80)} twice; create the archive again")
                    seen.add(name)
                    path = new_path(temporary, name)
                    _write(path, _tar_blocks(archive, member, report), budget)
                    found.append(_member(part, path, name))
    except EOFError:
        raise _damaged(part, Kind.TAR) from None
    except (tarfile.TarError, ValueError, OverflowError):
        raise _damaged(part, Kind.TAR) from None
    except OSError as error:
        raise explain_read_error(error, part.path) from None
    return found


def _safe_member(part: Part, member: tarfile.TarInfo) -> str | None:
    """The name of a file, None for a folder. Raises UserError for links, devices, and names that lead elsewhere."""
    name = PurePosixPath(member.name.replace("\\", "/"))
    if name.is_absolute() or ".." in name.parts or ":" in (name.parts or ("",))[0] or "\0" in member.name:
        raise UserError(
            f'{part.name}: its member "{printable(member.name, 80)}" would be written outside the folder; '
            "do not use this archive"
        )
    if member.isdir():
        return None
    if not member.isfile():
        raise UserError(
            f'{part.name}: its member "{printable(member.name, 80)}" is a link or a device; only files can be unpacked'
        )
    return str(name)


def _tar_blocks(archive: tarfile.TarFile, member: tarfile.TarInfo, report: ReportProgress) -> Iterator[bytes]:
    source = archive.extractfile(member)
    assert source is not None
    done = 0
    while block := source.read(BLOCK):
        done += len(block)
        report(Progress(stage="Unpacking", done=done, total=max(done, member.size), unit="bytes"))
        yield block
    if done < member.size:
        raise EOFError
