"""Histories saved under a name: a small JSON file each, with the item ids of the dataset's source."""

import json
import re

import msgspec
from msgspec import Struct, field

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.json_files import read_json
from bert4rec_tui.data.nouns import noun_of
from bert4rec_tui.errors import UserError
from bert4rec_tui.files import make_folder, replace_file
from bert4rec_tui.settings import histories_folder

_NAME = re.compile(r"[^\W_][\w .-]{0,39}")


class SavedItem(Struct, frozen=True):
    """An item: its id in the source, and its title for readers of the file."""

    item: int | str
    title: str


class SavedHistory(Struct, frozen=True):
    """A saved history, oldest first. dataset: name of the dataset it belongs to, whatever its settings."""

    name: str
    dataset: str
    entries: list[SavedItem] = field(name="movies")  # the key in files from the start

    def items(self, dataset: PreparedDataset) -> list[int]:
        """The items 1…N of a prepared dataset; items that it does not have are skipped."""
        found: list[int] = []
        for entry in self.entries:
            try:
                found.append(dataset.item_index(str(entry.item)))
            except UserError:
                continue
        return found


def check_name(name: str) -> str:
    """The name without surrounding spaces. Raises UserError where it cannot be a file name."""
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise UserError(
            f'"{name}": use 1 to 40 letters, digits, spaces, dots and dashes, beginning with a letter or digit'
        )
    return name


def save_history(name: str, dataset: PreparedDataset, items: list[int]) -> SavedHistory:
    """Save a history under a name, replacing an existing one (see `describe_existing`).

    Raises UserError for a bad name."""
    entries = [SavedItem(dataset.item_id(item), dataset.title(item)) for item in items]
    saved = SavedHistory(check_name(name), dataset.manifest.settings.name, entries)
    text = json.dumps(msgspec.to_builtins(saved), ensure_ascii=False, indent=1) + "\n"
    replace_file(make_folder(histories_folder()) / f"{saved.name}.json", text.encode())
    return saved


def describe_existing(name: str, dataset: PreparedDataset | None = None) -> str | None:
    """The history saved under a name in words, such as `3 movies of ml-1m`, of any dataset; None where there is none.

    dataset: the one at hand, whose noun is used for its own histories.
    """
    file = histories_folder() / f"{name.strip()}.json"
    try:
        saved = read_json(file, SavedHistory)
    except FileNotFoundError:
        return None
    except (OSError, UserError):
        return "a file that is not a history"
    same = dataset is not None and dataset.manifest.settings.name == saved.dataset
    noun = dataset.noun if dataset is not None and same else noun_of("item")
    return f"{noun.counted(len(saved.entries))} of {saved.dataset}"


def saved_histories(dataset: PreparedDataset) -> list[SavedHistory]:
    """The saved histories of this dataset, by name; unreadable files are skipped."""
    found: list[SavedHistory] = []
    for file in sorted(histories_folder().glob("*.json")):
        try:
            saved = read_json(file, SavedHistory)
        except (OSError, UserError):
            continue
        if saved.dataset == dataset.manifest.settings.name:
            found.append(saved)
    return found


def find_history(name: str, dataset: PreparedDataset) -> SavedHistory:
    """The history with this name. Raises UserError that lists the existing ones."""
    known = {saved.name: saved for saved in saved_histories(dataset)}
    if name in known:
        return known[name]
    hint = f"choose from {', '.join(known)}" if known else "save one with s on the app's Explore screen"
    raise UserError(f"{dataset.id}: no history is saved as {name}; {hint}")
