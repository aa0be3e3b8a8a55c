"""What a dataset calls its items and their categories: movies and genres, products and categories."""

import re
from dataclasses import dataclass

from bert4rec_tui.config import DatasetConfig

_WORD = re.compile(r"[\W_]+")
_CAMEL = re.compile(r"([a-z])([A-Z])")  # mainCategory


@dataclass(frozen=True)
class Noun:
    """A noun for one and for several."""

    one: str
    several: str

    def counted(self, number: float) -> str:
        """A number with the noun: `1 movie`, `3,416 products`."""
        return f"{number:,.0f} {self.one if number == 1 else self.several}"

    @property
    def a(self) -> str:
        """One, with its article: `a movie`, `an item`."""
        return f"{'an' if self.one[:1].lower() in tuple('aeio') else 'a'} {self.one}"

    def of(self, number: float) -> str:
        """The noun as it follows a number that is elsewhere."""
        return self.one if number == 1 else self.several


_IRREGULAR = {"series": "series", "species": "species", "news": "news", "person": "people", "child": "children"}


def noun_of(word: str) -> Noun:
    """A word and its plural: `product`, `products`; `story`, `stories`; `dish`, `dishes`; `TV series`, `TV series`."""
    rest, _, last = word.rpartition(" ")
    if last.lower() in _IRREGULAR:
        return Noun(word, f"{rest} {_IRREGULAR[last.lower()]}".strip())
    if word.endswith("y") and word[-2:-1] not in tuple("aeiou"):
        return Noun(word, f"{word[:-1]}ies")
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return Noun(word, f"{word}es")
    return Noun(word, f"{word}s")


def item_word(settings: DatasetConfig) -> str:
    """The word for one item: the one in the settings, else `movie` for MovieLens' own files and `item` for others.

    Only MovieLens' own files have no columns in their settings; for any other table they are filled in when it is read.
    """
    return settings.item_noun or ("item" if settings.columns else "movie")


def category_word(settings: DatasetConfig) -> str:
    """The word for one category of an item: what its column is called, `genre` for movies, else `category`."""
    column = settings.columns.get("genres", "").partition(":")[0]  # RecBole's `genre:token_seq`
    words = _WORD.sub(" ", _CAMEL.sub(r"\1 \2", column)).strip().lower()
    if not words or words.isdigit():
        return "genre" if not settings.columns or item_word(settings) == "movie" else "category"
    return _singular(words)


def _singular(words: str) -> str:
    if words.endswith("ies") and not words.endswith((" series", " species")) and words not in ("series", "species"):
        return words[:-3] + "y"
    if words.endswith(("ches", "shes", "sses", "xes")):
        return words[:-2]
    return words if words.endswith(("ss", "us", "is", "series", "species")) else words.removesuffix("s")
