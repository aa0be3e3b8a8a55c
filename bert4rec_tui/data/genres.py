"""The genres, categories or tags of an item as they are written in one cell."""

import re
from collections.abc import Iterator

from bert4rec_tui.data.dates import is_missing

_SEPARATOR = "|"  # MovieLens', and between the genres of a prepared dataset
_NONE = "(no genres listed)"
_BRACKETS = {"[": "]", "{": "}", "(": ")"}
_QUOTED = re.compile(r"""'((?:[^'\\]|\\.|'')*)'|"((?:[^"\\]|\\.|"")*)\"""", re.DOTALL)
_BARE = re.compile(r"""[^,\[\](){}]+""")
_ESCAPED = re.compile(r"""\\(.)|''|\"\"""", re.DOTALL)


def genres_of(text: str, separator: str = "") -> list[str]:
    """The genres of a cell, each once, in their order; none for a missing value.

    `separator` stands between two of them; empty: `|`. A list as pandas, numpy, DuckDB and JSON write one into a text,
    `['A', 'B']`, `[A, B]`, `["A"]`, is a list whatever the separator, and a list of lists is all of its genres.
    """
    text = text.strip()
    if is_missing(text, zero=False) or text == _NONE:
        return []
    listed = _BRACKETS.get(text[0]) == text[-1] and len(text) > 1
    found = list(_elements(text)) if listed and (text[0] == "[" or _QUOTED.search(text)) else None
    pieces = text.split(separator or _SEPARATOR) if found is None else found
    pieces = [piece.replace(_SEPARATOR, "/").strip() if found is not None else piece.strip() for piece in pieces]
    return list(dict.fromkeys(piece for piece in pieces if not is_missing(piece, zero=False)))


def _elements(text: str) -> Iterator[str]:
    """The elements of a list in brackets, of those within it too."""
    place = 0
    while place < len(text):
        if (quoted := _QUOTED.match(text, place)) is not None and _ends(text, quoted.end()):
            single, double = quoted.groups()
            yield _ESCAPED.sub(_unescaped, single if single is not None else double)
            place = quoted.end()
        elif (bare := _BARE.match(text, place)) is not None:
            if bare.group().lstrip()[:1] in ("'", '"') and (gap := len(bare.group()) - len(bare.group().lstrip())):
                place += gap  # a quoted one follows the space
                continue
            yield bare.group()
            place = bare.end()
        else:
            place += 1


def _ends(text: str, place: int) -> bool:
    """Whether an element may end here: at a separator, a bracket, or a space as numpy writes it."""
    return place >= len(text) or text[place] in ",[](){}" or text[place].isspace()


def _unescaped(found: re.Match[str]) -> str:
    return found.group(1) or found.group()[0]
