"""Arrow files and streams, and Feather, become Parquet; what is damaged is one sentence."""

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import feather, ipc, parquet

from bert4rec_tui.data.forms import to_table
from bert4rec_tui.errors import UserError

TABLE = pa.table(
    {"user": [1, 2, 2**60], "item": pa.array(["a", "b", "a"]).dictionary_encode(), "list": [[1], [], None]}
)


def arrow(path: Path, table: pa.Table, stream: bool = False) -> Path:
    with (ipc.new_stream if stream else ipc.new_file)(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    return path


@pytest.mark.parametrize("form", ["file", "stream", "feather", "lz4"])
def test_every_form_of_arrow_is_the_same_table(tmp_path, form):
    path = tmp_path / "ratings.data"
    if form in ("file", "stream"):
        arrow(path, TABLE, form == "stream")
    else:
        feather.write_feather(TABLE, str(path), compression="lz4" if form == "lz4" else "uncompressed")
    found = to_table([path], tmp_path / "temporary")
    assert found.path.suffix == ".parquet"
    assert parquet.read_table(found.path).to_pylist() == TABLE.to_pylist()


def test_feather_of_version_1_is_refused_in_words(tmp_path):
    (tmp_path / "a.feather").write_bytes(b"FEA1" + bytes(64) + b"FEA1")
    with pytest.raises(UserError, match=r"a\.feather: is Feather version 1"):
        to_table([tmp_path / "a.feather"], tmp_path / "temporary")


def test_a_column_that_parquet_has_not_is_left_out_with_a_note(tmp_path):
    union = pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])])
    path = arrow(tmp_path / "a.arrow", pa.table({"user": [1], "odd": union}))
    found = to_table([path], tmp_path / "temporary")
    assert parquet.read_table(found.path).to_pylist() == [{"user": 1}]
    assert found.notes == ("a.arrow: odd left out, as the type cannot be read",)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_truncated_file_is_one_sentence(tmp_path, stream, share):
    path = arrow(tmp_path / "a.arrow", TABLE, stream)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(UserError, match=r"a\.arrow: (cannot be read as Arrow|contains no interactions)"):
        to_table([path], tmp_path / "temporary")


def test_offsets_that_lead_elsewhere_are_refused(tmp_path):
    path = arrow(tmp_path / "a.arrow", pa.table({"user": ["abc", "def"]}), stream=True)
    content = path.read_bytes()
    offsets = b"".join(number.to_bytes(4, "little") for number in (0, 3, 6))
    assert content.count(offsets) == 1
    path.write_bytes(content.replace(offsets, b"".join(n.to_bytes(4, "little") for n in (0, 3, 10**9))))
    with pytest.raises(UserError, match=r"a\.arrow: cannot be read as Arrow"):
        to_table([path], tmp_path / "temporary")


def test_parts_of_arrow_are_joined(tmp_path):
    folder = tmp_path / "parts"
    folder.mkdir()
    arrow(folder / "2.arrow", pa.table({"user": [2]}))
    arrow(folder / "1.arrow", pa.table({"user": [1]}), stream=True)
    found = to_table([folder], tmp_path / "temporary")
    assert parquet.read_table(found.path).to_pylist() == [{"user": 1}, {"user": 2}]
