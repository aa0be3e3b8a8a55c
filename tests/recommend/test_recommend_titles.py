"""Titles are found as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import TITLES

from bert4rec_tui.recommend.titles import TitleIndex, normalise

INDEX = TitleIndex([*TITLES, *(f"Filler {n} ({1950 + n % 70})" for n in range(3000)), "Matrix Reloaded, The (2003)"])


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("the matrix", "Matrix, The (1999)"),
        ("Matrix 1999", "Matrix, The (1999)"),
        ("matrx", "Matrix, The (1999)"),
        ("amelie", "Amélie (Le fabuleux destin d'Amélie Poulain) (2001)"),
        ("poulain", "Amélie (Le fabuleux destin d'Amélie Poulain) (2001)"),
        ("rec", "[REC] (2007)"),
        ("[REC] (2007)", "[REC] (2007)"),
        ("千尋", "千と千尋の神隠し (2001)"),
        ("올드보이", "올드보이 (2003)"),
        ("new hope star wars", "Star Wars: Episode IV - A New Hope (1977)"),
        ("amercan beuty", "American Beauty (1999)"),
    ],
)
def test_a_title_is_the_first_thing_found(query: str, title: str) -> None:
    assert TITLES[INDEX.find(query)[0]] == title


@pytest.mark.parametrize("query", ["", "   ", "!!!", "qzxqzxqzx"])
def test_what_is_like_nothing_finds_nothing(query: str) -> None:
    assert INDEX.find(query) == []


@given(title=st.text(max_size=40))
def test_any_title_can_be_normalised_and_finds_itself(title: str) -> None:
    index = TitleIndex(["something else", title])
    if normalise(title):
        assert 1 in index.find(title)


def test_no_more_is_found_than_asked_for_and_nothing_twice() -> None:
    found = INDEX.find("filler", limit=25)
    assert len(found) == len(set(found)) == 25
