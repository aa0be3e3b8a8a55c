"""Read the arrays of a prepared dataset, and notice where a file is damaged or another one is in its place.

A file of up to 16 MiB is compared with its checksum whenever it is opened; larger ones by `datasets --verify`. Shape,
type and size are compared always. Datasets prepared before there were checksums are checked by the ranges of values.
"""

import hashlib
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from bert4rec_tui.errors import UserError

MAX_CHECKED = 16 * 2**20
# What numpy raises for damaged files; a damaged header is read as Python's tokens.
_UNREADABLE = (
    *(OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError),
    *(SyntaxError, tokenize.TokenError, TypeError, LookupError, AttributeError),
    *(OverflowError, MemoryError, RecursionError),
)

Shape = tuple[int, ...]
RangeCheck = Callable[[np.ndarray], bool]


def checksum(file: Path) -> str:
    """The SHA-256 of a file. Raises OSError."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def is_small(file: Path) -> bool:
    """Whether a file is checked whenever it is opened. Raises OSError."""
    return file.stat().st_size <= MAX_CHECKED


def damaged(file: Path, reason: object) -> UserError:
    """The error for a damaged file."""
    text = " ".join(str(reason).split())[:200]
    if "pickle" in text:  # numpy then advises to load it all the same
        text = "it is not an array of numbers"
    return UserError(f"{file}: cannot be read ({text}); prepare the dataset again")


def load_array(
    file: Path, kind: type[np.generic], shape: Shape, expected: str | None, in_range: RangeCheck, whole: bool = False
) -> np.ndarray:
    """Memory-map a `.npy` file with this type and shape.

    expected: its checksum, None where none is stored. in_range: whether its values are possible, asked where there is
    no checksum. whole: check the content of a large file too. Raises UserError where it is damaged.
    """
    try:
        array = np.load(file, mmap_mode="r", allow_pickle=False)
        check = whole or is_small(file)
        if not isinstance(array, np.memmap):
            raise TypeError("it is not an array")
        if array.dtype != np.dtype(kind) or array.shape != shape or not array.flags.c_contiguous:
            raise ValueError(f"expected {np.dtype(kind)} {shape}, found {array.dtype} {array.shape}")
        if array.offset + array.nbytes != file.stat().st_size:
            raise ValueError("it has another size than its header says")
        if check and expected is not None and checksum(file) != expected:
            raise ValueError("its checksum differs")
        if check and expected is None and not in_range(array):
            raise ValueError("a value is out of range")
    except _UNREADABLE as error:
        raise damaged(file, error) from None
    return array


def load_archive(
    file: Path, shapes: Mapping[str, Shape], expected: str | None, texts: Sequence[str] = (), whole: bool = False
) -> dict[str, np.ndarray]:
    """The arrays of a `.npz` file, with these shapes by name.

    `<name>_characters` and `<name>_offsets` of each of `texts` must fit each other. expected, whole: as for
    `load_array`. Raises UserError where it is damaged or an array is missing.
    """
    try:
        arrays = archive_arrays(file, expected if whole or is_small(file) else None)
        for name, shape in shapes.items():
            array = arrays[name]
            if array.shape != shape or array.dtype.kind not in "iu":
                raise ValueError(f"expected integers {shape} in {name}, found {array.dtype} {array.shape}")
    except KeyError as error:
        raise damaged(file, f"{error.args[0]} is missing") from None
    except _UNREADABLE as error:
        raise damaged(file, error) from None
    for name in texts:
        check_texts(arrays, name, file)
    return arrays


def archive_arrays(file: Path, expected: str | None) -> dict[str, np.ndarray]:
    """Every array of a `.npz` file. expected: its checksum, None where it is not checked.

    Raises OSError, and ValueError with the reason where it is damaged.
    """
    try:
        if expected is not None and checksum(file) != expected:
            raise ValueError("its checksum differs")
        found = np.load(file, allow_pickle=False)
        if not isinstance(found, np.lib.npyio.NpzFile):
            raise TypeError("it is not an archive")
        with found as archive:
            return {key: archive[key] for key in archive.files}
    except OSError:
        raise
    except _UNREADABLE as error:
        raise ValueError(" ".join(str(error).split())[:200] or "it is damaged") from None


def check_texts(arrays: Mapping[str, np.ndarray], name: str, file: Path) -> None:
    """Raises UserError where packed strings are missing or do not fit their offsets."""
    characters, offsets = arrays.get(f"{name}_characters"), arrays.get(f"{name}_offsets")
    if characters is None or offsets is None:
        raise damaged(file, f"the texts of {name} are missing")
    fits = characters.ndim == offsets.ndim == 1 and characters.dtype == np.uint8 and offsets.dtype.kind in "iu"
    if not (fits and len(offsets) and offsets[0] == 0 and offsets[-1] == len(characters) and is_ascending(offsets)):
        raise damaged(file, f"the texts of {name} do not fit their offsets")


def is_ascending(values: np.ndarray) -> bool:
    """Whether no value is below the one before it."""
    return bool(np.all(values[1:] >= values[:-1]))
