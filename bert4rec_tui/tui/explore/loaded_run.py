"""What the Explore screen has read of a run: its dataset, its users with their ranks of the last test, its titles."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.nouns import Noun
from bert4rec_tui.recommend.filters import ItemFacts
from bert4rec_tui.recommend.matching import TitleMatcher
from bert4rec_tui.recommend.saved_histories import SavedHistory
from bert4rec_tui.recommend.titles import TitleIndex
from bert4rec_tui.runs.store import CheckpointName, Run
from bert4rec_tui.tui.explore.edited_history import EditedHistory

SHORT_ID = 7  # cells of a user's id in the narrow list of users
IDS_TO_MEASURE = 1000  # users by whose ids the list gets its width


@dataclass
class LoadedRun:
    """A run with a model and the prepared dataset that it was trained on.

    ranks: (users,) of the last test, 0 where a user was not tested. protocol: that of the test, empty without one.
    saved: the histories that were saved for this dataset, by name.
    """

    run: Run
    checkpoint: CheckpointName
    dataset: PreparedDataset
    ranks: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    protocol: str = ""
    saved: list[SavedHistory] = field(default_factory=list[SavedHistory])

    @property
    def noun(self) -> Noun:
        """What the items are called."""
        return self.dataset.noun

    @property
    def rows(self) -> np.ndarray:
        """Rows of the list of users: the saved histories, numbered after the dataset's users, then these users."""
        users = self.dataset.users
        return np.concatenate([np.arange(users, users + len(self.saved)), np.arange(users)])

    def saved_at(self, row: int) -> SavedHistory | None:
        """The saved history in a row of the list of users; None for a user of the dataset."""
        place = row - self.dataset.users
        return self.saved[place] if 0 <= place < len(self.saved) else None

    def row_of(self, history: EditedHistory) -> int:
        """The row of a history in the list of users, -1 where it is in none."""
        if history.user is not None:
            return history.user
        names = [saved.name for saved in self.saved]
        return self.dataset.users + names.index(history.name) if history.name in names else -1

    @cached_property
    def lengths(self) -> np.ndarray:
        """How many interactions each user has."""
        return np.diff(self.dataset.offsets)

    @cached_property
    def long_ids(self) -> bool:
        """Whether the first users' ids are longer than the narrow list of users shows."""
        ids = self.dataset.user_ids
        return any(len(str(ids[user])) > SHORT_ID for user in range(min(self.dataset.users, IDS_TO_MEASURE)))

    @cached_property
    def index(self) -> TitleIndex:
        """The titles to search in; building it takes a moment and belongs in a thread."""
        return TitleIndex(self.dataset.titles.all())

    @cached_property
    def facts(self) -> ItemFacts:
        """Years and categories of the catalogue; reading them takes a moment and belongs in a thread."""
        return ItemFacts(self.dataset)

    @cached_property
    def matcher(self) -> TitleMatcher:
        """Matches titles of a file to the catalogue; building it takes a moment and belongs in a thread."""
        return TitleMatcher(self.dataset.titles.all(), self.dataset.counts, self.index)

    def title(self, item: int) -> str:
        """The title of an item."""
        return self.dataset.title(item)

    def categories(self, item: int) -> str:
        """The categories of an item, as they are shown."""
        return self.dataset.genres[item - 1].replace("|", " ")

    def find_items(self, text: str) -> list[int]:
        """The items whose titles match, the best first."""
        return [place + 1 for place in self.index.find(text)]
