"""Filtering, ordering and numbering in the database against plain Python."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.history_files import write_histories
from bert4rec_tui.data.selection import select
from bert4rec_tui.data.settling import settle
from bert4rec_tui.data.staging import Staging
from bert4rec_tui.errors import UserError
from bert4rec_tui.progress import ignore_progress

Row = tuple[int, int, int]
small_rows = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6), st.integers(0, 3)), min_size=1, max_size=60)
in_new_folders = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)


@pytest.fixture
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("selected")


def selected(folder: Path, rows: Sequence[Row], times: bool = True, **filters) -> list[Row]:
    """(user, item, tick) of each user's history in order, with raw ids, written as a dataset's arrays are."""
    names = ("user", "item", "timestamp") if times else ("user", "item")
    columns = [pa.array(column, pa.int64()) for column in list(zip(*rows, strict=True))[: len(names)]]
    batch = pa.record_batch(columns, names=list(names))
    out = folder / "out"
    out.mkdir(exist_ok=True)
    config = DatasetConfig(**{"name": "mine", "min_user_interactions": 0} | filters)
    with Staging(folder / "staging", 2**29) as staging:
        staging.load([batch.slice(0, 7), batch.slice(7)], batch.schema)
        settle(staging)
        found = select(staging, config)
        offsets = write_histories(staging, found, out, ignore_progress)
        users, items = (
            [row["id"] for row in staging.table(f"SELECT id FROM {table} ORDER BY code").to_pylist()]
            for table in ("users", "items")
        )
    assert (len(users), len(items)) == (found.users, found.items)
    assert users == sorted(users)
    assert items == sorted(items)
    history = np.load(out / "history.npy")
    ticks = np.load(out / "timestamps.npy") if times else np.zeros(len(history), np.int64)
    whose = np.repeat(users, np.diff(offsets)).tolist()
    return list(zip(whose, np.asarray(items)[history - 1].tolist(), ticks.tolist(), strict=True))


def enough(rows: Sequence[Row]) -> bool:
    return len({item for _, item, _ in rows}) >= 3


@in_new_folders
@given(small_rows.filter(enough))
def test_ties_in_time_keep_the_order_of_the_file(folder, rows):
    assert selected(folder, rows) == sorted(rows, key=lambda row: (row[0], row[2]))


@in_new_folders
@given(
    st.lists(st.tuples(st.integers(-(2**62), 2**62), st.integers(0, 2**33)), min_size=3, max_size=40),
    st.sampled_from([1, 2**6]),
)
def test_ids_and_times_of_any_size_sort_alike(folder, pairs, factor):
    """Whether they fit narrow keys or not."""
    begin = 10**12  # milliseconds, and so with any factor
    rows = [(user, item % 3, begin + tick * factor) for item, (user, tick) in enumerate(pairs)]
    expected = sorted(rows, key=lambda row: (row[0], row[2]))
    assert selected(folder, rows) == [(user, item, tick // 1000) for user, item, tick in expected]


@in_new_folders
@given(small_rows.filter(enough))
def test_without_times_the_file_is_the_order(folder, rows):
    expected = [(user, item, 0) for user, item, _ in sorted(rows, key=lambda row: row[0])]
    assert selected(folder, rows, times=False) == expected


@in_new_folders
@given(small_rows.filter(enough), st.sampled_from(["first", "last"]))
def test_of_repeats_the_first_or_last_in_time_is_kept(folder, rows, keep):
    ordered = sorted(rows, key=lambda row: (row[0], row[2]))
    walk = ordered if keep == "first" else ordered[::-1]
    kept = {(user, item): (user, item, tick) for user, item, tick in walk[::-1]}.values()
    left = selected(folder, rows, repeats=keep)
    assert sorted(left) == sorted(kept)
    assert left == sorted(left, key=lambda row: (row[0], row[2]))


@in_new_folders
@given(small_rows.filter(enough))
def test_exact_duplicates_are_one(folder, rows):
    left = selected(folder, rows, repeats="unique")
    assert sorted(left) == sorted(set(rows))


def naive_filter(rows: list[Row], items: int, users: int, core: bool) -> list[Row]:
    while True:
        before = len(rows)
        rows = [row for row in rows if sum(other[1] == row[1] for other in rows) >= items]
        rows = [row for row in rows if sum(other[0] == row[0] for other in rows) >= users]
        if not core or len(rows) == before:
            return rows


@in_new_folders
@given(small_rows, st.integers(0, 4), st.integers(0, 4), st.booleans())
def test_items_then_users_are_dropped_once_or_to_the_fixed_point(folder, rows, items, users, core):
    expected = sorted(naive_filter(rows, items, users, core), key=lambda row: (row[0], row[2]))
    filters = {
        "min_item_interactions": items, "min_user_interactions": users, "filter": "core" if core else "once",
    }  # fmt: skip
    if enough(expected):
        assert selected(folder, rows, **filters) == expected
    else:
        with pytest.raises(UserError, match="left after filtering"):
            selected(folder, rows, **filters)
