"""Whether a source is still what a dataset was prepared from: the size and time of each of its files.

They are kept beside the manifest and not in it: a copy of the same file has another time, and gives the same dataset.
"""

from pathlib import Path

import msgspec
from msgspec import Struct

from bert4rec_tui.data.sources import LAYOUTS, folder_names, members_of_interest

FINGERPRINTS = "source.json"


class Fingerprint(Struct, frozen=True):
    """The size in bytes and the time of the last change, in nanoseconds, of a file."""

    size: int
    changed: int


def fingerprint_source(source: Path) -> dict[str, Fingerprint]:
    """The stamps of the files of a source that a preparation reads, by name; none where it is not there."""
    if source.is_dir():
        names, folder = members_of_interest(folder_names(source)), source
    else:
        layout = LAYOUTS.get(source.name)
        names, folder = [source.name, *([layout.titles] if layout else [])], source.parent
    return {name: _stamp(folder / name) for name in names if (folder / name).is_file()}


def save_fingerprints(stamps: dict[str, Fingerprint], dataset: Path) -> None:
    """Write them into the folder of a prepared dataset."""
    (dataset / FINGERPRINTS).write_bytes(msgspec.json.format(msgspec.json.encode(stamps)) + b"\n")


def load_fingerprints(dataset: Path) -> dict[str, Fingerprint] | None:
    """What `save_fingerprints` wrote; None where an older version prepared the dataset, or the file cannot be read."""
    try:
        return msgspec.json.decode((dataset / FINGERPRINTS).read_bytes(), type=dict[str, Fingerprint])
    except (OSError, msgspec.MsgspecError):
        return None


def _stamp(file: Path) -> Fingerprint:
    found = file.stat()
    return Fingerprint(found.st_size, found.st_mtime_ns)
