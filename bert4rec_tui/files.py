"""Writes that a reader sees whole or not at all."""

import errno
import fcntl
import os
import re
import shutil
import socket
import time
import zlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from bert4rec_tui.errors import OutOfReachError, UserError, WorkFailedError

FOLDER_MODE = 0o755  # the widest mode of what we make; files are narrower by the right to run them

_OTHER = "choose another place (BERT4REC_TUI_HOME moves the program's own)"
_NO_PERMISSION = f"you have no permission there; change the permission or {_OTHER}"
_NO_FOLDER = f"there is a file where a folder is needed; move it away or {_OTHER}"
_REASONS = {
    errno.EACCES: _NO_PERMISSION,
    errno.EPERM: _NO_PERMISSION,
    errno.ENOTDIR: _NO_FOLDER,
    errno.EEXIST: _NO_FOLDER,
    errno.ENOSPC: "the disk is full; free some space and try again",
    errno.EROFS: f"the disk is read-only; {_OTHER}",
    errno.EDQUOT: "your disk quota is used up; free some space and try again",
}

# What another request would not run into; all else is the disk's.
_WRONG_PLACE = {errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOENT, errno.EROFS}

_WHOSE = re.compile(r"\.(?P<pid>[0-9]{1,9})\.(?P<machine>[0-9a-f]{8})[0-9a-f]{6}\.(tmp|removed|replaced)$")
_HALF_MADE = (".tmp", ".removed", ".replaced")
_LEFT_SECONDS = 3600.0

_RUST_ERROR = re.compile(r"\(os error (\d+)\)")


def explain_os_error(error: OSError, path: Path) -> UserError:
    """Say in a sentence why `path` could not be written or read; a full or broken disk is no wrong request."""
    kind = UserError if error.errno in _WRONG_PLACE else OutOfReachError
    return kind(f"{path}: {_REASONS.get(error.errno or 0) or error.strerror or error}")


def _os_error_behind(error: BaseException) -> OSError | None:
    """The system's error that an exception is, came after, as torch's do, or tells in Rust's words, as safetensors'."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError):
            return cause
        if found := _RUST_ERROR.search(str(cause)):
            return OSError(int(found[1]), os.strerror(int(found[1])))
        cause = cause.__cause__ or cause.__context__
    return None


def make_folder(path: Path) -> Path:
    """Make the folder `path` with its parents and return it; the umask may narrow who may look in, never widen it.

    Raises UserError where that is not allowed.
    """
    try:
        missing = [path, *path.parents]
        for folder in reversed(missing[: _first_there(missing)]):
            folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
        path.mkdir(exist_ok=True)  # raises where a file is there
    except OSError as error:
        raise explain_os_error(error, path) from error
    return path


def _first_there(paths: Sequence[Path]) -> int:
    return next((number for number, path in enumerate(paths) if path.is_dir()), len(paths))


def narrow_umask() -> None:
    """Let nothing that this process makes be writable for others, whatever library makes it."""
    os.umask(os.umask(0o077) | 0o022)


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` at `path` so that a reader sees the old file or the new one, never a part.

    Raises UserError where the disk is full or the folder cannot be written; the old file stays.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def temporary_path(path: Path, suffix: str = "tmp") -> Path:
    """A name next to `path` that no reader takes for anything, by which `clear_leftovers` knows whose it is."""
    return path.with_name(f".{path.name}.{os.getpid()}.{_machine()}{os.urandom(3).hex()}.{suffix}")


@cache
def _machine() -> str:
    """Eight digits for the machine and, where containers share its name, for the one whose pids these are."""
    try:
        pids = str(Path("/proc/self/ns/pid").readlink())
    except OSError:  # not Linux
        pids = ""
    return f"{zlib.crc32(f'{socket.gethostname()} {pids}'.encode()):08x}"


def clear_leftovers_of(path: Path) -> None:
    """Remove what killed processes of this machine have left of a file that is written outside of our own folders."""
    with suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            whose = _WHOSE.search(entry.name)
            if whose is None or whose["machine"] != _machine() or _lives(int(whose["pid"])):
                continue
            if entry.name[: whose.start()] == f".{path.name}":
                _clear(path.parent / entry.name)


def clear_leftovers(folder: Path) -> None:
    """Remove what killed processes of this machine have left half made, half removed or half replaced in a folder.

    A folder that was about to be replaced is put back where the new one never came. What processes of other machines
    have left, or earlier versions of this program, goes once it is an hour old and nobody holds it (`held`).
    """
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.startswith(".") and entry.name.endswith(_HALF_MADE) and _is_left(entry):
                _clear(folder / entry.name)


def _clear(left: Path) -> None:
    with suppress(OSError):
        if not left.is_dir() or left.is_symlink():
            left.unlink()
        elif left.suffix == ".replaced" and not (before := left.with_name(_WHOSE.sub("", left.name)[1:])).exists():
            left.rename(before)
        else:
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def held(folder: Path) -> Generator[None]:
    """Mark a temporary folder as in use while this is entered; without an effect where locks cannot be had."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _is_held(folder: str) -> bool:
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # the disk grants no locks
        return False
    finally:
        os.close(descriptor)
    return False


def _is_left(entry: os.DirEntry[str]) -> bool:
    try:
        if entry.is_dir(follow_symlinks=False) and _is_held(entry.path):
            return False
        if (whose := _WHOSE.search(entry.name)) and whose["machine"] == _machine():
            return not _lives(int(whose["pid"]))
        return time.time() - entry.stat(follow_symlinks=False).st_mtime > _LEFT_SECONDS
    except OSError:
        return False


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True


@contextmanager
def removed_at_the_end(path: Path) -> Generator[None]:
    """Remove a file or a folder at the end of the block, if it is still there; never raises by itself.

    Tried twice, because the signal that ends the program may come while it is being removed.
    """
    try:
        try:
            yield
        finally:
            _remove(path)
    finally:
        _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):  # gone already, or its folder never was one
        path.unlink()


@contextmanager
def replacing(path: Path) -> Generator[Path]:
    """Give a temporary path next to `path` to write to; flush and rename it over `path` at the end.

    Nothing stays behind when the body fails. Raises UserError for a full disk or a folder without permission, also
    where a library that wrote there says it in an error of its own.
    """
    temporary = temporary_path(path)
    with removed_at_the_end(temporary):
        yield from _replacing(path, temporary)


def _replacing(path: Path, temporary: Path) -> Generator[Path]:
    try:
        yield temporary
        mode = temporary.stat().st_mode
        if mode & ~FOLDER_MODE & 0o777:
            temporary.chmod(mode & FOLDER_MODE)
        flush_to_disk(temporary)
        temporary.replace(path)
    except (UserError, WorkFailedError):
        raise
    except Exception as error:
        behind = _os_error_behind(error)
        if behind is None:
            raise
        raise explain_os_error(behind, path) from error


def flush_to_disk(path: Path) -> None:
    """Wait until what was written to `path` is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def new_folder(path: Path) -> Generator[Path]:
    """Give a temporary folder next to `path` to fill; rename it to `path` at the end, in place of what was there.

    Nothing stays behind when the body fails. Raises UserError for a full disk or a folder without permission.
    """
    make_folder(path.parent)
    temporary = temporary_path(path)
    with removed_at_the_end(temporary):
        yield from _new_folder(path, temporary)


def _new_folder(path: Path, temporary: Path) -> Generator[Path]:
    try:
        temporary.mkdir(mode=FOLDER_MODE)
        with held(temporary):
            yield temporary
        for file in temporary.rglob("*"):
            if file.is_file():
                flush_to_disk(file)
        if path.exists():
            retired = temporary_path(path, "replaced")
            path.rename(retired)
            try:
                temporary.rename(path)
            except BaseException:
                retired.rename(path)
                raise
            shutil.rmtree(retired, ignore_errors=True)
        else:
            temporary.rename(path)
    except OSError as error:
        raise explain_os_error(error, path) from error
