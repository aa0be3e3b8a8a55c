"""The locks of a run: that of its worker, held for life, and that of its requests, held for an instant.

The kernel's lock (flock) is freed whatever way a process ends. Where a disk refuses locks, as NFS does without a lock
daemon, a file stands in that is created exclusively: its holder touches it every few seconds, and it counts until the
holder is known to be dead or has been silent for a minute.

BERT4REC_TUI_LOCKS makes locks fail for tests: `refused` as on such a disk, `unshared` as through two mounts that do not
see each other's locks.
"""

import errno
import fcntl
import os
import secrets
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Literal, Self

import msgspec
from msgspec import Struct

from bert4rec_tui.errors import UNREADABLE
from bert4rec_tui.runs import machine

SILENT_SECONDS = 60.0  # a holder on another machine that has not been heard of for so long is dead
TOUCH_SECONDS = 5.0
_REFUSED = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS}
_HELD = {errno.EAGAIN, errno.EACCES}


class LockHeldError(Exception):
    """Somebody else holds the lock."""


class LocksRefusedError(OSError):
    """The disk grants no locks."""


def take_kernel_lock(descriptor: int, kind: Literal["shared", "exclusive"]) -> bool:
    """Take the kernel's lock of an open file. Returns False where somebody else holds it.

    Raises LocksRefusedError where the disk grants none, OSError for anything else.
    """
    failure = os.environ.get("BERT4REC_TUI_LOCKS", "")
    if failure == "unshared":
        return True
    if failure == "refused":
        raise LocksRefusedError(errno.ENOLCK, os.strerror(errno.ENOLCK))
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if kind == "shared" else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            return False
        if error.errno in _REFUSED:
            raise LocksRefusedError(error.errno, error.strerror) from error
        raise
    return True


class Lock:
    """A lock on a file, held by one process, or by one thread of it, at a time.

    refused: why the disk grants no locks, while the stand-in is held; empty otherwise.
    """

    def __init__(self, file: Path) -> None:
        self.file, self.refused = file, ""
        self._descriptor: int | None = None
        self._stand_in = _StandIn(file)

    def acquire(self, timeout: float | None = None, poll: float = 0.02) -> Self:
        """Take the lock; wait `timeout` seconds for it, or without end. Returns itself, to be used in `with`.

        Raises LockHeldError where somebody else keeps it, OSError where the folder cannot be written.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._take():
            if deadline is not None and time.monotonic() >= deadline:
                raise LockHeldError(str(self.file))
            time.sleep(poll)
        return self

    def _take(self) -> bool:
        descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT, 0o644)
        taken = False
        try:
            taken = take_kernel_lock(descriptor, "exclusive")
        except LocksRefusedError as error:
            if not self._stand_in.take():
                return False
            self.refused = error.strerror or "flock"
            return True
        finally:
            if not taken:
                os.close(descriptor)
        if taken:
            self._descriptor = descriptor
        return taken

    def release(self) -> None:
        """Let the lock go, where it is held."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
        if self.refused:
            self.refused = ""
            self._stand_in.release()

    def __enter__(self) -> Self:
        """Take the lock, unless `acquire` has."""
        return self if self._descriptor is not None or self.refused else self.acquire()

    def __exit__(self, *raised: object) -> None:
        """Let the lock go."""
        self.release()


class _Holder(Struct, frozen=True, kw_only=True):
    """The content of a stand-in; `token` tells two that one process has made."""

    host: str
    boot_id: str
    pid: int
    pid_started: float
    token: str


class _StandIn:
    """A file next to the lock whose exclusive creation stands in for it."""

    def __init__(self, file: Path) -> None:
        self.file = file.with_name(f"{file.name}.holder")
        self._content = b""
        self._released = threading.Event()

    def take(self) -> bool:
        """Create the file. Returns False where somebody else's is there and counts."""
        pid, token = os.getpid(), secrets.token_hex(4)
        holder = _Holder(
            host=machine.host(),
            boot_id=machine.boot_id(),
            pid=pid,
            pid_started=machine.process_started(pid),
            token=token,
        )
        content = msgspec.json.encode(holder)
        if not self._create(content):
            self._clear_dead()
            if not self._create(content):
                return False
        self._content, self._released = content, threading.Event()
        threading.Thread(target=self._keep_touching, args=(self._released,), name="lock", daemon=True).start()
        return True

    def _create(self, content: bytes) -> bool:
        # Written first and linked then, so that nobody reads half of it; a link fails where the name is taken.
        written = self.file.with_name(f".{self.file.name}.{os.getpid()}.{secrets.token_hex(3)}.tmp")
        try:
            descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            try:
                os.link(written, self.file)
            except FileExistsError:
                return False
            except OSError:  # a disk without hard links
                try:
                    descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
                except FileExistsError:
                    return False
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
            return True
        finally:
            with suppress(OSError):
                written.unlink()

    def _clear_dead(self) -> None:
        """Remove the file where its holder is dead; one at a time, so that nobody removes a later one."""
        if not self._is_dead():
            return
        clearing = self.file.with_name(f"{self.file.name}.clearing")
        try:
            os.close(os.open(clearing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
        except FileExistsError:
            with suppress(OSError):  # who made it was killed in that instant
                if disk_time(self.file.parent) - clearing.stat().st_mtime > SILENT_SECONDS:
                    clearing.unlink()
            return
        try:
            if self._is_dead():
                self.file.unlink(missing_ok=True)
        finally:
            clearing.unlink(missing_ok=True)

    def _is_dead(self) -> bool:
        """Whether the file is there and its holder dead; a file that is gone was released, and by somebody alive."""
        found = _content_and_time(self.file)
        return found is not None and not _may_live(*found, disk_time(self.file.parent))

    def _keep_touching(self, released: threading.Event) -> None:
        while not released.wait(TOUCH_SECONDS):
            with suppress(OSError):
                os.utime(self.file)

    def release(self) -> None:
        """Remove the file, where it is still ours."""
        self._released.set()
        with suppress(OSError):
            if _read(self.file) == self._content:
                self.file.unlink()


def counts(file: Path, now: float) -> bool:
    """Whether the holder that a stand-in names may still live. now: seconds since 1970 by the disk's clock."""
    found = _content_and_time(file)
    return found is not None and _may_live(*found, now)


def _content_and_time(file: Path) -> tuple[bytes, float] | None:
    """The content of one and the same file, and when it was touched; None where there is none."""
    try:
        with file.open("rb") as opened:
            return opened.read(), os.fstat(opened.fileno()).st_mtime
    except OSError:
        return None


def _may_live(content: bytes, touched: float, now: float) -> bool:
    try:
        holder = msgspec.json.decode(content, type=_Holder)
    except UNREADABLE:
        holder = None
    if holder and (holder.host, holder.boot_id) == (machine.host(), machine.boot_id()):
        return machine.process_lives(holder.pid, holder.pid_started)
    return now - touched < SILENT_SECONDS


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None


def disk_time(folder: Path) -> float:
    """What a disk takes for now, which another machine's clock need not agree with; found by writing a file to it.

    Returns seconds since 1970, by this machine's clock where nothing can be written.
    """
    probe = folder / f".clock.{os.getpid()}.{secrets.token_hex(3)}.tmp"
    try:
        probe.write_bytes(b"")
        return probe.stat().st_mtime
    except OSError:
        return time.time()
    finally:
        with suppress(OSError):
            probe.unlink()


def worker_lock(run: Path) -> Lock:
    """The lock that a worker holds on the run in a folder for life."""
    return Lock(run / "lock")


def control_lock(run: Path) -> Lock:
    """The lock that is held while a request is left in a run's folder."""
    return Lock(run / "control.lock")


def lock_is_held(run: Path) -> bool:
    """Whether a worker holds the lock of a run, or the stand-in for it. Nothing is written.

    Raises OSError where that cannot be found out.
    """
    file = run / "lock"
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        # Shared, so that two readers who look at once do not take each other for a worker.
        return not take_kernel_lock(descriptor, "shared")
    except LocksRefusedError:
        return counts(file.with_name(f"{file.name}.holder"), time.time())
    finally:
        os.close(descriptor)
