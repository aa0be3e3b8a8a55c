"""What a list of recommendations may hold: filters, diversity and what it costs, movies that follow each other."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import make_dataset

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.errors import UserError
from bert4rec_tui.recommend.diversify import HEAD, diversify
from bert4rec_tui.recommend.filters import ItemFacts, ItemFilter, filter_text, parse_filter
from bert4rec_tui.recommend.transitions import followers, predecessors


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> PreparedDataset:
    return make_dataset(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def facts(dataset: PreparedDataset) -> ItemFacts:
    return ItemFacts(dataset)


AWKWARD = ["Crime, true", ",", "back\\slash", "a\\, b", "1990", "-", "seen", ">5", "two words", "a\ttab"]
years = st.none() | st.integers(1955, 2015)


@st.composite
def filters(draw: st.DrawFn) -> ItemFilter:
    first, last = draw(years), draw(years)
    if first is not None and last is not None:
        first, last = min(first, last), max(first, last)
    least, most = draw(st.integers(0, 12)), draw(st.none() | st.integers(0, 12))
    return ItemFilter(
        genres=tuple(draw(st.lists(st.sampled_from(["Action", "Comedy", "Drama", "Horror"]), unique=True, max_size=2))),
        from_year=first,
        to_year=last,
        min_count=least if most is None else min(least, most),
        max_count=most,
        seen=draw(st.sampled_from(["unseen", "seen", "all"])),
    )


@given(wanted=filters(), history=st.lists(st.integers(1, 60), max_size=8))
def test_a_filter_lets_pass_exactly_what_it_does_not_exclude(wanted, history, dataset, facts):
    allowed = facts.allowed(wanted, history)
    for item in range(1, dataset.items + 1):
        title, genres = dataset.title(item), dataset.genres[item - 1].split("|")
        year = int(title[-5:-1]) if title.endswith(")") and title[-5:-1].isdigit() else None
        count = int(dataset.train_counts[item - 1])
        passes = (
            (not wanted.genres or bool(set(wanted.genres) & set(genres)))
            and (wanted.from_year is None or (year is not None and year >= wanted.from_year))
            and (wanted.to_year is None or (year is not None and year <= wanted.to_year))
            and count >= wanted.min_count
            and (wanted.max_count is None or count <= wanted.max_count)
            and {"all": True, "seen": item in history, "unseen": item not in history}[wanted.seen]
        )
        assert allowed[item - 1] == passes


@given(wanted=filters())
def test_the_line_that_says_a_filter_is_read_back(wanted, facts):
    assert parse_filter(filter_text(wanted), facts) == wanted


@given(genres=st.lists(st.sampled_from(AWKWARD), unique=True, min_size=1, max_size=3))
def test_genres_that_could_be_read_otherwise_are_read_back_too(genres, dataset):
    """`Crime, true` came back as two genres, neither of which there is."""
    facts = ItemFacts(dataset)
    facts.__dict__["genres"] = dict.fromkeys(AWKWARD, np.ones(dataset.items, bool))
    wanted = ItemFilter(genres=tuple(genres), from_year=1990)
    assert parse_filter(filter_text(wanted), facts) == wanted


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("comedy, SCI-FI 1990-1999", ItemFilter(genres=("Comedy", "Sci-Fi"), from_year=1990, to_year=1999)),
        ("1994 >100", ItemFilter(from_year=1994, to_year=1994, min_count=101)),
        ("-1980 <50 all", ItemFilter(to_year=1980, max_count=49, seen="all")),
        ("", ItemFilter()),
    ],
)
def test_a_filter_is_said_in_a_few_words(line, wanted, facts):
    assert parse_filter(line, facts) == wanted


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("comdy", "tiny: has no genre comdy; did you mean Comedy?"),
        ("1999-1990", "years 1999-1990: empty range; put the earlier year first"),
        (">100 <50", "min. count 101 is above max. count 49"),
    ],
)
def test_what_is_no_filter_is_refused_in_a_sentence(line, sentence, facts):
    with pytest.raises(UserError) as refused:
        parse_filter(line, facts)
    assert str(refused.value) == sentence


@st.composite
def pools(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Scores, the best first, and a vector for each."""
    size = draw(st.integers(0, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    return np.sort(rng.normal(size=size))[::-1].copy(), rng.normal(size=(size, 4))


@given(pool=pools(), k=st.integers(1, 50))
def test_without_a_weight_the_list_is_the_plain_one(pool, k):
    scores, vectors = pool
    found = diversify(scores, vectors, 0.0, k)
    assert found.order == list(range(min(k, len(scores))))
    assert found.mean_score == found.plain_score
    assert found.likeness == found.plain_likeness


@given(pool=pools(), k=st.integers(1, 50), weight=st.floats(0, 1))
def test_a_diversified_list_begins_with_the_best_repeats_nothing_and_never_gains_in_score(pool, k, weight):
    scores, vectors = pool
    found = diversify(scores, vectors, weight, k)
    assert len(set(found.order)) == len(found.order) == min(k, len(scores))
    assert found.mean_score <= found.plain_score + 1e-9
    if found.order:
        assert found.order[0] == 0
    # Greedy: a shorter list is the beginning of a longer one, so that the cost of the first ten is what ten would cost.
    assert diversify(scores, vectors, weight, HEAD).order == found.order[:HEAD] or k < HEAD


def test_of_two_that_are_alike_the_second_gives_way():
    scores = np.array([5.0, 4.9, 4.0, 1.0])
    vectors = np.array([[1.0, 0.0], [1.0, 0.01], [0.0, 1.0], [0.0, -1.0]])
    assert diversify(scores, vectors, 0.0, 2).order == [0, 1]
    found = diversify(scores, vectors, 0.5, 2)
    assert found.order == [0, 2]
    assert found.plain_score - found.mean_score == pytest.approx(0.45, abs=1e-6)
    assert found.likeness < 0.1 < found.plain_likeness


def test_followers_are_counted_within_what_each_user_trains_on(dataset):
    for item in range(1, 11):
        after, before = np.zeros(dataset.items + 1), np.zeros(dataset.items + 1)
        for user in range(dataset.users):
            trained = dataset.history_of(user)[: dataset.split.train_end[user]].tolist()
            for first, second in pairwise(trained):
                after[second] += first == item
                before[first] += second == item
        assert followers(dataset, item).tolist() == after.tolist()
        assert predecessors(dataset, item).tolist() == before.tolist()
