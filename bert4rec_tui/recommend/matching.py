"""Match the titles of a file to the catalogue: certain matches, guesses, and titles without a match."""

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bert4rec_tui.errors import UserError
from bert4rec_tui.files import explain_os_error
from bert4rec_tui.recommend.titles import TitleIndex, normalise, title_similarity, without_year

LARGEST_FILE = 8 * 2**20
MAX_CANDIDATES = 8
TITLE_NAMES = ("title", "name", "movie", "film")
MIN_SIMILARITY = 60.0  # of 100; below this there is no match
RIVAL_SIMILARITY = 80.0  # where the name is known, less similar titles are not offered


@dataclass(frozen=True)
class Match:
    """The candidates for a title of the file: items 1…N, best first; empty where there is no match."""

    text: str
    items: tuple[int, ...]
    sure: bool


def read_titles(path: Path) -> list[str]:
    """The titles of a file, one per line, or from the column `title` of a CSV file with a header.

    The year from a column `year` is appended to the title. Raises UserError where the file is unreadable or empty.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)  # a device may never end
    except OSError as error:
        raise explain_os_error(error, path) from None
    if len(content) > LARGEST_FILE:
        raise UserError(f"{path}: is larger than 8 MiB; expected a list of titles, one per line")
    if b"\x00" in content:
        raise UserError(f"{path}: is not a text file; expected a list of titles, one per line")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    # Tabs are kept: one at the start of a line is an empty first column.
    lines = [line.strip(" ") for line in text.splitlines() if line.strip()]
    try:
        titles = _titles(lines)
    except csv.Error:
        raise UserError(f'{path}: has an unclosed quote; add the missing "') from None
    if not titles:
        raise UserError(f"{path}: contains no titles; expected one per line, or a CSV file with a column title")
    return titles


def _titles(lines: list[str]) -> list[str]:
    for separator in ("\t", ";", ","):
        header = [cell.strip().casefold() for cell in next(csv.reader(lines[:1], delimiter=separator), [])]
        column = next((header.index(name) for name in TITLE_NAMES if name in header), None)
        if column is not None:
            break
    else:
        # Not a table: a comma is part of the title, as in "Matrix, The (1999)".
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
    """Matches titles to the items of a catalogue; counts break ties between items of the same name."""

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
        """The candidates for a title. A match is certain where the name, and the year if given, are equal."""
        whole, named = self._whole.get(normalise(text), []), self._named.get(normalise(without_year(text)), [])
        has_year = without_year(text) != text.strip()
        exact = whole if has_year else named
        if len(exact) == 1:
            return Match(text, (exact[0] + 1,), True)
        found = [*self._popular_first(exact), *self._popular_first(named)]
        similar = self.index.find(text, 50)
        if not similar and has_year:
            similar = self.index.find(without_year(text), 50)
        # A year that was not given does not count against a title.
        compared = self.index.normalised if has_year else self._names.__getitem__
        similarity = {place: title_similarity(text, compared(place)) for place in similar}
        threshold = RIVAL_SIMILARITY if found else MIN_SIMILARITY
        found += sorted(
            (p for p in similar if similarity[p] >= threshold), key=lambda p: (-similarity[p], -self.counts[p])
        )
        best = list(dict.fromkeys(found))[:MAX_CANDIDATES]
        return Match(text, tuple(place + 1 for place in best), False)

    def _popular_first(self, places: list[int]) -> list[int]:
        return sorted(places, key=lambda place: -self.counts[place])
