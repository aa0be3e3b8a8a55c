"""Rows that are dealt out to files and sorted there, against one sort of all."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bert4rec_tui.data.bucket_sort import BucketSort

TIMES = {
    "none": None,
    "narrow": ("u4", st.integers(0, 9)),
    "wide": ("i8", st.integers(-(2**62), 2**62)),
    "parts": ("f8", st.floats(-5, 5)),
}


@pytest.mark.parametrize("times", TIMES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(data=st.data())
def test_rows_come_back_by_owner_time_and_place(tmp_path_factory, monkeypatch, times, data):
    monkeypatch.setattr("bert4rec_tui.data.bucket_sort.BUFFER_BYTES", data.draw(st.sampled_from([1, 200, 2**20])))
    count = data.draw(st.integers(1, 60))
    owners = data.draw(st.lists(st.integers(0, 7), min_size=count, max_size=count))
    used = {owner: place for place, owner in enumerate(sorted(set(owners)))}
    owners = np.array([used[owner] for owner in owners])
    kinds = [("owner", "u4"), ("place", "u4")]
    shuffled = data.draw(st.booleans())
    places = np.array(data.draw(st.permutations(range(count)))) if shuffled else np.arange(count)
    columns = {"owner": owners, "place": places}
    if TIMES[times] is not None:
        kind, values = TIMES[times]
        kinds.append(("time", kind))
        columns["time"] = np.array(data.draw(st.lists(values, min_size=count, max_size=count)), kind)
    rows = np.empty(count, np.dtype(kinds))
    for name, column in columns.items():
        rows[name] = column
    offsets = np.concatenate([[0], np.cumsum(np.bincount(owners))])
    folder = tmp_path_factory.mktemp("sorted")
    sort = BucketSort(offsets, rows.dtype, folder, data.draw(st.integers(1, 20)))
    step = data.draw(st.integers(1, 30))
    for start in range(0, count, step):
        sort.add(rows[start : start + step])
    found = np.concatenate(list(sort.sorted()))
    keys = (places, *([columns["time"]] if "time" in columns else []), owners)
    assert found.tolist() == rows[np.lexsort(keys)].tolist()
    assert list(folder.iterdir()) == []
