"""Texts with sequences become interactions in their order, and tables stay tables."""

import gzip
from pathlib import Path

import pytest

from bert4rec_tui.data.forms import Table, to_table
from bert4rec_tui.data.forms.table import Limits
from bert4rec_tui.errors import UserError


def of_text(folder: Path, text: str, name: str = "a.txt", limits: Limits = Limits()) -> Table:  # noqa: B008
    (folder / name).write_text(text)
    return to_table([folder / name], folder / "temporary", limits=limits)


def rows(table: Table) -> list[list[str]]:
    assert table.separator == "\t"
    return [line.split("\t") for line in table.path.read_text().splitlines()]


def fault(folder: Path, text: str, limits: Limits = Limits()) -> str:  # noqa: B008
    with pytest.raises(UserError) as error:
        of_text(folder, text, limits=limits)
    return str(error.value)


LINES = "1 10 11 12 13\n2 10\n3 12 11 12 14 15\n4 9 8 7\n"


@pytest.mark.parametrize(
    "text",
    [
        LINES,
        LINES.replace("\n", "\r\n"),
        LINES.replace("\n", " \n\n"),
        LINES.replace(" ", "\t"),
        LINES.replace(" ", ","),
        LINES.replace(" ", ":", 1).replace("\n2 ", "\n2:").replace("\n3 ", "\n3:").replace("\n4 ", "\n4:"),
    ],
)
def test_a_user_a_line_is_a_row_for_each_item(tmp_path, text):
    found = of_text(tmp_path, text)
    assert rows(found)[0] == ["user", "item"]
    assert [" ".join(row) for row in rows(found)[1:]] == (
        ["1 10", "1 11", "1 12", "1 13", "2 10", "3 12", "3 11", "3 12", "3 14", "3 15", "4 9", "4 8", "4 7"]
    )
    assert found.notes == ("a.txt: read as a user per line with their items, oldest first",)


def test_users_with_equally_many_items_are_told_from_a_table_by_many_numbers(tmp_path):
    found = of_text(tmp_path, "".join(f"{user} 10 11 12 13 14\n" for user in range(9)))
    assert len(rows(found)) == 1 + 9 * 5
    for other in ("{} 10 11 12 13\n", "{},10,11,12,13,14\n", "{} 10 11 12 3 978300760\n", "{} 10 11 2.5 13 14\n"):
        text = "".join(other.format(user) for user in range(9))
        assert of_text(tmp_path, text, "b.txt").path == tmp_path / "b.txt"


def test_a_user_without_items_and_ids_of_letters_later_in_the_file(tmp_path):
    found = of_text(tmp_path, LINES + "5\n" + "6 a b\n")
    assert rows(found)[-2:] == [["6", "a"], ["6", "b"]]
    assert "users without items, left out: 1" in found.notes[0]


def test_a_line_of_another_form_is_named(tmp_path):
    many = "".join(f"{user} {' '.join(str(item) for item in range(user % 7 + 3))}\n" for user in range(9000))
    assert "a.txt, line 9,001: \"7 'x y'\" does not fit" in fault(tmp_path, many + "7 'x y'\n")
    small = Limits(row=100)
    assert "line 9,001: is longer than 100 B" in fault(tmp_path, many + "7" + " 8" * 500 + "\n", small)


@pytest.mark.parametrize(
    "text",
    [
        "1 10\n1 11\n2 10\n",  # SASRec's pairs
        "1 2 3 4\n5 6 7 8\n9 1 2\n3 4 5 6\n7 8 9 1\n",  # one line is wrong
        "1 2 5 100\n2 2 5 100 7\n1 3 5 100 6 7\n",  # users come again
        "user item rating\n1 2 3\n4 5 6 7\n8 9\n",
        "1,Toy Story (1995),3\n2,Heat,4,5\n3,a,b,c,d\n",
        "1 2.5 3\n2 2.5 3 4\n3 2.5 3 4 5\n",
        "1::2::5::100\n2::3::5::100\n",
        "one two three four\nfive six\nseven eight nine\n",
    ],
)
def test_tables_stay_as_they_are(tmp_path, text):
    found = of_text(tmp_path, text)
    assert (found.path, found.separator, found.notes) == (tmp_path / "a.txt", "", ())


def test_netflix_ratings_get_the_movie_above_them(tmp_path):
    folder = tmp_path / "netflix"
    folder.mkdir()
    (folder / "combined_data_1.txt").write_text("1:\n7,3,2005-09-06\n8,5,2005-05-13\n2:\n7,4,2005-09-07\n")
    (folder / "combined_data_2.txt").write_text("3:\r\n9,1,2004-01-01\r\n")
    found = to_table([folder], tmp_path / "temporary")
    assert rows(found) == [
        ["item", "user", "rating", "timestamp"],
        ["1", "7", "3", "2005-09-06"],
        ["1", "8", "5", "2005-05-13"],
        ["2", "7", "4", "2005-09-07"],
        ["3", "9", "1", "2004-01-01"],
    ]
    assert 'a.txt, line 3: "7;3" does not fit; expected a movie' in fault(tmp_path, "1:\n7,3,2005-09-06\n" * 1 + "7;3")


def test_a_wrong_line_far_down_in_netflix_is_named(tmp_path):
    text = "1:\n" + "7,3,2005-09-06\n" * 200 + "7,3\n"
    assert 'a.txt, line 202: "7,3" does not fit; expected a movie' in fault(tmp_path, text)


MIND = (
    "1\tU1\t11/15/2019 8:55:22 AM\tN1 N2\tN3-0 N4-1\n"
    "2\tU2\t11/11/2019 12:00:01 PM\t\tN1-1 N5-1\n"
    "3\tU1\t11/14/2019 12:30:00 AM\tN1 N2\tN7-1 N8-0\n"
)


def test_mind_is_the_history_once_and_then_the_clicks(tmp_path):
    found = of_text(tmp_path, MIND, "behaviors.tsv")
    assert rows(found) == [
        ["user", "item", "timestamp", "event"],
        ["U1", "N1", "2019-11-11 12:00:01", "history"],
        ["U1", "N2", "2019-11-11 12:00:01", "history"],
        ["U1", "N4", "2019-11-15 08:55:22", "click"],
        ["U2", "N1", "2019-11-11 12:00:01", "click"],
        ["U2", "N5", "2019-11-11 12:00:01", "click"],
        ["U1", "N7", "2019-11-14 00:30:00", "click"],
    ]
    assert "news that were shown and not clicked, left out: 2" in found.notes[0]
    assert "line 22: " in fault(tmp_path, MIND * 7 + "4\tU1\n")
    assert "line 22: " in fault(tmp_path, MIND * 7 + MIND[:40].replace("11/15", "13/15") + "\tN1\tN1-1\n")


def test_recbole_lists_are_followed_by_their_target(tmp_path):
    head = "user_id:token\titem_id_list:token_seq\ttimestamp_list:float_seq\titem_id:token\ttimestamp:float\n"
    found = of_text(tmp_path, head + "u\t1 2\t10 20\t3\t30\nv\t007\t5\t1.0\t6\n", "a.train.inter")
    assert rows(found) == [
        ["user_id", "item_id", "timestamp"],
        ["u", "1", "10"],
        ["u", "2", "20"],
        ["u", "3", "30"],
        ["v", "007", "5"],
        ["v", "1.0", "6"],
    ]


@pytest.mark.parametrize(
    "lists",
    [
        ["1\t2", "1 2\t3", "1 2 3\t4"],
        ["1 2 3\t4", "1 2\t3", "1\t2"],
        ["1\t2", "1 2\t3", "2 3\t4"],
    ],
)
def test_augmented_rows_of_recbole_are_each_interaction_once(tmp_path, lists):
    head = "session_id:token\titem_id_list:token_seq\titem_id:token\n"
    found = of_text(tmp_path, head + "".join(f"s\t{one}\n" for one in lists) + "t\t1\t2\n", "a.inter")
    assert [row[1] for row in rows(found)[1:]] == ["1", "2", "3", "4", "1", "2"]


def test_recbole_lists_of_features_leave_the_rows_as_they_are(tmp_path):
    for text in (
        "item_id:token\tclass:token_seq\n1\tDrama Comedy\n",
        "user_id:token\titem_id:token\ttags:token_seq\n1\t2\ta b\n",
    ):
        assert of_text(tmp_path, text, "a.item").path == tmp_path / "a.item"


def test_lists_as_pandas_writes_them_into_a_csv(tmp_path):
    text = "user,item_ids,times\n1,\"[10, 11]\",\"['a', 'b']\"\n2,[007],\"['c, d']\"\n3,[],[]\n"
    assert rows(of_text(tmp_path, text, "a.csv")) == [
        ["user", "item_id", "time"],
        ["1", "10", "a"],
        ["1", "11", "b"],
        ["2", "007", "c, d"],
    ]
    assert "a list such as [1, 2, 3]" in fault(tmp_path, "user,items\n" + "1,[2 3]\n" * 30 + "1,2\n")
    assert "was cut short when written" in fault(tmp_path, "user,items\n1,[2 ... 3]\n")
    assert "lists of the same length" in fault(tmp_path, 'user,items,times\n1,[2],[3]\n2,"[1,2]",[3]\n')


def test_a_list_may_be_longer_than_any_cell_of_python_s_csv(tmp_path):
    items = ", ".join(str(item) for item in range(50_000))
    assert len(rows(of_text(tmp_path, f'user,items\n1,"[{items}]"\n2,"[1]"\n', "a.csv"))) == 50_002


def test_a_carriage_return_within_a_line_breaks_nothing(tmp_path):
    text = 'user,items\n1\r,"[1, 2]"\n1,"[1, 2]"\n'
    assert rows(of_text(tmp_path, text, "a.csv"))[-1] == ["1", "2"]
    assert of_text(tmp_path, "\ruser,ite\rm\n1,2\n", "b.csv").path == tmp_path / "b.csv"


def test_a_compressed_sequence_in_another_encoding(tmp_path):
    (tmp_path / "a.gz").write_bytes(gzip.compress(LINES.encode("utf-16")))
    found = to_table([tmp_path / "a.gz"], tmp_path / "temporary")
    assert len(rows(found)) == 14
    assert found.notes[0] == "a.gz: read as UTF-16"
