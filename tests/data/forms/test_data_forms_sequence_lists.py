"""A user a row: the rows of Yambda, Transformers4Rec, OTTO and Steam become interactions, in their order."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from bert4rec_tui.data.forms import Table, to_table
from bert4rec_tui.data.forms.sequence_roles import single_name
from bert4rec_tui.errors import UserError


def of_table(folder: Path, columns: dict | pa.Table) -> Table:
    path = folder / "a.parquet"
    parquet.write_table(columns if isinstance(columns, pa.Table) else pa.table(columns), path)
    return to_table([path], folder / "temporary")


def rows(table: Table) -> list[dict]:
    return parquet.read_table(table.path).to_pylist()


def test_parallel_lists_are_taken_apart_together(tmp_path):
    """Yambda's sequential form."""
    found = of_table(
        tmp_path,
        {
            "uid": pa.array([7, 8, 9], pa.uint32()),
            "timestamp": [[10, 20], [], [30]],
            "item_id": [[1, 2], None, [3]],
            "is_organic": [[1, 0], [], [None]],
        },
    )
    assert rows(found) == [
        {"uid": 7, "timestamp": 10, "item_id": 1, "is_organic": 1},
        {"uid": 7, "timestamp": 20, "item_id": 2, "is_organic": 0},
        {"uid": 9, "timestamp": 30, "item_id": 3, "is_organic": None},
    ]
    assert found.notes == ("a.parquet: a row for each value of item_id, in their order",)


@pytest.mark.parametrize("name", ["item_id-list", "item_id_list", "item_ids", "itemId_seq"])
def test_lists_are_named_after_one_element(tmp_path, name):
    """Transformers4Rec's form; a list of another length belongs to no item."""
    found = of_table(tmp_path, {"session_id": [1], name: [["a", "b"]], "age-list": [[1, 2]], "tags": [["x"]]})
    assert [list(row.values()) for row in rows(found)] == [[1, "a", 1], [1, "b", 2]]
    assert single_name(name) in ("item_id", "itemId")
    assert list(rows(found)[0]) == ["session_id", single_name(name), "age"]
    assert found.notes[0].endswith("left out, as they have no value for each item: tags")


@pytest.mark.parametrize("name", ["history", "sequence", "items", "item_list", "tracks", "interactions"])
def test_a_list_of_items_by_any_usual_name(tmp_path, name):
    assert [list(row.values()) for row in rows(of_table(tmp_path, {"user": [5], name: [[1, 2]]}))] == [[5, 1], [5, 2]]


def test_lists_of_every_arrow_kind(tmp_path):
    kinds = [pa.list_(pa.int64(), 2), pa.large_list(pa.int64()), pa.list_(pa.string_view())]
    for kind in kinds:
        values = ["1", "2"] if kind == kinds[2] else [1, 2]
        table = pa.table({"user": pa.array(["x"]).dictionary_encode(), "items": pa.array([values], kind)})
        assert [list(row.values()) for row in rows(of_table(tmp_path, table))] == [["x", values[0]], ["x", values[1]]]


def test_a_row_an_item_keeps_its_lists(tmp_path):
    path = tmp_path / "a.parquet"
    for columns in ({"item": [1], "categories": [["a", "b"]]}, {"user": [1], "embedding": [[0.1, 0.2]]}):
        found = of_table(tmp_path, columns)
        assert (found.path, found.notes) == (path, ())


def test_times_of_another_length_than_the_items_are_a_fault_with_its_row(tmp_path):
    with pytest.raises(UserError) as error:
        of_table(tmp_path, {"user": [1, 2], "item_id": [[1, 2], [3]], "timestamp": [[1, 2], [3, 4]]})
    assert str(error.value) == (
        "a.parquet, row 2: the lists item_id and timestamp have different lengths; expected a timestamp for each item"
    )


def test_users_without_items_are_no_rows(tmp_path):
    with pytest.raises(UserError, match="contains no interactions"):
        of_table(tmp_path, {"user": [1], "items": pa.array([[]], pa.list_(pa.int64()))})


@pytest.mark.parametrize("form", ["lines", "array"])
def test_sessions_with_a_list_of_events_are_rows(tmp_path, form):
    """OTTO's form."""
    sessions = [
        {"session": 1, "events": [{"aid": 5, "ts": 10, "type": "clicks"}, {"aid": 6, "ts": 11, "type": "orders"}]},
        {"session": 2, "events": [{"aid": 5, "ts": 12, "type": "carts"}]},
    ]
    text = "".join(json.dumps(one) + "\n" for one in sessions) if form == "lines" else json.dumps(sessions)
    (tmp_path / "train.jsonl").write_text(text)
    assert rows(to_table([tmp_path / "train.jsonl"], tmp_path / "temporary")) == [
        {"session": 1, "aid": 5, "ts": 10, "type": "clicks"},
        {"session": 1, "aid": 6, "ts": 11, "type": "orders"},
        {"session": 2, "aid": 5, "ts": 12, "type": "carts"},
    ]


def test_steam_dumps_of_python_dictionaries_are_rows(tmp_path):
    line = "{u'user_id': u'x', u'items': [{u'item_id': u'10', u'item_name': u\"Day's\"}, {u'item_id': u'20'}]}\n"
    (tmp_path / "a.json").write_text(line)
    assert rows(to_table([tmp_path / "a.json"], tmp_path / "temporary")) == [
        {"user_id": "x", "item_id": "10", "item_name": "Day's"},
        {"user_id": "x", "item_id": "20", "item_name": None},
    ]


def test_an_object_with_all_rows_in_a_list_is_its_rows(tmp_path):
    (tmp_path / "a.json").write_text('{"total": 2, "data": [{"user": 1, "item": "a"}, {"user": 2, "item": "b"}]}')
    found = rows(to_table([tmp_path / "a.json"], tmp_path / "temporary"))
    assert [(row["user"], row["item"]) for row in found] == [(1, "a"), (2, "b")]


def test_reviews_with_pictures_stay_a_row_each(tmp_path):
    """Amazon 2023: a list of objects that are no interactions."""
    lines = '{"user_id": "a", "asin": "b", "images": [{"url": "x"}, {"url": "y"}]}\n{"user_id": "c", "asin": "d"}\n'
    (tmp_path / "a.jsonl").write_text(lines)
    assert len(rows(to_table([tmp_path / "a.jsonl"], tmp_path / "temporary"))) == 2


@given(
    lists=st.lists(st.lists(st.integers(0, 9), max_size=5), min_size=1, max_size=9).filter(any), piece=st.integers(1, 4)
)
def test_every_item_comes_once_in_order(tmp_path_factory, lists, piece):
    folder = tmp_path_factory.mktemp("lists")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bert4rec_tui.data.forms.sequence_lists.PIECE", piece)
        found = rows(
            of_table(folder, {"user": list(range(len(lists))), "items": pa.array(lists, pa.list_(pa.int64()))})
        )
    assert [(row["user"], row["item"]) for row in found] == [(u, i) for u, items in enumerate(lists) for i in items]
