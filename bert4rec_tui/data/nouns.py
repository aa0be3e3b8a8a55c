"""What a dataset calls its items and their categories: movies and genres, products and categories."""

from dataclasses import dataclass

from bert4rec_tui.config import DatasetConfig


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
        """The noun as it follows a number that stands elsewhere."""
        return self.one if number == 1 else self.several


def noun_of(word: str) -> Noun:
    """A word and its regular plural: `product`, `products`; `story`, `stories`; `dish`, `dishes`."""
    if word.endswith("y") and word[-2:-1] not in tuple("aeiou"):
        return Noun(word, f"{word[:-1]}ies")
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return Noun(word, f"{word}es")
    return Noun(word, f"{word}s")


def item_word(settings: DatasetConfig) -> str:
    """The word for one item: what the settings say, `movie` for MovieLens' own files, else `item`.

    Only MovieLens' own files need no columns: of any other table the settings name them once it is read.
    """
    return settings.item_noun or ("item" if settings.columns else "movie")


def category_word(settings: DatasetConfig) -> str:
    """The word for one category of an item: what its column is called, `genre` for MovieLens' own files."""
    column = settings.columns.get("genres", "")
    if not column or column.isdigit():
        return "category" if settings.columns else "genre"
    words = column.replace("_", " ").strip().lower()
    return words[:-3] + "y" if words.endswith("ies") else words.removesuffix("s") if words[-2:] != "ss" else words
