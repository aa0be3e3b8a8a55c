"""Temporary folders of preparations: held while a process works in them, removed once nobody does.

A lock on the folder itself says that it is in use; the system releases it however the process ends.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from bert4rec_tui.data.json_files import read_json
from bert4rec_tui.errors import UserError

UNPACKING = ".unpacking-"
MIN_SECONDS = 2.0  # between making a folder and locking it
UNLOCKED_SECONDS = 86_400.0  # where locks cannot be had, and for single files: what is younger may be in use


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


@contextmanager
def unpacking_folder(raw: Path) -> Generator[Path]:
    """A temporary folder in `raw` for an archive's files, in use until the end of the block and then removed."""
    with tempfile.TemporaryDirectory(prefix=UNPACKING, dir=raw) as temporary, held(Path(temporary)):
        yield Path(temporary)


def remove_leftovers(datasets: Path, raw: Path) -> None:
    """Remove what killed preparations have left, unless a process still works in it; never raises.

    A dataset that was about to be replaced when its preparation was killed is put back.
    """
    for folder in [*datasets.glob(".*.tmp"), *raw.glob(f"{UNPACKING}*")]:
        with suppress(OSError):
            if folder.is_dir() and not _in_use(folder) and not _put_back(folder, datasets):
                shutil.rmtree(folder)
    for file in datasets.glob("*/.*.tmp"):
        with suppress(OSError):
            if time.time() - file.stat().st_mtime > UNLOCKED_SECONDS:
                file.unlink()


def _in_use(folder: Path) -> bool:
    """Whether a process holds a folder, or may be about to. Raises OSError."""
    age = time.time() - folder.stat().st_mtime
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # as on NFS
        return age < UNLOCKED_SECONDS
    else:
        return age < MIN_SECONDS
    finally:
        os.close(descriptor)


def _put_back(folder: Path, datasets: Path) -> bool:
    """Put a dataset back that had to make room for a new one, which never came; whether it was one."""
    if not folder.name.endswith(".old.tmp"):
        return False
    try:
        name = read_json(folder / "manifest.json", dict[str, object]).get("id")
    except (OSError, UserError):
        return False
    if not isinstance(name, str) or not folder.name.startswith(f".{name}.") or (datasets / name).exists():
        return False
    folder.rename(datasets / name)
    return True
