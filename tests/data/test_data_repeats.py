"""Targets that stand earlier in the user's history, against a loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data import blocks
from bert4rec_tui.data.prepare import prepare
from bert4rec_tui.data.repeats import count_repeated, repeated

histories = st.lists(
    st.lists(st.integers(1, 5), min_size=1, max_size=9).flatmap(
        lambda items: st.tuples(st.just(items), st.integers(-1, len(items) - 1))
    ),
    min_size=1,
    max_size=12,
)


@given(histories)
def test_a_target_is_repeated_where_the_user_had_it_before(users):
    history = np.concatenate([items for items, _ in users]).astype(np.int32)
    offsets = np.cumsum([0, *(len(items) for items, _ in users)])
    positions = np.array([place for _, place in users], np.int32)
    expected = [place >= 0 and items[place] in items[:place] for items, place in users]
    assert repeated(history, offsets, positions).tolist() == expected
    assert count_repeated(history, offsets, positions) == sum(expected)


def test_blocks_do_not_matter(monkeypatch):
    chance = np.random.default_rng(0)
    lengths = chance.integers(1, 20, 50)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    history = chance.integers(1, 8, offsets[-1]).astype(np.int32)
    positions = (lengths - 1).astype(np.int32)
    whole = repeated(history, offsets, positions)
    assert 0 < whole.sum() < 50
    real = blocks.user_blocks
    monkeypatch.setattr("bert4rec_tui.data.repeats.user_blocks", lambda offsets: real(offsets, 7))
    assert repeated(history, offsets, positions).tolist() == whole.tolist()


@pytest.mark.parametrize(("repeats", "targets"), [("keep", 4), ("first", 0)])
def test_preparing_counts_them(tmp_path, repeats, targets):
    lines = "".join(f"{user},{item}\n" for user in range(4) for item in [1, 2, 3, 4, 5, 6, 1])
    (tmp_path / "plays.csv").write_text(f"user,item\n{lines}")
    settings = DatasetConfig(name="plays", source=str(tmp_path / "plays.csv"), repeats=repeats)
    dataset = prepare(settings, tmp_path / "datasets", tmp_path / "raw")
    assert dataset.manifest.counts.repeated_test_targets == targets
    assert dataset.manifest.counts.repeated_validation_targets == 0
