"""Whether a source is still what a dataset was prepared from: the size and time of each of its files.

They are kept beside the manifest and not in it: a copy of the same file has another time, and gives the same dataset.
"""

from pathlib import Path

import msgspec
from msgspec import Struct

from bert4rec_tui.data.sources import LAYOUTS, folder_names, members_of_interest

STAMPS = "source.json"


class Stamp(Struct, frozen=True):
    """The size in bytes and the time of the last change, in nanoseconds, of a file."""

    size: int
    changed: int


def stamps_of(source: Path) -> dict[str, Stamp]:
    """The stamps of the files of a source that a preparation reads, by name; none where it is not there."""
    if source.is_dir():
        names, folder = members_of_interest(folder_names(source)), source
    else:
        layout = LAYOUTS.get(source.name)
        names, folder = [source.name, *([layout.titles] if layout else [])], source.parent
    return {name: _stamp(folder / name) for name in names if (folder / name).is_file()}


def keep_stamps(stamps: dict[str, Stamp], dataset: Path) -> None:
    """Write them into the folder of a prepared dataset."""
    (dataset / STAMPS).write_bytes(msgspec.json.format(msgspec.json.encode(stamps)) + b"\n")


def kept_stamps(dataset: Path) -> dict[str, Stamp] | None:
    """What `keep_stamps` wrote; None where an older version prepared the dataset, or the file cannot be read."""
    try:
        return msgspec.json.decode((dataset / STAMPS).read_bytes(), type=dict[str, Stamp])
    except (OSError, msgspec.MsgspecError):
        return None


def _stamp(file: Path) -> Stamp:
    found = file.stat()
    return Stamp(found.st_size, found.st_mtime_ns)
