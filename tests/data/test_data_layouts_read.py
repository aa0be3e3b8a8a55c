"""The layouts of this field are read without a flag: users, items and times are those of the file."""

import gzip
import json

import msgspec
import pyarrow as pa
import pytest
from layout_samples import SAMPLES
from pyarrow import parquet
from reading import read, rows, written

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.prepare import prepare
from bert4rec_tui.errors import UserError


def plain(text: str) -> str:
    """A cell as it should be read: without the quotes around it."""
    text = text.strip()
    return text[1:-1].replace('""', '"') if len(text) > 1 and text[0] == text[-1] == '"' else text


# Their samples are cells alone, without the form that holds them; they are written out below.
TABLES = [
    sample
    for sample in SAMPLES
    if not sample.file.endswith(".parquet")
    and sample.layout not in ("otto", "mind", "netflix-blocks")
    and not sample.layout.startswith("steam-australian")
]


@pytest.mark.parametrize("sample", TABLES, ids=lambda sample: f"{sample.layout}-{sample.file}")
def test_a_layout_is_read_as_it_is(tmp_path, sample):
    for name in sample.siblings:
        (tmp_path / name).write_text("\n")
    path = tmp_path / sample.file
    path.write_text(sample.text)
    found = read(path, drop_incomplete=True)
    assert any("recognised as" in note for note in found.notes)
    places = {
        role: int(column) if sample.names is None else sample.names.index(column)
        for role, column in sample.columns.items()
    }
    whole = [row for row in sample.rows if len(row) == len(sample.rows[0])]
    for role, values in (("user", found.users), ("item", found.items)):
        expected = {plain(row[places[role]]) for row in whole} - {"", "NA", "null"}
        assert {str(value) for value in values} <= {value.removesuffix(".0") for value in expected} | expected
    assert len(found) >= len(whole) - 2
    if "timestamp" in places:
        assert found.times is not None
        days = [second / 86_400 for _, _, _, second in rows(found)]
        assert all(7_000 < day < 22_000 for day in days) or "yambda" in sample.layout


def test_otto_s_sessions_are_read(tmp_path):
    lines = [
        {"session": 12, "events": [{"aid": 5, "ts": 1_661_724_000_278, "type": "clicks"},
                                   {"aid": 7, "ts": 1_661_724_100_000, "type": "orders"}]},
        {"session": 13, "events": [{"aid": 5, "ts": 1_661_724_200_000, "type": "carts"}]},
    ]  # fmt: skip
    path = written(tmp_path / "otto-recsys-train.jsonl", "".join(f"{json.dumps(line)}\n" for line in lines))
    expected = [(12, 5, None, 1_661_724_000), (12, 7, None, 1_661_724_100), (13, 5, None, 1_661_724_200)]
    assert rows(read(path)) == expected
    assert rows(read(path, where="type = 'orders'")) == expected[1:2]


def test_steam_s_reviews_in_python_s_own_writing_are_read(tmp_path):
    lines = [
        {"user_id": "ann", "user_url": "x", "reviews": [{"item_id": "1250", "posted": "Posted November 5, 2011.",
                                                        "recommend": True},
                                                       {"item_id": "440", "posted": "Posted July 1, 2012.",
                                                        "recommend": False}]},
        {"user_id": "bob", "user_url": "y", "reviews": [{"item_id": "440", "posted": "Posted May 2, 2013.",
                                                        "recommend": True}]},
    ]  # fmt: skip
    path = tmp_path / "australian_user_reviews.json.gz"
    path.write_bytes(gzip.compress("".join(f"{line!r}\n" for line in lines).encode()))
    found = read(path)
    assert [row[:2] for row in rows(found)] == [("ann", "1250"), ("ann", "440"), ("bob", "440")]


def test_yambda_flat_and_sequential_are_the_same(tmp_path):
    flat = pa.table(
        {
            "uid": pa.array([3, 3, 4], pa.uint32()),
            "timestamp": pa.array([100, 105, 200], pa.uint32()),
            "item_id": pa.array([7, 8, 7], pa.uint32()),
            "is_organic": pa.array([1, 0, 1], pa.uint8()),
            "played_ratio_pct": pa.array([90, 100, 3], pa.uint16()),
            "track_length_seconds": pa.array([200, 180, 200], pa.uint32()),
        }
    )
    lists = pa.table(
        {
            "uid": pa.array([3, 4], pa.uint32()),
            "timestamp": pa.array([[100, 105], [200]], pa.list_(pa.uint32())),
            "item_id": pa.array([[7, 8], [7]], pa.list_(pa.uint32())),
            "is_organic": pa.array([[1, 0], [1]], pa.list_(pa.uint8())),
        }
    )
    parquet.write_table(flat, tmp_path / "listens.parquet")
    (tmp_path / "sequential").mkdir()
    parquet.write_table(lists, tmp_path / "sequential" / "likes.parquet")
    expected = [(3, 7, None, 500), (3, 8, None, 525), (4, 7, None, 1000)]
    assert rows(read(tmp_path / "listens.parquet")) == expected
    assert rows(read(tmp_path / "sequential" / "likes.parquet")) == expected


def test_netflix_blocks_are_read(tmp_path):
    blocks = "1:\n1488844,3,2005-09-06\n822109,5,2005-05-13\n2:\n822109,4,2005-10-19\n"
    path = written(tmp_path / "combined_data_1.txt", blocks)
    assert rows(read(path)) == [
        (1488844, 1, 3, 1_125_964_800),
        (822109, 1, 5, 1_115_942_400),
        (822109, 2, 4, 1_129_680_000),
    ]


def test_retailrocket_s_folder_is_read_by_its_events(tmp_path):
    (tmp_path / "events.csv").write_text(
        "timestamp,visitorid,event,itemid,transactionid\n1433221332117,257597,view,355908,\n"
        "1433224214164,992329,view,248676,\n1433221999827,111016,transaction,318965,44\n"
    )
    (tmp_path / "category_tree.csv").write_text("categoryid,parentid\n1016,213\n809,169\n570,9\n")
    found = read(tmp_path)
    assert [row[:2] for row in rows(found)] == [(257597, 355908), (992329, 248676), (111016, 318965)]
    assert any("--where \"event = 'view'\"" in note for note in found.notes)


def test_diginetica_s_time_is_the_date_and_milliseconds_after_it(tmp_path):
    path = written(
        tmp_path / "train-item-views.csv",
        "sessionId;userId;itemId;timeframe;eventdate\n1;NA;81766;526309;2016-05-09\n1;NA;31331;1031018;2016-05-09\n"
        "2;7;32118;243569;2016-05-10\n",
    )
    assert rows(read(path)) == [
        (1, 81766, None, 1_462_752_526),
        (1, 31331, None, 1_462_753_031),
        (2, 32118, None, 1_462_838_643),
    ]


def test_a_shop_s_compressed_lines_with_titles_in_a_second_file(tmp_path):
    events = [
        {"customer": {"id": f"c{user}"}, "sku": f"p{item}", "ordered_at": f"2024-03-{item + 1:02}T10:00:00Z"}
        for user in range(4)
        for item in range(6)
    ]
    (tmp_path / "orders.jsonl.gz").write_bytes(gzip.compress("".join(f"{json.dumps(e)}\n" for e in events).encode()))
    products = "".join(f'p{item};"Product {item}";["tools", "new"];{item * 1.5}\n' for item in range(6))
    (tmp_path / "products.csv").write_text(f"sku;name;tags;price\n{products}")
    settings = DatasetConfig(
        name="shop",
        source=str(tmp_path / "orders.jsonl.gz"),
        columns={"user": "customer.id", "item": "sku", "timestamp": "ordered_at"},
        items=str(tmp_path / "products.csv"),
        item_columns={"item": "sku", "title": "name", "genres": "tags", "price": "price"},
        item_noun="product",
    )
    dataset = prepare(settings, tmp_path / "datasets", tmp_path / "raw")
    assert (dataset.users, dataset.items) == (4, 6)
    assert [dataset.title(item) for item in (1, 6)] == ["Product 0", "Product 5"]
    assert dataset.genres[0] == "tools|new"
    assert dataset.manifest.features == {"price": "number"}
    table = parquet.read_table(dataset.path / "features.parquet")
    assert table.column("price").to_pylist() == [item * 1.5 for item in range(6)]
    dataset.verify()
    again: list[str] = []
    prepare(settings, tmp_path / "datasets", tmp_path / "raw", lambda progress: again.append(progress.stage))
    assert again == []
    (tmp_path / "products.csv").write_text(f"sku;name;tags;price\n{products}p9;x;[];1\n")
    prepare(settings, tmp_path / "datasets", tmp_path / "raw", lambda progress: again.append(progress.stage))
    assert "Reading" in again


def test_the_columns_of_an_items_file_are_told_by_their_names(tmp_path):
    lines = "".join(f"c{user},p{item}\n" for user in range(4) for item in range(6))
    (tmp_path / "orders.csv").write_text(f"customer,sku\n{lines}")
    (tmp_path / "products.csv").write_text(
        "sku,name,category\n" + "".join(f"p{i},Product {i},tools\n" for i in range(6))
    )
    settings = DatasetConfig(name="shop", source=str(tmp_path / "orders.csv"), items=str(tmp_path / "products.csv"))
    dataset = prepare(settings, tmp_path / "datasets", tmp_path / "raw")
    assert dataset.title(2) == "Product 1"
    assert dataset.genres[0] == "tools"
    assert "products.csv: items read with item=sku, genres=category, title=name" in dataset.manifest.notes
    with pytest.raises(UserError, match=r"no such file or folder \(--items\)"):
        prepare(
            msgspec.structs.replace(settings, items=str(tmp_path / "x.csv")), tmp_path / "datasets", tmp_path / "raw"
        )


def test_few_titles_are_noted_with_an_example_of_each_side(tmp_path):
    lines = "".join(f"c{user},p{item}\n" for user in range(4) for item in range(6))
    (tmp_path / "orders.csv").write_text(f"customer,sku\n{lines}")
    (tmp_path / "products.csv").write_text("sku,name\nP-0,Product 0\nP-1,Product 1\n")
    settings = DatasetConfig(name="shop", source=str(tmp_path / "orders.csv"), items=str(tmp_path / "products.csv"))
    dataset = prepare(settings, tmp_path / "datasets", tmp_path / "raw")
    said = 'products.csv has no title for 6 of 6 items, such as "p0"; it has, for example, "P-0"'
    assert said in dataset.manifest.notes


def test_a_number_that_pandas_wrote_as_1_0_has_the_title_of_1(tmp_path):
    lines = "".join(f"{user},{item}.0\n" for user in range(4) for item in range(1, 7))
    (tmp_path / "orders.csv").write_text(f"user,item\n{lines}")
    (tmp_path / "titles.csv").write_text("item,title\n" + "".join(f"{i},Film {i}\n" for i in range(1, 7)))
    settings = DatasetConfig(name="films", source=str(tmp_path / "orders.csv"), items=str(tmp_path / "titles.csv"))
    dataset = prepare(settings, tmp_path / "datasets", tmp_path / "raw")
    assert [dataset.title(item) for item in (1, 6)] == ["Film 1", "Film 6"]


def test_genres_as_lists_with_gaps_keep_the_others(tmp_path):
    table = pa.table(
        {
            "user": [1, 1, 2, 2],
            "item": [1, 2, 1, 3],
            "genres": pa.array([["War", None], ["Drama", "War"], ["War", None], None], pa.list_(pa.string())),
        }
    )
    parquet.write_table(table, tmp_path / "mine.parquet")
    assert read(tmp_path / "mine.parquet").genres == ["War", "Drama|War", ""]
    text = "user,item,genres\n1,1,\"['War', None]\"\n1,2,\"['Drama', 'War']\"\n2,3,\n"
    assert read(written(tmp_path / "mine.csv", text)).genres == ["War", "Drama|War", ""]
