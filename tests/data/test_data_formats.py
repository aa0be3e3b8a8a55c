"""Every layout of ratings is read to the same interactions; every fault is one sentence that names its line."""

import zipfile
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from reading import INCOMPLETE, NUL_BYTE, fault, read, rows, scale_of, written

from bert4rec_tui.data.times import day_of


@pytest.mark.parametrize("layout", ["u.data", "dat", "csv"])
def test_every_movielens_layout_gives_the_same_ratings(movielens, ratings, layout):
    assert rows(read(movielens(layout))) == ratings


@pytest.mark.parametrize("layout", ["u.data", "dat", "csv"])
def test_titles_in_latin_1_and_with_brackets_come_through(movielens, layout):
    interactions = read(movielens(layout))
    found = dict(zip(np.asarray(interactions.item_ids).tolist(), interactions.titles, strict=True))
    assert (found[1], found[2], found[3]) == ("Toy Story (1995)", "[REC] (2007)", "Amélie (2001)")
    genres = dict(zip(np.asarray(interactions.item_ids).tolist(), interactions.genres, strict=True))
    assert genres[2] == "Horror"
    assert genres[1].split("|")[0] == "Animation"
    assert found[4] == ""


def test_movies_dat_may_be_utf_8_as_in_ml_10m(movielens):
    folder = movielens("dat")
    (folder / "movies.dat").write_text("3::Amélie: the film (2001)::Romance\n", encoding="utf-8")
    interactions = read(folder)
    assert interactions.titles[list(interactions.item_ids).index(3)] == "Amélie: the film (2001)"


@pytest.mark.parametrize("separator", [",", "\t", ";", "|", "::", " "])
def test_a_separator_is_found_by_looking(tmp_path, separator):
    lines = ["userId movieId rating timestamp", "1 10 3.5 100", "1 20 4 200", "2 10 5 300"]
    path = written(tmp_path / "mine.txt", "\n".join(lines).replace(" ", separator))
    assert rows(read(path)) == [(1, 10, 3.5, 100), (1, 20, 4, 200), (2, 10, 5, 300)]


def test_columns_by_name_in_any_order_and_ids_of_text(tmp_path):
    path = written(tmp_path / "mine.csv", "when,film,who\n5,b,zoë\n6,a,ann\n5,a,zoë\n")
    interactions = read(path, {"user": "who", "item": "film", "timestamp": "when"})
    assert interactions.user_ids == ["ann", "zoë"]
    assert interactions.item_ids == ["a", "b"]
    assert rows(interactions) == [("zoë", "b", None, 5), ("ann", "a", None, 6), ("zoë", "a", None, 5)]


def test_columns_by_number_in_a_file_without_header(tmp_path):
    path = written(tmp_path / "mine.tsv", "7\t1.5\t30\n8\t2\t31\n")
    assert rows(read(path, {"user": "2", "item": "0", "rating": "1"})) == [(30, 7, 1.5, None), (31, 8, 2.0, None)]


def test_numbers_may_also_be_said_of_a_file_with_header(tmp_path):
    path = written(tmp_path / "mine.csv", "u,i,at\n1,2,3\n")
    assert rows(read(path, {"user": "0", "item": "1", "timestamp": "2"})) == [(1, 2, None, 3)]


def test_an_id_that_is_a_word_far_down_makes_them_all_text(tmp_path):
    lines = "".join(f"{i},{i % 7}\n" for i in range(200_000))
    interactions = read(written(tmp_path / "mine.csv", f"user,item\n{lines}x9,1\n"))
    assert interactions.user_ids[-1] == "x9"
    assert interactions.user_ids[:3] == ["0", "1", "10"]
    assert np.asarray(interactions.item_ids).tolist() == list(range(7))


def test_words_such_as_null_are_ids_like_others(tmp_path):
    path = written(tmp_path / "mine.csv", "user,item\nnull,NA\nnan,NULL\n")
    assert rows(read(path)) == [("null", "NA", None, None), ("nan", "NULL", None, None)]


def test_quoted_cells_with_separators_and_line_breaks(tmp_path):
    text = 'user,item,title,note\n1,2,"Good, the Bad","a\nb"\n2,2,,x\n1,3,"He said ""no""",\n'
    interactions = read(written(tmp_path / "mine.csv", text))
    assert interactions.titles == ["Good, the Bad", 'He said "no"']
    note = read(written(tmp_path / "note.csv", text.replace("title", "remark")))
    assert rows(note) == [(1, 2, None, None), (2, 2, None, None), (1, 3, None, None)]


def test_double_separators_with_single_ones_in_a_title(tmp_path):
    path = written(tmp_path / "mine.dat", "1::2::Alien: the first\n1::3::Up\n")
    interactions = read(path, {"user": "0", "item": "1", "title": "2"})
    assert interactions.titles == ["Alien: the first", "Up"]


def test_the_title_of_an_item_is_the_first_that_is_not_empty(tmp_path):
    path = written(tmp_path / "mine.csv", "user,item,title\n1,5,\n2,5,First\n3,5,Second\n1,6,\n")
    assert read(path).titles == ["First", ""]


def test_a_byte_order_mark_and_windows_line_ends_are_no_matter(tmp_path):
    path = written(tmp_path / "mine.csv", "\ufeffuser,item,timestamp\r\n1,2,3\r\n\r\n1,4,5\r\n")
    assert rows(read(path)) == [(1, 2, None, 3), (1, 4, None, 5)]


@pytest.mark.parametrize(
    ("cells", "seconds"),
    [
        (["100", "200"], [100, 200]),
        (["100.25", "100.75"], [100, 100]),
        (["-5", "7"], [-5, 7]),
        (["1700000000123", "1700000000124"], [1_700_000_000, 1_700_000_000]),
        (["2001-01-06", "2001-01-06 10:00:00"], [978_739_200, 978_775_200]),
        (["2001-01-06T10:00:00Z", "2001-01-06T10:00:00+02:00"], [978_775_200, 978_768_000]),
    ],
)
def test_times_are_seconds_or_dates(tmp_path, cells, seconds):
    lines = "".join(f"1,{i},{cell}\n" for i, cell in enumerate(cells))
    interactions = read(written(tmp_path / "mine.csv", f"user,item,timestamp\n{lines}"))
    assert interactions.times.seconds().tolist() == seconds


def test_times_within_a_second_still_decide_the_order(tmp_path):
    path = written(tmp_path / "mine.csv", "user,item,timestamp\n1,1,100.75\n1,2,100.25\n")
    ticks = read(path).times.ticks
    assert ticks[0] > ticks[1]


def test_parquet_with_its_own_types(tmp_path):
    table = pa.table(
        {
            "user_id": pa.array([7, 7, 9], pa.int32()),
            "item_id": pa.array(["b", "a", "b"]).dictionary_encode(),
            "rating": pa.array([1, 2, 3], pa.int8()),
            "timestamp": pa.array([10**9, 2 * 10**9, 3 * 10**9], pa.timestamp("ns")),
            "title": pa.array(["Bee", None, "B"]),
        }
    )
    parquet.write_table(table, tmp_path / "mine.parquet")
    interactions = read(tmp_path / "mine.parquet")
    assert rows(interactions) == [(7, "b", 1.0, 1), (7, "a", 2.0, 2), (9, "b", 3.0, 3)]
    assert interactions.titles == ["", "Bee"]


def test_parquet_of_other_writers(tmp_path):
    """Genres as lists, numbers as texts, and the nanoseconds of pandas."""
    table = pa.table(
        {
            "user": [1, 1],
            "item": [7, 8],
            "rating": ["3", "4.5"],
            "timestamp": pa.array([1_600_000_101_123_456_955, 1_600_000_102_000_000_000], pa.timestamp("ns")),
            "genres": [["Drama", "War"], None],
        }
    )
    parquet.write_table(table, tmp_path / "mine.parquet")
    interactions = read(tmp_path / "mine.parquet")
    assert rows(interactions) == [(1, 7, 3, 1_600_000_101), (1, 8, 4.5, 1_600_000_102)]
    assert interactions.genres == ["Drama|War", ""]
    for times in (["1600000101", "1600000102"], ["2020-09-13T12:28:21", "2020-09-13 12:28:22"]):
        parquet.write_table(table.set_column(3, "timestamp", pa.array(times)), tmp_path / "mine.parquet")
        assert rows(read(tmp_path / "mine.parquet")) == rows(interactions)
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array([3])], names=["user", "item", "item"])
    parquet.write_table(twice, tmp_path / "mine.parquet")
    assert fault(tmp_path / "mine.parquet", columns={"user": "0", "item": "1"}).startswith(
        "mine.parquet: has several columns named item"
    )


@pytest.mark.parametrize("kind", [pa.string_view(), pa.large_string(), pa.binary(), pa.large_binary(), pa.binary(2)])
def test_parquet_ids_are_texts_whatever_their_writer_calls_them(tmp_path, kind):
    """Other writers put texts as bytes; these were refused as numbers that cannot be parsed."""
    cells = ["u2", "u1", "u2"] if kind in (pa.string_view(), pa.large_string()) else [b"u2", b"u1", b"u2"]
    users = pa.array(cells, kind)
    for column in (users, users.dictionary_encode()) if kind != pa.string_view() else (users,):
        parquet.write_table(pa.table({"user": column, "item": [1, 2, 3]}), tmp_path / "mine.parquet")
        assert read(tmp_path / "mine.parquet").user_ids == ["u1", "u2"]


def test_parquet_bytes_that_are_no_text_are_said_with_their_row(tmp_path):
    table = pa.table({"user": pa.array([b"ann", None, b"\xff\xfe"], pa.binary()), "item": [1, 2, 3]})
    parquet.write_table(table, tmp_path / "mine.parquet")
    assert fault(tmp_path / "mine.parquet").startswith("mine.parquet, row 3: the user is not UTF-8 text")
    parquet.write_table(table.take([0, 2]), tmp_path / "mine.parquet")
    assert fault(tmp_path / "mine.parquet") == (
        "mine.parquet, row 2: the user is not UTF-8 text; write the column as strings"
    )


def test_a_file_called_as_movielens_calls_its_own_may_be_another_table(tmp_path):
    path = written(tmp_path / "ratings.csv", "user_id,book_id,rating\n1,2,3\n1,4,5\n")
    (tmp_path / "movies.csv").write_text("movieId,title,genres\n2,Alien (1979),Horror\n")
    assert rows(read(path)) == [(1, 2, 3, None), (1, 4, 5, None)]
    assert read(path).titles is None
    path.write_text("userId;movieId;rating;timestamp\n1;2;3;4\n")
    assert rows(read(path)) == [(1, 2, 3, 4)]
    # The items are MovieLens' here, so that the titles beside them are theirs.
    path.write_text("userId,movieId,stars,timestamp\n1,2,3,4\n")
    assert rows(read(path)) == [(1, 2, 3, 4)]
    assert read(path).titles == ["Alien (1979)"]
    path.write_text("userId,movieId,rating,timestamp\n1,2,3,4\n")
    assert read(path, columns={"user": "userId", "item": "movieId"}).titles == ["Alien (1979)"]


@pytest.mark.parametrize("said", [False, True])
def test_a_file_with_movielens_name_and_header_may_have_other_ids_and_times(tmp_path, said):
    """Its header made it MovieLens', whose ids are numbers: it could not be prepared, whatever was said."""
    names = {"user": "userId", "item": "movieId", "rating": "rating", "timestamp": "timestamp"} if said else None
    (tmp_path / "movies.csv").write_text("movieId,title,genres\n2,Alien (1979),Horror\n")
    header = "userId,movieId,rating,timestamp\n"
    path = written(tmp_path / "ratings.csv", header + "ann,tt2,5,100\nann,tt3,4,101\n")
    assert rows(read(path, names)) == [("ann", "tt2", 5, 100), ("ann", "tt3", 4, 101)]
    written(path, header + "007,2,5,100\n7,2,5,100\n")
    assert rows(read(path, names)) == [("007", 2, 5, 100), ("7", 2, 5, 100)]
    written(path, header + "1,2,5,2001-01-06\n1,3,4,2001-01-07\n")
    assert rows(read(path, names)) == [(1, 2, 5, 978_739_200), (1, 3, 4, 978_825_600)]
    assert read(path, names).titles == ["Alien (1979)", ""], "the items are MovieLens'"
    deep = "".join(f"{1 + n % 9},{n % 50},4,{n}\n" for n in range(400))
    written(path, header + deep + "007,2,5,100\n")
    assert "007" in read(path, names).user_ids


def test_a_file_without_header_is_movielens_unless_its_columns_are_said(tmp_path):
    path = written(tmp_path / "ratings.dat", "ann::i2::5::100\nann::i3::4::101\n")
    assert fault(path) == 'ratings.dat, line 1: the user id "ann" is not a whole number'
    columns = {"user": "0", "item": "1", "rating": "2", "timestamp": "3"}
    assert rows(read(path, columns)) == [("ann", "i2", 5, 100), ("ann", "i3", 4, 101)]


@pytest.mark.parametrize("with_title", [False, True])
def test_a_stray_quote_swallows_no_lines(tmp_path, with_title):
    lines = [f"{user}\ti{item}\t{1000 + item}\ttitle {item}" for user in range(1, 60) for item in range(1, 8)]
    lines[100] = lines[100].replace("title", '"Heroes')
    lines[300] = lines[300].replace("title", '"Other')
    path = written(tmp_path / "mine.tsv", "user\titem\ttimestamp\ttitle\n" + "\n".join(lines) + "\n")
    columns = {"user": "user", "item": "item", "timestamp": "timestamp"} | ({"title": "title"} if with_title else {})
    assert len(read(path, columns)) == len(lines)
    # Where some cells are enclosed, and a row cannot be told from a text, it is said.
    lines[50] = lines[50].replace("title", '"a\ttab"')
    written(path, "user\titem\ttimestamp\ttitle\n" + "\n".join(lines) + "\n")
    assert fault(path, columns=columns) == ('mine.tsv, line 102: has a cell of 201 lines; is a closing " missing?')


def test_a_text_over_several_lines_is_one_cell(tmp_path):
    text = "user,item,title\n" + "".join(f'{n},{n},"one, two\nthree, four\nfive {n}"\n' for n in range(5))
    assert len(read(written(tmp_path / "mine.csv", text))) == 5


def test_parquet_faults_are_sentences(tmp_path):
    path = tmp_path / "mine.parquet"
    parquet.write_table(pa.table({"user": [1, None], "thing": [1, 2]}), path)
    said = fault(path, columns={"user": "user", "item": "thing"})
    assert said == f"mine.parquet, row 2: the user id is empty {INCOMPLETE}"
    assert fault(path, columns={"user": "user", "item": "film"}) == (
        'mine.parquet: has no column "film" for item; choose from user, thing'
    )
    assert "mine.parquet: no item column found among user, thing" in fault(path)
    path.write_bytes(b"not one")
    assert fault(path) == "mine.parquet: is not a Parquet file"


BAD_MOVIELENS = [
    (
        "dat",
        "ratings.dat",
        "1::2::3::4\n1::2\n",
        'ratings.dat, line 2: "1::2" has 2 fields, 4 are expected (UserID::MovieID::Rating::Timestamp)',
    ),
    (
        "dat",
        "ratings.dat",
        "1,2,3,4\n1,2,3,5\n",
        'ratings.dat, line 1: "1,2,3,4" has 1 field, 4 are expected (UserID::MovieID::Rating::Timestamp)',
    ),
    (
        "dat",
        "ratings.dat",
        "1:x:2::3::4\n",
        'ratings.dat, line 1: "1:x:2::3::4" has 3 fields, 4 are expected (UserID::MovieID::Rating::Timestamp)',
    ),
    (
        "dat",
        "ratings.dat",
        "1::2::3::4\n1::abc::3::4\n",
        'ratings.dat, line 2: the item id "abc" is not a whole number',
    ),
    ("dat", "ratings.dat", "1::2::3::4\n\n1::2::good::4\n", 'ratings.dat, line 3: the rating "good" is not a number'),
    ("dat", "ratings.dat", "1::2::nan::4\n", 'ratings.dat, line 1: the rating "nan" is not a number'),
    ("dat", "ratings.dat", "1::2::3::4\n1::::3::4\n", f"ratings.dat, line 2: the item id is empty {INCOMPLETE}"),
    ("dat", "ratings.dat", "", "ratings.dat: is empty; expected a line per interaction"),
    ("dat", "ratings.dat", " \n\n", "ratings.dat: is empty; expected a line per interaction"),
    (
        "u.data",
        "u.data",
        "1\t2\t3\t4\n1 2 3 4\n",
        'u.data, line 2: "1 2 3 4" has 1 field, 4 are expected (user, item, rating and timestamp, separated by tabs)',
    ),
    ("u.data", "u.data", "1\t2\t3\tnow\n", 'u.data, line 1: the timestamp "now" is not a Unix timestamp'),
    (
        "csv",
        "ratings.csv",
        "userId,movieId,rating,timestamp\n1,2,3,4\n1,2,3\n",
        'ratings.csv, line 3: "1,2,3" has 3 fields, 4 are expected (userId,movieId,rating,timestamp)',
    ),
    (
        "csv",
        "ratings.csv",
        "userId,movieId,rating,timestamp\n99999999999999999999,2,3,4\n",
        'ratings.csv, line 2: the user id "99999999999999999999" is not a whole number',
    ),
    (
        "csv",
        "ratings.csv",
        "userId,movieId,rating,timestamp\n",
        "ratings.csv: contains no interactions; expected a line per interaction",
    ),
]


@pytest.mark.parametrize(("layout", "name", "text", "sentence"), BAD_MOVIELENS)
def test_what_is_wrong_in_movielens_files(movielens, layout, name, text, sentence):
    folder = movielens(layout)
    (folder / name).write_text(text)
    assert fault(folder) == sentence


def test_the_line_at_fault_is_found_deep_in_a_file(movielens):
    folder = movielens("dat")
    lines = ["1::2::3::4\n"] * 41_202 + ["UserID::MovieID\n"] + ["1::2::3::4\n"] * 9
    (folder / "ratings.dat").write_text("".join(lines))
    assert fault(folder) == (
        'ratings.dat, line 41,203: "UserID::MovieID" has 2 fields, 4 are expected (UserID::MovieID::Rating::Timestamp)'
    )


BAD_TABLES = [
    ("user,item\n1,2\n3\n", {}, 'mine.csv, line 3: "3" has 1 field, 2 are expected (user,item)'),
    ("user,item\n1,2\n,3\n", {}, f"mine.csv, line 3: the user id is empty {INCOMPLETE}"),
    (
        "user,item,timestamp\n1,2,3\n1,2,soon\n",
        {},
        'mine.csv, line 3: the timestamp "soon" is neither a Unix timestamp nor a date such as 2001-01-06',
    ),
    ("user,item,rating\n1,2,3\n1,2,x\n", {}, 'mine.csv, line 3: the rating "x" is not a number'),
    (
        "a,b\n1,2\n",
        {"columns": {"user": "a", "item": "c"}},
        'mine.csv: has no column "c" for item; choose from a, b',
    ),
    (
        "1,2\n3,4\n",
        {"columns": {"user": "0", "item": "2"}},
        "mine.csv: has no column 2 for item; its 2 columns are 0 to 1",
    ),
    (
        "1,2\n3,4\n",
        {"columns": {"user": "0", "item": "0"}},
        'mine.csv: column "0" cannot be both user and item',
    ),
    (
        "1,2\n3,4\n",
        {"columns": {"user": "0"}},
        "mine.csv: no item column chosen; use --columns user=…,item=…",
    ),
    (
        "1,2\n3,4\n",
        {},
        "mine.csv: the file has no header, so the columns are only a guess; "
        "choose the columns, such as --columns user=0,item=1",
    ),
    (
        "user_id,movie_id,film,x\n1,2,3,4\n",
        {},
        "mine.csv: item may be movie_id or film; choose the columns, such as --columns user=user_id,item=movie_id",
    ),
    (
        "user,item\n1,2\n",
        {"separator": ";"},
        'mine.csv, line 1: "user,item" has one column with the separator ";", at least two are needed',
    ),
    ("word\nother\n", {}, 'mine.csv, line 1: "word" has one column, at least two are needed; use --separator'),
    ("", {}, "mine.csv: is empty; expected a line per interaction"),
    ("user,item\n", {}, "mine.csv: contains no interactions; expected a line per interaction"),
    ("a,b\0c\n1,2\n", {}, NUL_BYTE),
    (
        "user,item\n1,2\n",
        {"separator": "é"},
        "separator 'é': cannot be a column separator; use a character such as , or ; or tab or ::",
    ),
]


@pytest.mark.parametrize(("text", "said", "sentence"), BAD_TABLES)
def test_what_is_wrong_in_tables(tmp_path, text, said, sentence):
    assert fault(written(tmp_path / "mine.csv", text), **said) == sentence


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-8-sig"])
def test_another_encoding_is_told_and_noted(tmp_path, encoding):
    path = written(tmp_path / "mine.csv", "user,item,title\n1,2,Amelie\n1,3,Amélie\n", encoding)
    found = read(path)
    assert found.titles == ["Amelie", "Amélie"]
    assert found.notes[0].startswith("mine.csv: read as ")
    long = "user,item\n" + "1,2\n" * 100_000
    path = written(tmp_path / "long.csv", long + "é,3\n", encoding)
    assert read(path).users[-1] == "é"


def test_a_byte_that_is_wrong_among_good_utf_8_is_named_with_its_line(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_bytes("user,item\nzoë,2\n".encode() + b"\xe9\xff,3\n")
    assert fault(path).startswith("mine.csv, line 3: ")


@given(st.lists(st.dates(date(1900, 1, 1), date(2099, 12, 31)), min_size=1, max_size=20))
def test_dates_written_as_whole_numbers_are_dates(days):
    numbers = np.array([day.year * 10_000 + day.month * 100 + day.day for day in days])
    assert [day_of(second) for second in scale_of(numbers).seconds(numbers).tolist()] == [
        day.isoformat() for day in days
    ]


def test_ids_stay_as_they_are_written(tmp_path):
    """The ISBN 0195153448 is no number, and 01 is another item than 1."""
    path = written(tmp_path / "mine.csv", "user,item\n1,01\n1,1\n2,0195153448\n")
    assert [item for _, item, _, _ in rows(read(path))] == ["01", "1", "0195153448"]
    assert [user for user, _, _, _ in rows(read(path))] == [1, 1, 2]
    written(path, "user,item\n1,0x1f\n1,0x2f\n")
    assert [item for _, item, _, _ in rows(read(path))] == ["0x1f", "0x2f"]


def test_blanks_around_ids_belong_to_the_layout(tmp_path):
    path = written(tmp_path / "mine.csv", "user, item, rating\nu1, i1, 4\nu1 , i2, 5\nu2, i1 ,3\n")
    assert rows(read(path)) == [("u1", "i1", 4, None), ("u1", "i2", 5, None), ("u2", "i1", 3, None)]


@pytest.mark.parametrize("nothing", ["NULL", "nan", "\\N"])
def test_what_stands_for_nothing_is_no_id_among_numbers(tmp_path, nothing):
    path = written(tmp_path / "mine.csv", f"user,item\n1,2\n{nothing},3\n")
    advice = "leave such rows out with --drop-incomplete"
    said = f'mine.csv: "{nothing}" as an id among numbers is a missing value; {advice}'
    assert fault(path) == said
    written(path, f"user,item\nann,2\n{nothing},3\n")  # somebody may be called so
    assert len(read(path)) == 2


def test_a_row_with_a_word_that_could_name_a_column_is_a_row(tmp_path):
    path = written(tmp_path / "mine.csv", "u1,i1,book,1500000001\nu1,i2,film,1500000002\n")
    assert len(read(path, columns={"user": "0", "item": "1", "timestamp": "3"})) == 2


@pytest.mark.parametrize(
    ("first", "said", "header"),
    [
        ("alice,game", "user item", False),
        ("user,chess", "user item", False),
        ("user,game", "user item", True),
        ("alice,game,book", "user item", False),
        ("alice,game,when", "user item title", False),
        ("alice,game,title", "user item title", True),
        ("player,game,title", "user item title", True),
    ],
)
def test_of_columns_said_by_number_two_have_to_read_like_names(tmp_path, first, said, header):
    """One is a rating of something called so; it was taken for a header, and lost."""
    others = "".join(f"alice,chess{row}{',how' * (first.count(',') - 1)}\n" for row in "abc")
    columns = {role: str(number) for number, role in enumerate(said.split())}
    assert len(read(written(tmp_path / "mine.csv", f"{first}\n{others}"), columns)) == 3 + (not header)


@pytest.mark.parametrize("text", ['{"user": 1, "item": 2}\n{"user": 1, "item": 3}\n', '[{"user": 1,\n"item": 2}]'])
def test_json_is_not_read_as_a_table_of_pieces(tmp_path, text):
    path = written(tmp_path / "mine.json", text)
    assert {row[:2] for row in rows(read(path))} <= {(1, 2), (1, 3)}


def test_a_cell_without_end_in_movies_csv_is_one_sentence(movielens):
    folder = movielens("csv")
    (folder / "movies.csv").write_text('movieId,title,genres\n1,"Toy Story,Drama\n' + "2,Alien,Horror\n" * 20_000)
    assert fault(folder).startswith("movies.csv, line ")
    assert fault(folder).endswith('has an unclosed quote; add the missing "')


def test_a_table_deep_in_a_zip_is_found(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a/b/c/d/mine.csv", "user,item\n1,2\n1,3\n")
    assert len(read(tmp_path / "a.zip")) == 2


def test_movies_csv_in_another_encoding_is_said_with_its_line(movielens):
    folder = movielens("csv")
    (folder / "movies.csv").write_bytes("movieId,title,genres\n3,Amélie,Drama\n".encode("latin-1"))
    assert fault(folder) == "movies.csv, line 2: is not UTF-8 text (byte 0xE9 at position 5); save the file as UTF-8"


@pytest.mark.parametrize(
    ("layout", "name", "text", "sentence"),
    [
        ("dat", "movies.dat", "1::Toy\n", 'movies.dat, line 1: "1::Toy" has 2 fields, 3 are expected'),
        ("dat", "movies.dat", "one::Toy::X\n", 'movies.dat, line 1: the item id "one" is not a whole number'),
        ("u.data", "u.item", "1|Toy\n", 'u.item, line 1: "1|Toy" has 2 fields, 24 are expected'),
        ("csv", "movies.csv", "movieId,title,genres\n1,Toy\n", 'movies.csv, line 2: "1,Toy" has 2 fields, 3 are'),
        ("csv", "movies.csv", "id,title\n", "movies.csv, line 1: has no column movieid"),
    ],
)
def test_what_is_wrong_in_files_of_titles(movielens, layout, name, text, sentence):
    folder = movielens(layout)
    (folder / name).write_text(text)
    assert fault(folder).startswith(sentence)


def test_control_characters_of_a_file_do_not_reach_the_terminal(movielens):
    folder = movielens("dat")
    (folder / "ratings.dat").write_text("\x1b[2J1::2\n")
    assert "\x1b" not in fault(folder)


@pytest.mark.parametrize("lines", [2, 60_000])
def test_a_quote_that_never_ends_is_one_sentence(tmp_path, lines):
    path = written(tmp_path / "mine.csv", 'user,item\n1,2\n1,"2\n' + "3,4\n" * lines)
    assert fault(path) in {
        'mine.csv, line 5: the item id spans several lines; is a closing " missing?',
        'mine.csv, line 32,771: has an unclosed quote; is a " missing before it?',
    }
