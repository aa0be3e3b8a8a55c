"""Which file has the titles of the items: the one that was given, or that of a known layout, next to it."""

from pathlib import Path

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.columns import guess_columns
from bert4rec_tui.data.formats import Read
from bert4rec_tui.data.forms.samples import head_of_sample
from bert4rec_tui.data.items_file import ItemsFile
from bert4rec_tui.data.layouts.recognise import items_file
from bert4rec_tui.data.sources import RatingsSource
from bert4rec_tui.errors import UserError, printable

# What a title is called where a file is known to be of items, the likeliest first.
_TITLES = ("name", "label", "description")


def find_items(source: RatingsSource, read: Read, temporary: Path) -> ItemsFile | None:
    """The file with the titles of the items; None where there is none.

    Raises UserError where one was given that does not exist, or whose columns cannot be detected.
    """
    settings, known = read.settings, read.known
    if settings.items:
        path = Path(settings.items).expanduser()
        if not path.exists():
            raise UserError(f"{path}: no such file or folder (--items)")
        return ItemsFile(path, settings.item_columns or _guessed(path, settings, temporary))
    if known is None or known.items is None:
        return None
    name = items_file(known, source.called, source.siblings())
    if name is None:
        return None
    path = (source.folder or source.ratings.parent) / name
    head = head_of_sample(path, temporary)
    columns = known.items.columns_among(known.items.names or (head[0] if head else None))
    if "item" not in columns:
        return None
    if head is not None and head[0] is None and known.items.names:
        columns = {role: str(known.items.names.index(column)) if not column.isdigit() else column
                   for role, column in columns.items()}  # fmt: skip
    return ItemsFile(path, columns, known.items.encoding, known.items.separator)


def _guessed(path: Path, settings: DatasetConfig, temporary: Path) -> dict[str, str]:
    """The columns of a file of items by their names. Raises UserError where the item column is not found."""
    head = head_of_sample(path, temporary)
    names, rows = head if head is not None else (None, [])
    guess = guess_columns(names, rows).mapping
    if names is not None and settings.columns.get("item") in names:
        guess = guess | {"item": settings.columns["item"]}
    found = {role: column for role, column in guess.items() if role in ("item", "title", "genres")}
    if "title" not in found and names is not None:
        plain = {name.strip().lower(): name for name in names}
        title = next((plain[word] for word in _TITLES if word in plain), None)
        found |= {"title": title} if title is not None else {}
    if names is None or "item" not in found:
        choice = f"; its columns are {printable(', '.join(names), 300)}" if names else ""
        raise UserError(f"{path.name}: which column has the item is unclear; use --item-columns item=…,title=…{choice}")
    return found
