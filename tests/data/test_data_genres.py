"""Genres are told apart in whatever way their writer put several into one cell."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bert4rec_tui.data.dates import is_missing
from bert4rec_tui.data.genres import genres_of


@pytest.mark.parametrize(
    ("text", "separator", "genres"),
    [
        ("Animation|Comedy", "", ["Animation", "Comedy"]),
        ("Drama, Romance, School", ", ", ["Drama", "Romance", "School"]),
        ("Drama,Romance", ",", ["Drama", "Romance"]),
        ("['Drama', 'War']", "", ["Drama", "War"]),
        ("['Drama', 'War']", ",", ["Drama", "War"]),
        ("[Drama, War]", "", ["Drama", "War"]),
        ('["Drama"]', "", ["Drama"]),
        ("['Drama' 'War']", "", ["Drama", "War"]),
        ("['Drama'\n 'War']", "", ["Drama", "War"]),
        ("""["Children's", 'Sci-Fi']""", "", ["Children's", "Sci-Fi"]),
        ("[Children's, Sci-Fi]", "", ["Children's", "Sci-Fi"]),
        (r"['Children\'s', War]", "", ["Children's", "War"]),
        ("['Drama, black', War]", "", ["Drama, black", "War"]),
        ("[['Beauty', 'Hair Care'], ['Beauty', 'Gifts']]", "", ["Beauty", "Hair Care", "Gifts"]),
        ("[Drama, NULL, None, nan]", "", ["Drama"]),
        ("{'Drama', 'War'}", "", ["Drama", "War"]),
        ("{Drama}", "", ["{Drama}"]),
        ("Film-Noir", "", ["Film-Noir"]),
        ("Rock & Roll (old)", "", ["Rock & Roll (old)"]),
        ("Drama|Drama||War", "", ["Drama", "War"]),
        ("['A|B']", "", ["A/B"]),
        ("0", "", ["0"]),  # the number of a category
        *[(text, "", []) for text in ("", "[]", "null", "NaN", "(no genres listed)", "[nan]", "[[]]", "['']")],
    ],
)
def test_a_cell_of_genres(text, separator, genres):
    """`['Drama', 'War']` became one genre of that name."""
    assert genres_of(text, separator) == genres


WORDS = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"]), min_size=1, max_size=9)
GENRES = st.lists(WORDS.map(str.strip).filter(lambda word: not is_missing(word, zero=False)))


@given(GENRES)
def test_lists_of_python_and_json_come_through(genres):
    expected = list(dict.fromkeys(genre.replace("|", "/") for genre in genres))
    assert genres_of(repr(genres)) == expected
    assert genres_of(json.dumps(genres)) == expected


@given(st.text(max_size=40) | st.text("[]'\",\\ a", max_size=40))
def test_no_text_ends_in_a_traceback(text):
    assert all(genres_of(text))


def test_a_list_that_nests_without_end_is_read_in_one_pass():
    assert genres_of("[" * 100_000 + "'A'" + "]" * 100_000) == ["A"]
    assert len(genres_of("[" + "'" * 100_001 + "]")) <= 1
