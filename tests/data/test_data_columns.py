"""What the columns of a table are: by their names, and by their values where a name says nothing."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from pyarrow import parquet
from reading import fault, read, written

from bert4rec_tui.data.columns import is_time, time_columns
from bert4rec_tui.data.parquet import parquet_head

DAYS = [datetime(2018, 9, 20, tzinfo=UTC) - timedelta(days=day) for day in range(40)]  # the newest first


def shop(head: str, times: list[str]) -> str:
    rows = [f"{time},c{place % 4},{100 + place % 7}" for place, time in enumerate(times)]
    return "\n".join([head, *rows]) + "\n"


def test_h_and_m_s_dates_are_times(tmp_path):
    """They were left out without a word, so that each customer's oldest purchase became the test item."""
    path = written(tmp_path / "t.csv", shop("t_dat,customer_id,article_id", [f"{day:%Y-%m-%d}" for day in DAYS]))
    interactions = read(path)
    assert interactions.times is not None
    assert interactions.times.seconds()[0] == DAYS[0].timestamp()
    assert interactions.notes == ()


@pytest.mark.parametrize(
    "written_time",
    [
        lambda day: f"{day:%Y-%m-%d}",
        lambda day: f"{day:%Y-%m-%d %H:%M:%S}",
        lambda day: f"{day:%Y-%m-%dT%H:%M:%S.000Z}",
        lambda day: str(int(day.timestamp())),
        lambda day: str(int(day.timestamp() * 1000)),
        lambda day: str(int(day.timestamp() * 10**6)),
        lambda day: f"{day.timestamp():.3f}",
    ],
)
def test_a_column_of_times_with_any_name_is_a_doubt_that_names_it(tmp_path, written_time):
    path = written(tmp_path / "t.csv", shop("bought,customer_id,article_id", [written_time(day) for day in DAYS]))
    assert fault(path) == (
        "t.csv: timestamp may be bought, whose values are times; choose the columns, such as "
        "--columns user=customer_id,item=article_id,timestamp=bought"
    )


def test_a_column_of_times_that_is_left_out_is_noted(tmp_path):
    path = written(tmp_path / "t.csv", shop("bought,customer_id,article_id", [f"{day:%Y-%m-%d}" for day in DAYS]))
    (note,) = read(path, {"user": "customer_id", "item": "article_id"}).notes
    assert note.startswith("t.csv: bought has times but is not used")
    assert note.endswith("use it with --columns …,timestamp=bought")
    assert read(path, {"user": "customer_id", "item": "article_id", "timestamp": "bought"}).notes == ()


def test_in_parquet_too(tmp_path):
    columns = {"bought": DAYS, "customer_id": [day % 4 for day in range(40)], "article_id": [d % 7 for d in range(40)]}
    parquet.write_table(pa.table(columns), tmp_path / "t.parquet")
    assert "timestamp may be bought, whose values are times" in fault(tmp_path / "t.parquet")
    (note,) = read(tmp_path / "t.parquet", {"user": "customer_id", "item": "article_id"}).notes
    assert "bought has times but is not used" in note


@pytest.mark.parametrize("cell", ["4.5", "0", "663713001", "-1", "x", "", "7", "99999", "Thriller", "1e400", "nan"])
def test_what_is_no_time(cell):
    assert not is_time(cell)


def test_of_several_rows_all_must_be_times():
    assert time_columns(["a", "b"], [["2020-01-02", "2020-01-02"], ["2020-01-03", "soon"]]) == ["a"]
    assert time_columns(["a"], []) == []
    assert time_columns(["a"], [["2020-01-02"]], used=["a"]) == []


def test_the_rows_of_a_file_with_nanoseconds_can_be_shown(tmp_path):
    """Python has no such times without pandas: the preview ended in a traceback."""
    stamps = pa.array([1_600_000_101_123_456_955], pa.timestamp("ns"))
    parquet.write_table(pa.table({"user": [1], "item": [2], "timestamp": stamps}), tmp_path / "t.parquet")
    assert parquet_head(tmp_path / "t.parquet", 5)[1] == [["1", "2", "2020-09-13 12:28:21.123456955"]]
