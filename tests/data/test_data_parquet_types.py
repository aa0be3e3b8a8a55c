"""Types that writers of Parquet use: read by value, or refused in words."""

import datetime
import decimal
import uuid
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from reading import fault, read

ROLES = ("user", "item", "timestamp")
IDS = [uuid.UUID(int=number * 7 + 2**100) for number in (1, 2, 3)]


def table(path, **columns):
    base = {"user": [1, 1, 2], "item": [1, 2, 3], "timestamp": [1_600_000_000, 1_600_000_001, 1_600_000_002]}
    parquet.write_table(pa.table(base | columns), path)
    return path


@pytest.mark.parametrize(
    ("column", "items"),
    [
        (pa.array([1, 2, 3], pa.uint64()), [1, 2, 3]),
        (pa.array([decimal.Decimal(number) for number in (1, 2, 3)], pa.decimal128(20, 0)), [1, 2, 3]),
        (pa.array([value.bytes for value in IDS], pa.uuid()), [str(value) for value in IDS]),
        (pa.array([value.bytes for value in IDS], pa.binary(16)), [str(value) for value in IDS]),
        (pa.array(["a" * 16, "b" * 16, "c" * 16], pa.string()).cast(pa.binary(16)), ["a" * 16, "b" * 16, "c" * 16]),
        (pa.array(["a", "b", "c"], pa.string_view()), ["a", "b", "c"]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
    ],
)
def test_ids_are_read_by_value(tmp_path, column, items):
    assert read(table(tmp_path / "m.parquet", item=column)).items == items


@pytest.mark.parametrize(
    "column",
    [
        pa.array([2**63 + 5, 2, 3], pa.uint64()),
        pa.array([decimal.Decimal("1.50"), decimal.Decimal(2), decimal.Decimal(3)], pa.decimal128(20, 2)),
        pa.array([decimal.Decimal(2**70), decimal.Decimal(2), decimal.Decimal(3)], pa.decimal128(38, 0)),
    ],
)
def test_ids_that_are_no_whole_numbers_of_64_bits_are_refused_in_words(tmp_path, column):
    said = "m.parquet: the item ids are not whole numbers of 64 bits with a sign; write the column as text"
    assert fault(table(tmp_path / "m.parquet", item=column)) == said


def test_zoned_and_int96_times_are_moments(tmp_path):
    noon = [datetime.datetime(2020, 1, 1, 12)] * 3
    zoned = pa.array(noon, pa.timestamp("ms", "Europe/Berlin"))
    times = read(table(tmp_path / "m.parquet", timestamp=zoned)).times
    assert times.seconds().tolist() == [1_577_880_000] * 3
    old = pa.table({"user": [1], "item": [1], "timestamp": pa.array(noon[:1], pa.timestamp("ns"))})
    parquet.write_table(old, tmp_path / "old.parquet", use_deprecated_int96_timestamps=True)
    assert read(tmp_path / "old.parquet").times.seconds().tolist() == [1_577_880_000]


@pytest.mark.parametrize(
    ("column", "called"),
    [
        (pa.array([datetime.time(1, 2), datetime.time(2), datetime.time(3)], pa.time64("us")), "times of day"),
        (pa.array([1, 2, 3], pa.duration("s")), "durations"),
    ],
)
def test_what_is_no_moment_is_refused(tmp_path, column, called):
    said = f"m.parquet: the timestamp column has {called}, which are no moments; write dates or numbers"
    path = table(tmp_path / "m.parquet", timestamp=column)
    assert fault(path, columns={"user": "user", "item": "item", "timestamp": "timestamp"}) == said


def test_pandas_periods_are_refused(tmp_path):
    """As pandas writes them: whole numbers with a name in the metadata of the field."""
    metadata = {"ARROW:extension:name": "pandas.period", "ARROW:extension:metadata": '{"freq": "D"}'}
    fields = [
        pa.field("user", pa.int64()),
        pa.field("item", pa.int64()),
        pa.field("timestamp", pa.int64(), True, metadata),
    ]
    parquet.write_table(pa.table([[1, 1], [1, 2], [18262, 18263]], schema=pa.schema(fields)), tmp_path / "m.parquet")
    assert "has periods, which are no moments" in fault(tmp_path / "m.parquet")


def test_a_column_of_a_type_that_arrow_does_not_know_costs_that_column_alone():
    """Written by polars 2.1, `big` as its Int128; the whole file was called no Parquet file."""
    found = read(Path(__file__).parent / "files" / "polars_int128.parquet")
    assert (found.users, found.items) == ([1, 1, 2], [1, 2, 3])
    (note,) = found.notes
    assert note.startswith("polars_int128.parquet: big left out (")
