"""Saved histories: one file each, of which a damaged one takes no other with it."""

import json

import pytest

from bert4rec_tui.errors import UserError
from bert4rec_tui.recommend.saved_histories import (
    describe_existing,
    find_history,
    save_history,
    saved_histories,
)
from bert4rec_tui.settings import histories_folder

BROKEN = [b"", b"[" * 100_000, b'{"name": 1e999}', b'{"name": ' + b"9" * 5000, b"\xff", b"null", b'{"movies": 5}']


@pytest.fixture
def dataset(make_dataset):
    return make_dataset([[1, 2, 3, 4], [2, 3, 4, 5], [3, 4, 5, 1]])


def test_a_history_is_saved_with_the_ids_and_titles_of_its_items(dataset):
    saved = save_history(" friday ", dataset, [2, 1])
    assert find_history("friday", dataset) == saved
    assert saved.items(dataset) == [2, 1]
    values = json.loads((histories_folder() / "friday.json").read_text())
    assert values == {  # the keys of the files that earlier versions wrote
        "name": "friday",
        "dataset": "toy",
        "movies": [{"item": 2, "title": "2"}, {"item": 1, "title": "1"}],
    }


@pytest.mark.parametrize("content", BROKEN)
def test_any_bytes_in_one_history_leave_the_others_listed(dataset, content):
    save_history("friday", dataset, [2, 1])
    (histories_folder() / "broken.json").write_bytes(content)
    assert [saved.name for saved in saved_histories(dataset)] == ["friday"]
    assert describe_existing("broken") == "a file that is not a history"
    with pytest.raises(UserError, match="no history is saved as broken; choose from friday"):
        find_history("broken", dataset)


def test_what_a_name_would_replace_is_told_in_the_noun_of_its_dataset(dataset, make_dataset):
    shop = make_dataset([[1, 2, 3, 4], [2, 3, 4, 5], [3, 4, 5, 1]], name="shop", item_noun="product")
    save_history("friday", shop, [2, 1])
    assert describe_existing("friday", shop) == "2 products of shop"
    assert describe_existing("friday", dataset) == "2 items of shop"
    assert describe_existing("monday", shop) is None
