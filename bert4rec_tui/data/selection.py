"""Which staged interactions become the dataset: filters on ratings, repeated items, and numbers of interactions."""

from dataclasses import dataclass

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.nouns import item_word, noun_of
from bert4rec_tui.data.staging import Staging
from bert4rec_tui.errors import UserError

MIN_ITEMS = 3


@dataclass(frozen=True)
class Selection:
    """What is left: tables `users` and `items` (id, n, code) in the database; code: from 0, in the order of the ids.

    The rows that belong to it are those whose user and item are in the two tables.
    """

    users: int
    items: int
    interactions: int


def select(staging: Staging, settings: DatasetConfig) -> Selection:
    """Apply the filters of the settings.

    Raises UserError where no users, or fewer than three items, are left.
    """
    if "rating" in staging.roles:
        staging.leave_out("rating", "NOT (rating >= CAST($1 AS FLOAT))", [settings.min_rating])
    elif settings.min_rating > 0:
        raise UserError(f"dataset.min_rating = {settings.min_rating:g} needs a rating column, and the source has none")
    if settings.repeats != "keep":
        _drop_repeats(staging, settings.repeats)
    _filter_by_count(staging, settings.min_item_interactions, settings.min_user_interactions, settings.filter == "core")
    users, interactions = staging.row("SELECT count(*), sum(n) FROM users") or (0, 0)
    if not users:
        raise UserError(
            f"{settings.name}: no users left after filtering (min_rating = {settings.min_rating:g}, "
            f"min_item_interactions = {settings.min_item_interactions}, "
            f"min_user_interactions = {settings.min_user_interactions}); lower them"
        )
    items = int(staging.value("SELECT count(*) FROM items"))
    if items < MIN_ITEMS:
        left = noun_of(item_word(settings)).counted(items)
        raise UserError(f"{settings.name}: {left} left after filtering, at least {MIN_ITEMS} are needed")
    staging.left_out["few interactions"] = staging.rows - int(interactions)
    return Selection(int(users), items, int(interactions))


def time_order(staging: Staging) -> str:
    """The SQL expressions that put the rows of a user in the order of time; ties keep the order of the source.

    An order that breaks ties in another way changes a quarter of ML-1M's test targets.
    """
    return f"{staging.times.order('timestamp')}, rowid" if staging.times is not None else "rowid"


def _drop_repeats(staging: Staging, keep: str) -> None:
    """Keep the `first` or `last` of the rows with the same user and item, or of those with the same time as well."""
    same = "user, item, timestamp" if keep == "unique" and staging.times is not None else "user, item"
    order = time_order(staging)
    if keep == "last":
        order = ", ".join(f"{part} DESC" for part in order.split(", "))
    # In one transaction: DuckDB may number the rows anew between two.
    staging.execute(
        "BEGIN; CREATE TABLE kept AS SELECT rowid AS place FROM interactions "
        f"QUALIFY row_number() OVER (PARTITION BY {same} ORDER BY {order}) = 1"
    )
    staging.leave_out("repeats", "rowid NOT IN (SELECT place FROM kept)")
    staging.execute("DROP TABLE kept; COMMIT")


def _filter_by_count(staging: Staging, items: int, users: int, until_stable: bool) -> None:
    """Drop items with fewer than `items` rows, then users with fewer than `users`; once, or until nothing changes."""
    _count(staging, "item", "items", "", items)
    _count(staging, "user", "users", _known("item") if _dropped(staging, "item") else "", users)
    while until_stable:
        before = staging.value("SELECT sum(n) FROM users")
        _count(staging, "item", "items", _known("user"), items)
        _count(staging, "user", "users", _known("item"), users)
        if staging.value("SELECT sum(n) FROM users") == before:
            break
    if _dropped(staging, "user") or _dropped(staging, "item"):
        _count(staging, "item", "items", f"{_known('user')} {_known('item')}", 1)
    for table in ("users", "items"):
        staging.execute(
            f"CREATE TABLE numbered AS SELECT id, n, CAST(row_number() OVER (ORDER BY id) - 1 AS INTEGER) AS code "
            f"FROM {table}"
        )
        staging.execute(f"DROP TABLE {table}")
        staging.execute(f"ALTER TABLE numbered RENAME TO {table}")


def _count(staging: Staging, role: str, table: str, among: str, least: int) -> None:
    """Make a table of the users or items that have at least so many rows among some."""
    staging.execute(
        f"CREATE OR REPLACE TABLE {table} AS SELECT {role} AS id, count(*) AS n FROM interactions {among} "
        f"GROUP BY {role} HAVING count(*) >= {least}"
    )


def _known(role: str) -> str:
    """The join that leaves only rows whose user or item is in its table."""
    return f"SEMI JOIN {role}s ON interactions.{role} = {role}s.id"


def _dropped(staging: Staging, role: str) -> bool:
    """Whether some rows have no user or item in its table."""
    return bool(staging.value(f"SELECT sum(n) FROM {role}s") != staging.value("SELECT count(*) FROM interactions"))
