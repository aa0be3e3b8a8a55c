"""What the columns of a table are: by their names, and by their values where a name says nothing."""

from datetime import UTC, datetime, timedelta
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from reading import fault, read, written

from bert4rec_tui.data.columns import Guess, guess_columns, is_time, time_columns
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
    assert interactions.notes == ("t.csv: recognised as H&M purchases",)


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


@pytest.mark.parametrize(
    ("names", "mapping"),
    [
        ("t_dat,customer_id,article_id,price", "user=customer_id,item=article_id,timestamp=t_dat"),
        ("customer,sku,ordered_at", "user=customer,item=sku,timestamp=ordered_at"),
        (
            "Created At,Buyer ID,Product ID,Product Name,Category",
            "user=Buyer ID,item=Product ID,timestamp=Created At,title=Product Name,genres=Category",
        ),
        ("visitorid,itemid,timestamp", "user=visitorid,item=itemid,timestamp=timestamp"),
        ("session,track_id,played_at", "user=session,item=track_id,timestamp=played_at"),
        ("session_id,user_id,video_id,event_time", "user=user_id,item=video_id,timestamp=event_time"),
        ("userID,artistID,weight", "user=userID,item=artistID"),
        ("user_id,artist_id,track_id,ts", "user=user_id,item=track_id,timestamp=ts"),
        ("customerId,stockCode,invoiceDate,created_at,updated_at", None),
    ],
)
def test_what_shops_call_their_columns(names, mapping):
    header = names.split(",")
    guess = guess_columns(header, [["7"] * len(header)])
    if mapping is None:
        assert guess.doubt == "timestamp may be invoiceDate or created_at"
    else:
        assert guess == Guess(dict(pair.split("=") for pair in mapping.split(",")), True)


def test_a_column_of_times_may_have_gaps():
    """One order that was never shipped hid the times of all others."""
    rows = [[f"c{day % 4}", str(day), "" if day % 3 else f"2020-01-{day + 1:02}"] for day in range(30)]
    assert time_columns(["a", "b", "c"], rows) == []
    rows = [[f"c{day % 4}", str(day), "NULL" if day % 3 == 0 else f"{day % 28 + 1} Jan 2020"] for day in range(30)]
    assert time_columns(["a", "b", "c"], rows) == ["c"]
    assert guess_columns(["customer", "sku", "shipped"], rows).doubt == (
        "timestamp may be shipped, whose values are times"
    )


@pytest.mark.parametrize(
    "cell", ["3/4/2012 10:51", "Tue Apr 03 18:00:09 +0000 2012", "2019-10-01 00:00:00 UTC", "Jan 12, 2020"]
)
def test_times_in_other_ways_of_writing_are_a_doubt_too(cell):
    assert is_time(cell)
    doubt = guess_columns(["customer", "sku", "when"], [["a", "b", cell]] * 3).doubt
    assert doubt == "timestamp may be when, whose values are times"


def test_days_as_numbers_are_times_where_they_change():
    assert time_columns(["a"], [["20200101"], ["20200102"]]) == ["a"]
    assert time_columns(["a"], [["20200101"], ["20200101"]]) == []
    assert time_columns(["a"], [["20200101"], ["20209901"]]) == []


def test_a_column_that_is_only_called_a_time_gives_way_to_one_that_is():
    rows = [["c1", "s1", f"{n}.5", f"2020-01-{n + 1:02}"] for n in range(9)]
    guess = guess_columns(["customer", "sku", "time", "bought"], rows)
    assert guess.doubt == "timestamp may be bought, whose values are times, those of time are not"
    assert guess.mapping["timestamp"] == "bought"


def shuffled(seed: int = 7) -> Random:
    return Random(seed)


def clicks(count: int = 60) -> list[list[str]]:
    chance = shuffled()
    return [
        [str(1 + n // 4), f"2014-04-07T10:{n:02}:09.277Z", str(214_500_000 + chance.randrange(9000)), "0"]
        for n in range(count)
    ]


def check_ins(count: int = 60) -> list[list[str]]:
    chance = shuffled()
    places = [(str(chance.uniform(-60, 60)), str(chance.uniform(-3, 3))) for _ in range(20)]
    rows = [(n // 12, n % 20) for n in range(count)]
    return [[str(user), f"2010-10-19T23:{n:02}:27Z", *places[p], str(p)] for n, (user, p) in enumerate(rows)]


def venues(count: int = 60) -> list[list[str]]:
    chance = shuffled()
    made: list[list[str]] = []
    for n in range(count):
        venue = chance.randrange(25)
        category = f"Coffee Shop {venue % 7}"
        time = f"Tue Apr 03 18:{n:02}:09 +0000 2012"
        made.append(
            [str(chance.randrange(9)), f"v{venue}", f"k{venue % 7}", category, f"40.71{venue:04}", "-240", time]
        )
    return made


def ratings(count: int = 60, first_time: int = 978_300_000) -> list[list[str]]:
    chance = shuffled()
    return [
        [str(1 + n // 12), str(chance.randrange(900)), str(1 + n * 7 % 5), str(first_time + chance.randrange(9**6))]
        for n in range(count)
    ]


def shop_events(count: int = 60) -> list[list[str]]:
    chance = shuffled()
    return [
        [
            f"{100 + n // 6}",
            f"{2_000_000 + n * 7 % 40}",
            f"{chance.choice(['pv', 'buy', 'cart'])}",
            str(1511544070 + n * n),
        ]
        for n in range(count)
    ]


def plays(count: int = 60) -> list[list[str]]:
    chance = shuffled()
    rows = [(n // 10, chance.randrange(15), chance.randrange(2000)) for n in range(count)]
    return [[f"u{user:040x}", f"a{artist}", f"The Band {artist}", str(played)] for user, artist, played in rows]


def games(count: int = 60) -> list[list[str]]:
    chance = shuffled()
    rows = [(151_603_712 + n // 10, f"The Game {chance.randrange(15)}", n % 2) for n in range(count)]
    return [
        [str(user), game, ["purchase", "play"][kind], "1.0" if kind == 0 else "12.7", "0"] for user, game, kind in rows
    ]


@pytest.mark.parametrize(
    ("rows", "mapping"),
    [
        (clicks(), "user=0,item=2,timestamp=1"),
        (clicks(1), "user=0,item=2,timestamp=1"),
        (check_ins(), "user=0,item=4,timestamp=1"),
        (venues(), "user=0,item=1,timestamp=6,genres=3"),
        (ratings(), "user=0,item=1,timestamp=3,rating=2"),
        (ratings(first_time=200_000_000), "user=0,item=1,timestamp=3,rating=2"),
        (shop_events(), "user=0,item=1,timestamp=3"),
        (plays(), "user=0,item=1,title=2"),
        (games(), "user=0,item=1"),
    ],
    ids=["clicks", "a click", "check-ins", "venues", "ratings", "old ratings", "shop", "plays", "games"],
)
def test_without_a_header_the_values_say_what_the_columns_are(rows, mapping):
    """Times were items, and the longitude of a check-in a rating."""
    guess = guess_columns(None, rows)
    assert guess.mapping == dict(pair.split("=") for pair in mapping.split(","))
    assert not guess.certain


def test_where_users_and_items_cannot_be_told_both_readings_are_shown():
    chance = shuffled()
    rows = [[str(chance.randrange(30)), str(chance.randrange(30)), str(1600000000 + n)] for n in range(60)]
    assert guess_columns(None, rows) == Guess(
        {"user": "0", "item": "1", "timestamp": "2"},
        False,
        "the file has no header, so the columns are only a guess; it may also be user=1,item=0",
    )
    together = sorted(rows, key=lambda row: row[0])
    assert guess_columns(None, together).doubt == "the file has no header, so the columns are only a guess"
    by_other = sorted(rows, key=lambda row: row[1])
    guess = guess_columns(None, by_other)
    assert (guess.mapping["user"], guess.mapping["item"]) == ("1", "0")
    assert guess.doubt.endswith("; it may also be user=0,item=1")


def test_of_two_columns_of_times_both_are_named():
    rows = [[f"{n % 5}", f"{n % 7}", f"2020-01-{n % 28 + 1:02}", f"2021-01-{n % 28 + 1:02}"] for n in range(40)]
    assert "; timestamp may be 2 or 3" in guess_columns(None, rows).doubt


@given(st.lists(st.lists(st.text(max_size=6), min_size=2, max_size=6), max_size=30))
def test_no_rows_end_in_a_traceback(rows):
    guess = guess_columns(None, rows)
    assert not guess.certain
    assert {"user", "item"} <= guess.mapping.keys() or not guess.mapping
    assert len(set(guess.mapping.values())) == len(guess.mapping)
