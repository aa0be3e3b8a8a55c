"""What is known about a layout: how its file is recognised, and how it is read."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

_COMPRESSED = (".gz", ".zst", ".zstd", ".bz2", ".xz", ".zip", ".tgz", ".tar")
_BEFORE_STEM = ("ratings_", "reviews_", "review_")
_AFTER_STEM = re.compile(r"(_\d+core|_\d+)$")


@dataclass(frozen=True)
class Items:
    """The file with the titles, next to the interactions.

    `files` are patterns of its name, the likeliest first; `{stem}` stands for what both names share. `columns` lists
    for each role (item, title, genres) the names that the column has had, or its number. `names` are the columns of a
    file without a header. `genre_separator` stands between two genres of a cell; empty: as everywhere.
    """

    files: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    names: tuple[str, ...] = ()
    separator: str = ""
    encoding: str = ""
    escape: str = ""
    genre_separator: str = ""

    def file_among(self, siblings: Sequence[str], file_name: str) -> str | None:
        """The file among the names in the folder of `file_name`, None where there is none or no telling which."""
        stem = stem_of(file_name)
        for pattern in self.files:
            wanted = pattern.replace("{stem}", _literal(stem)).lower()
            found = [name for name in siblings if name != file_name and fnmatchcase(plain_name(name), wanted)]
            if len(found) == 1:
                return found[0]
        return None

    def columns_among(self, names: Sequence[str] | None) -> dict[str, str]:
        """The column of each role as the file with the header `names` calls it; roles without one are left out."""
        if names is None:
            return {role: choices[0] for role, choices in self.columns.items()}
        known = spellings(names)
        found: dict[str, str] = {}
        for role, choices in self.columns.items():
            name = next((known[choice.lower()] for choice in choices if choice.lower() in known), None)
            if name is not None:
                found[role] = name
        return found


@dataclass(frozen=True)
class Layout:
    """A layout in which interactions are published.

    Recognised by `head` (columns that the header has, among others) or, without a header, by `cells` (a pattern for
    each column that all first rows follow) and, where given, `files` (patterns of the name, one of which it follows).

    `encoding` is that of the published file, for one that is not UTF-8. `columns` maps user, item, timestamp, rating,
    title, genres to names, or to numbers without a header; `names` are names for columns without a header, for `where`.
    `event` is the column that says what happened, and `where` a condition on it worth proposing: it is never applied
    unasked. `offset_ms` is a column of milliseconds to be added to the time. `incomplete` says that the published file
    has rows without a user, an item or a time, to be left out. `form` names how the rows are nested where it is no
    table of interactions: lists, history, blocks, literals. `quoted` is None where the file decides. `note` is a
    sentence on what the file does not have.
    """

    name: str
    title: str
    noun: str
    columns: Mapping[str, str]
    head: frozenset[str] = frozenset()
    cells: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    separator: str = ""
    encoding: str = ""
    quoted: bool | None = None
    time_format: str = ""
    time_unit: str = ""
    event: str = ""
    where: str = ""
    offset_ms: str = ""
    incomplete: bool = False
    form: str = ""
    items: Items | None = None
    note: str = ""
    patterns: tuple[re.Pattern[str], ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        """Compile the patterns of the cells once."""
        object.__setattr__(self, "patterns", tuple(re.compile(cell, re.ASCII) for cell in self.cells))


def spellings(names: Sequence[str]) -> dict[str, str]:
    """The names of a header by what they are without case, quotes and RecBole's types; the first of two wins."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(name.strip().strip('"').partition(":")[0].lower(), name)
    return found


def plain_name(name: str) -> str:
    """The name of a file in lower case, without folders and without the suffixes of compression."""
    name = PurePosixPath(name).name.lower()
    while (suffix := PurePosixPath(name).suffix) in _COMPRESSED:
        name = name.removesuffix(suffix)
    return name


def stem_of(name: str) -> str:
    """What the name of a file shares with those next to it: `Books` of `ratings_Books.csv` and of `Books_5.json.gz`."""
    stem = plain_name(name).partition(".")[0]
    for start in _BEFORE_STEM:
        stem = stem.removeprefix(start)
    return _AFTER_STEM.sub("", stem)


def _literal(text: str) -> str:
    """A text as a pattern of itself."""
    return re.sub(r"([\[*?])", r"[\1]", text)
