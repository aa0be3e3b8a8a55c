"""From a source to a prepared dataset: what is in it, when it is made anew, and that a failure leaves nothing."""

import os
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.prepare import prepare
from bert4rec_tui.data.store import find_dataset
from bert4rec_tui.errors import UserError
from bert4rec_tui.progress import Progress
from bert4rec_tui.settings import sample_archive


class Place:
    """Two folders, and the way to prepare into them."""

    def __init__(self, folder: Path) -> None:
        self.datasets, self.raw = folder / "datasets", folder / "raw"
        self.stages: list[str] = []

    def report(self, progress: Progress) -> None:
        if progress.stage not in self.stages:
            self.stages.append(progress.stage)

    def prepare(self, source: Path | str = "", again: bool = False, **values) -> PreparedDataset:
        self.stages = []
        config = DatasetConfig(**{"name": "tiny", "source": str(source)} | values)
        return prepare(config, self.datasets, self.raw, self.report, again)

    def refused(self, source: Path, **values) -> str:
        with pytest.raises(UserError) as error:
            self.prepare(source, **values)
        left = [path.name for path in self.datasets.glob("*")] if self.datasets.exists() else []
        assert left == []
        return str(error.value)


@pytest.fixture
def place(tmp_path) -> Place:
    return Place(tmp_path / "home")


def histories(dataset: PreparedDataset) -> dict[str, list[str]]:
    """Raw user → raw items in the order of the prepared dataset."""
    return {
        str(dataset.user_ids[user]): [str(dataset.item_ids[item - 1]) for item in dataset.history_of(user)]
        for user in range(dataset.users)
    }


def table(path: Path, rows: list[tuple]) -> Path:
    path.write_text("user,item,timestamp\n" + "".join(f"{u},{i},{t}\n" for u, i, t in rows))
    return path


@pytest.mark.parametrize("layout", ["u.data", "dat", "csv"])
def test_every_layout_is_prepared_to_the_same_histories(place, movielens, ratings, layout):
    dataset = place.prepare(movielens(layout))
    expected: dict[str, list[str]] = {}
    for user, item, _, _ in sorted(ratings, key=lambda row: (row[0], row[3])):
        expected.setdefault(str(user), []).append(str(item))
    assert histories(dataset) == expected
    assert dataset.title(dataset.item_index("2")) == "[REC] (2007)"
    assert dataset.title(dataset.item_index("5")) == "5"
    assert dataset.genres[dataset.item_index("1") - 1].startswith("Animation")
    assert dataset.history.min() == 1
    assert dataset.history.max() == dataset.items
    assert dataset.counts.sum() == dataset.manifest.counts.interactions == len(ratings)
    assert dataset.timestamps[0] == 1_000_000


def test_the_bundled_sample_has_its_published_numbers(place):
    dataset = place.prepare(name="sample")
    counts = dataset.manifest.counts
    assert (counts.users, counts.items, counts.interactions) == (610, 9724, 100_836)
    assert counts.untrained_test_targets == 24
    assert dataset.title(dataset.item_index("1")) == "Toy Story (1995)"
    assert dataset.item_index("1") == 1  # the first item is an item, not padding
    for protocol in ("uniform-100", "popular-100"):
        assert (dataset.path / f"negatives-{protocol}-seed42.npy").exists()


def test_everything_large_is_opened_by_memory_map(place, movielens):
    dataset = PreparedDataset(place.prepare(movielens("csv")).path)
    for array in (dataset.history, dataset.offsets, dataset.timestamps, dataset.ratings):
        assert isinstance(array, np.memmap)
    assert [a.dtype for a in (dataset.history, dataset.offsets, dataset.timestamps, dataset.ratings)] == [
        np.dtype(kind) for kind in ("int32", "int64", "int64", "float32")
    ]
    assert dataset.split.train_end.dtype == np.int32


def test_the_same_input_and_settings_give_the_same_bytes(tmp_path, movielens):
    source = movielens("dat")
    first, second = (Place(tmp_path / name).prepare(source, split="holdout") for name in ("one", "two"))
    files = sorted(path.name for path in first.path.iterdir())
    assert files == sorted(path.name for path in second.path.iterdir())
    for name in files:
        assert (first.path / name).read_bytes() == (second.path / name).read_bytes(), name


def test_the_test_history_contains_the_validation_item(place, movielens):
    dataset = place.prepare(movielens("csv"))
    for user in range(dataset.users):
        history = dataset.history_of(user)
        assert dataset.split.test[user] == len(history) - 1
        assert dataset.split.validation[user] == len(history) - 2 == dataset.split.train_end[user]


def test_ties_in_time_keep_the_order_of_the_file(place, tmp_path):
    rows = [(1, item, 7 if item > 3 else 8) for item in (9, 2, 5, 1, 8, 3, 6)]
    dataset = place.prepare(table(tmp_path / "t.csv", rows), min_user_interactions=3)
    assert histories(dataset) == {"1": ["9", "5", "8", "6", "2", "1", "3"]}


def test_without_timestamps_the_file_is_the_order(place, tmp_path):
    (tmp_path / "t.csv").write_text("user,item\nb,3\na,1\nb,1\na,2\nb,2\na,3\n")
    dataset = place.prepare(tmp_path / "t.csv", min_user_interactions=3)
    assert histories(dataset) == {"a": ["1", "2", "3"], "b": ["3", "1", "2"]}
    assert dataset.timestamps is None
    assert dataset.ratings is None
    assert (dataset.user_index("b"), dataset.user_ids.all()) == (1, ["a", "b"])
    with pytest.raises(UserError, match="has no user c"):
        dataset.user_index("c")


@given(
    rows=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(0, 5)), min_size=1, max_size=80),
    items=st.integers(0, 3),
    users=st.integers(3, 5),
    core=st.booleans(),
    repeats=st.sampled_from(["keep", "first", "last"]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_ratings_are_prepared_as_plain_python_would(tmp_path, rows, items, users, core, repeats):
    home = tmp_path / "any"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    left = sorted(rows, key=lambda row: (row[0], row[2]))
    if repeats != "keep":
        walk = left if repeats == "first" else left[::-1]
        seen, kept = set(), []
        for row in walk:
            if row[:2] not in seen:
                kept.append(row)
            seen.add(row[:2])
        left = kept if repeats == "first" else kept[::-1]
    while True:
        before = len(left)
        left = [row for row in left if sum(o[1] == row[1] for o in left) >= items]
        left = [row for row in left if sum(o[0] == row[0] for o in left) >= users]
        if not core or len(left) == before:
            break
    values = {
        "min_item_interactions": items,
        "min_user_interactions": users,
        "filter": "core" if core else "once",
        "repeats": repeats,
    }
    source = table(home / "t.csv", rows)
    if len({row[1] for row in left}) < 3:
        assert "left after filtering" in Place(home).refused(source, **values)
        return
    expected: dict[str, list[str]] = {}
    for user, item, _ in left:
        expected.setdefault(str(user), []).append(str(item))
    dataset = Place(home).prepare(source, **values)
    assert histories(dataset) == expected
    trained = [item for history in expected.values() for item in history[:-2]]
    assert dataset.train_counts.tolist() == [trained.count(str(raw)) for raw in np.asarray(dataset.item_ids)]
    untrained = sum(history[-1] not in trained for history in expected.values())
    assert dataset.manifest.counts.untrained_test_targets == untrained


def test_holdout_trains_on_nothing_of_the_held_out_users(place, movielens):
    dataset = place.prepare(movielens("csv"), split="holdout", eval_users=1, seed=3)
    trained = np.zeros(dataset.items, np.int64)
    for user in range(dataset.users):
        history = dataset.history_of(user)
        held_out = dataset.split.validation[user] >= 0 or dataset.split.test[user] >= 0
        assert dataset.split.train_end[user] == (0 if held_out else len(history))
        np.add.at(trained, history[: dataset.split.train_end[user]] - 1, 1)
    assert dataset.train_counts.tolist() == trained.tolist()
    assert dataset.manifest.counts.test_users == dataset.manifest.counts.validation_users == 1


def test_ratings_below_the_least_are_dropped(place, movielens, ratings):
    dataset = place.prepare(movielens("csv"), min_rating=2.5, min_user_interactions=3)
    counts = dataset.manifest.counts
    assert counts.raw_interactions == len(ratings)
    assert counts.interactions == sum(rating >= 2.5 for _, _, rating, _ in ratings)
    assert dataset.ratings.min() >= 2.5
    assert dataset.id == "tiny+rating2.5+users3"


def test_what_cannot_be_prepared_is_refused_and_leaves_nothing(place, tmp_path, movielens):
    source = movielens("csv")
    assert place.refused(source, min_user_interactions=50) == (
        "tiny: no users left after filtering (min_rating = 0, min_item_interactions = 0, min_user_interactions = 50); "
        "lower them"
    )
    assert place.refused(source, min_rating=9.5).startswith("tiny: no users left after filtering (min_rating = 9.5")
    two = table(tmp_path / "two.csv", [(user, item, 0) for user in range(9) for item in (1, 2, 1, 2, 1)])
    assert place.refused(two) == "tiny: 2 items left after filtering, at least 3 are needed"
    assert place.refused(two, min_rating=1) == ("dataset.min_rating = 1 needs a rating column, and the source has none")
    assert place.refused(source, split="holdout", eval_users=3) == (
        "dataset.eval_users = 3 for validation and as many for test leave no training users among 5 users; "
        "the maximum is 2"
    )


def test_what_is_prepared_is_reused_until_settings_or_source_change(place, movielens):
    source = movielens("csv")
    place.prepare(source)
    assert place.stages
    dataset = place.prepare(source)
    assert place.stages == []
    place.prepare()  # without a source, what is there is meant
    assert place.stages == []
    place.prepare(source, again=True)
    assert place.stages
    later = (dataset.path / "manifest.json").stat().st_mtime + 5
    os.utime(source / "ratings.csv", (later, later))
    place.prepare(source)
    assert place.stages
    deeper = source / "a" / "b"  # a folder is looked through so deep
    deeper.mkdir(parents=True)
    for name in ("ratings.csv", "movies.csv"):
        (source / name).rename(deeper / name)
    place.prepare(source, again=True)
    later = (dataset.path / "manifest.json").stat().st_mtime + 5
    os.utime(deeper / "ratings.csv", (later, later))
    place.prepare(source)
    assert place.stages
    other = source.with_name("other")
    shutil.copytree(source, other)
    with pytest.raises(UserError, match=r"tiny: is already prepared from .*; choose another name"):
        place.prepare(other)  # runs may have been trained on what is there
    assert place.stages == []
    assert find_dataset("tiny", place.datasets).manifest.settings.source == str(source)
    place.prepare(other, again=True)
    assert place.stages
    assert find_dataset("tiny", place.datasets).manifest.settings.source == str(other)
    assert {path.name for path in place.datasets.iterdir() if not path.name.startswith(".")} == {"tiny"}


def plays(path: Path, items: int, changed: int) -> Path:
    """A table of one user with so many items, that was last changed at that second."""
    table(path, [(1, item, item) for item in range(items)])
    os.utime(path, (changed, changed))
    return path


@pytest.mark.parametrize("kind", ["file", "folder", "zip"])
def test_a_source_that_an_older_one_replaced_is_prepared_again(place, tmp_path, kind):
    """As `mv`, `cp -p` and `rsync -t` do: the time is before the preparation, and the old dataset was given."""
    folder = tmp_path / "mine"
    folder.mkdir()

    def laid(items: int, changed: int) -> Path:
        file = plays(folder / "plays.csv", items, changed)
        if kind != "zip":
            return file if kind == "file" else folder
        shutil.make_archive(str(folder), "zip", folder)
        os.utime(tmp_path / "mine.zip", (changed, changed))
        return tmp_path / "mine.zip"

    assert place.prepare(laid(7, 1_000_000_000)).items == 7
    assert place.prepare(laid(7, 1_000_000_000)).items == 7
    assert place.stages == [], "the same is not prepared twice"
    assert place.prepare(laid(9, 900_000_000)).items == 9
    assert place.prepare(laid(6, 900_000_000)).items == 6, "of the same time, and another size"


def test_titles_beside_a_file_that_are_replaced_are_read_again(place, movielens):
    folder = movielens("csv")
    assert place.prepare(folder / "ratings.csv").title(1) == "Toy Story (1995)"
    (folder / "movies.csv").write_text("movieId,title,genres\n1,Another,Drama\n")
    os.utime(folder / "movies.csv", (0, 0))
    assert place.prepare(folder / "ratings.csv").title(1) == "Another"


def test_files_beside_the_ratings_that_are_not_read_are_no_matter(place, movielens):
    folder = movielens("csv")
    place.prepare(folder)
    (folder / "notes.md").write_text("mine")
    place.prepare(folder)
    assert place.stages == []


def test_a_copy_of_another_time_gives_the_same_dataset(place, movielens):
    source = movielens("csv") / "ratings.csv"
    kept = {path.name: path.read_bytes() for path in place.prepare(source).path.iterdir()}
    os.utime(source, (0, 0))
    again = {path.name: path.read_bytes() for path in place.prepare(source).path.iterdir()}
    assert place.stages
    assert kept.pop("source.json") != again.pop("source.json")
    assert kept == again


def test_a_dataset_of_before_the_stamps_is_good_until_its_source_is_newer(place, movielens):
    source = movielens("csv") / "ratings.csv"
    dataset = place.prepare(source)
    (dataset.path / "source.json").unlink()
    place.prepare(source)
    assert place.stages == []
    later = (dataset.path / "manifest.json").stat().st_mtime + 5
    os.utime(source, (later, later))
    place.prepare(source)
    assert place.stages


def test_settings_that_differ_stand_side_by_side(place, movielens):
    source = movielens("csv")
    assert place.prepare(source, min_item_interactions=2).id == "tiny+items2"
    place.prepare(source)
    assert find_dataset("tiny", place.datasets).id == "tiny"
    assert find_dataset("tiny+items2", place.datasets).manifest.settings.min_item_interactions == 2


def test_another_version_of_the_folder_is_prepared_anew(place, movielens):
    source = movielens("csv")
    manifest = place.prepare(source).path / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"schema": 1', b'"schema": 0'))
    assert place.prepare(source).manifest.schema == 1
    assert place.stages


def test_the_manifest_records_the_columns_that_were_guessed(place, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("uid,movieId\n" + "".join(f"{u},{i}\n" for u in range(3) for i in range(5)))
    dataset = place.prepare(path)
    assert dataset.manifest.settings.columns == {"user": "uid", "item": "movieId"}
    place.prepare(path)
    assert place.stages == []


@pytest.mark.parametrize("stage", ["Unpacking", "Reading", "Sorting", "Writing", "Sampling negatives"])
def test_an_interruption_leaves_nothing_half_written(place, movielens, stage):
    source = movielens("csv")
    shutil.make_archive(str(source), "zip", source)

    def interrupt(progress: Progress) -> None:
        if progress.stage == stage:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(DatasetConfig(name="tiny", source=f"{source}.zip"), place.datasets, place.raw, interrupt)
    assert list(place.datasets.iterdir()) == []
    assert list(place.raw.iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next_preparation(place, movielens):
    old, young = place.datasets / ".tiny.old.tmp", place.datasets / ".tiny.young.tmp"
    unpacked = place.raw / ".unpacking.x.tmp"
    for path in (old, young, unpacked):
        path.mkdir(parents=True)
        (path / "history.npy").write_bytes(b"half")
    for path in (old, unpacked):
        os.utime(path, (0, 0))
    place.prepare(movielens("csv"))
    assert not old.exists()
    assert not unpacked.exists()
    assert young.exists()


def test_a_full_disk_is_one_sentence_and_keeps_what_was_prepared_before(place, movielens, monkeypatch):
    source = movielens("csv")
    before = place.prepare(source)
    kept = {path.name: path.read_bytes() for path in before.path.iterdir()}

    def full(path: Path, arrays: dict) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bert4rec_tui.data.writing.save_archive", full)
    with pytest.raises(UserError) as error:
        place.prepare(source, again=True)
    assert str(error.value) == f"{before.path}: the disk is full; free some space and try again"
    assert [path.name for path in place.datasets.iterdir()] == ["tiny"]
    assert {path.name: path.read_bytes() for path in before.path.iterdir()} == kept


def test_a_small_catalogue_is_prepared_without_the_negatives_it_cannot_have(place, movielens):
    dataset = place.prepare(movielens("csv"))
    assert not list(dataset.path.glob("negatives-*"))


def test_the_hash_is_of_histories_and_split(place, tmp_path, movielens):
    source = movielens("csv")
    hashes = [
        place.prepare(source, **values).manifest.split_hash
        for values in ({}, {"seed": 1}, {"split": "holdout"}, {"split": "holdout", "seed": 1}, {"min_rating": 2.5})
    ]
    assert hashes[0] == hashes[1]  # the seed chooses nobody where everybody is validated
    assert len(set(hashes)) == 4


def test_a_download_is_prepared_and_kept(place, movielens, mirror, tmp_path, monkeypatch):
    import hashlib

    monkeypatch.setenv("BERT4REC_TUI_MIRROR", mirror.address)
    content = Path(shutil.make_archive(str(tmp_path / "pack"), "zip", movielens("csv"))).read_bytes()
    mirror.files |= {
        "ml-latest-small.zip": content,
        "ml-latest-small.zip.md5": f"{hashlib.md5(content).hexdigest()}  ml-latest-small.zip".encode(),
    }
    assert place.prepare(name="ml-latest-small").users == 5
    assert place.prepare(name="ml-latest-small", min_item_interactions=2).id == "ml-latest-small+items2"
    assert [name for name, _ in mirror.asked] == ["ml-latest-small.zip.md5", "ml-latest-small.zip"]
    assert (place.raw / "ml-latest-small.zip").read_bytes() == content


def test_a_folder_without_permission_is_one_sentence(place, movielens, monkeypatch):
    def forbidden(self: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied")

    source = movielens("csv")
    monkeypatch.setattr(Path, "mkdir", forbidden)
    with pytest.raises(UserError, match="you have no permission there; change the permission or choose another place"):
        place.prepare(source)


def test_settings_survive_the_manifest(place, movielens):
    dataset = place.prepare(movielens("csv"), split="holdout", eval_users=1, repeats="last")
    assert msgspec.structs.replace(dataset.manifest.settings, source="") == DatasetConfig(
        name="tiny", split="holdout", eval_users=1, repeats="last", item_noun="movie"
    )


def test_the_name_of_what_comes_with_the_program_is_not_prepared_over_from_another_file(place, movielens):
    archive = sample_archive()
    own = place.prepare(name="sample")
    with pytest.raises(UserError, match="sample: is already prepared from the bundled ratings"):
        place.prepare(movielens("csv"), name="sample")
    assert place.prepare(name="sample").manifest.counts == own.manifest.counts
    assert place.prepare(archive, name="sample").manifest.counts == own.manifest.counts, "the same archive may be given"
    assert place.prepare(movielens("csv"), again=True, name="sample").manifest.counts != own.manifest.counts
