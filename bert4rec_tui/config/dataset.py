"""Every setting of a dataset: which ratings, and how they are filtered, sorted and split."""

import hashlib
from typing import Annotated, Literal

from msgspec import Meta, Struct

# `\Z` and not `$`, which lets a line break pass. `extra` describes the pattern in words.
Name = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z",
        extra={"allowed": "up to 64 letters, digits, dots, dashes and underscores"},
    ),
]
Seed = Annotated[int, Meta(ge=0, le=2**32 - 1)]


class DatasetConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which ratings, and how they are filtered, sorted and split."""

    name: Annotated[
        Name,
        Meta(title="Dataset", description="A built-in dataset such as ml-1m, or a name for your own data."),
    ] = "sample"
    source: Annotated[
        str,
        Meta(title="Source", description="Folder, zip or file with the ratings; empty: download a built-in dataset."),
    ] = ""
    further_sources: Annotated[
        tuple[str, ...],
        Meta(title="Further sources", description="More files or folders with interactions, read after the source."),
    ] = ()
    columns: Annotated[
        dict[str, str],
        Meta(
            title="Columns",
            description="Column for user, item, timestamp, rating, title, genres; by name, or by number from 0.",
        ),
    ] = {}
    separator: Annotated[
        str, Meta(title="Separator", description="Column separator; empty: detected from the file.")
    ] = ""
    encoding: Annotated[
        str,
        Meta(title="Encoding", description="Encoding of text files, such as latin-1; empty: detected from the file."),
    ] = ""
    time_format: Annotated[
        str,
        Meta(title="Time format", description="Format of the times, such as %d/%m/%Y %H:%M; empty: detected."),
    ] = ""
    time_unit: Annotated[
        str,
        Meta(
            pattern=r"^(\d{0,9}(ns|us|ms|s|min|h|d))?\Z",
            title="Time unit",
            description="Unit of numeric times: s, ms, us, ns, or a multiple such as 5s; empty: detected.",
            extra={"allowed": "s, ms, us, ns, min, h or d, or a multiple such as 5s"},
        ),
    ] = ""
    items: Annotated[
        str,
        Meta(title="Items file", description="File with titles, categories or features of the items; empty: detected."),
    ] = ""
    item_columns: Annotated[
        dict[str, str],
        Meta(
            title="Item columns",
            description="Columns of the items file: item, title, genres, and features by names of your own.",
        ),
    ] = {}
    where: Annotated[
        str,
        Meta(title="Where", description="Condition that the interactions must meet, such as event = 'purchase'."),
    ] = ""
    drop_incomplete: Annotated[
        bool,
        Meta(title="Drop incomplete", description="Drop interactions without a user, an item or a time."),
    ] = False
    item_noun: Annotated[
        str,
        Meta(
            pattern=r"^([^\W\d_][\w '-]{0,31})?\Z",
            title="Item noun",
            description="Noun for one item, such as product; empty: movie for MovieLens, else item.",
            extra={"allowed": "a singular noun, such as product"},
        ),
    ] = ""
    min_rating: Annotated[float, Meta(title="Min. rating", description="Drop ratings below this value.")] = 0.0
    min_user_interactions: Annotated[
        int,
        Meta(
            ge=3,
            title="Min. interactions per user",
            description="Drop users with fewer interactions; test and validation take one each.",
        ),
    ] = 5
    min_item_interactions: Annotated[
        int, Meta(ge=0, title="Min. interactions per item", description="Drop items with fewer interactions.")
    ] = 0
    filter: Annotated[
        Literal["once", "core"],
        Meta(
            title="Filter",
            description="Apply the minimums once, to items then users, or repeat until nothing changes (core).",
        ),
    ] = "once"
    repeats: Annotated[
        Literal["keep", "unique", "first", "last"],
        Meta(
            title="Repeated items",
            description="Repeated items of a user: keep all, drop duplicates, keep the first or the last.",
        ),
    ] = "keep"
    split: Annotated[
        Literal["leave-one-out", "holdout", "time"],
        Meta(
            title="Split",
            description="Evaluate on each user's last item, on held-out users, or on the latest interactions.",
        ),
    ] = "leave-one-out"
    eval_users: Annotated[
        int,
        Meta(
            ge=0,
            title="Held-out users",
            description="Users held out for validation, and as many for test; 0: 500 or a tenth of all users.",
        ),
    ] = 0
    validation_users: Annotated[
        int,
        Meta(ge=0, title="Validation users", description="Users in the validation set of leave-one-out; 0: all users."),
    ] = 0
    validation_share: Annotated[
        float,
        Meta(
            gt=0,
            lt=1,
            title="Validation share",
            description="Share of interactions used for validation by the time split.",
        ),
    ] = 0.1
    test_share: Annotated[
        float,
        Meta(
            gt=0,
            lt=1,
            title="Test share",
            description="Share of interactions used for testing by the time split: the latest.",
        ),
    ] = 0.1
    seed: Annotated[Seed, Meta(title="Split seed", description="Random seed for sampling the users of the split.")] = 42

    def __post_init__(self) -> None:
        """Check what involves several fields."""
        if self.validation_share + self.test_share >= 1:
            raise ValueError(
                f"dataset.validation_share = {self.validation_share} leaves nothing to train on with "
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
            "where": f"where-{hashlib.sha256(self.where.encode()).hexdigest()[:6]}",
            "drop_incomplete": "complete",
            "repeats": "unique" if self.repeats == "unique" else f"{self.repeats}only",
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
