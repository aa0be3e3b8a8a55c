"""Ids that a number would not keep, wherever in a file they stand."""

import numpy as np
import pytest
from reading import read, written

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
