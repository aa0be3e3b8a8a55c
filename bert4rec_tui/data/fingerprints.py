"""The size and modification time of each source file, to tell whether a source has changed since it was prepared.

They are stored next to the manifest and not in it: a copy of a file has another time, but gives the same dataset.
"""

from pathlib import Path

import msgspec
from msgspec import Struct

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.json_files import read_json
from bert4rec_tui.data.sources import LAYOUTS, folder_names, members_of_interest
from bert4rec_tui.errors import UserError

FINGERPRINTS = "source.json"


class Fingerprint(Struct, frozen=True):
    """The size of a file in bytes and its modification time in nanoseconds."""

    size: int
    changed: int


def fingerprint_sources(settings: DatasetConfig) -> dict[str, Fingerprint]:
    """The fingerprints of all files of the settings: the source, further ones, and the file of the items."""
    found = fingerprint_source(Path(settings.source))
    for other in filter(None, (*settings.further_sources, settings.items)):
        found |= {f"{other}: {name}": mark for name, mark in fingerprint_source(Path(other)).items()}
    return found


def fingerprint_source(source: Path) -> dict[str, Fingerprint]:
    """The fingerprints of the source files that are read, by name; empty where the source does not exist."""
    if source.is_dir():
        names, folder = members_of_interest(folder_names(source)), source
    else:
        layout = LAYOUTS.get(source.name)
        names, folder = [source.name, *([layout.titles] if layout else [])], source.parent
    return {name: _fingerprint(folder / name) for name in names if (folder / name).is_file()}


def save_fingerprints(fingerprints: dict[str, Fingerprint], dataset: Path) -> None:
    """Write fingerprints into the folder of a prepared dataset."""
    (dataset / FINGERPRINTS).write_bytes(msgspec.json.format(msgspec.json.encode(fingerprints)) + b"\n")


def load_fingerprints(dataset: Path) -> dict[str, Fingerprint] | None:
    """The stored fingerprints; None where an older version prepared the dataset, or the file is unreadable."""
    try:
        return read_json(dataset / FINGERPRINTS, dict[str, Fingerprint])
    except (OSError, UserError):
        return None


def _fingerprint(file: Path) -> Fingerprint:
    found = file.stat()
    return Fingerprint(found.st_size, found.st_mtime_ns)
