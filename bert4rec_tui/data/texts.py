"""Many strings packed into two arrays, which can be memory-mapped and need no pickle."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np


class Texts:
    """Read-only strings, decoded one at a time from concatenated UTF-8 bytes.

    characters: (bytes,) uint8. offsets: (strings + 1,) int64, the start of each string and the end of the last.
    """

    def __init__(self, characters: np.ndarray, offsets: np.ndarray) -> None:
        self.characters = characters
        self.offsets = offsets

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> str:
        start, end = self.offsets[index], self.offsets[index + 1]
        return self.characters[start:end].tobytes().decode("utf-8", errors="replace")

    def all(self) -> list[str]:
        """All strings, in order."""
        whole, ends = self.characters.tobytes(), self.offsets.tolist()
        return [whole[a:b].decode("utf-8", errors="replace") for a, b in pairwise(ends)]


def pack_texts(strings: Iterable[str]) -> Texts:
    """Concatenate strings."""
    encoded = [string.encode("utf-8", errors="replace") for string in strings]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
    np.cumsum([len(piece) for piece in encoded], out=offsets[1:])
    return Texts(np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets)


def concatenated(pieces: Sequence[tuple[np.ndarray, np.ndarray]]) -> Texts:
    """Texts from pieces of UTF-8 bytes with the length of each string in them."""
    lengths = np.concatenate([sizes for _, sizes in pieces]) if pieces else np.empty(0, np.int64)
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return Texts(np.concatenate([piece for piece, _ in pieces]) if pieces else np.empty(0, np.uint8), offsets)
