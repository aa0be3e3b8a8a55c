"""Which lists of a table are a user's items, by the names of its columns."""

import re
from collections.abc import Sequence

from bert4rec_tui.data.columns import guess_columns

_ENDINGS = re.compile(r"[-_ .]?(list|lists|seq|seqs|sequence|sequences|array|history|hist)$", re.IGNORECASE)
_ROLES = {"aid": "item"}  # OTTO's
_ITEMS = {"history", "sequence", "interactions", "clicks", "events", "seq", "session", "purchases", "actions"}


def role_of(name: str) -> str:
    """The role that a column has by its name: user, item, timestamp, …; empty for none."""
    return _ROLES.get(name.lower()) or next(iter(guess_columns([name], []).mapping), "")


def single_name(name: str) -> str:
    """The name of one element of a list: `item_id` for `item_id_list`, `item_ids` and `item_id-list`."""
    bare = _ENDINGS.sub("", name)
    if not bare or name.lower() in _ITEMS:
        return "item"
    for candidate in (name, bare, bare[:-1] if bare.endswith("s") else "", bare[:-2] if bare.endswith("es") else ""):
        if candidate and role_of(candidate):
            return candidate
    return bare


def item_list(scalars: Sequence[str], lists: Sequence[str]) -> str | None:
    """The list column with a user's items, None where the rows have an item each or no list is one of items."""
    if any(role_of(name) == "item" for name in scalars):
        return None
    named = [name for name in lists if role_of(single_name(name)) == "item"]
    return next((name for name in named if name.lower() not in _ITEMS), named[0] if named else None)
