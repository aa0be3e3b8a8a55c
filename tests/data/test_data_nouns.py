"""What a dataset calls its items: in numbers, with an article, and as a plural."""

import pytest

from bert4rec_tui.data.nouns import noun_of


@pytest.mark.parametrize(
    ("word", "a", "several"),
    [
        ("movie", "a movie", "movies"),
        ("item", "an item", "items"),
        ("article", "an article", "articles"),
        ("story", "a story", "stories"),
        ("dish", "a dish", "dishes"),
        ("user", "a user", "users"),
    ],
)
def test_a_noun_has_its_article_and_its_plural(word: str, a: str, several: str) -> None:
    noun = noun_of(word)
    assert (noun.a, noun.several) == (a, several)
    assert [noun.counted(number) for number in (0, 1, 3416)] == [f"0 {several}", f"1 {word}", f"3,416 {several}"]
