"""Negatives are unseen, distinct, seeded, and drawn as their protocol says."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.negatives import negatives, parse_protocol, sample_negatives, short_users
from bert4rec_tui.data.prepare import prepare
from bert4rec_tui.errors import UserError


def lay(histories: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    offsets = np.concatenate([[0], np.cumsum([len(history) for history in histories])]).astype(np.int64)
    return np.array([item for history in histories for item in history], np.int32), offsets


@pytest.fixture(params=["in a table", "by a search"], autouse=True)
def way(request, monkeypatch) -> str:
    """Both ways to know what a user has seen, whatever the size of the catalogue."""
    monkeypatch.setattr("bert4rec_tui.data.negatives._FEW_USERS", 0 if request.param == "in a table" else 10**12)
    return request.param


@st.composite
def worlds(draw):
    items = draw(st.integers(3, 25))
    histories = draw(st.lists(st.lists(st.integers(1, items), min_size=1, max_size=40), min_size=1, max_size=12))
    weights = draw(st.lists(st.integers(0, 9), min_size=items, max_size=items))
    return histories, np.array(weights), draw(st.integers(1, 30)), draw(st.integers(0, 3))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(worlds(), st.booleans())
def test_negatives_are_distinct_unseen_and_as_many_as_there_are(world, uniform):
    histories, weights, number, seed = world
    weights = np.ones_like(weights) if uniform else weights
    drawn = sample_negatives(*lay(histories), weights, number, seed)
    assert drawn.shape == (len(histories), number)
    assert drawn.dtype == np.int32
    for history, row in zip(histories, drawn, strict=True):
        there = set((np.flatnonzero(weights) + 1).tolist()) - set(history)
        found = row[row > 0].tolist()
        assert len(found) == len(set(found)) == min(number, len(there))
        assert set(found) <= there
        assert row[len(found) :].tolist() == [0] * (number - len(found))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(worlds())
def test_the_seed_decides(world):
    histories, weights, number, seed = world
    once, again = (sample_negatives(*lay(histories), weights, number, seed) for _ in range(2))
    assert once.tolist() == again.tolist()


def test_popular_negatives_are_drawn_in_proportion_not_the_fixed_top():
    weights = np.array([1] * 50 + [10] * 50)
    drawn = sample_negatives(*lay([[1]] * 4000), weights, 5, 0)
    first = drawn[:, 0]
    assert abs((first > 50).mean() - 500 / 549) < 0.02
    assert len(np.unique(first)) > 90
    assert len({tuple(sorted(row)) for row in drawn.tolist()}) > 3900


@pytest.mark.parametrize("most_tries", [0, 4])
def test_without_replacement_means_in_proportion_to_what_is_left(monkeypatch, most_tries):
    """Also where the quick way gives up and the exact one finishes: the law of the second draw is known."""
    monkeypatch.setattr("bert4rec_tui.data.negatives._MAX_TRIES", most_tries)
    monkeypatch.setattr("bert4rec_tui.data.sparse_negatives.MAX_ROUNDS", most_tries)
    weights = np.array([6, 3, 1, 5])
    drawn = sample_negatives(*lay([[4]] * 30_000), weights, 2, 7)
    second = {
        1: 3 / 10 * 6 / 7 + 1 / 10 * 6 / 9,
        2: 6 / 10 * 3 / 4 + 1 / 10 * 3 / 9,
        3: 6 / 10 * 1 / 4 + 3 / 10 * 1 / 7,
    }
    for item, share in second.items():
        assert abs((drawn[:, 1] == item).mean() - share) < 0.015
    assert abs((drawn[:, 0] == 1).mean() - 0.6) < 0.015


def test_uniform_negatives_are_uniform():
    drawn = sample_negatives(*lay([[1, 2]] * 6000), np.ones(12, np.int64), 3, 0)
    counts = np.bincount(drawn.ravel(), minlength=13)[3:]
    assert abs(counts / (6000 * 3) - 0.1).max() < 0.01


def test_users_are_worked_on_in_pieces_that_do_not_matter_to_the_rules(monkeypatch):
    monkeypatch.setattr("bert4rec_tui.data.negatives._TABLE_BYTES", 70)
    monkeypatch.setattr("bert4rec_tui.data.sparse_negatives.BLOCK_ROWS", 9)
    drawn = sample_negatives(*lay([[1, 2, 3], [4, 5], [20]] * 5), np.arange(1, 21), 12, 0)
    for user, row in enumerate(drawn.tolist()):
        assert not set(row) & ({1, 2, 3}, {4, 5}, {20})[user % 3]
        assert len(set(row)) == 12


def test_what_a_user_has_seen_is_kept_from_nobody_in_a_later_piece(monkeypatch):
    """The table of what may not be drawn is wiped between pieces: all of these are drawn whatever was seen before."""
    monkeypatch.setattr("bert4rec_tui.data.negatives._TABLE_BYTES", 70)
    monkeypatch.setattr("bert4rec_tui.data.sparse_negatives.BLOCK_ROWS", 9)
    histories = [[1, 2, 3], [4, 5], [20], [7], [8, 9, 10, 11]] * 3  # pieces of three users, which all differ
    drawn = sample_negatives(*lay(histories), np.arange(1, 21), 19, 0)
    for history, row in zip(histories, drawn.tolist(), strict=True):
        assert set(row) - {0} == set(range(1, 21)) - set(history)


@pytest.fixture
def dataset(tmp_path, movielens) -> PreparedDataset:
    settings = DatasetConfig(name="tiny", source=str(movielens("csv")))
    return prepare(settings, tmp_path / "datasets", tmp_path / "raw")


def test_they_are_kept_with_the_dataset_and_drawn_anew_when_damaged(dataset):
    file = dataset.path / "negatives-uniform-3-seed7.npy"
    drawn = np.array(negatives(dataset, "uniform-3", 7))
    assert np.load(file, allow_pickle=False).tolist() == drawn.tolist()
    assert isinstance(negatives(dataset, "uniform-3", 7), np.memmap)
    file.write_bytes(file.read_bytes()[:100])
    assert negatives(dataset, "uniform-3", 7).tolist() == drawn.tolist()
    assert negatives(dataset, "uniform-3", 8).tolist() != drawn.tolist()


def test_no_negative_stands_anywhere_in_the_users_history(dataset):
    for protocol in ("uniform-4", "popular-4"):
        for user, row in enumerate(negatives(dataset, protocol, 42)):
            assert not set(row.tolist()) & set(dataset.history_of(user).tolist())


def test_users_who_have_seen_nearly_everything_are_counted(dataset):
    most = max(dataset.items - len(set(dataset.history_of(user).tolist())) for user in range(dataset.users))
    drawn = negatives(dataset, f"uniform-{most}", 42)
    assert 0 < short_users(drawn) < dataset.users
    with pytest.raises(UserError) as error:
        negatives(dataset, f"uniform-{most + 1}", 42)
    assert str(error.value) == (
        f"uniform-{most + 1}: no user has {most + 1} unseen items to sample from, the most is {most}; "
        f"choose uniform-{most} or fewer, or full"
    )
    assert not list(dataset.path.glob(f"negatives-uniform-{most + 1}-*"))


def test_more_negatives_than_items_are_refused_before_room_for_them_is_made(dataset):
    """999,999 for each user would be gigabytes."""
    most = max(dataset.items - len(set(dataset.history_of(user).tolist())) for user in range(dataset.users))
    with pytest.raises(
        UserError, match=rf"999,999 unseen items to sample from, the most is {most}; choose uniform-{most} or"
    ):
        negatives(dataset, "uniform-999999", 42)


@pytest.mark.parametrize("protocol", ["full", "uniform", "uniform-0", "uniform-x", "best-100", "popular--1"])
def test_what_names_no_negatives_is_refused(protocol):
    with pytest.raises(UserError, match="has no negatives; use uniform-100, popular-100 or another number"):
        parse_protocol(protocol)
