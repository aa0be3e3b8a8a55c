"""RecBole's atomic files: a header with typed heads (`user_id:token`), and the items next to it."""

import re
from collections.abc import Sequence

from bert4rec_tui.data.columns import guess_columns
from bert4rec_tui.data.layouts.layout import Items, Layout, plain_name

_HEAD = re.compile(r"[^:]+:(token|float|token_seq|float_seq)")
_PARTS = re.compile(r"\.(part\d+|train|valid|test)$")
# How the datasets that RecBole publishes are called, and what their items are.
_NOUNS = (
    ("ml", "movie"),
    ("netflix", "movie"),
    ("douban", "movie"),
    ("amazon", "product"),
    ("yoochoose", "product"),
    ("diginetica", "product"),
    ("retailrocket", "product"),
    ("steam", "game"),
    ("lastfm", "artist"),
    ("lfm", "track"),
    ("kgrec-music", "song"),
    ("book", "book"),
    ("gowalla", "place"),
    ("foursquare", "place"),
    ("yelp", "business"),
    ("anime", "anime"),
    ("mind", "article"),
    ("food", "recipe"),
)


def recbole(file_name: str, names: Sequence[str], rows: Sequence[Sequence[str]]) -> Layout | None:
    """The layout of an atomic file of interactions, None where the header has no typed heads or no user and item."""
    if not all(_HEAD.fullmatch(name.strip()) for name in names):
        return None
    guess = guess_columns(list(names), [list(row) for row in rows])
    columns = {role: column for role, column in guess.mapping.items() if role in ("user", "item", "rating")}
    if "user" not in columns or "item" not in columns:
        return None
    if any(column.endswith("_seq") for column in columns.values()):
        return None  # a history a line: another form
    if "timestamp" in guess.mapping:
        columns["timestamp"] = guess.mapping["timestamp"]
    elif not guess.certain:
        return None
    stem = _PARTS.sub("", plain_name(file_name).removesuffix(".inter"))
    item = columns["item"].partition(":")[0]
    return Layout(
        name="recbole",
        title="RecBole atomic files (.inter, .item)",
        noun=next((noun for start, noun in _NOUNS if stem.startswith(start)), "item"),
        columns=columns,
        separator="\t",
        quoted=False,
        items=Items(
            files=(f"{stem}.item",),
            columns={
                "item": (item, "item_id"),
                "title": ("title", "movie_title", "item_title", "item_name", "name", "book_title", "app_name"),
                "genres": ("genre", "genres", "class", "categories", "category", "venue_category_name"),
            },
            separator="\t",
            genre_separator=", " if stem.startswith(("yelp", "anime", "amazon")) else " ",
        ),
    )
