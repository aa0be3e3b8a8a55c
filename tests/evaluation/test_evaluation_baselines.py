"""The baselines know what training shows, and nothing of what is held out."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from histories import walks
from numpy.testing import assert_allclose

from bert4rec_tui.evaluation.baselines import Popularity, Transitions, baselines, training_pairs
from bert4rec_tui.evaluation.ease import Ease, too_large_for_ease


def test_transitions_score_what_followed_and_back_off_to_popularity(make_dataset):
    # In training 1 → 2 twice, 1 → 3 once; what stands last and next to last in each history is held out.
    dataset = make_dataset([[1, 2, 3, 4, 1], [1, 2, 5, 5, 2], [1, 3, 5, 4, 3], [5, 5, 5, 1, 1]])
    scores = Transitions(dataset)(torch.tensor([5, 1]), torch.tensor([0]), torch.tensor([2]))[0]
    order = (scores.argsort(descending=True) + 1).tolist()
    assert order[:2] == [2, 3]
    assert order[2] == 5  # never after 1, but trained on most
    assert scores[3] == 0  # 4 is held out everywhere


def test_nothing_held_out_is_counted(make_dataset):
    dataset = make_dataset([[1, 2, 3, 4, 6], [1, 2, 3, 4, 6], [2, 3, 1, 6, 4]])
    popularity = Popularity(dataset)(torch.tensor([1]), torch.tensor([0]), torch.tensor([1]))[0]
    assert popularity.tolist() == [3, 3, 3, 0, 0]
    assert np.array_equal(popularity.numpy(), dataset.train_counts)


@pytest.mark.parametrize(("users", "items"), [(20, 8), (8, 20)])
def test_ease_solves_the_regression_that_defines_it(make_dataset, users, items):
    """The weights of item j are the ridge regression of item j on all the others (Steck, 2019, eq. 2).

    However they are reached: with more users than items, or fewer.
    """
    dataset = make_dataset(walks(users, items, 9))
    assert (dataset.users < dataset.items) == (users < items)
    met = np.zeros((dataset.users, dataset.items))
    for user in range(dataset.users):
        met[user, dataset.history_of(user)[: dataset.split.train_end[user]] - 1] = 1
    weights = np.zeros((dataset.items, dataset.items))
    for item in range(dataset.items):
        others = np.delete(np.arange(dataset.items), item)
        x, y = met[:, others], met[:, item]
        weights[others, item] = np.linalg.solve(x.T @ x + 3.0 * np.eye(len(others)), x.T @ y)
    ease = Ease(dataset, 3.0)
    for history in ([1], [2, 5, 7], [4, 4, 1, 4], list(range(1, dataset.items + 1)), []):
        scores = ease(torch.tensor([9, *history]), torch.tensor([1]), torch.tensor([1 + len(history)]))[0]
        expected = weights[sorted({item - 1 for item in history})].sum(0)  # an item met twice counts once
        assert_allclose(scores, expected, atol=1e-4)


@pytest.mark.parametrize("split", ["leave-one-out", "holdout"])
def test_ease_learns_nothing_from_what_is_held_out(make_dataset, split):
    histories = walks(30, 6, 8)
    dataset = make_dataset(histories, split=split)
    tested = set(dataset.evaluated_users("test").tolist())
    changed = [
        [*history[:-1], history[-1] % 6 + 1] if user in tested else history for user, history in enumerate(histories)
    ]
    other = make_dataset(changed, "other", split=split)
    question = [torch.tensor([1, 2, 5]), torch.tensor([0]), torch.tensor([3])]
    assert torch.equal(Ease(dataset, 3.0)(*question), Ease(other, 3.0)(*question))


@pytest.mark.parametrize("items", [6, 40])
def test_ease_says_how_far_it_has_learnt_and_can_be_ended_there(make_dataset, monkeypatch, items):
    monkeypatch.setattr("bert4rec_tui.evaluation.ease.USERS_AT_ONCE", 8)
    dataset = make_dataset(walks(30, items, 9))
    told: list[tuple[int, int]] = []
    baselines(dataset, lambda done, total: told.append((done, total)))["ease"](dataset)
    assert told == [(8, 30), (16, 30), (24, 30), (30, 30)]

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        baselines(dataset, stop)["ease"](dataset)


def test_ease_is_left_out_where_its_matrix_would_not_fit_or_take_too_long(make_dataset, monkeypatch):
    dataset = make_dataset(walks(6, 6, 8))
    assert list(baselines(dataset)) == ["popularity", "transitions", "ease"]
    assert too_large_for_ease(dataset) == ""
    for limit, words in (("MAX_ITEMS", "is too large (max. 3 × 3)."), ("MAX_FLOPS", "would take too long.")):
        with monkeypatch.context() as patch:
            patch.setattr(f"bert4rec_tui.evaluation.ease.{limit}", 3)
            assert list(baselines(dataset)) == ["popularity", "transitions"]
            sentence = too_large_for_ease(dataset)
            assert sentence.startswith("EASE was skipped: ")
            assert sentence.endswith(words)


def test_transitions_count_the_pairs_of_training_alone(make_dataset):
    dataset = make_dataset(walks(25, 6, 9), split="holdout")
    expected = []
    for user in range(dataset.users):
        trained = dataset.history_of(user)[: dataset.split.train_end[user]].tolist()
        expected += pairwise(trained)
    before, after = training_pairs(dataset)
    assert list(zip(before.tolist(), after.tolist(), strict=True)) == expected
