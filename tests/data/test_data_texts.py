"""Strings as plain arrays, and strings that are shown."""

from hypothesis import given
from hypothesis import strategies as st

from bert4rec_tui.data.texts import pack_texts
from bert4rec_tui.errors import printable


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"]))))
def test_every_string_comes_back(strings):
    texts = pack_texts(strings)
    assert texts.all() == strings
    assert [texts[i] for i in range(len(texts))] == strings


@given(st.text(), st.integers(2, 50))
def test_what_is_shown_has_no_control_character_and_a_bounded_length(text, length):
    shown = printable(text, length)
    assert shown.isprintable()
    assert len(shown) <= length
