"""Prepared datasets are found, opened and asked by raw id."""

import os

import pytest

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.prepare import prepare
from bert4rec_tui.data.store import find_dataset, prepared_datasets
from bert4rec_tui.errors import UserError


@pytest.fixture
def datasets(tmp_path, movielens):
    source = str(movielens("csv"))
    for values in ({}, {"min_item_interactions": 2}, {"split": "holdout", "eval_users": 1}):
        prepare(DatasetConfig(name="tiny", source=source, **values), tmp_path / "datasets", tmp_path / "raw")
    return tmp_path / "datasets"


def test_a_bare_name_means_the_defaults_else_the_newest(datasets):
    assert find_dataset("tiny", datasets).id == "tiny"
    assert find_dataset("tiny+items2", datasets).id == "tiny+items2"
    (datasets / "tiny").rename(datasets / ".gone")
    os.utime(datasets / "tiny+items2" / "manifest.json", (0, 0))
    assert find_dataset("tiny", datasets).id == "tiny+holdout+eval1"
    with pytest.raises(UserError) as error:
        find_dataset("other+items5", datasets)
    assert str(error.value) == (
        "other+items5: is not prepared; prepare other with these settings first "
        "(`bert4rec-tui datasets` lists prepared ones)"
    )


def test_what_cannot_be_read_is_passed_over_in_the_list_and_said_when_opened(datasets):
    (datasets / "tiny" / "manifest.json").write_text("{")
    assert [dataset.id for dataset in prepared_datasets(datasets)] == ["tiny+holdout+eval1", "tiny+items2"]
    with pytest.raises(UserError, match="prepare the dataset again"):
        PreparedDataset(datasets / "tiny")
    with pytest.raises(UserError, match=r"is not a prepared dataset \(no manifest\.json\)"):
        PreparedDataset(datasets)
    (datasets / "tiny+items2" / "history.npy").write_bytes(b"")
    with pytest.raises(UserError, match=r"history\.npy: cannot be read .*; prepare the dataset again"):
        _ = PreparedDataset(datasets / "tiny+items2").history
    (datasets / "tiny+items2" / "items.npz").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(UserError, match=r"items\.npz: cannot be read .*; prepare the dataset again"):
        _ = PreparedDataset(datasets / "tiny+items2").titles


def test_users_and_items_are_found_by_their_raw_ids(datasets):
    dataset = find_dataset("tiny", datasets)
    for user in range(dataset.users):
        assert dataset.user_index(str(dataset.user_ids[user])) == user
    for item in range(1, dataset.items + 1):
        assert dataset.item_index(str(dataset.item_ids[item - 1])) == item
    for raw in ("0", "99", "-1", "one", "", "1" * 40):
        with pytest.raises(UserError, match="has no user"):
            dataset.user_index(raw)


def test_only_users_with_a_target_are_evaluated(datasets):
    dataset = find_dataset("tiny+holdout+eval1", datasets)
    validated, tested = dataset.evaluated_users("validation"), dataset.evaluated_users("test")
    assert len(validated) == len(tested) == 1
    assert validated[0] != tested[0]
    assert find_dataset("tiny", datasets).evaluated_users("test").tolist() == [0, 1, 2, 3, 4]
