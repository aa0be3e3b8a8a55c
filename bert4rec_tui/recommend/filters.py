"""Which items may be recommended: by category, year, popularity, and whether they are in the history.

Needs no network; the app and the commands use the same filter syntax.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Literal

import numpy as np
from msgspec import Struct

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.errors import UserError

Seen = Literal["unseen", "seen", "all"]

_YEAR = re.compile(r"\((\d{4})\)\s*$")
_YEARS = re.compile(r"(\d{4})?-(\d{4})?|(\d{4})")
_POPULARITY = re.compile(r"(>=|<=|>|<)(\d+)")
_WORD = re.compile(r"(?:\\.|[^\s,])+", re.DOTALL)


class ItemFilter(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The conditions that an item must meet; the defaults exclude only items of the history.

    genres: any of these. from_year, to_year: inclusive; an item without a year passes neither. min_count, max_count:
    interactions in training. seen: items outside the history, items in it, or all.
    """

    genres: tuple[str, ...] = ()
    from_year: int | None = None
    to_year: int | None = None
    min_count: int = 0
    max_count: int | None = None
    seen: Seen = "unseen"

    def __post_init__(self) -> None:
        if self.from_year is not None and self.to_year is not None and self.from_year > self.to_year:
            raise ValueError(f"years {self.from_year}-{self.to_year}: empty range; put the earlier year first")
        if self.max_count is not None and self.min_count > self.max_count:
            raise ValueError(f"min. count {self.min_count} is above max. count {self.max_count}")

    @property
    def excludes(self) -> bool:
        """Whether it differs from the default, which excludes only items of the history."""
        return self != ItemFilter()


@dataclass(frozen=True)
class ItemFacts:
    """The properties of a catalogue that filters use, read once."""

    dataset: PreparedDataset

    @cached_property
    def years(self) -> np.ndarray:
        """(N,) int64, the year at the end of each title, 0 where there is none."""
        found = (_YEAR.search(title) for title in self.dataset.titles.all())
        return np.array([int(year.group(1)) if year else 0 for year in found], dtype=np.int64)

    @cached_property
    def genres(self) -> dict[str, np.ndarray]:
        """Each genre by name, in its own spelling, with the (N,) bool mask of its items."""
        places: dict[str, list[int]] = {}
        for place, words in enumerate(self.dataset.genres.all()):
            for word in words.split("|"):
                if word:
                    places.setdefault(word, []).append(place)
        masks: dict[str, np.ndarray] = {}
        for word in sorted(places, key=str.casefold):
            masks[word] = np.zeros(self.dataset.items, bool)
            masks[word][places[word]] = True
        return masks

    def genre(self, word: str) -> str:
        """The genre with this name, ignoring case. Raises UserError where there is none."""
        known = {name.casefold().replace(" ", "_"): name for name in self.genres}
        folded = word.casefold().replace(" ", "_")
        if folded in known:
            return known[folded]
        category = self.dataset.category
        if not known:
            raise UserError(f"{self.dataset.id}: has no {category.several}, so it cannot be filtered by {word}")
        near = get_close_matches(folded, known, n=1)
        hint = f"did you mean {known[near[0]]}?" if near else f"choose from {_some(list(self.genres))}"
        raise UserError(f"{self.dataset.id}: has no {category.one} {word}; {hint}")

    def allowed(self, wanted: ItemFilter, history: Sequence[int]) -> np.ndarray:
        """The items that pass. history: items 1…N. Returns (N,) bool. Raises UserError for an unknown genre."""
        allowed = np.ones(self.dataset.items, bool)
        if wanted.genres:
            allowed &= np.logical_or.reduce([self.genres[self.genre(word)] for word in wanted.genres])
        if wanted.from_year is not None:
            allowed &= self.years >= max(1, wanted.from_year)
        if wanted.to_year is not None:
            allowed &= (self.years > 0) & (self.years <= wanted.to_year)
        if wanted.min_count > 0:
            allowed &= self.dataset.train_counts >= wanted.min_count
        if wanted.max_count is not None:
            allowed &= self.dataset.train_counts <= wanted.max_count
        if wanted.seen != "all":
            seen = np.zeros(self.dataset.items, bool)
            seen[np.asarray(history, dtype=np.int64) - 1] = True
            allowed &= seen if wanted.seen == "seen" else ~seen
        return allowed


def _some(names: list[str], most: int = 30) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")


def parse_filter(text: str, facts: ItemFacts) -> ItemFilter:
    """Parse a filter such as `comedy, sci-fi 1990-1999 >500`.

    Genres by name, with `_` for a space and `\\,` for a comma in a name; `1994`, `1990-1999`, `1990-` or `-1999` for
    years; `>100` or `<50` for interactions in training; `seen` or `all` to include items of the history. Raises
    UserError that names a word which is none of these.
    """
    genres: list[str] = []
    values: dict[str, int] = {}
    seen: Seen = "unseen"
    for word in _WORD.findall(text):
        if "\\" in word:
            genres.append(facts.genre(re.sub(r"\\(.)", r"\1", word, flags=re.DOTALL)))
        elif word in ("seen", "unseen", "all"):
            seen = word
        elif popularity := _POPULARITY.fullmatch(word):
            sign, number = popularity.group(1), int(popularity.group(2))
            key, step = ("min_count", 1) if sign.startswith(">") else ("max_count", -1)
            values[key] = max(0, number + (0 if sign.endswith("=") else step))
        elif word != "-" and (years := _YEARS.fullmatch(word)):
            first, last, only = years.groups()
            values |= {
                key: int(year) for key, year in (("from_year", first or only), ("to_year", last or only)) if year
            }
        else:
            genres.append(facts.genre(word))
    try:
        return ItemFilter(genres=tuple(dict.fromkeys(genres)), seen=seen, **values)
    except ValueError as error:
        raise UserError(str(error)) from None


def genre_word(genre: str) -> str:
    """A genre as a word of a filter: a `\\` escapes a comma in it, or a genre called 1990."""
    word = re.sub(r"[\\,\s]", lambda mark: "_" if mark[0] == " " else f"\\{mark[0]}", genre)
    other = word in ("seen", "unseen", "all") or _POPULARITY.fullmatch(word) or _YEARS.fullmatch(word)
    return f"\\{word}" if other else word


def filter_text(wanted: ItemFilter) -> str:
    """A filter as text that `parse_filter` reads back."""
    words = [genre_word(genre) for genre in wanted.genres]
    if wanted.from_year is not None and wanted.from_year == wanted.to_year:
        words.append(str(wanted.from_year))
    elif wanted.from_year is not None or wanted.to_year is not None:
        words.append(f"{wanted.from_year or ''}-{wanted.to_year or ''}")
    if wanted.min_count:
        words.append(f">={wanted.min_count}")
    if wanted.max_count is not None:
        words.append(f"<={wanted.max_count}")
    if wanted.seen != "unseen":
        words.append(wanted.seen)
    return " ".join(words)
