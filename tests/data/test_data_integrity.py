"""Damaged files of a prepared dataset: one sentence about the file, whatever is in it."""

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data import integrity
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.negatives import negatives
from bert4rec_tui.data.prepare import prepare
from bert4rec_tui.data.store import datasets_and_damaged
from bert4rec_tui.errors import UserError

ARRAYS = ("history.npy", "offsets.npy", "split.npy", "timestamps.npy", "ratings.npy", "users.npz", "items.npz")


@pytest.fixture(scope="module")
def whole(made_once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A folder with the dataset `good` and another of the same size, whose files may stand in for its own."""

    def make(home: Path) -> None:
        for name, shift in (("good", 0), ("other", 5)):
            rows = [f"u{u},{(u * 3 + p + shift) % 20},{u % 5},{100 * p},T {p}" for u in range(30) for p in range(8)]
            (home / f"{name}.csv").write_text("\n".join(["user,item,rating,timestamp,title", *rows]))
            settings = DatasetConfig(name=name, source=str(home / f"{name}.csv"))
            prepare(settings, home / "datasets", home / "raw")

    return made_once("whole", make) / "datasets"


@pytest.fixture
def datasets(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "datasets"))


def use(path: Path) -> str:
    """What a command would do with a dataset: the sentence it ends with, empty where all is well."""
    try:
        dataset = PreparedDataset(path)
        dataset.check_readable()
        dataset.verify()
        _ = dataset.titles.all(), dataset.genres.all(), dataset.item_ids, dataset.user_id(0), dataset.history_of(3)
    except UserError as error:
        return str(error)
    return ""


def without_checksums(path: Path) -> None:
    """Turn a dataset into one that an older version has prepared."""
    file = path / "manifest.json"
    values = json.loads(file.read_text())
    del values["checksums"]
    file.write_text(json.dumps(values))


def is_about(sentence: str, file: Path) -> bool:
    return (
        sentence.startswith(f"{file}: ") and sentence.endswith("; prepare the dataset again") and "\n" not in sentence
    )


def texts_of(path: Path) -> tuple[list[str], ...]:
    dataset = PreparedDataset(path)
    users = [str(dataset.user_id(user)) for user in range(dataset.users)]
    return users, dataset.titles.all(), dataset.genres.all(), [str(raw) for raw in dataset.all_item_ids()]


@pytest.mark.parametrize("old", [False, True], ids=["checksums", "without"])
def test_a_dataset_that_is_whole_opens_whether_it_has_checksums_or_not(datasets, old):
    if old:
        without_checksums(datasets / "good")
    assert use(datasets / "good") == ""


@pytest.mark.parametrize("name", ARRAYS)
def test_every_flipped_byte_is_noticed_and_named(datasets, name):
    """In the head of history.npy or offsets.npy they were a TokenError, an IndexError or a TypeError."""
    file = datasets / "good" / name
    content = file.read_bytes()
    seed = random.randrange(2**32)
    places = random.Random(seed).sample(range(min(len(content), 128)), 25)
    places += random.Random(seed + 1).sample(range(len(content)), 15)
    for place in places:
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        file.write_bytes(damaged)
        assert is_about(use(datasets / "good"), file), (seed, place)


@pytest.mark.parametrize("name", ARRAYS)
def test_in_an_old_dataset_no_flipped_byte_is_more_than_a_sentence(datasets, name):
    without_checksums(datasets / "good")
    file, texts = datasets / "good" / name, texts_of(datasets / "good")
    content = file.read_bytes()
    for place in range(0, len(content), max(1, len(content) // 60)):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        file.write_bytes(damaged)
        sentence = use(datasets / "good")
        # The content of timestamps and ratings has no hash in old manifests; some bytes of a zip mean nothing.
        if sentence:
            assert sentence.endswith("; prepare the dataset again"), place
        else:
            assert name in ("timestamps.npy", "ratings.npy") or texts_of(datasets / "good") == texts, place


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("kind", ["emptied", "cut", "longer", "text", "pickle", "the other's", "another kind"])
def test_another_file_in_its_place_is_noticed_and_named(datasets, name, kind):
    file = datasets / "good" / name
    content = file.read_bytes()
    other = "items.npz" if name.endswith(".npy") else "history.npy"
    replaced = {
        "emptied": b"",
        "cut": content[: len(content) // 2],
        "longer": content + b"\0" * 8,
        "text": b"user,item\n1,2\n",
        "pickle": b"\x80\x04\x95",
        "the other's": (datasets / "other" / name).read_bytes(),
        "another kind": (datasets / "good" / other).read_bytes(),
    }[kind]
    if replaced == content:
        pytest.skip("the two have the same")
    file.write_bytes(replaced)
    assert is_about(use(datasets / "good"), file)


@given(content=st.binary(max_size=200))
def test_any_bytes_are_a_sentence_about_their_file(whole, tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("any") / "good"
    shutil.copytree(whole / "good", folder)
    for name in ("offsets.npy", "users.npz"):
        before = (folder / name).read_bytes()
        (folder / name).write_bytes(before[:6] + content)
        assert is_about(use(folder), folder / name)
        (folder / name).write_bytes(before)


DEEP = b'{"a": ' * 100_000
MANIFESTS = {
    "emptied": b"",
    "deep": DEEP,
    "deep in a known field": b'{"settings": {"columns": ' + b"[" * 5000,
    "a number beyond float": b'{"schema": 1e999}',
    "a long number": b'{"schema": ' + b"9" * 5000 + b"}",
    "not UTF-8": b"\xff\xfe{",
    "a list": b"[]",
    "null": b"null",
    "an array": np.arange(3).tobytes(),
}


@pytest.mark.parametrize("name", ["manifest.json", "source.json"])
@pytest.mark.parametrize("content", MANIFESTS.values(), ids=list(MANIFESTS))
def test_any_bytes_in_one_dataset_leave_the_others_listed(datasets, name, content):
    file = datasets / "good" / name
    file.write_bytes(content)
    found, damaged = datasets_and_damaged(datasets)
    if name == "source.json":
        assert ([dataset.id for dataset in found], damaged) == (["good", "other"], [])
        return
    assert [dataset.manifest.settings.name for dataset in found] == ["other"]
    assert [is_about(each.why, file) for each in damaged] == [True]


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["fifo", "folder"])
def test_what_is_no_file_in_the_place_of_a_manifest_leaves_the_others_listed(datasets, make):
    file = datasets / "good" / "manifest.json"
    file.unlink()
    make(file)
    found, damaged = datasets_and_damaged(datasets)
    assert [dataset.manifest.settings.name for dataset in found] == ["other"]
    assert is_about(damaged[0].why, file)


def test_a_large_file_is_compared_with_its_checksum_only_when_it_is_verified(datasets, monkeypatch):
    file = datasets / "good" / "history.npy"
    content = bytearray(file.read_bytes())
    content[-4] ^= 2  # still an item
    file.write_bytes(content)
    monkeypatch.setattr(integrity, "MAX_CHECKED", 10)
    dataset = PreparedDataset(datasets / "good")
    dataset.check_readable()
    with pytest.raises(UserError, match=r"history\.npy: cannot be read \(its checksum differs\)"):
        dataset.verify()


def test_damaged_negatives_are_sampled_again(datasets):
    dataset = PreparedDataset(datasets / "good")
    good = np.array(negatives(dataset, "uniform-5", 1))
    file = dataset.path / "negatives-uniform-5-seed1.npy"
    for content in (file.read_bytes()[:-4], b"", b"nonsense", file.read_bytes()[:-4] + b"\xff\xff\xff\x7f"):
        file.write_bytes(content)
        assert np.array_equal(negatives(dataset, "uniform-5", 1), good)
