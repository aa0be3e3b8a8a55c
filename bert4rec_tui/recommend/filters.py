"""Which movies may be recommended: by genre, year, popularity, and whether they are in the history.

Numbers and names alone, without the network: the app and the commands say the same filter in the same words.
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
    """What a movie must be to be shown; what is left out excludes nothing.

    genres: one of these is enough. from_year, to_year: both included; a movie without a year passes neither.
    min_count, max_count: interactions in training. seen: only what is not in the history, only what is, or all.
    """

    genres: tuple[str, ...] = ()
    from_year: int | None = None
    to_year: int | None = None
    min_count: int = 0
    max_count: int | None = None
    seen: Seen = "unseen"

    def __post_init__(self) -> None:
        if self.from_year is not None and self.to_year is not None and self.from_year > self.to_year:
            raise ValueError(f"the years {self.from_year}-{self.to_year} hold none; the earlier one stands first")
        if self.max_count is not None and self.min_count > self.max_count:
            raise ValueError(f"nothing was watched at least {self.min_count} times and at most {self.max_count} times")

    @property
    def excludes(self) -> bool:
        """Whether it keeps anything out beside what is in the history."""
        return self != ItemFilter()


@dataclass(frozen=True)
class ItemFacts:
    """What a filter asks of a catalogue, read once."""

    dataset: PreparedDataset

    @cached_property
    def years(self) -> np.ndarray:
        """(N,) int64, the year at the end of each title, 0 where there is none."""
        found = (_YEAR.search(title) for title in self.dataset.titles.all())
        return np.array([int(year.group(1)) if year else 0 for year in found], dtype=np.int64)

    @cached_property
    def genres(self) -> dict[str, np.ndarray]:
        """Each genre in its own spelling, by name, with the (N,) bool of the movies that have it."""
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
        """The genre that is meant, whatever its capitals. Raises UserError where there is none."""
        known = {name.casefold().replace(" ", "_"): name for name in self.genres}
        said = word.casefold().replace(" ", "_")
        if said in known:
            return known[said]
        if not known:
            raise UserError(f"{self.dataset.id}: knows no genres, so that {word} cannot be asked for")
        near = get_close_matches(said, known, n=1)
        hint = f"did you mean {known[near[0]]}?" if near else f"there are {', '.join(self.genres)}"
        raise UserError(f"{self.dataset.id}: there is no genre {word}; {hint}")

    def allowed(self, wanted: ItemFilter, history: Sequence[int]) -> np.ndarray:
        """Which items pass. history: items 1…N. Returns (N,) bool. Raises UserError for an unknown genre."""
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


def parse_filter(text: str, facts: ItemFacts) -> ItemFilter:
    """A filter from one line, such as `comedy, sci-fi 1990-1999 >500`.

    Genres by name, with `_` for a blank in one and `\\,` for a comma; `1994`, `1990-1999`, `1990-` or `-1999` for
    years; `>100` or `<50` for how often a movie was watched in training; `seen` or `all` for what is in the history.
    Raises UserError that says which word is none of these.
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
    """A genre as a filter says it: a `\\` keeps a comma within the word, and a genre called 1990 from being a year."""
    word = re.sub(r"[\\,\s]", lambda mark: "_" if mark[0] == " " else f"\\{mark[0]}", genre)
    other = word in ("seen", "unseen", "all") or _POPULARITY.fullmatch(word) or _YEARS.fullmatch(word)
    return f"\\{word}" if other else word


def filter_text(wanted: ItemFilter) -> str:
    """The line that says a filter; `parse_filter` reads it back."""
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
