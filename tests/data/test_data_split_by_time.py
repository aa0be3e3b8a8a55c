"""A dataset that is split by time: what is counted, kept and refused, and that the future does not leak."""

import json
from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest
from visits import DAY, prepare_visits, visits

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.negatives import negatives
from bert4rec_tui.errors import UserError


def raw(dataset: PreparedDataset, items: np.ndarray) -> list[int]:
    return [int(dataset.item_ids[item - 1]) for item in items]


def test_the_manifest_counts_who_is_evaluated_who_is_new_and_what_was_never_trained(tmp_path):
    rows = visits()
    dataset = prepare_visits(tmp_path, rows)
    first, second = dataset.split.cuts
    counts = dataset.manifest.counts
    trained = Counter(item for _, item, time in rows if time < first)
    assert dict(zip(raw(dataset, np.arange(1, dataset.items + 1)), dataset.train_counts.tolist(), strict=True)) == {
        item: trained[item] for _, item, _ in rows
    }
    assert counts.train_interactions == trained.total()
    own = {user: [(item, time) for who, item, time in rows if who == user] for user, _, _ in rows}
    for part, begin, end in (("validation", first, second), ("test", second, 10**10)):
        with_one = {user for user, items in own.items() if any(begin <= time < end for _, time in items)}
        new = {user for user in with_one if own[user][0][1] >= begin}
        assert {int(dataset.user_ids[user]) for user in dataset.evaluated_users(part)} == with_one - new
        assert getattr(counts, f"{part}_users") == len(with_one - new)
        assert getattr(counts, f"{part}_newcomers") == len(new)
        targets = [next(item for item, time in own[user] if time >= begin) for user in with_one - new]
        assert getattr(counts, f"untrained_{part}_targets") == sum(not trained[item] for item in targets)
    # The world is rich enough to show something: new users, new items, users who are tested and never trained on.
    assert counts.validation_newcomers
    assert counts.test_newcomers
    assert counts.untrained_test_targets
    assert any(dataset.split.train_end[user] == 0 for user in dataset.evaluated_users("test"))


def test_popular_negatives_are_drawn_by_what_was_popular_before_the_first_cut(tmp_path):
    dataset = prepare_visits(tmp_path)
    never = np.flatnonzero(np.asarray(dataset.train_counts) == 0) + 1
    assert len(never)
    assert not np.isin(negatives(dataset, "popular-5", 1), never).any()
    assert np.isin(negatives(dataset, "uniform-5", 1), never).any()


def test_another_future_leaves_what_is_learnt_as_it_was(tmp_path):
    """Whatever happens from the first cut on: the same training interactions, item by item."""
    rows = visits()
    dataset = prepare_visits(tmp_path / "one", rows)
    first = dataset.split.cuts[0]
    other = prepare_visits(tmp_path / "two", [(user, item if time < first else 1, time) for user, item, time in rows])

    def learnt(found: PreparedDataset) -> list[list[int]]:
        return [raw(found, found.history_of(user)[: found.split.train_end[user]]) for user in range(found.users)]

    assert learnt(other) == learnt(dataset)
    assert other.split.cuts == dataset.split.cuts


def test_the_id_and_the_cuts_are_kept(tmp_path):
    dataset = PreparedDataset(prepare_visits(tmp_path, validation_share=0.2, test_share=0.05).path)
    assert dataset.id == "visits+time+valshare0.2+testshare0.05"
    assert dataset.split.cuts == dataset.manifest.cuts
    assert dataset.cut_days == tuple(f"{datetime.fromtimestamp(cut, UTC):%Y-%m-%d}" for cut in dataset.split.cuts)
    leave_one_out = prepare_visits(tmp_path, split="leave-one-out")
    assert leave_one_out.id == "visits"
    assert leave_one_out.split.cuts is leave_one_out.cut_days is None


def test_what_an_earlier_version_prepared_still_opens(tmp_path):
    dataset = prepare_visits(tmp_path, split="leave-one-out")
    file = dataset.path / "manifest.json"
    manifest = json.loads(file.read_text())
    del manifest["cuts"], manifest["counts"]["validation_newcomers"], manifest["counts"]["test_newcomers"]
    del manifest["settings"]["validation_share"], manifest["settings"]["test_share"]
    file.write_text(json.dumps(manifest))
    assert PreparedDataset(dataset.path).manifest == dataset.manifest


def test_without_times_nothing_is_written(tmp_path):
    file = tmp_path / "raw" / "visits.csv"
    with pytest.raises(UserError) as error:
        prepare_visits(tmp_path, columns={"user": "user", "item": "item"})
    assert file.exists()
    assert str(error.value).startswith("dataset.split = time needs a timestamp column, and there is none; ")
    assert list((tmp_path / "datasets").iterdir()) == []


def test_times_that_only_number_the_items_are_recognised(tmp_path):
    assert not prepare_visits(tmp_path / "one").times_are_positions
    counted: Counter[int] = Counter()
    rows = []
    for user, item, _ in visits():
        rows.append((user, item, DAY * counted[user]))
        counted[user] += 1
    assert prepare_visits(tmp_path / "two", rows).times_are_positions
