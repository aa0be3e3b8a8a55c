"""Folders of parts, patterns and repeated sources are one table, in the order of their names."""

import gzip
import os
import resource
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from bert4rec_tui.data.forms import to_table
from bert4rec_tui.data.forms.table import Limits
from bert4rec_tui.errors import UserError


def write(folder: Path, files: dict[str, str | bytes | pa.Table]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, pa.Table):
            parquet.write_table(content, path)
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def text(*sources: Path, limits: Limits = Limits(), to: Path | None = None) -> str:  # noqa: B008
    return to_table(sources, to or sources[0].parent / "temporary", limits=limits).path.read_text()


def rows(*sources: Path) -> list[tuple]:
    found = to_table(sources, sources[0].parent / "temporary").path
    return [tuple(row.values()) for row in parquet.read_table(found).to_pylist()]


def fault(*sources: Path) -> str:
    with pytest.raises(UserError) as error:
        to_table(sources, sources[0].parent / "temporary")
    return str(error.value)


def test_a_plain_file_is_returned_and_nothing_is_written(tmp_path):
    write(tmp_path, {"a.csv": "user,item\n1,2\n", "b.parquet": pa.table({"user": [1], "item": [2]})})
    for name in ("a.csv", "b.parquet"):
        found = to_table([tmp_path / name], tmp_path / "temporary")
        assert (found.path, found.notes, found.order_kept) == (tmp_path / name, (), True)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_parts_as_spark_writes_them_are_joined_with_one_header(tmp_path):
    folder = write(
        tmp_path / "out",
        {
            "part-00010-ab.csv": "user,item\n5,6\n",
            "part-00002-ab.csv": "user,item\r\n3,4",
            "part-00001-ab.csv": "user,item\n1,2\n",
            "part-00003-ab.csv": "",
            "part-00004-ab.csv": "user,item\n",
            "_SUCCESS": "",
            "._SUCCESS.crc": "crc",
            ".part-00001-ab.csv.crc": "crc",
            "README.md": "# hello",
        },
    )
    assert text(folder) == "user,item\n1,2\n3,4\n5,6\n"


def test_a_name_that_says_another_kind_is_no_trap(tmp_path):
    """Readers go by the name of what they get, so what is written is named by what it is."""
    table = write(tmp_path / "pq", {"t.parquet": pa.table({"user": [1], "item": [2]})}) / "t.parquet"
    write(tmp_path, {"a.csv.gz": gzip.compress(table.read_bytes()), "b.parquet.gz": gzip.compress(b"user,item\n1,2\n")})
    first, second = (to_table([tmp_path / name], tmp_path / "t") for name in ("a.csv.gz", "b.parquet.gz"))
    assert (first.path.suffix, first.is_parquet) == (".parquet", True)
    assert (second.path.suffix, second.is_parquet) == (".csv", False)
    assert second.path.read_text() == "user,item\n1,2\n"
    write(tmp_path, {"c.parquet": "user,é\n1,2\n".encode("latin-1")})
    assert to_table([tmp_path / "c.parquet"], tmp_path / "t").path.suffix == ".csv"


def test_parts_of_compressed_text_without_a_header_or_a_suffix(tmp_path):
    folder = write(tmp_path / "out", {"part-2": gzip.compress(b"3,4,5"), "part-1": gzip.compress(b"1,2,3\n")})
    assert text(folder) == "1,2,3\n3,4,5\n"


def test_a_table_that_was_split_has_its_header_in_the_first_part_alone(tmp_path):
    folder = write(tmp_path / "out", {"x.1.csv": "user,item\n1,2\n", "x.2.csv": "3,4\n"})
    assert text(folder) == "user,item\n1,2\n3,4\n"


def test_patterns_and_repeated_sources_keep_their_order(tmp_path):
    write(tmp_path, {"a-10.csv": "1,10\n2,3\n", "a-9.csv": "1,9\n2,3\n", "b.csv": "1,7\n2,3\n", "_a-1.csv": "1,1\n"})
    assert text(tmp_path / "a-*.csv").splitlines()[::2] == ["1,9", "1,10"]
    assert text(tmp_path / "b.csv", tmp_path / "a-9.csv").splitlines()[::2] == ["1,7", "1,9"]
    assert "is given twice" in fault(tmp_path / "b.csv", tmp_path / "b.csv")
    assert "matches no table" in fault(tmp_path / "c-*.csv")
    assert "no such file" in fault(tmp_path / "c.csv")


def test_a_name_with_the_signs_of_a_pattern_is_a_name_first(tmp_path):
    write(tmp_path, {"a[1].csv": "1,2\n"})
    assert to_table([tmp_path / "a[1].csv"], tmp_path / "temporary").path == tmp_path / "a[1].csv"


def test_folders_of_key_and_value_become_columns(tmp_path):
    folder = write(
        tmp_path / "out",
        {
            "day=2020-01-02/city=a%20b/p.csv": 'user,item\n1,"x\ny"\n2,3\n',
            "day=2020-01-01/city=__HIVE_DEFAULT_PARTITION__/p.csv": "user,item\n5,6\n",
        },
    )
    assert text(folder, limits=Limits(block=3)) == (
        'user,item,day,city\n5,6,2020-01-01,\n1,"x\ny",2020-01-02,a b\n2,3,2020-01-02,a b\n'
    )
    table = pa.table({"user": [1], "item": [2]})
    folder = write(tmp_path / "pq", {"day=1/p-0.parquet": table, "day=2/p-0.parquet": table, "_metadata": b"PAR1"})
    assert rows(folder) == [(1, 2, "1"), (1, 2, "2")]
    write(folder, {"p.parquet": table})
    assert "lies in other key=value folders" in fault(folder)


def test_a_part_with_other_columns_is_named(tmp_path):
    folder = write(tmp_path / "out", {"a.csv": "user,item\n1,2\n", "b.csv": "user,thing\n1,2\n"})
    assert fault(folder) == (
        "b.csv: has the columns user, thing, a.csv has user, item; parts of one table have the same columns, so pass "
        "the file with the interactions"
    )
    folder = write(tmp_path / "more", {"a.csv": "1,2\n3,4\n", "b.csv": "1,2,3\n4,5,6\n"})
    assert "b.csv: has 3 columns, a.csv has 2" in fault(folder)
    folder = write(tmp_path / "pq", {"a.parquet": pa.table({"u": [1]}), "b.parquet": pa.table({"v": [1]})})
    assert fault(folder).startswith("b.parquet: has the columns v, a.parquet has u;")


def test_parts_of_different_kinds_are_refused(tmp_path):
    folder = write(tmp_path / "mixed", {"a.csv": "user,item\n1,2\n", "b.json": '{"user": 1, "item": 2}\n'})
    assert fault(folder).startswith("b.json: ")
    folder = write(tmp_path / "mixed2", {"a.json": '{"user": 1, "item": 2}\n', "b.csv": "user,item\n1,2\n"})
    assert fault(folder).startswith("b.csv, line 1: is not JSON")
    folder = write(tmp_path / "out", {"a.csv": "1,2\n", "b.parquet": pa.table({"u": [1]})})
    assert "b.parquet: is Parquet, a.csv is text" in fault(folder)


def test_parquet_parts_are_widened_without_losing_a_digit(tmp_path):
    narrow = pa.table({"user": pa.array([1, None], pa.int32()), "item": pa.array(["a", "b"]).dictionary_encode()})
    wide = pa.table({"item": pa.array(["c"], pa.string_view()), "user": pa.array([2**53 + 1], pa.int64())})
    folder = write(tmp_path / "pq", {"a.parquet": narrow, "b.parquet": wide})
    assert rows(folder) == [(1, "a"), (None, "b"), (2**53 + 1, "c")]
    gap = pa.table({"user": [1.0], "item": ["d"]})
    write(folder, {"c.parquet": gap})
    assert 'b.parquet: the column "user" does not fit double' in fault(folder)
    write(folder, {"c.parquet": pa.table({"user": ["x"], "item": ["d"]})})
    assert "c.parquet: has other types than a.parquet" in fault(folder)


def test_more_parts_than_files_may_be_open_are_joined(tmp_path):
    table = pa.table({"user": [1], "item": [2]})
    folder = write(tmp_path / "pq", {f"{n}.parquet": table for n in range(150)})
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, limits[1]))
    try:
        assert len(rows(folder)) == 150
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_json_parts_share_their_columns(tmp_path):
    folder = write(tmp_path / "js", {"a.jsonl": '{"user": 1, "item": 2}\n', "b.jsonl": '{"user": "x", "item": 3}\n'})
    assert rows(folder) == [("1", 2), ("x", 3)]


def test_an_archive_gives_its_one_table_or_its_parts(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x/part-2.csv", "u,i\n3,4\n")
        archive.writestr("x/part-1.csv", "u,i\n1,2\n")
        archive.writestr("x/README.txt", "hello")
        archive.writestr("__MACOSX/x/._part-1.csv", "?")
    assert text(tmp_path / "a.zip") == "u,i\n1,2\n3,4\n"
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("README.txt", "hello")
    assert "b.zip: contains no table" in fault(tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("ratings.csv", "user,item\n1,2\n")
        archive.writestr("movies.csv", "item,title\n1,x\n")
    assert "movies.csv" in fault(tmp_path / "c.zip")
    assert "ratings.csv" in fault(tmp_path / "c.zip")


def test_files_of_one_name_in_two_folders_are_told_apart(tmp_path):
    write(tmp_path, {"a/r.csv": "user,item\n1,2\n", "b/r.csv": "user,item\n3,4\n", "c/r.csv": "user,other\n3,4\n"})
    assert text(tmp_path / "b/r.csv", tmp_path / "a/r.csv", to=tmp_path / "t") == "user,item\n3,4\n1,2\n"
    assert "c/r.csv: has the columns user, other" in fault(tmp_path / "a/r.csv", tmp_path / "c/r.csv")


def test_a_pattern_may_name_folders(tmp_path):
    write(tmp_path, {"day=2/p.csv": "user,item\n3,4\n", "day=1/p.csv": "user,item\n1,2\n", "x/p.csv": "1,2\n"})
    assert text(tmp_path / "day=*") == "user,item,day\n1,2,1\n3,4,2\n"


def test_a_table_whose_log_says_what_is_valid_is_refused(tmp_path):
    folder = write(tmp_path / "out", {"p.parquet": pa.table({"u": [1]}), "_delta_log/0.json": "{}"})
    assert "is a Delta Lake table" in fault(folder)


def test_what_is_written_on_the_way_does_not_stay(tmp_path):
    folder = write(tmp_path / "out", {"a.csv.gz": gzip.compress("u,é\n1,2\n".encode("latin-1")), "b.csv": "u,é\n3,4\n"})
    found = to_table([folder], tmp_path / "temporary")
    assert [path for path in (tmp_path / "temporary").rglob("*") if path.is_file()] == [found.path]
    assert sorted(path.name for path in folder.iterdir()) == ["a.csv.gz", "b.csv"]


def test_folders_without_tables_and_pipes_are_one_sentence(tmp_path):
    (tmp_path / "empty").mkdir()
    assert "contains no table" in fault(tmp_path / "empty")
    os.mkfifo(tmp_path / "pipe")
    assert "is a pipe" in fault(tmp_path / "pipe")
    folder = write(tmp_path / "out", {"a.csv": "", "b.csv": ""})
    assert "contains no interactions" in fault(folder)


def test_a_damaged_parquet_part_is_named(tmp_path):
    folder = write(tmp_path / "pq", {"a.parquet": pa.table({"u": [1]}), "b.parquet": b"PAR1 nonsense"})
    assert fault(folder).startswith("b.parquet: cannot be read as Parquet (")


def test_encodings_are_told_for_each_part(tmp_path):
    folder = write(tmp_path / "out", {"a.csv": "u,i\n1,é\n".encode("latin-1"), "b.csv": "u,i\n2,é\n"})
    found = to_table([folder], tmp_path / "temporary")
    assert found.path.read_text() == "u,i\n1,é\n2,é\n"
    assert [note[:25] for note in found.notes] == ["a.csv: read as latin-1, a"]
