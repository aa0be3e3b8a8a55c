"""Write numpy arrays reproducibly, whole or block by block, with errors that show a full disk; read them by blocks."""

import zipfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

# The earliest time that a zip can store: the real time would make equal archives differ.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def save_array(path: Path, array: np.ndarray) -> None:
    """Write a `.npy` file. Raises OSError."""
    with path.open("wb") as file:
        _write(file, array)


def save_archive(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write a `.npz` file. Raises OSError."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy", _NO_TIME), "w", force_zip64=True) as member:
                _write(member, array)


class ArrayWriter:
    """A one-dimensional `.npy` file of known length that is written from start to end."""

    def __init__(self, file: IO[bytes], kind: type[np.generic], length: int) -> None:
        self._file, self._kind = file, kind
        _write_header(file, np.empty(0, kind), (length,))

    def append(self, values: np.ndarray) -> None:
        """Write the next values. Raises OSError."""
        self._file.write(np.ascontiguousarray(values, self._kind).view(np.uint8).data)


@contextmanager
def writing_array(path: Path, kind: type[np.generic], length: int) -> Generator[ArrayWriter]:
    """Write a `.npy` file in blocks, which must be `length` values in all. Raises OSError."""
    with path.open("wb") as file:
        yield ArrayWriter(file, kind, length)


class StoredArray:
    """A one-dimensional `.npy` file of which slices are read: a memory map would count what it has read as memory."""

    def __init__(self, path: Path) -> None:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        self.path, self.dtype, self._length = path, mapped.dtype, len(mapped)
        self._start: int = mapped.offset

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, rows: slice) -> np.ndarray:
        """The values from `rows.start` to `rows.stop`, in memory. Raises OSError."""
        start, stop, _ = rows.indices(self._length)
        place = self._start + start * self.dtype.itemsize
        return np.fromfile(self.path, self.dtype, max(0, stop - start), offset=place)


def _write(file: IO[bytes], array: np.ndarray) -> None:
    """Write the array in numpy's format; `np.save` itself hides the reason when the disk is full."""
    array = np.ascontiguousarray(array)
    _write_header(file, array, array.shape)
    # As bytes: not every file accepts a view with another shape or an empty one.
    file.write(array.reshape(-1).view(np.uint8).data)


def _write_header(file: IO[bytes], array: np.ndarray, shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array) | {"shape": shape})
