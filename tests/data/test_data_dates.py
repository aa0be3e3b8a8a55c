"""Times as they are written in files are read to the same moment, and what may be read in two ways is a doubt."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bert4rec_tui.data.dates import is_date, is_missing, parse_time, time_reader, unit_microseconds
from bert4rec_tui.errors import UserError

MOMENT = datetime(2012, 4, 3, 18, 0, 9, tzinfo=UTC)
MICROSECONDS = int(MOMENT.timestamp()) * 10**6
MINUTE = MICROSECONDS - 9 * 10**6
DAY = MICROSECONDS - (18 * 3600 + 9) * 10**6


def sentence(*arguments: object, **more: str) -> str:
    with pytest.raises(UserError) as error:
        time_reader(*arguments, **more)  # type: ignore[arg-type]
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("2012-04-03T18:00:09Z", MICROSECONDS),
        ("2012-04-03T18:00:09.000Z", MICROSECONDS),
        ("2012-04-03 18:00:09 UTC", MICROSECONDS),
        ("2012-04-03 18:00:09+00:00", MICROSECONDS),
        ("2012-04-03 20:00:09 +0200", MICROSECONDS),
        ("2012-04-03 18:00:09.25", MICROSECONDS + 250_000),
        ("2012-04-03", DAY),
        ("2012-4-3 18:00", MINUTE),
        ("2012/04/03 18:00:09", MICROSECONDS),
        ("Tue Apr 03 18:00:09 +0000 2012", MICROSECONDS),
        ("Tue Apr 03 11:00:09 -0700 2012", MICROSECONDS),
        ("Tue, 03 Apr 2012 18:00:09 GMT", MICROSECONDS),
        ("3 Apr 2012", DAY),
        ("03-Apr-2012", DAY),
        ("3 April 2012 18:00", MINUTE),
        ("Apr 3, 2012", DAY),
        ("April 3, 2012 6:00:09 PM", MICROSECONDS),
        ("Posted April 3, 2012.", DAY),
        ("04 3, 2012", DAY),
        ("May 3, 2012", DAY + 30 * 86_400 * 10**6),
    ],
)
def test_every_way_of_writing_a_time_is_read_to_the_same_moment(text, microseconds):
    assert parse_time(text) == microseconds
    reader = time_reader("", [text])
    assert (reader.parse(text), reader.doubt) == (microseconds, "")


@pytest.mark.parametrize(
    "text",
    [
        *("Rambo 3, May 2008", "1.2.3", "10:51", "192.168.1.1", "2020-W01", "Wed Sep 30 14:00:00 PDT 2015"),
        *("posted November 5.", "32 Jan 2020", "0000-00-00", "May", "2012", "%d 3, 2012", "1/2/3/2012", "x" * 500),
    ],
)
def test_what_is_no_date(text):
    assert parse_time(text) is None
    assert not is_date(text)


@given(st.text())
def test_no_text_ends_in_a_traceback(text):
    parse_time(text)
    is_date(text)
    time_reader("", [text, "2012-04-03"]).parse(text)


@pytest.mark.parametrize(
    ("unit", "factor"),
    [("s", 10**6), ("ms", 1000), ("us", 1)],
)
def test_numbers_are_read_in_the_unit_that_makes_them_dates(unit, factor):
    number = str(MICROSECONDS // factor)
    reader = time_reader("", ["0", number, "null"])
    assert (reader.unit, reader.parse(number), reader.parse("0")) == (unit, MICROSECONDS, None)


def test_nanoseconds_and_fractions_are_exact():
    assert time_reader("", [f"{MICROSECONDS}123"]).parse(f"{MICROSECONDS}123") == MICROSECONDS
    assert time_reader("", ["1593878903.438"]).parse("1593878903.438") == 1_593_878_903_438_000
    assert time_reader("", ["1.6e9"]).parse("1.6e9") == 1_600_000_000 * 10**6


@given(st.integers(10**8, 4 * 10**9))
def test_whole_seconds_come_through(seconds):
    assert time_reader("", ["1000000000"]).parse(str(seconds)) == seconds * 10**6


def test_a_zero_is_missing_among_dates_and_the_first_where_times_count_from_zero():
    """One zero among millisecond times turned all dates wrong."""
    assert time_reader("", ["0", "1600000000123"]).parse("1600000000123") == 1_600_000_000_123_000
    assert time_reader("", ["0", "1600000000123"]).parse("0") is None
    assert time_reader("", ["0", "1", "2"]).parse("0") == 0
    assert time_reader("", ["0", "105"], time_unit="5s").parse("105") == 525 * 10**6
    assert time_reader("", ["0", "2012-04-03"]).parse("0") is None


@pytest.mark.parametrize(
    "text", ["", "0", " ", "\\N", "null", "NULL", "NaN", "NaT", "None", "<NA>", "0000-00-00", "0.0"]
)
def test_missing_times_are_not_1970(text):
    assert is_missing(text)
    assert time_reader("", ["2012-04-03", text]).parse(text) is None
    assert time_reader("", ["1600000000", text]).parse(text) is None


@pytest.mark.parametrize("text", ["1", "2012-04-03", "00:00", "nothing"])
def test_what_is_not_missing(text):
    assert not is_missing(text)


def test_a_day_and_a_month_that_may_be_exchanged_are_a_doubt_with_both_readings():
    reader = time_reader("", ["05/05/2012 10:51", "03/04/2012 10:51"])
    assert reader.doubt == (
        'the time "03/04/2012 10:51" may be 3 April 2012 (day first) or 4 March 2012 (month first); '
        'choose with --time-format "%d/%m/%Y %H:%M" or "%m/%d/%Y %H:%M"'
    )
    assert reader.formats == ("%d/%m/%Y %H:%M",)
    assert reader.others == ("%m/%d/%Y %H:%M",)
    chosen = time_reader("%m/%d/%Y %H:%M", ["03/04/2012 10:51"])
    assert chosen.parse("03/04/2012 10:51") == parse_time("2012-03-04 10:51")


@pytest.mark.parametrize(
    ("certain", "form"), [("25/04/2012", "%d/%m/%Y"), ("04/25/2012", "%m/%d/%Y"), ("12/31/12", "%m/%d/%y")]
)
def test_one_row_that_can_be_read_in_one_way_settles_all(certain, form):
    other = "03/04/2012" if form.endswith("Y") else "03/04/12"
    reader = time_reader("", [other, other, certain])
    assert (reader.formats, reader.doubt) == ((form,), "")


@given(st.datetimes(datetime(1980, 1, 1), datetime(2037, 1, 1)), st.sampled_from(["/", ".", "-"]), st.booleans())
def test_a_column_with_a_day_above_twelve_is_read_as_written(moment, mark, day_first):
    form = f"%d{mark}%m{mark}%Y %H:%M:%S" if day_first else f"%m{mark}%d{mark}%Y %H:%M:%S"
    moment = moment.replace(microsecond=0)
    cells = [f"{day:{form}}" for day in (moment, datetime(2012, 4, 25, 12))]
    reader = time_reader("", cells)
    assert reader.doubt == ""
    assert reader.parse(cells[0]) == int(moment.replace(tzinfo=UTC).timestamp()) * 10**6


def test_times_with_and_without_seconds_are_read_in_one_column():
    reader = time_reader("", ["25/04/2012 10:51", "03/04/2012 10:51:09"])
    assert reader.parse("03/04/2012 10:51:09") == parse_time("2012-04-03 10:51:09")
    assert reader.parse("25/04/2012 10:51") == parse_time("2012-04-25 10:51")


def test_dates_as_numbers():
    reader = time_reader("", ["20200705", "0", "20200706"])
    assert reader.parse("20200705") == parse_time("2020-07-05")
    assert time_reader("", ["20200705103000"]).parse("20200705103000") == parse_time("2020-07-05 10:30")


def test_what_is_not_as_the_others_is_a_doubt_that_shows_it():
    assert time_reader("", ["2012-04-03", "soon"]).doubt == (
        'the time "soon" is neither a number nor a date as the others; name the format with --time-format'
    )
    assert time_reader("", ["1600000000", "1600000000123"]).doubt == (
        'the time "1600000000123" is in another unit than "1600000000"; '
        "write all in one unit, or name it with --time-unit"
    )


@pytest.mark.parametrize(
    ("form", "samples", "text"),
    [
        (
            "%d/%q",
            [],
            'time format "%d/%q": %q is no field of a time; use %Y, %m, %d, %H, %M, %S, such as %d/%m/%Y %H:%M',
        ),
        ("%d/%m", [], 'time format "%d/%m": has no year; use %Y or %y for it'),
        ("%Y", [], 'time format "%Y": has no month; use %m or %b or %B for it'),
        ("%c", [], 'time format "%c": %c is not supported; spell it out, such as %d/%m/%Y %H:%M'),
        (
            "%",
            [],
            'time format "%": is not a format of times; use %Y, %m, %d, %H, %M, %S, such as %d/%m/%Y %H:%M',
        ),
        (
            "%d/%m/%Y",
            ["", "03/04/2012", "2012-04-03"],
            'the time "2012-04-03" does not follow the time format %d/%m/%Y, as "31/12/2024" does; '
            "correct --time-format, or leave it out",
        ),
    ],
)
def test_a_wrong_format_is_one_sentence(form, samples, text):
    assert sentence(form, samples) == text


def test_a_wrong_unit_is_one_sentence():
    assert sentence("", [], "parsec") == (
        'time unit "parsec": is not a unit; use s, ms, us, ns, min, h or d, or a multiple such as 5s'
    )
    assert sentence("", ["2012-04-03"], "ms") == 'the time "2012-04-03" is not a number, as time unit ms needs'
    assert sentence("%Y-%m-%d", [], "ms") == "time format %Y-%m-%d: cannot be used together with time unit ms; use one"


@pytest.mark.parametrize(
    ("unit", "span"),
    [
        ("5s", timedelta(seconds=5)),
        ("min", timedelta(minutes=1)),
        ("h", timedelta(hours=1)),
        ("2d", timedelta(days=2)),
    ],
)
def test_units(unit, span):
    assert unit_microseconds(unit) == span / timedelta(microseconds=1)
    assert time_reader("", ["3"], time_unit=unit).parse("3") == 3 * span / timedelta(microseconds=1)
