"""Unpack an untrusted zip archive."""

import lzma
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from bert4rec_tui.errors import UserError
from bert4rec_tui.files import explain_os_error
from bert4rec_tui.progress import Progress, ReportProgress, ignore_progress

# Tables of ratings compress to about a tenth; a zip that expands a hundredfold is not one.
MAX_MEMBERS = 10_000
MAX_RATIO = 100
MIN_LIMIT = 64 * 1024 * 1024
MAX_LIMIT = 16 * 1024 * 1024 * 1024
BLOCK = 1024 * 1024


def size_limit(archive: Path) -> int:
    """The most bytes that an archive may unpack to: a hundred times its size, within 64 MiB and 16 GiB."""
    return min(MAX_LIMIT, max(MIN_LIMIT, MAX_RATIO * archive.stat().st_size))


def member_names(archive: Path) -> list[str]:
    """The names of the files in a zip. Raises UserError where it is damaged or a member is unsafe."""
    with _opened(archive) as zipped:
        return [name for _, name in _checked_members(zipped, archive)]


def read_start(archive: Path, name: str, size: int) -> bytes:
    """The first bytes of a member, without unpacking the rest."""
    with _opened(archive) as zipped:
        for member, member_name in _checked_members(zipped, archive):
            if member_name == name:
                return next(_blocks(zipped, member, archive, size), b"")
    raise UserError(f"{archive}: contains no file {name}")


def unpack(
    archive: Path,
    folder: Path,
    wanted: Callable[[str], bool] | None = None,
    limit: int | None = None,
    report: ReportProgress = ignore_progress,
) -> list[Path]:
    """Unpack the members selected by `wanted`, or all, into `folder` and return their paths.

    No member is written outside `folder`, links are rejected, and at most `limit` bytes (`size_limit`) are written,
    counted while unpacking and not as declared by the archive. Raises UserError; the caller removes what was unpacked.
    """
    limit = size_limit(archive) if limit is None else limit
    paths: list[Path] = []
    written = 0
    with _opened(archive) as zipped:
        chosen = [(member, name) for member, name in _checked_members(zipped, archive) if not wanted or wanted(name)]
        total = sum(member.file_size for member, _ in chosen)
        for member, name in chosen:
            path = folder / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("xb") as target:
                    for block in _blocks(zipped, member, archive):
                        written += len(block)
                        if written > limit:
                            raise UserError(
                                f"{archive}: unpacks to more than {limit:,} bytes, too many for its size; "
                                "unpack it yourself and pass the folder"
                            )
                        target.write(block)
                        report(Progress(stage="Unpacking", done=written, total=max(total, written), unit="bytes"))
            except FileExistsError:
                raise UserError(f"{archive}: contains {name} twice; create the archive again") from None
            except OSError as error:
                raise explain_os_error(error, path) from error
            paths.append(path)
    return paths


def _opened(archive: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(archive)
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise UserError(f"{archive}: is not a zip archive, or is incomplete; download it again") from None
    except OSError as error:
        raise UserError(f"{archive}: cannot be read ({error.strerror or error})") from None


def _blocks(zipped: zipfile.ZipFile, member: zipfile.ZipInfo, archive: Path, size: int = BLOCK) -> Iterator[bytes]:
    """The content of a member. Raises UserError where it is damaged or cannot be unpacked."""
    try:
        with zipped.open(member) as source:
            while block := source.read(size):
                yield block
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError):
        raise UserError(f"{archive}: is damaged; download it again") from None
    except NotImplementedError:
        raise UserError(f"{archive}: uses an unsupported compression; unpack it and pass the folder") from None
    except RuntimeError:
        raise UserError(f"{archive}: is encrypted; unpack it and pass the folder") from None
    except OSError as error:
        raise UserError(f"{archive}: cannot be read ({error.strerror or error})") from None


def _checked_members(zipped: zipfile.ZipFile, archive: Path) -> list[tuple[zipfile.ZipInfo, str]]:
    """The files of the archive with safe names. Raises UserError where any member is unsafe, selected or not."""
    members = zipped.infolist()
    if len(members) > MAX_MEMBERS:
        raise UserError(f"{archive}: has {len(members):,} members, the maximum is {MAX_MEMBERS:,}")
    checked: list[tuple[zipfile.ZipInfo, str]] = []
    for member in members:
        name = PurePosixPath(member.filename.replace("\\", "/"))
        shown = member.filename.encode("unicode_escape").decode()[:80]
        if name.is_absolute() or ".." in name.parts or ":" in (name.parts or ("",))[0] or "\0" in member.filename:
            raise UserError(
                f'{archive}: its member "{shown}" would be written outside the folder; do not use this archive'
            )
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise UserError(f'{archive}: its member "{shown}" is a link or a device; only files can be unpacked')
        if not member.is_dir() and name.parts:
            checked.append((member, str(name)))
    return checked
