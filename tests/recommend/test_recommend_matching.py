"""Titles of a file are read as people keep them, and matched to what they mean, with what is unsure said so."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bert4rec_tui.errors import UserError
from bert4rec_tui.recommend.matching import TitleMatcher, read_titles

TITLES = [
    "Matrix, The (1999)",
    "Titanic (1953)",
    "Titanic (1997)",
    "Amélie (2001)",
    "Lion King, The (1994)",
    "7 (1995)",
]
MATCHER = TitleMatcher(TITLES, np.array([9, 2, 8, 4, 5, 1]))


@pytest.mark.parametrize(
    ("text", "titles", "sure"),
    [
        ("the matrix", ["Matrix, The (1999)"], True),
        ("Titanic (1953)", ["Titanic (1953)"], True),
        ("titanic", ["Titanic (1997)", "Titanic (1953)"], False),  # two of one name: the more watched first
        ("The Lion King (1995)", ["Lion King, The (1994)"], False),  # the name, but another year
        ("amelei", ["Amélie (2001)"], False),
        ("qzxqzxqzx", [], False),
        ("", [], False),
    ],
)
def test_a_title_is_taken_for_what_it_most_likely_means(text, titles, sure):
    match = MATCHER.match(text)
    assert [TITLES[item - 1] for item in match.items] == titles
    assert match.sure == sure


@given(place=st.integers(0, len(TITLES) - 1))
def test_a_title_of_the_catalogue_is_sure(place):
    match = MATCHER.match(TITLES[place])
    assert (match.items, match.sure) == ((place + 1,), True)


@given(text=st.text(max_size=30))
def test_any_text_is_matched_or_not_and_only_one_movie_is_ever_sure(text):
    match = MATCHER.match(text)
    assert len(set(match.items)) == len(match.items)
    assert not match.sure or len(match.items) == 1


@pytest.mark.parametrize(
    ("content", "titles"),
    [
        ("Matrix, The (1999)\n\n  Alien\r\n", ["Matrix, The (1999)", "Alien"]),
        ("title\nMatrix, The (1999)\n", ["Matrix, The (1999)"]),
        ("\ufeffDate,Name,Year,Link\n2024-01-01,Alien,1979,x\n2024-01-02,\"Good, the Bad\",,y\n",
         ["Alien (1979)", "Good, the Bad"]),
        ("id;Title;rating\n1;Alien;5\n2;;4\n", ["Alien"]),
        ("note\ttitle\n\tAlien\nseen\tBrazil\n", ["Alien", "Brazil"]),
        ('"Alien"\n"Say ""Hi"""\n', ["Alien", 'Say "Hi"']),
    ],
)  # fmt: skip
def test_titles_are_read_from_text_and_from_tables(content, titles, tmp_path: Path):
    file = tmp_path / "seen.txt"
    file.write_bytes(content.encode())
    assert read_titles(file) == titles


def test_a_file_in_another_encoding_is_read_too(tmp_path: Path):
    file = tmp_path / "seen.txt"
    file.write_bytes("Amélie\n".encode("latin-1"))
    assert read_titles(file) == ["Amélie"]


def test_a_cell_without_end_is_one_sentence(tmp_path: Path):
    file = tmp_path / "seen.csv"
    file.write_text('name,title\nfoo,"' + "a" * 200_000)
    with pytest.raises(UserError, match=r'seen\.csv: has an unclosed quote; add the missing "'):
        read_titles(file)


@pytest.mark.parametrize("content", [b"", b"title\n", b"\x00\x01\x02"])
def test_what_holds_no_titles_is_refused_in_a_sentence(content, tmp_path: Path):
    file = tmp_path / "seen.txt"
    file.write_bytes(content)
    with pytest.raises(UserError, match=r"seen\.txt: .* one per line"):
        read_titles(file)
    with pytest.raises(UserError, match="nowhere"):
        read_titles(tmp_path / "nowhere")
