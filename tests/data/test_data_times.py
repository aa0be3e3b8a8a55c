"""Times in whatever unit they are written: the moment, and the order within a second."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import fault, read, written

from bert4rec_tui.data.times import from_numbers


@pytest.mark.parametrize("per_second", [1000, 10**6])
def test_fractions_of_milli_and_microseconds_keep_their_order_and_their_day(tmp_path, per_second):
    """As `time.time() * 1000` prints them; microseconds overflowed, and milliseconds were read as seconds."""
    moments = [1_764_201_600.1234567 - place for place in range(5)]
    lines = "".join(f"1,{place},{moment * per_second!r}\n" for place, moment in enumerate(moments))
    times = read(written(tmp_path / "mine.csv", f"user,item,timestamp\n{lines}")).times
    assert times.seconds().tolist() == [1_764_201_600 - place for place in range(5)]
    near = np.array([1_764_201_600.25, 1_764_201_600.75]) * per_second + 0.25
    ticks = from_numbers(near).ticks
    assert 0 < ticks[0] < ticks[1]


def test_times_that_no_unit_holds_are_refused(tmp_path):
    path = written(tmp_path / "mine.csv", "user,item,timestamp\n1,1,100.5\n1,2,1764201600123456.8\n")
    assert fault(path) == (
        "mine.csv: cannot be read (the timestamp 1.7642e+15 is too large for seconds, which the others are; "
        "mend its line)"
    )


@given(st.lists(st.datetimes(datetime(1900, 1, 1), datetime(2099, 12, 31)), min_size=1, max_size=20))
def test_moments_written_as_whole_numbers_are_moments(moments):
    moments = [moment.replace(microsecond=0) for moment in moments]
    times = from_numbers(np.array([int(moment.strftime("%Y%m%d%H%M%S")) for moment in moments]))
    assert times.seconds().tolist() == [int(moment.replace(tzinfo=UTC).timestamp()) for moment in moments]


@pytest.mark.parametrize("no_moment", [20010230120000, 20010119240000, 20010119126000, 20010119120060, 20011319120000])
def test_numbers_of_which_one_is_no_moment_count_milliseconds(no_moment):
    assert from_numbers(np.array([20010119120000, no_moment])).per_second == 1000
