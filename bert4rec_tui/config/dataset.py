"""Every setting of a dataset: which ratings, and how they are filtered, ordered and split."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

# `\Z` and not `$`, which lets a line break pass. `extra` says in words what a pattern says in signs.
Name = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z",
        extra={"allowed": "up to 64 letters, digits, dots, dashes and underscores"},
    ),
]
Seed = Annotated[int, Meta(ge=0, le=2**32 - 1)]


class DatasetConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which ratings, and how they are filtered, ordered and split."""

    name: Annotated[Name, Meta(description="A known dataset, such as ml-1m, or a name of your own.")] = "sample"
    source: Annotated[str, Meta(description="The folder, zip or file with the ratings; empty: download.")] = ""
    columns: Annotated[
        dict[str, str],
        Meta(description="Which column is user, item, timestamp, rating, title, genres; by name or number from 0."),
    ] = {}
    separator: Annotated[str, Meta(description="What stands between two columns; empty: found by looking.")] = ""
    item_noun: Annotated[
        str,
        Meta(
            pattern=r"^([^\W\d_][\w '-]{0,31})?\Z",
            description="What one item is called, such as product; empty: movie for MovieLens, else item.",
            extra={"allowed": "one noun in the singular, such as product"},
        ),
    ] = ""
    min_rating: Annotated[float, Meta(description="Ratings below this are dropped.")] = 0.0
    min_user_interactions: Annotated[
        int, Meta(ge=3, description="Users with fewer interactions are dropped; the test and validation take one each.")
    ] = 5
    min_item_interactions: Annotated[int, Meta(ge=0, description="Items with fewer interactions are dropped.")] = 0
    filter: Annotated[
        Literal["once", "core"], Meta(description="Drop items, then users, once; or until nothing changes (core).")
    ] = "once"
    repeats: Annotated[
        Literal["keep", "first", "last"], Meta(description="What stays of an item that a user met more than once.")
    ] = "keep"
    split: Annotated[
        Literal["leave-one-out", "holdout", "time"],
        Meta(description="Test on each user's last item, on users not trained on, or on what came after a moment."),
    ] = "leave-one-out"
    eval_users: Annotated[
        int, Meta(ge=0, description="Held-out users for validation, and as many for test; 0: 500 or a tenth.")
    ] = 0
    validation_users: Annotated[
        int, Meta(ge=0, description="Users who give an item up for validation in leave-one-out; 0: all.")
    ] = 0
    validation_share: Annotated[
        float, Meta(gt=0, lt=1, description="Share of the interactions between the two cuts of the split time.")
    ] = 0.1
    test_share: Annotated[
        float, Meta(gt=0, lt=1, description="Share of the interactions after the second cut of the split time.")
    ] = 0.1
    seed: Annotated[Seed, Meta(description="Seed of the choice of users for the split.")] = 42

    def __post_init__(self) -> None:
        """Check what one field alone cannot say."""
        if self.validation_share + self.test_share >= 1:
            raise ValueError(
                f"dataset.validation_share = {self.validation_share} leaves nothing to train on beside "
                f"dataset.test_share = {self.test_share}; together they must stay below 1"
            )

    @property
    def id(self) -> str:
        """The name and what differs from the defaults, such as `ml-1m+items5`; the same id, the same preparation."""
        words = {
            "min_rating": f"rating{self.min_rating:g}",
            "min_user_interactions": f"users{self.min_user_interactions}",
            "min_item_interactions": f"items{self.min_item_interactions}",
            "filter": self.filter,
            "repeats": f"{self.repeats}only",
            "split": self.split,
            "eval_users": f"eval{self.eval_users}",
            "validation_users": f"validation{self.validation_users}",
            "validation_share": f"valshare{self.validation_share}",
            "test_share": f"testshare{self.test_share}",
            "seed": f"seed{self.seed}",
        }
        default = DatasetConfig()
        return "+".join(
            [self.name, *(word for field, word in words.items() if getattr(self, field) != getattr(default, field))]
        )
