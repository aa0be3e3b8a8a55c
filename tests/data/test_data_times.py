"""Times in whatever unit they are written: the moment, and the order within a second."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import INCOMPLETE, fault, read, scale_of, written

from bert4rec_tui.data.times import TimeMissingError


@pytest.mark.parametrize("per_second", [1000, 10**6])
def test_fractions_of_milli_and_microseconds_keep_their_order_and_their_day(tmp_path, per_second):
    """As `time.time() * 1000` prints them; microseconds overflowed, and milliseconds were read as seconds."""
    moments = [1_764_201_600.1234567 - place for place in range(5)]
    lines = "".join(f"1,{place},{moment * per_second!r}\n" for place, moment in enumerate(moments))
    times = read(written(tmp_path / "mine.csv", f"user,item,timestamp\n{lines}")).times
    assert times.seconds().tolist() == [1_764_201_600 - place for place in range(5)]
    near = [(1_764_201_600 + quarter / 4) * per_second + 0.25 for quarter in (1, 3)]
    lines = "".join(f"1,{place},{moment!r}\n" for place, moment in enumerate(near))
    first, second = read(written(tmp_path / "near.csv", f"user,item,timestamp\n{lines}")).times.ticks
    assert 0 < first < second


SECOND, MILLISECOND = 1_600_000_000, 1_600_000_000_000


@pytest.mark.parametrize(
    ("cells", "line", "odd", "usual"),
    [
        ([SECOND, SECOND + 1, MILLISECOND, SECOND], 4, MILLISECOND, SECOND),
        ([MILLISECOND, MILLISECOND + 1, SECOND, MILLISECOND], 4, SECOND, MILLISECOND),
        ([MILLISECOND, MILLISECOND + 1, 7], 4, 7, MILLISECOND),
        ([MILLISECOND, MILLISECOND * 1000, MILLISECOND], 3, MILLISECOND * 1000, MILLISECOND),
        ([100.5, 1764201600123456.8], 3, 1764201600123456.8, 100.5),
        ([100.5, 101.5, -9e15], 4, "-9000000000000000", 100.5),
    ],
)
def test_timestamps_in_two_units_are_refused_with_the_first_line_of_the_fewer(tmp_path, cells, line, odd, usual):
    """They were taken without a word, and the order within a user was nonsense."""
    lines = "".join(f"1,{place},{cell!r}\n" for place, cell in enumerate(cells))
    sentence = (
        f'the timestamp "{odd}" is in another unit than the others, such as {usual}; write all in seconds, or all in '
        "milliseconds"
    )
    assert (
        fault(written(tmp_path / "mine.csv", f"user,item,timestamp\n{lines}")) == f"mine.csv, line {line}: {sentence}"
    )


def test_the_line_is_right_with_blank_lines_and_cells_over_several_lines(tmp_path):
    rows = f'1,1,{SECOND},"one\ntwo"\n\n1,2,{SECOND},b\n1,3,{MILLISECOND},c\n'
    assert fault(written(tmp_path / "mine.csv", f"user,item,timestamp,title\n{rows}")).startswith("mine.csv, line 6: ")


def test_in_parquet_the_row_is_named(tmp_path):
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"user": [1, 1, 1], "item": [1, 2, 3], "timestamp": [SECOND, MILLISECOND, SECOND]})
    pa.parquet.write_table(table, tmp_path / "mine.parquet")
    assert fault(tmp_path / "mine.parquet").startswith("mine.parquet, row 2: the timestamp ")


@given(
    st.lists(st.integers(-(10**9), 4 * 10**9), min_size=1, max_size=20),
    st.sampled_from([1]) | st.sampled_from([10**3, 10**6, 10**9]),
)
def test_timestamps_in_one_unit_are_never_refused(seconds, per_second):
    """For finer units from 1975 on: those of before are taken for seconds, which orders them alike."""
    if per_second > 1:
        seconds = [max(second, 160_000_000) for second in seconds]
    ticks = np.array(seconds, dtype=np.int64) * per_second
    scale = scale_of(ticks)
    assert (scale.kind, scale.order("timestamp")) == ("units", "timestamp")
    found = scale.seconds(ticks)
    assert np.array_equal(np.argsort(found, kind="stable"), np.argsort(seconds, kind="stable"))


@given(st.lists(st.datetimes(datetime(1900, 1, 1), datetime(2099, 12, 31)), min_size=1, max_size=20))
def test_moments_written_as_whole_numbers_are_moments(moments):
    moments = [moment.replace(microsecond=0) for moment in moments]
    numbers = np.array([int(moment.strftime("%Y%m%d%H%M%S")) for moment in moments])
    expected = [int(moment.replace(tzinfo=UTC).timestamp()) for moment in moments]
    assert scale_of(numbers).seconds(numbers).tolist() == expected


@pytest.mark.parametrize("no_moment", [20010230120000, 20010119240000, 20010119126000, 20010119120060, 20011319120000])
def test_numbers_of_which_one_is_no_moment_count_milliseconds(no_moment):
    assert scale_of(np.array([20010119120000, no_moment])).per_second == 1000


@pytest.mark.parametrize("unit", [1, 1000, 10**6])
def test_a_zero_among_dates_is_a_missing_value_and_not_1970(unit):
    """One 0 among milliseconds made all other dates wrong."""
    with pytest.raises(TimeMissingError) as error:
        scale_of(np.array([1_500_000_000 * unit, 0, 1_500_000_001 * unit]))
    assert error.value.row == 1
    assert "0 is a missing value" in str(error.value)


def test_zeros_among_small_numbers_are_times():
    for values in ([0, 1, 2], [0, 0]):
        numbers = np.array(values)
        assert scale_of(numbers).seconds(numbers).tolist() == values


def test_a_zero_among_dates_is_refused_with_its_line(tmp_path):
    path = written(tmp_path / "mine.csv", f"user,item,timestamp\n1,2,{MILLISECOND}\n1,3,0\n")
    assert fault(path) == (f"mine.csv, line 3: the timestamp 0 is a missing value among dates {INCOMPLETE}")
