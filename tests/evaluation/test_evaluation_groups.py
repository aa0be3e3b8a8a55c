"""Where a model is weak: what each group is, held against a reckoning of its own."""

import numpy as np
import pytest
from histories import walks

from bert4rec_tui.data.texts import pack_texts
from bert4rec_tui.evaluation.groups import GROUPINGS, group_results, readable_edges
from bert4rec_tui.evaluation.saved_ranks import SavedRanks


def kept(dataset, ranks) -> SavedRanks:
    users = dataset.evaluated_users("test")
    return SavedRanks(users, np.resize(np.asarray(ranks, np.int32), len(users)), np.full(len(users), 101, np.int32))


def groups_by(dataset, result: SavedRanks, by: str) -> dict[str, tuple[int, float]]:
    (grouping,) = group_results(dataset, result, [by]).groupings
    return {group.label: (group.users, group.metrics["Recall@10"].value) for group in grouping.groups}


def test_groups_of_every_kind_hold_every_user_and_their_own_mean(make_dataset):
    """The groups of users divide them: their means, weighted by their numbers, are the mean of all."""
    dataset = make_dataset(walks(60, 20, 12))
    result = kept(dataset, np.random.default_rng(0).integers(1, 40, 60))
    found = group_results(dataset, result)
    discount = np.where(result.ranks <= 10, 1 / np.log2(1 + result.ranks), 0)
    assert found.whole.metrics["NDCG@10"].value == pytest.approx(discount.mean())
    assert [grouping.by for grouping in found.groupings] == list(GROUPINGS)
    for grouping in found.groupings:
        assert grouping.groups or grouping.note
        values = [group.metrics["NDCG@10"].value for group in grouping.groups]
        assert values == sorted(values), "the weakest come first"
        if grouping.groups:
            users = [group.users for group in grouping.groups]
            assert sum(users) == 60
            assert np.dot(users, values) / 60 == pytest.approx(discount.mean())
        for group in grouping.groups:
            estimate = group.metrics["NDCG@10"]
            assert estimate.low <= estimate.value <= estimate.high


def test_each_group_is_of_the_users_its_name_says(make_dataset):
    """They know 4, 10 and 20 items; item 1 holds half of what is trained on, 3 occurs there once, 30 never."""
    histories = [[1, 2, 1, 2, 30], [3, *[1, 2] * 4, 4, 1], [*[2, 1] * 9, 4, 3]]
    dataset = make_dataset(histories)
    result = kept(dataset, [99, 1, 50])
    assert groups_by(dataset, result, "trained") == {"cold test items": (1, 0.0), "seen in training": (2, 0.5)}
    lengths = groups_by(dataset, result, "length")
    assert list(lengths.values()) == [(1, 0.0), (1, 0.0), (1, 1.0)]
    assert "up to 7" in lengths
    popular = groups_by(dataset, result, "popularity")
    assert popular["cold test items"] == (1, 0.0)
    assert popular["tail: 1–13"] == (1, 0.0)
    assert {label.partition(":")[0] for label in popular} == {"cold test items", "tail", "head"}


def test_times_between_target_and_the_item_before_and_genres_divide_too(make_dataset):
    dataset = make_dataset([[1, 2, 3, 4], [2, 3, 4, 1], [3, 4, 1, 2]])
    result = kept(dataset, [1, 30, 30])
    assert group_results(dataset, result, ["recency"]).groupings[0].note == (
        "the timestamps of this source only number each user's interactions"
    )
    times = np.array(dataset.timestamps)
    times[3], times[7:8], times[8:] = times[2] + 30, times[6] + 90_000, times[8:] + 10**6
    dataset.__dict__["timestamps"] = times
    del dataset.__dict__["times_are_positions"]
    assert groups_by(dataset, result, "recency") == {"a day to a week": (1, 0.0), "within a minute": (2, 0.5)}
    dataset.__dict__["genres"] = pack_texts(["Drama", "Drama|War", "", "War|Drama|War"])
    assert groups_by(dataset, result, "genre") == {"Drama": (3, pytest.approx(1 / 3)), "War": (2, 0.5)}


def test_a_group_is_called_weaker_only_where_its_users_show_it(make_dataset):
    """40 users of long histories never hit, 40 of short ones always; 3 of middling ones are too few to say."""
    histories = [list(range(1, 31))] * 40 + [[1, 2, 3, 4, 5]] * 40 + [[1, 2, 3]] * 3
    dataset = make_dataset(histories)
    ranks = [90] * 40 + [1] * 40 + [90] * 3
    (length,) = group_results(dataset, kept(dataset, ranks), ["length"]).groupings
    assert length.groups[0].verdict == "weaker"
    assert length.groups[-1].verdict == "stronger"
    (popularity,) = group_results(dataset, kept(dataset, ranks), ["popularity"]).groupings
    assert all(group.verdict == "few" for group in popularity.groups if group.users < 30)


def test_a_group_that_is_only_a_little_below_or_above_all_is_called_nothing(make_dataset):
    """19 of 40 hits here and 21 of 40 there: the intervals of both hold the value over all."""
    dataset = make_dataset([list(range(1, 31))] * 40 + [[1, 2, 3, 4, 5]] * 40)
    ranks = [1] * 19 + [90] * 21 + [1] * 21 + [90] * 19
    found = group_results(dataset, kept(dataset, ranks), ["length"])
    whole = found.whole.metrics["NDCG@10"].value
    low, high = found.groupings[0].groups
    assert low.metrics["NDCG@10"].value < whole < high.metrics["NDCG@10"].value
    assert (low.verdict, high.verdict) == ("", "")


def test_the_head_holds_half_of_the_training_and_the_middle_what_follows_up_to_80_percent(make_dataset):
    """Items 1 to 7 are trained on 9, 3, 3, 2, 1, 1 and 1 times of 20: half is reached with 2, 80% with 4."""
    dataset = make_dataset([[*[1] * 9, 2, 2, 5, 1], [2, 3, 3, 3, 5, 3], [4, 4, 5, 1, 4], [6, 7, 1, 7]])
    groups = groups_by(dataset, kept(dataset, [1, 90, 1, 90]), "popularity")
    assert groups == {"head: 3 or more": (2, 0.5), "middle: 2": (1, 1.0), "tail: 1": (1, 0.0)}


def test_edges_are_numbers_a_person_remembers():
    assert readable_edges(np.arange(20, 321)) == [95, 150, 250]
    assert readable_edges(np.array([3, 3, 3])) == []
    assert readable_edges(np.array([1, 2, 3, 4])) == [2, 3]
