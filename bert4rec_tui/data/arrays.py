"""Write numpy arrays reproducibly, with errors that show a full disk."""

import zipfile
from pathlib import Path
from typing import IO

import numpy as np

# The earliest time that a zip can store: the real time would make equal archives differ.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def save_array(path: Path, array: np.ndarray) -> None:
    """Write a `.npy` file. Raises OSError."""
    with path.open("wb") as file:
        _write(file, array)


def save_archive(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write a `.npz` file. Raises OSError."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy", _NO_TIME), "w", force_zip64=True) as member:
                _write(member, array)


def _write(file: IO[bytes], array: np.ndarray) -> None:
    """Write the array in numpy's format; `np.save` itself hides the reason when the disk is full."""
    array = np.ascontiguousarray(array)
    np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
    # As bytes: not every file accepts a view with another shape or an empty one.
    file.write(array.reshape(-1).view(np.uint8).data)
