"""`benchmarks/published_candidates.py`: a checkpoint among unseen items, and where seen ones are put last."""

import subprocess
import sys

import numpy as np
import pytest
from histories import walks
from scripts import ROOT

sys.path.append(str(ROOT / "benchmarks"))


@pytest.mark.parametrize("protocol", ["uniform-20", "popular-20"])
def test_of_the_items_drawn_those_that_a_user_has_seen_are_left_out_and_not_replaced(make_dataset, protocol):
    from published_candidates import drawn_with_seen

    dataset = make_dataset(walks(400, 40, 12))
    drawn = drawn_with_seen(dataset, protocol, seed=3)
    assert drawn.shape == (dataset.users, 20)
    left = []
    for user in dataset.evaluated_users("test").tolist():
        whole = dataset.history_of(user).tolist()
        place = int(dataset.split.test[user])
        kept = drawn[user][drawn[user] > 0].tolist()
        assert len(set(kept)) == len(kept)
        assert not set(kept) & set(whole[: place + 1])
        left.append(len(kept) / 20)
    # Drawn alike, of the 39 others all but those seen are left; by popularity fewer, since the seen are the popular.
    unseen = np.mean([1 - len(set(dataset.history_of(user).tolist()[:-1])) / 39 for user in range(dataset.users)])
    if protocol == "uniform-20":
        assert np.mean(left) == pytest.approx(unseen, abs=0.02)
    else:
        assert 0 < np.mean(left) < unseen + 0.02


@pytest.mark.long
def test_fewer_rivals_flatter_whoever_is_ranked(home, environment, benchmark):
    shown = subprocess.run([sys.executable, "-m", "bert4rec_tui", "demo", "--json"], env=environment, check=False)
    assert shown.returncode == 0
    said = benchmark("published_candidates", "--run", "latest", "--draws", "2")
    for found in said.values["tests"].values():
        for protocol in ("uniform-100", "popular-100"):
            ours, theirs = found["ours"][protocol], found["published"][protocol]
            assert ours["rivals"] == 100 > theirs["rivals"]
            assert theirs["NDCG@10"]["mean"] > ours["NDCG@10"]["mean"]
            assert len(theirs["NDCG@10"]["draws"]) == 2
    assert "model: popular-100 NDCG@10" in said.table


def test_a_run_without_a_checkpoint_is_refused_in_a_sentence(home, benchmark):
    assert "published_candidates: " in benchmark("published_candidates", "--run", "nothing", code=1).err
