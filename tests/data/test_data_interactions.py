"""Filtering, ordering and numbering against plain Python."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bert4rec_tui.data.interactions import (
    Interactions,
    filter_by_count,
    in_time_order,
    index_numbers,
    reindexed,
    time_order,
    without_repeats,
)
from bert4rec_tui.data.times import Times

Row = tuple[int, int, int]
small_rows = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6), st.integers(0, 3)), min_size=1, max_size=60)


def make(rows: list[Row]) -> Interactions:
    users, items, ticks = (np.array(column) for column in zip(*rows, strict=True))
    user_ids, user_codes = index_numbers(users)
    item_ids, item_codes = index_numbers(items)
    return Interactions(user_codes, item_codes, user_ids, item_ids, Times(ticks.astype(np.int64), 1))


def raw(interactions: Interactions) -> list[Row]:
    users = np.asarray(interactions.user_ids)[interactions.users]
    items = np.asarray(interactions.item_ids)[interactions.items]
    return list(zip(users.tolist(), items.tolist(), interactions.times.ticks.tolist(), strict=True))


@given(st.lists(st.integers(-(2**62), 2**62) | st.integers(0, 50), max_size=50))
def test_numbers_are_indexed_in_their_order(values):
    distinct, codes = index_numbers(np.array(values, dtype=np.int64))
    assert distinct.tolist() == sorted(set(values))
    assert distinct[codes].tolist() == values


@given(small_rows)
def test_ties_in_time_keep_the_order_of_the_file(rows):
    assert raw(in_time_order(make(rows))) == sorted(rows, key=lambda row: (row[0], row[2]))


@given(
    st.lists(st.tuples(st.integers(0, 2**20), st.integers(-(2**41), 2**41)), min_size=1, max_size=50),
    st.sampled_from([1, 2**2, 2**20]),
)
def test_any_span_of_time_sorts_alike(pairs, factor):
    """Whichever way fits the bits (packed, stable, two keys), the order is the same."""
    users = np.array([user for user, _ in pairs], dtype=np.int32)
    ticks = np.array([tick * factor for _, tick in pairs], dtype=np.int64)
    order = time_order(users, Times(ticks, 1))
    found = list(range(len(pairs))) if order is None else order.tolist()
    assert found == sorted(range(len(pairs)), key=lambda row: (users[row], ticks[row]))


@given(small_rows)
def test_without_times_the_file_is_the_order(rows):
    interactions = make(rows)
    order = time_order(interactions.users, None)
    found = list(range(len(rows))) if order is None else order.tolist()
    assert found == sorted(range(len(rows)), key=lambda row: rows[row][0])


@given(small_rows, st.sampled_from(["first", "last"]))
def test_of_repeats_the_first_or_last_in_time_stays(rows, keep):
    ordered = sorted(rows, key=lambda row: (row[0], row[2]))
    walk = ordered if keep == "first" else ordered[::-1]
    stays = list({(user, item): (user, item, tick) for user, item, tick in walk[::-1]}.items())
    chosen = [row for _, row in stays]
    left = raw(without_repeats(in_time_order(make(rows)), keep))
    assert sorted(left) == sorted(chosen)
    assert left == sorted(left, key=lambda row: (row[0], row[2]))


def naive_filter(rows: list[Row], items: int, users: int, core: bool) -> list[Row]:
    while True:
        before = len(rows)
        rows = [row for row in rows if sum(other[1] == row[1] for other in rows) >= items]
        rows = [row for row in rows if sum(other[0] == row[0] for other in rows) >= users]
        if not core or len(rows) == before:
            return rows


@given(small_rows, st.integers(0, 4), st.integers(0, 4), st.booleans())
def test_items_then_users_are_dropped_once_or_to_the_fixed_point(rows, items, users, core):
    left = reindexed(filter_by_count(make(rows), items, users, core))
    assert raw(left) == naive_filter(rows, items, users, core)
    assert set(left.users.tolist()) == set(range(len(left.user_ids)))
    assert set(left.items.tolist()) == set(range(len(left.item_ids)))


def test_ids_of_text_and_titles_follow_their_items():
    interactions = Interactions(
        users=np.array([0, 1, 1], np.int32),
        items=np.array([2, 0, 2], np.int32),
        user_ids=["ann", "bob"],
        item_ids=["a", "b", "c"],
        titles=["A", "B", "C"],
        genres=["x", "y", "z"],
    )
    left = reindexed(interactions.take(np.array([True, False, True])))
    assert (left.user_ids, left.item_ids, left.titles, left.genres) == (["ann", "bob"], ["c"], ["C"], ["z"])
    assert left.items.tolist() == [0, 0]
