"""Folders, zips and files: the ratings in them are found, or it is said why not."""

import os
import socket
import zipfile
from pathlib import Path

import pytest
from previews import preview

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.prepare import prepare
from bert4rec_tui.data.sources import find_origin, opened
from bert4rec_tui.errors import UserError
from bert4rec_tui.progress import ignore_progress


def found(origin, raw, **settings):
    with opened(origin, raw, DatasetConfig(name="mine", **settings)) as source:
        movies = source.movies.name if source.movies else None
        return source.ratings.name, source.layout is not None, movies


def zipped(folder, path, prefix=""):
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.iterdir():
            archive.write(file, prefix + file.name)
    return path


@pytest.mark.parametrize("layout", ["u.data", "dat", "csv"])
@pytest.mark.parametrize("prefix", ["", "ml-x/", "a/b/"])
def test_movielens_is_found_in_a_folder_a_zip_and_by_its_file(tmp_path, movielens, layout, prefix):
    folder = movielens(layout)
    name = {"u.data": "u.data", "dat": "ratings.dat", "csv": "ratings.csv"}[layout]
    movies = {"u.data": "u.item", "dat": "movies.dat", "csv": "movies.csv"}[layout]
    archive = zipped(folder, tmp_path / "x.zip", prefix)
    assert found(archive, tmp_path / "raw") == (name, True, movies)
    assert list((tmp_path / "raw").iterdir()) == []
    with zipfile.ZipFile(archive) as content:
        content.extractall(tmp_path / "unpacked")
    assert found(tmp_path / "unpacked", tmp_path / "raw") == (name, True, movies)
    assert found(folder / name, tmp_path / "raw") == (name, True, movies)


def test_only_what_is_needed_is_unpacked(tmp_path, movielens):
    folder = movielens("csv")
    (folder / "genome-scores.csv").write_text("large")
    with opened(zipped(folder, tmp_path / "x.zip"), tmp_path / "raw", DatasetConfig(name="x")) as source:
        assert sorted(file.name for file in source.ratings.parent.iterdir()) == ["movies.csv", "ratings.csv"]


def test_the_columns_of_movielens_itself_keep_its_titles_and_others_make_it_a_table(tmp_path, movielens):
    folder = movielens("dat")
    columns = {"user": "0", "item": "1", "rating": "2", "timestamp": "3"}
    assert found(folder, tmp_path, columns=columns, separator="::") == ("ratings.dat", True, "movies.dat")
    assert found(folder, tmp_path, columns={"user": "1", "item": "0"}) == ("ratings.dat", False, None)


def test_one_table_in_a_folder_or_zip_is_taken_and_of_several_none(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "README.txt").write_text("read me")
    with pytest.raises(UserError, match=r"mine: contains no table; expected CSV, TSV, JSON, Parquet or Arrow files"):
        found(folder, tmp_path)
    (folder / "plays.tsv").write_text("user\titem\n1\t2\n")
    assert found(folder, tmp_path) == ("plays.tsv", False, None)
    assert found(zipped(folder, tmp_path / "x.zip"), tmp_path) == ("plays.tsv", False, None)
    (folder / "more.csv").write_text("visitor,product,when\n1,2,3\n")
    with pytest.raises(UserError, match=r"more\.csv|plays\.tsv"):
        found(folder, tmp_path)


def test_unknown_names_and_missing_files_are_one_sentence(tmp_path):
    with pytest.raises(UserError) as error:
        find_origin(DatasetConfig(name="ml-2m"), tmp_path, ignore_progress)
    assert str(error.value) == (
        "ml-2m: is not a known dataset (sample, ml-100k, ml-1m, ml-10m, ml-20m, ml-25m, ml-32m, ml-latest-small, "
        "ml-latest); pass your own ratings with --source"
    )
    with pytest.raises(UserError) as error:
        find_origin(DatasetConfig(name="mine", source=str(tmp_path / "nowhere.csv")), tmp_path, ignore_progress)
    assert str(error.value) == f"{tmp_path / 'nowhere.csv'}: no such file or folder"


@pytest.mark.parametrize("look", [True, False], ids=["preview", "prepare"])
def test_pipes_devices_and_sockets_are_refused_in_a_sentence_and_not_waited_for(tmp_path, look):
    def read(file: Path) -> None:
        if look:
            preview(file)
        else:
            prepare(DatasetConfig(name="mine", source=str(file)), tmp_path / "datasets", tmp_path / "raw")

    os.mkfifo(tmp_path / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "socket.csv"))
    (tmp_path / "linked.csv").symlink_to(tmp_path / "pipe.csv")
    for file, kind in (
        (tmp_path / "pipe.csv", "a pipe"),
        (tmp_path / "linked.csv", "a pipe"),
        (tmp_path / "socket.csv", "a socket"),
        (Path("/dev/zero"), "a device"),
    ):
        with pytest.raises(UserError) as error:
            read(file)
        assert str(error.value) == f"{file}: is {kind}; save its content to a file first"


def test_a_pipe_beside_the_ratings_of_a_folder_is_passed_over(movielens):
    folder = movielens("csv")
    (folder / "movies.csv").unlink()
    os.mkfifo(folder / "movies.csv")
    assert preview(folder).problems == []
