"""The baselines know what training shows, and nothing of what is held out."""

import numpy as np
import torch
from histories import walks
from numpy.testing import assert_allclose

from bert4rec_tui.evaluation import ease
from bert4rec_tui.evaluation.baselines import Popularity, Transitions, baselines
from bert4rec_tui.evaluation.ease import Ease


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


def test_ease_solves_the_regression_that_defines_it(make_dataset):
    """Column j of the weights is the ridge regression of item j on all the others (Steck, 2019, eq. 2)."""
    dataset = make_dataset(walks(20, 8, 9))
    met = np.zeros((dataset.users, dataset.items))
    for user in range(dataset.users):
        met[user, dataset.history_of(user)[: dataset.split.train_end[user]] - 1] = 1
    weights = Ease(dataset, regularisation=3.0).weights.numpy()
    for item in range(dataset.items):
        others = np.delete(np.arange(dataset.items), item)
        x, y = met[:, others], met[:, item]
        solved = np.linalg.solve(x.T @ x + 3.0 * np.eye(len(others)), x.T @ y)
        assert_allclose(weights[others, item], solved, atol=1e-4)
        assert weights[item, item] == 0
    history = torch.from_numpy(np.array(dataset.history_of(0)[:4]))
    scores = Ease(dataset, 3.0)(torch.cat([history, history]), torch.tensor([0, 0]), torch.tensor([4, 8]))
    assert torch.equal(scores[0], scores[1])  # an item met twice counts once
    assert_allclose(scores[0], weights[np.unique(history) - 1].sum(0), atol=1e-5)


def test_ease_is_left_out_where_its_matrix_would_not_fit(make_dataset, monkeypatch):
    dataset = make_dataset(walks(6, 6, 8))
    assert list(baselines(dataset)) == ["popularity", "transitions", "ease"]
    monkeypatch.setattr(ease, "MOST_ITEMS", 3)
    assert list(baselines(dataset)) == ["popularity", "transitions"]
    assert ease.too_large_for_ease(dataset).startswith("EASE is left out: its matrix of")
