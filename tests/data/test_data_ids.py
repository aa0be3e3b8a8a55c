"""Ids that a number would not keep, wherever in a file they stand."""

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from reading import fault, read, written

from bert4rec_tui.data.line_errors import has_leading_zeros


@pytest.mark.parametrize("written_id", ["007", "0x7", " 007", '"007"', "-07"])
@pytest.mark.parametrize("separator", [",", "\t", ";", "::", "|"])
def test_ids_stay_as_they_are_written_however_far_down_they_stand(tmp_path, written_id, separator):
    """They were looked for in the first lines alone: 007 became user 7 without a word."""
    if separator == "::" and '"' in written_id:
        return  # a separator of two letters knows no quotes
    first = "".join(f"{1 + place % 9}{separator}{place % 90}{separator}{place}\n" for place in range(60_000))
    for last in (f"{written_id}{separator}5{separator}9\n", f"{written_id}{separator}5{separator}9"):
        path = written(tmp_path / "mine.csv", f"user{separator}item{separator}timestamp\n{first}{last}")
        interactions = read(path, separator=separator)
        expected = written_id.strip(' "')
        assert interactions.user_ids == sorted([expected, *(str(user) for user in range(1, 10))])
        assert np.asarray(interactions.item_ids).tolist() == list(range(90)), "the other column stays numbers"


@pytest.mark.parametrize("place", range(2**18 - 4, 2**18 + 5))
def test_leading_zeros_are_found_wherever_the_file_is_cut_to_be_read(tmp_path, place):
    for begin in ("\n", "\n ", ","):
        path = written(tmp_path / "mine.csv", "9" * (place - len(begin)) + begin + "07,3\n")
        assert has_leading_zeros(path, ","), begin
    assert not has_leading_zeros(written(tmp_path / "mine.csv", "9" * place + "07,3\n"), ",")
    assert not has_leading_zeros(written(tmp_path / "mine.csv", "9" * (place - 1) + " 07,3\n"), ",")


@pytest.mark.parametrize("cell", ["0", "0.5", "2001-01-06 05:00:07", "10", "1 07", "x07", "-0.5"])
def test_other_zeros_are_not_taken_for_those_of_ids(tmp_path, cell):
    """Such a file would be read once more for nothing."""
    assert not has_leading_zeros(written(tmp_path / "mine.csv", f"user,item,other\n1,0,{cell}\n0,{cell},1\n"), ",")


def test_ids_that_pandas_wrote_as_floating_point_are_those_of_the_same_data_in_parquet(tmp_path):
    """A gap in a column makes pandas write 1.0; such a user was another than 1 of Parquet."""
    text = "user,item,rating\n" + "".join(f"{user}.0,{item}.0,4\n" for user in range(1, 5) for item in range(10, 14))
    interactions = read(written(tmp_path / "floats.csv", text))
    assert np.asarray(interactions.user_ids).tolist() == [1, 2, 3, 4]
    assert np.asarray(interactions.item_ids).tolist() == [10, 11, 12, 13]
    columns = {"user": pa.array([1.0, 2.0, 3.0, 4.0]), "item": pa.array([10.0, 11.0, 12.0, 13.0])}
    parquet.write_table(pa.table(columns), tmp_path / "floats.parquet")
    assert np.asarray(read(tmp_path / "floats.parquet").user_ids).tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("ids", [["1.0", "2.5"], ["1.0", "x"], ["01.0", "2.0"], ["1.00", "2.0"]])
def test_other_ids_with_a_dot_stay_texts(tmp_path, ids):
    text = "user,item\n" + "".join(f"{user},{item}\n" for user in ids for item in range(4))
    assert read(written(tmp_path / "mine.csv", text)).user_ids == sorted(ids)


def test_ids_that_floating_point_has_merged_are_refused(tmp_path):
    """From 2^53 on two ids may have become one when they were written; nothing in the file shows which."""
    text = "user,item\n" + "".join(f"{2**53 + 2 * user}.0,{item}\n" for user in range(4) for item in range(4))
    assert "was written as floating point, which merges ids from 2^53 on" in fault(written(tmp_path / "m.csv", text))
    columns = {"user": pa.array([float(2**53), 1.0]), "item": pa.array([1, 2])}
    parquet.write_table(pa.table(columns), tmp_path / "m.parquet")
    assert fault(tmp_path / "m.parquet").startswith("m.parquet, row 1: the user ids are floating point")


def test_a_file_of_titles_that_fits_less_than_half_of_the_items_is_noted_with_an_example_of_each(tmp_path):
    ratings = "userId,movieId,rating,timestamp\n" + "".join(
        f"{user},tt{item},4,{1_500_000_000 + item}\n" for user in range(4) for item in range(4)
    )
    written(tmp_path / "movies.csv", "movieId,title,genres\n1,One (1990),Drama\n2,Two (1991),Comedy\n")
    (note,) = read(written(tmp_path / "ratings.csv", ratings)).notes
    assert note == 'movies.csv has no title for 4 of 4 items, such as "tt0"; it has, for example, "1"'
