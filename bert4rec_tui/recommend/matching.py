"""A list of titles from a file, each matched to the catalogue: what is sure, what is a guess, what nothing matches."""

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bert4rec_tui.errors import UserError
from bert4rec_tui.files import explain_os_error
from bert4rec_tui.recommend.titles import TitleIndex, likeness, normalise, without_year

LARGEST_FILE = 8 * 2**20
MOST_CANDIDATES = 8
TITLE_NAMES = ("title", "name", "movie", "film")
LIKE_ENOUGH = 60.0  # of 100; what is less alike is no match at all
AS_GOOD = 80.0  # where the name is known already, what is less alike is no rival


@dataclass(frozen=True)
class Match:
    """What a title of the file may be: items 1…N, the best guess first; none where nothing is like it."""

    text: str
    items: tuple[int, ...]
    sure: bool


def read_titles(path: Path) -> list[str]:
    """The titles of a file, one a line, or in the column `title` of a CSV file with a header.

    A column `year` beside it is put behind the title. Raises UserError where the file cannot be read or has no title.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise UserError(f"{path}: is larger than 8 MiB; a list of titles, one a line, is expected")
        content = path.read_bytes()
    except OSError as error:
        raise explain_os_error(error, path) from None
    if b"\x00" in content:
        raise UserError(f"{path}: is no text; a list of titles, one a line, is expected")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    # Tabs stay: one at the start of a line is an empty first column.
    lines = [line.strip(" ") for line in text.splitlines() if line.strip()]
    try:
        titles = _titles(lines)
    except csv.Error:
        raise UserError(f'{path}: has a cell without end; is a " missing in it?') from None
    if not titles:
        raise UserError(f"{path}: holds no title; one a line is expected, or a CSV file with a column title")
    return titles


def _titles(lines: list[str]) -> list[str]:
    for separator in ("\t", ";", ","):
        header = [cell.strip().casefold() for cell in next(csv.reader(lines[:1], delimiter=separator), [])]
        column = next((header.index(name) for name in TITLE_NAMES if name in header), None)
        if column is not None:
            break
    else:
        # Not a table: a comma belongs to the title, as in "Matrix, The (1999)".
        return [_unquoted(line.strip()) for line in lines]
    if len(header) == 1:
        return [_unquoted(line.strip()) for line in lines[1:]]
    year = header.index("year") if "year" in header else None
    found: list[str] = []
    for row in csv.reader(lines[1:], delimiter=separator):
        title = row[column].strip() if column < len(row) else ""
        if title and year is not None and year < len(row) and row[year].strip().isdigit():
            title = title if title.endswith(")") else f"{title} ({row[year].strip()})"
        found += [title] if title else []
    return found


def _unquoted(line: str) -> str:
    return line[1:-1].replace('""', '"') if len(line) > 1 and line[0] == line[-1] == '"' else line


class TitleMatcher:
    """Matches titles to the items of a catalogue; counts break ties between movies of one name."""

    def __init__(self, titles: Sequence[str], counts: np.ndarray, index: TitleIndex | None = None) -> None:
        self.index = index or TitleIndex(list(titles))
        self.counts = counts
        self._whole: defaultdict[str, list[int]] = defaultdict(list)
        self._named: defaultdict[str, list[int]] = defaultdict(list)
        self._names = [normalise(without_year(title)) for title in titles]
        for place, name in enumerate(self._names):
            self._whole[self.index.normalised(place)].append(place)
            self._named[name].append(place)

    def match(self, text: str) -> Match:
        """The items that a title may mean. Sure is one whose name, and year where it is said, is exactly this."""
        whole, named = self._whole.get(normalise(text), []), self._named.get(normalise(without_year(text)), [])
        said_year = without_year(text) != text.strip()
        exact = whole if said_year else named
        if len(exact) == 1:
            return Match(text, (exact[0] + 1,), True)
        found = [*self._popular_first(exact), *self._popular_first(named)]
        alike = self.index.find(text, 50)
        if not alike and said_year:
            alike = self.index.find(without_year(text), 50)
        # A year that was not said tells nothing against a title.
        compared = self.index.normalised if said_year else self._names.__getitem__
        worth = {place: likeness(text, compared(place)) for place in alike}
        least = AS_GOOD if found else LIKE_ENOUGH
        found += sorted((p for p in alike if worth[p] >= least), key=lambda p: (-worth[p], -self.counts[p]))
        best = list(dict.fromkeys(found))[:MOST_CANDIDATES]
        return Match(text, tuple(place + 1 for place in best), False)

    def _popular_first(self, places: list[int]) -> list[int]:
        return sorted(places, key=lambda place: -self.counts[place])
