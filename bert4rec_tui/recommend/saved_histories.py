"""Histories of one's own, kept under a name: one small file each, by the ids that the source of a dataset gave."""

import json
import re

import msgspec
from msgspec import Struct

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.errors import UserError
from bert4rec_tui.files import make_folder, replace_file
from bert4rec_tui.settings import histories_folder

_NAME = re.compile(r"[^\W_][\w .-]{0,39}")


class SavedItem(Struct, frozen=True):
    """One movie: its id in the source, and its title for whoever reads the file."""

    item: int | str
    title: str


class SavedHistory(Struct, frozen=True):
    """What somebody watched, oldest first. dataset: the name of the one it was made with, whatever its settings."""

    name: str
    dataset: str
    movies: list[SavedItem]

    def items(self, dataset: PreparedDataset) -> list[int]:
        """The items 1…N of a prepared dataset; what a stricter preparation has left out is passed over."""
        found: list[int] = []
        for movie in self.movies:
            try:
                found.append(dataset.item_index(str(movie.item)))
            except UserError:
                continue
        return found


def check_name(name: str) -> str:
    """The name without blanks around it. Raises UserError where it cannot be the name of a file."""
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise UserError(
            f'"{name}": a name is 1 to 40 letters, digits, blanks, dots and dashes, a letter or digit first'
        )
    return name


def save_history(name: str, dataset: PreparedDataset, items: list[int]) -> SavedHistory:
    """Keep a history under a name, replacing an existing one (see `describe_existing`).

    Raises UserError for a bad name."""
    movies = [SavedItem(dataset.item_id(item), dataset.title(item)) for item in items]
    own = SavedHistory(check_name(name), dataset.manifest.settings.name, movies)
    text = json.dumps(msgspec.to_builtins(own), ensure_ascii=False, indent=1) + "\n"
    replace_file(make_folder(histories_folder()) / f"{own.name}.json", text.encode())
    return own


def describe_existing(name: str) -> str | None:
    """What is kept under a name already, in words, whichever dataset it is of; None where that is free."""
    file = histories_folder() / f"{name.strip()}.json"
    try:
        own = msgspec.json.decode(file.read_bytes(), type=SavedHistory)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError):
        return "a file that is no history"
    return f"{len(own.movies):,} {'movie' if len(own.movies) == 1 else 'movies'} of {own.dataset}"


def saved_histories(dataset: PreparedDataset) -> list[SavedHistory]:
    """The histories that were made with this dataset, by name; what cannot be read is passed over."""
    found: list[SavedHistory] = []
    for file in sorted(histories_folder().glob("*.json")):
        try:
            own = msgspec.json.decode(file.read_bytes(), type=SavedHistory)
        except (OSError, msgspec.MsgspecError):
            continue
        if own.dataset == dataset.manifest.settings.name:
            found.append(own)
    return found


def find_history(name: str, dataset: PreparedDataset) -> SavedHistory:
    """The history of this name. Raises UserError that lists those there are."""
    known = {own.name: own for own in saved_histories(dataset)}
    if name in known:
        return known[name]
    there = f"there are {', '.join(known)}" if known else "none is saved yet; s on the app's Explore screen keeps one"
    raise UserError(f"{dataset.id}: there is no history named {name}; {there}")
