"""Many strings as two plain arrays, so that a catalogue of titles opens by memory map and without pickle."""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np


class Texts:
    """Read-only strings, decoded one at a time from UTF-8 bytes laid end to end.

    characters: (bytes,) uint8. offsets: (strings + 1,) int64, where each string starts and the last one ends.
    """

    def __init__(self, characters: np.ndarray, offsets: np.ndarray) -> None:
        self.characters = characters
        self.offsets = offsets

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> str:
        start, end = self.offsets[index], self.offsets[index + 1]
        return self.characters[start:end].tobytes().decode("utf-8")

    def all(self) -> list[str]:
        """Every string, in order."""
        whole, ends = self.characters.tobytes(), self.offsets.tolist()
        return [whole[a:b].decode("utf-8") for a, b in pairwise(ends)]


def pack_texts(strings: Iterable[str]) -> Texts:
    """Lay strings end to end."""
    encoded = [string.encode("utf-8", errors="replace") for string in strings]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
    np.cumsum([len(piece) for piece in encoded], out=offsets[1:])
    return Texts(np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets)


def printable(text: str, length: int = 200) -> str:
    """Text from a file, safe in a terminal line: control characters become spaces, what is too long is cut."""
    clean = "".join(character if character.isprintable() else " " for character in text)
    return clean if len(clean) <= length else f"{clean[: length - 1]}…"
