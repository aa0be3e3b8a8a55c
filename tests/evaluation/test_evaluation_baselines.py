"""The baselines know what training shows, and nothing of what is held out."""

import numpy as np
import torch

from bert4rec_tui.evaluation.baselines import Popularity, Transitions


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
