"""A prepared dataset: memory-mapped histories, users, items and the split.

On disk, one folder per prepared dataset:

    manifest.json       Manifest: schema version, settings, counts, hash of the split
    source.json         size and time of the source files; absent for downloads, see `fingerprints`
    history.npy         int32 (interactions,)  item ids 1…N of all users end to end, each user's in time order
    offsets.npy         int64 (users + 1,)     start of each user's history
    timestamps.npy      int64 (interactions,)  seconds since 1970; absent where the source has none
    ratings.npy         float32 (interactions,) absent where the source has none
    split.npy           int32 (3, users)       see Split
    users.npz           raw ids as `ids` (int64), or `id_characters` and `id_offsets` (texts)
    items.npz           the same for raw ids 1…N in order, `title_*` and `genre_*` texts (genres joined by `|`),
                        `counts` int64 (N,) of all interactions and `train_counts` int64 (N,) of training ones
    features.parquet    a row for each item, a column for each feature; absent where there are none
    negatives-<protocol>-seed<S>.npy   int32 (users, number) items, 0 where a user has too few unseen ones
"""

import hashlib
import json
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
from msgspec import Struct

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.blocks import Sliced, row_blocks
from bert4rec_tui.data.integrity import RangeCheck, check_texts, damaged, is_ascending, load_archive, load_array
from bert4rec_tui.data.json_files import read_json
from bert4rec_tui.data.nouns import Noun, category_word, item_word, noun_of
from bert4rec_tui.data.texts import Texts
from bert4rec_tui.data.times import day_of
from bert4rec_tui.errors import UserError

SCHEMA = 1
Part = Literal["validation", "test"]


class Counts(Struct, frozen=True, kw_only=True):
    """The statistics of a prepared dataset and its split."""

    users: int
    items: int
    interactions: int
    density: float
    raw_interactions: int
    train_interactions: int
    validation_users: int
    test_users: int
    shortest_history: int
    median_history: float
    longest_history: int
    untrained_validation_targets: int
    untrained_test_targets: int
    # Users whose very first item is the target of a part: they have no input and are not evaluated.
    validation_newcomers: int = 0
    test_newcomers: int = 0
    # Targets that the user had before: None where an older version prepared the dataset.
    repeated_validation_targets: int | None = None
    repeated_test_targets: int | None = None


class Manifest(Struct, frozen=True, kw_only=True):
    """The contents of manifest.json."""

    schema: int
    id: str
    settings: DatasetConfig
    counts: Counts
    has_timestamps: bool
    has_ratings: bool
    has_titles: bool
    split_hash: str
    cuts: tuple[int, int] | None = None  # of the split `time`, see Split
    notes: list[str] = []  # sentences on what may be wrong with the source
    features: dict[
        str, str
    ] = {}  # of the items, in features.parquet: name → number, category, categories, text, vector
    left_out: dict[str, int] = {}  # interactions of the source that are left out, by the rule that did it
    checksums: dict[str, str] = {}  # SHA-256 of each array file by name; empty where an older version prepared it


@dataclass(frozen=True)
class Split:
    """A train/validation/test split, as three arrays for every kind of split.

    train_end: (users,) int32, the number of leading interactions that are training data; 0 for a held-out user.
    validation, test: (users,) int32, the position of the target in the user's history, -1 without one. The input of a
    target is everything before it.
    cuts: the two times of the split `time` in seconds since 1970: training data are before the first, validation
    targets before the second; None for the other splits.
    """

    train_end: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    cuts: tuple[int, int] | None = None

    def targets(self, part: Part) -> np.ndarray:
        """The positions of the targets of a part."""
        return self.validation if part == "validation" else self.test


class PreparedDataset:
    """Reads a prepared folder; arrays are loaded on first use, and none needs pandas."""

    def __init__(self, path: Path) -> None:
        self.path = path
        file = path / "manifest.json"
        try:
            self.manifest = read_json(file, Manifest)
        except FileNotFoundError:
            raise UserError(f"{path}: is not a prepared dataset (no manifest.json)") from None
        except OSError as error:
            raise UserError(f"{file}: cannot be read ({error.strerror or error}); prepare the dataset again") from None
        except UserError as error:
            raise UserError(f"{error}; prepare the dataset again") from None
        if self.manifest.schema != SCHEMA:
            raise UserError(
                f"{path}: was prepared by another version (schema {self.manifest.schema}, {SCHEMA} is expected); "
                f"prepare {self.manifest.settings.name} again"
            )

    @property
    def id(self) -> str:
        """The readable id, such as `ml-1m+items5`."""
        return self.manifest.id

    @property
    def noun(self) -> Noun:
        """The noun for its items, such as movie or product."""
        return noun_of(item_word(self.manifest.settings))

    @property
    def category(self) -> Noun:
        """The noun for the categories of its items, such as genre."""
        return noun_of(category_word(self.manifest.settings))

    @property
    def users(self) -> int:
        """The number of users; they are numbered from 0."""
        return self.manifest.counts.users

    @property
    def items(self) -> int:
        """The number of items, N; they are numbered from 1, 0 is padding and N + 1 the mask."""
        return self.manifest.counts.items

    def _array(
        self, name: str, kind: type[np.generic], shape: tuple[int, ...], in_range: RangeCheck, whole: bool = False
    ) -> np.ndarray:
        return load_array(self.path / name, kind, shape, self.manifest.checksums.get(name), in_range, whole)

    def _history(self, whole: bool = False) -> np.ndarray:
        shape = (self.manifest.counts.interactions,)
        return self._array("history.npy", np.int32, shape, lambda a: a.min() >= 1 and a.max() <= self.items, whole)

    def _offsets(self, whole: bool = False) -> np.ndarray:
        def in_range(offsets: np.ndarray) -> bool:
            return offsets[0] == 0 and offsets[-1] == self.manifest.counts.interactions and is_ascending(offsets)

        return self._array("offsets.npy", np.int64, (self.users + 1,), in_range, whole)

    def _timestamps(self, whole: bool = False) -> np.ndarray | None:
        if not self.manifest.has_timestamps:
            return None
        return self._array("timestamps.npy", np.int64, (self.manifest.counts.interactions,), lambda _: True, whole)

    def _ratings(self, whole: bool = False) -> np.ndarray | None:
        if not self.manifest.has_ratings:
            return None
        shape = (self.manifest.counts.interactions,)
        return self._array("ratings.npy", np.float32, shape, lambda a: bool(np.isfinite(a).all()), whole)

    def _split(self, whole: bool = False) -> Split:
        def in_range(rows: np.ndarray) -> bool:
            lengths = np.diff(self.offsets)
            return bool(((rows >= [[0], [-1], [-1]]) & (rows <= lengths) & (rows[1:].max(0) < lengths)).all())

        rows = self._array("split.npy", np.int32, (3, self.users), in_range, whole)
        return Split(rows[0], rows[1], rows[2], self.manifest.cuts)

    @cached_property
    def history(self) -> np.ndarray:
        """(interactions,) int32, every user's items end to end."""
        return self._history()

    @cached_property
    def offsets(self) -> np.ndarray:
        """(users + 1,) int64, the start of each user's history in `history`."""
        return self._offsets()

    @cached_property
    def timestamps(self) -> np.ndarray | None:
        """(interactions,) int64 seconds since 1970, None where the source has none."""
        return self._timestamps()

    @cached_property
    def ratings(self) -> np.ndarray | None:
        """(interactions,) float32, None where the source has none."""
        return self._ratings()

    @cached_property
    def split(self) -> Split:
        """The train/validation/test split."""
        return self._split()

    @property
    def cut_days(self) -> tuple[str, str] | None:
        """The dates of the two cuts of the split `time`, None for the other splits."""
        cuts = self.manifest.cuts
        return (day_of(cuts[0]), day_of(cuts[1])) if cuts else None

    @cached_property
    def times_are_positions(self) -> bool:
        """Whether all histories begin at the same time: then timestamps only number each user's interactions.

        A split by time would hold out only the ends of long histories, and say nothing about the future.
        """
        if self.timestamps is None or self.users < 2:
            return False
        first = self.timestamps[self.offsets[:-1]]
        return bool((first == first[0]).all())

    @cached_property
    def _user_arrays(self) -> dict[str, np.ndarray]:
        return self._load_user_arrays()

    def _load_user_arrays(self, whole: bool = False) -> dict[str, np.ndarray]:
        return self._archive("users.npz", self.users, {}, (), whole)

    @cached_property
    def _item_arrays(self) -> dict[str, np.ndarray]:
        return self._load_item_arrays()

    def _load_item_arrays(self, whole: bool = False) -> dict[str, np.ndarray]:
        shapes = {"counts": (self.items,), "train_counts": (self.items,)}
        shapes |= {f"{name}_offsets": (self.items + 1,) for name in ("title", "genre")}
        return self._archive("items.npz", self.items, shapes, ("title", "genre"), whole)

    def _archive(
        self, name: str, rows: int, shapes: dict[str, tuple[int, ...]], texts: tuple[str, ...], whole: bool
    ) -> dict[str, np.ndarray]:
        """An archive with raw ids of `rows` users or items, as numbers or as texts, and the given arrays."""
        arrays = load_archive(self.path / name, shapes, self.manifest.checksums.get(name), texts, whole)
        found = arrays.get("ids", arrays.get("id_offsets"))
        if found is None or len(found) != rows + ("ids" not in arrays):
            raise damaged(self.path / name, f"expected {rows:,} ids")
        if "ids" not in arrays:
            check_texts(arrays, "id", self.path / name)
        return arrays

    @cached_property
    def user_ids(self) -> np.ndarray | Texts:
        """The raw id of user 0, 1, …: an int64 array or texts."""
        return _ids(self._user_arrays)

    @cached_property
    def item_ids(self) -> np.ndarray | Texts:
        """The raw id of item 1, 2, … at index 0, 1, …: an int64 array or texts."""
        return _ids(self._item_arrays)

    @cached_property
    def titles(self) -> Texts:
        """The title of item 1, 2, … at index 0, 1, …; the raw id without titles."""
        return Texts(self._item_arrays["title_characters"], self._item_arrays["title_offsets"])

    @cached_property
    def genres(self) -> Texts:
        """The genres of item 1, 2, … at index 0, 1, …, joined by `|`; empty where unknown."""
        return Texts(self._item_arrays["genre_characters"], self._item_arrays["genre_offsets"])

    @cached_property
    def counts(self) -> np.ndarray:
        """(N,) int64, all interactions of item 1, 2, …"""
        return self._item_arrays["counts"]

    @cached_property
    def train_counts(self) -> np.ndarray:
        """(N,) int64, the training interactions of item 1, 2, …"""
        return self._item_arrays["train_counts"]

    def check_readable(self) -> None:
        """Raises UserError where a file is damaged or missing, except for damage inside a large file; see `verify`."""
        _ = self.offsets, self.history, self.timestamps, self.ratings, self.split, self._user_arrays, self._item_arrays

    def verify(self) -> None:
        """Read every file in full and compare it with its checksum. Raises UserError for the first damaged one.

        A dataset without checksums, which an older version prepared, is compared with the hash of its split.
        """
        offsets, history = self._offsets(whole=True), self._history(whole=True)
        self._timestamps(whole=True)
        self._ratings(whole=True)
        split = self._split(whole=True)
        self._load_user_arrays(whole=True)
        self._load_item_arrays(whole=True)
        rows = np.stack([split.train_end, split.validation, split.test])
        if hash_arrays(history, offsets, rows) != self.manifest.split_hash:
            raise damaged(self.path / "history.npy", "the hash of history, offsets and split differs")

    def history_of(self, user: int) -> np.ndarray:
        """The items of a user, oldest first."""
        return self.history[self.offsets[user] : self.offsets[user + 1]]

    def title(self, item: int) -> str:
        """The title of item 1…N."""
        return self.titles[item - 1]

    def user_id(self, user: int) -> int | str:
        """The raw id of a user."""
        return _plain(self.user_ids[user])

    def item_id(self, item: int) -> int | str:
        """The raw id of item 1…N."""
        return _plain(self.item_ids[item - 1])

    def all_item_ids(self) -> list[int | str]:
        """The raw ids of items 1…N, in order."""
        ids = self.item_ids
        return ids.tolist() if isinstance(ids, np.ndarray) else list(ids.all())

    def user_index(self, raw: str) -> int:
        """The index of the user with this raw id. Raises UserError where there is none."""
        index = _index_of(self.user_ids, raw)
        if index is None:
            raise UserError(f"{self.id}: has no user {raw}")
        return index

    def item_index(self, raw: str) -> int:
        """The item 1…N with this raw id. Raises UserError where there is none."""
        index = _index_of(self.item_ids, raw)
        if index is None:
            raise UserError(f"{self.id}: has no {self.noun.one} {raw}")
        return index + 1

    def evaluated_users(self, part: Part) -> np.ndarray:
        """The users who have a target in this part, ascending."""
        return np.flatnonzero(self.split.targets(part) >= 0)


def hash_arrays(*arrays: Sliced) -> str:
    """The SHA-256 of the content of arrays, which `split_hash` of a manifest is."""
    digest = hashlib.sha256()
    for array in arrays:
        for block in row_blocks(array):
            digest.update(np.ascontiguousarray(block).data)
    return digest.hexdigest()


def _ids(arrays: dict[str, np.ndarray]) -> np.ndarray | Texts:
    return arrays["ids"] if "ids" in arrays else Texts(arrays["id_characters"], arrays["id_offsets"])


def _plain(raw: Any) -> int | str:
    return raw if isinstance(raw, str) else int(raw)


def _index_of(ids: np.ndarray | Texts, raw: str) -> int | None:
    """The index of a raw id; ids are sorted, numbers by value and texts by code point."""
    if isinstance(ids, Texts):
        place = bisect_left(ids, raw)
        return place if place < len(ids) and ids[place] == raw else None
    try:
        number = int(raw)
    except ValueError:
        return None
    index = int(np.searchsorted(ids, number))
    return index if index < len(ids) and ids[index] == number else None


def manifest_bytes(manifest: Manifest) -> bytes:
    """The bytes of manifest.json: readable, and equal for equal content."""
    return (json.dumps(msgspec.to_builtins(manifest), indent=2, ensure_ascii=False) + "\n").encode()
