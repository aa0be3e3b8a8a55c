"""Which rows of a source are taken: by a condition, by completeness; and how times are read as the user says."""

import json

import pyarrow as pa
import pytest
from pyarrow import parquet
from reading import fault, read, rows, written

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.prepare import prepare

SHOP = (
    "customer,product,when,event,price\n"
    "ann,p1,100,view,\n"
    "ann,p2,200,purchase,3.5\n"
    ",p2,300,purchase,4\n"
    "bob,p3,,purchase,10\n"
    "bob,p1,400,purchase,10\n"
)
COLUMNS = {"user": "customer", "item": "product", "timestamp": "when"}


def test_a_condition_takes_rows_by_columns_that_are_not_kept(tmp_path):
    path = written(tmp_path / "shop.csv", SHOP)
    taken = read(path, COLUMNS, where="event = 'purchase' and price < 10", drop_incomplete=True)
    assert rows(taken) == [("ann", "p2", None, 200)]


def test_incomplete_rows_are_counted_and_left_out_when_that_is_wanted(tmp_path):
    path = written(tmp_path / "shop.csv", SHOP)
    assert fault(path, columns=COLUMNS) == (
        "shop.csv, line 4: the user id is empty (2 rows lack a user, an item or a time; complete them, or leave them "
        "out with --drop-incomplete)"
    )
    assert rows(read(path, COLUMNS, drop_incomplete=True)) == [
        ("ann", "p1", None, 100),
        ("ann", "p2", None, 200),
        ("bob", "p1", None, 400),
    ]


def test_rows_that_the_condition_leaves_out_may_be_incomplete(tmp_path):
    path = written(tmp_path / "shop.csv", SHOP)
    assert len(read(path, COLUMNS, where="price <= 3.5")) == 1
    said = fault(path, columns=COLUMNS, where="event = 'purchase'")
    assert said.startswith("shop.csv: the user id is empty (2 rows lack")


@pytest.mark.parametrize("nothing", ["", "NULL", "nan", "\\N", "0"])
def test_a_time_that_is_missing_is_not_1970(tmp_path, nothing):
    lines = f"u,i,timestamp\n1,2,1600000000000\n1,3,{nothing}\n1,4,1600000001000\n"
    path = written(tmp_path / "mine.csv", lines)
    columns = {"user": "u", "item": "i", "timestamp": "timestamp"}
    assert rows(read(path, columns, drop_incomplete=True)) == [(1, 2, None, 1_600_000_000), (1, 4, None, 1_600_000_001)]
    assert fault(path, columns=columns).startswith("mine.csv")


def test_conditions_and_incomplete_rows_of_parquet(tmp_path):
    table = pa.table(
        {
            "user": pa.array([1, 2, None, 4]),
            "item": [1, 2, 3, 4],
            "timestamp": pa.array([5, 6, 7, None]),
            "paid": [True, False, True, True],
        }
    )
    path = tmp_path / "mine.parquet"
    parquet.write_table(table, path)
    assert rows(read(path, drop_incomplete=True)) == [(1, 1, None, 5), (2, 2, None, 6)]
    assert rows(read(path, drop_incomplete=True, where="paid = true")) == [(1, 1, None, 5)]
    assert fault(path, where="paid = true").startswith("mine.parquet: the user id is empty (2 rows lack")
    assert fault(path).startswith("mine.parquet, row 3: the user id is empty (2 rows lack")


def test_a_condition_that_no_row_meets_or_no_column_has_is_said(tmp_path):
    path = written(tmp_path / "shop.csv", SHOP)
    assert (
        fault(path, columns=COLUMNS, where="event = 'cart'") == "shop.csv: no row meets the condition; change --where"
    )
    assert fault(path, columns=COLUMNS, where="evnt = 'cart'") == (
        'shop.csv: has no column "evnt" for --where; choose from customer, product, when, event, price'
    )


@pytest.mark.parametrize(
    ("cell", "seconds", "said"),
    [
        ("Tue Apr 03 18:00:09 +0000 2012", 1_333_476_009, {}),
        ("2019-10-01 00:00:05 UTC", 1_569_888_005, {}),
        ("25/12/2020 08:30", 1_608_885_000, {}),
        ("12/25/2020 08:30", 1_608_885_000, {}),
        ("3 Jan 2020", 1_578_009_600, {}),
        ("Jan 3, 2020", 1_578_009_600, {}),
        ("01/02/2020", 1_580_515_200, {"time_format": "%d/%m/%Y"}),
        ("01/02/2020", 1_577_923_200, {"time_format": "%m/%d/%Y"}),
        ("39420", 197_100, {"time_unit": "5s"}),
        ("18000", 18_000 * 86_400, {"time_unit": "d"}),
        ("1600000000", 1_600_000, {"time_unit": "ms"}),
        ("1.5", 5400, {"time_unit": "h"}),
    ],
)
def test_times_as_they_are_written(tmp_path, cell, seconds, said):
    path = written(tmp_path / "mine.csv", f'user,item,timestamp\n1,2,"{cell}"\n')
    assert rows(read(path, **said)) == [(1, 2, None, seconds)]


def test_days_and_months_that_could_be_each_other_are_a_doubt(tmp_path):
    path = written(tmp_path / "mine.csv", "user,item,timestamp\n1,2,01/02/2020\n1,3,05/02/2020\n")
    assert fault(path) in [
        f'mine.csv: the time "{day:02}/02/2020" may be {day} February 2020 (day first) or 2 {month} 2020 (month '
        'first); choose with --time-format "%d/%m/%Y" or "%m/%d/%Y"'
        for day, month in ((1, "January"), (5, "May"))
    ]
    path = written(tmp_path / "mine.csv", "user,item,timestamp\n1,2,01/02/2020\n1,3,25/02/2020\n")
    assert [row[3] for row in rows(read(path))] == [1_580_515_200, 1_582_588_800]


def test_a_format_that_reads_no_date_is_said(tmp_path):
    path = written(tmp_path / "mine.csv", "user,item,timestamp\n1,2,01/02/2020\n")
    assert 'time format "%Q": %Q is no field' in fault(path, time_format="%Q")
    assert "has no year" in fault(path, time_format="%H:%M")


def test_what_was_left_out_by_which_rule_is_in_the_manifest(tmp_path):
    lines = "".join(f"{user},{item},{item + 5},{item % 5 + 1}\n" for user in range(4) for item in range(12))
    path = tmp_path / "mine.csv"
    path.write_text(f"user,item,timestamp,rating\n{lines}{lines[:8]}9,1,5,5\n,1,5,5\n")
    settings = DatasetConfig(
        name="mine", source=str(path), drop_incomplete=True, repeats="unique", min_rating=2.0, where="item != 3"
    )
    dataset = prepare(settings, tmp_path / "datasets", tmp_path / "raw")
    record = json.loads((dataset.path / "manifest.json").read_text())
    assert record["left_out"] == {"where": 4, "incomplete": 1, "rating": 13, "few interactions": 1}
    assert record["counts"]["raw_interactions"] - sum(record["left_out"].values()) == record["counts"]["interactions"]
