"""What the explore screen reads of a run: its dataset, its users with their ranks of the last test, its titles."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.store import dataset_of
from bert4rec_tui.errors import UserError
from bert4rec_tui.recommend.filters import ItemFacts
from bert4rec_tui.recommend.matching import TitleMatcher
from bert4rec_tui.recommend.saved_histories import SavedHistory, saved_histories
from bert4rec_tui.recommend.titles import TitleIndex
from bert4rec_tui.runs.store import CheckpointName, Run, RunSource
from bert4rec_tui.settings import datasets_folder
from bert4rec_tui.tui.explore.edited_history import OWN, Taste, users_who_watched
from bert4rec_tui.tui.shell.dialogs import Choice
from bert4rec_tui.tui.shell.run_choice import checkpoint_of, run_with_model
from bert4rec_tui.tui.shell.text import count

SHORT_NAME = 7  # cells of a name in the list of users where every name is short


@dataclass
class World:
    """A run with a model and the prepared dataset that it was trained on."""

    run: Run
    checkpoint: CheckpointName
    dataset: PreparedDataset
    ranks: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))  # by user, 0 where not tested
    protocol: str = ""
    own: list[SavedHistory] = field(default_factory=list[SavedHistory])  # by name

    @property
    def rows(self) -> np.ndarray:
        """Rows of the list of users: histories of one's own, numbered after the dataset's users, then these users."""
        users = self.dataset.users
        return np.concatenate([np.arange(users, users + len(self.own)), np.arange(users)])

    def own_at(self, row: int) -> SavedHistory | None:
        """The history of one's own in a row of the list of users; None for a user of the dataset."""
        place = row - self.dataset.users
        return self.own[place] if 0 <= place < len(self.own) else None

    def row_of(self, taste: Taste) -> int:
        """The row of a history in the list of users, -1 where it is in none."""
        if taste.user != OWN:
            return taste.user
        names = [own.name for own in self.own]
        return self.dataset.users + names.index(taste.name) if taste.name in names else -1

    @cached_property
    def lengths(self) -> np.ndarray:
        """How many interactions each user has."""
        return np.diff(self.dataset.offsets)

    @cached_property
    def long_names(self) -> bool:
        """Whether the first users' ids are longer than the narrow list of users shows."""
        ids = self.dataset.user_ids
        return any(len(str(ids[user])) > SHORT_NAME for user in range(min(self.dataset.users, 1000)))

    @cached_property
    def index(self) -> TitleIndex:
        """The titles to search in; building it takes a moment and belongs in a thread."""
        return TitleIndex(self.dataset.titles.all())

    @cached_property
    def facts(self) -> ItemFacts:
        """Years and genres of the catalogue; reading them takes a moment and belongs in a thread."""
        return ItemFacts(self.dataset)

    @cached_property
    def matcher(self) -> TitleMatcher:
        """Matches titles of a file to the catalogue; building it takes a moment and belongs in a thread."""
        return TitleMatcher(self.dataset.titles.all(), self.dataset.counts, self.index)

    def title(self, item: int) -> str:
        """The title of an item."""
        return self.dataset.title(item)

    def genres(self, item: int) -> str:
        """The genres of an item, as they are shown."""
        return self.dataset.genres[item - 1].replace("|", " ")

    def find_movies(self, text: str) -> list[Choice]:
        """The movies that match, for a list to choose from; the key is the item."""
        found = [place + 1 for place in self.index.find(text)]
        return [Choice(str(item), self.title(item), f"{count(int(self.dataset.counts[item - 1]))} ×") for item in found]

    def find_users(self, text: str) -> list[Choice]:
        """The user with this id, and the movies with this title, whose viewers can be shown."""
        found: list[Choice] = []
        try:
            user = self.dataset.user_index(text.strip())
        except UserError:
            pass
        else:
            found.append(Choice(f"user {user}", f"user {text.strip()}", f"{count(int(self.lengths[user]))} movies"))
        movies = self.find_movies(text)
        return found + [Choice(f"item {c.key}", c.text, f"watched {c.note}") for c in movies]

    def viewers(self, item: int) -> np.ndarray:
        """The users who watched a movie."""
        return users_who_watched(self.dataset, item)


def read_world(source: RunSource, reference: str, wanted: CheckpointName) -> World | str:
    """Read a run, or the newest with a checkpoint; a sentence where that cannot be. For a thread."""
    run = run_with_model(source, reference)
    if run is None:
        return "No run has a checkpoint yet.\n2 Train configures a run and launches it; its model answers here."
    if not run.has_checkpoint():
        return (
            f"{run.short_id} has no checkpoint yet;\nit is written after the first validation. b chooses another run."
        )
    try:
        dataset = dataset_of(run.config().dataset, datasets_folder())
        # Opened here, in the thread, so that nothing waits for a disk later.
        _ = dataset.titles, dataset.genres, dataset.timestamps, dataset.ratings, dataset.split, dataset.user_ids
        world = World(run, checkpoint_of(run, wanted), dataset)
        _ = world.lengths, world.long_names
        world.own = saved_histories(dataset)
    except UserError as error:
        return str(error)
    world.protocol, world.ranks = read_ranks(run, world.checkpoint, dataset.users)
    return world


def read_ranks(run: Run, checkpoint: str, users: int) -> tuple[str, np.ndarray]:
    """The protocol of the last test and each user's rank in it, 0 for users without one; `full` is preferred."""
    folders = sorted((run.path / "test").glob(f"{checkpoint}-*/ranks.npz"), key=lambda file: file.stat().st_mtime)
    folders.sort(key=lambda file: file.parent.name == f"{checkpoint}-full")
    for file in reversed(folders):
        ranks = np.zeros(users, np.int64)
        try:
            with np.load(file, allow_pickle=False) as kept:
                ranks[kept["users"]] = kept["ranks"]
        except (OSError, ValueError, KeyError, IndexError):
            continue
        return file.parent.name.removeprefix(f"{checkpoint}-"), ranks
    return "", np.zeros(users, np.int64)
