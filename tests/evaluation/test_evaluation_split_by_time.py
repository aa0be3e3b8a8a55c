"""A split by time, evaluated: inputs end before their target, and baselines know nothing of the future."""

import numpy as np
import pytest
import torch
from visits import prepare_visits

from bert4rec_tui.evaluation.baselines import Popularity, Transitions
from bert4rec_tui.evaluation.ranking import held_out, rank


@pytest.mark.parametrize("part", ["validation", "test"])
def test_an_input_is_everything_the_user_had_before_the_target_and_nothing_later(tmp_path, part):
    dataset = prepare_visits(tmp_path)
    times, starts = np.asarray(dataset.timestamps), np.asarray(dataset.offsets)
    cut = dataset.split.cuts[part == "test"]
    question = held_out(dataset, part, ["full"], 42)
    assert len(question.users) == getattr(dataset.manifest.counts, f"{part}_users") > 3
    beyond_training = 0
    for user, start, target in zip(question.users, question.starts.tolist(), question.targets.tolist(), strict=True):
        own = times[starts[user] : starts[user + 1]]
        assert start == starts[user]
        assert target - start == np.count_nonzero(own < cut) > 0
        assert times[target] >= cut > times[start:target].max()
        beyond_training += target - start > dataset.split.train_end[user]
    # What lies between the cuts is known when a test item is asked for.
    assert bool(beyond_training) == (part == "test")
    ranks = rank(Popularity(dataset), question)["full"]
    assert (ranks.users == question.users).all()
    assert (ranks.ranks <= ranks.candidates).all()


def test_baselines_count_what_was_before_the_first_cut(tmp_path):
    dataset = prepare_visits(tmp_path)
    history, times = np.asarray(dataset.history), np.asarray(dataset.timestamps)
    user = np.repeat(np.arange(dataset.users), np.diff(dataset.offsets))
    before = times < dataset.split.cuts[0]
    popularity = Popularity(dataset)(torch.tensor([1]), torch.tensor([0]), torch.tensor([1]))[0]
    assert popularity.tolist() == np.bincount(history[before], minlength=dataset.items + 1)[1:].tolist()
    pairs = before[1:] & (user[1:] == user[:-1])
    for item in range(1, dataset.items + 1):
        followers = history[1:][pairs & (history[:-1] == item)]
        scores = Transitions(dataset)(torch.tensor([item]), torch.tensor([0]), torch.tensor([1]))[0]
        assert scores.floor().int().tolist() == np.bincount(followers, minlength=dataset.items + 1)[1:].tolist()
