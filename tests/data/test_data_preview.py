"""What the import dialog shows of a file before anything is written."""

import json
import subprocess
import sys
import zipfile

import pyarrow as pa
import pytest
from previews import preview
from pyarrow import parquet
from reading import NUL_BYTE

from bert4rec_tui.errors import UserError


def test_a_good_file_shows_rows_guess_and_no_problem(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("User ID;Movie;Stars;When;Date\n" + "ann;Up;4;today;2001-01-06\n" * 500)
    seen = preview(path)
    assert (seen.header, seen.separator, seen.encoding) == (True, ";", "utf-8")
    assert seen.columns == ["User ID", "Movie", "Stars", "When", "Date"]
    assert seen.guess == {"user": "User ID", "item": "Movie", "rating": "Stars", "timestamp": "Date"}
    assert seen.rows[0] == ["ann", "Up", "4", "today", "2001-01-06"]
    assert len(seen.rows) == 20
    assert seen.problems == []


def test_a_file_without_header_is_guessed_and_the_doubt_is_said(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("1 10 4 978300760\n2 11 5 978300761\n")
    seen = preview(path)
    assert seen.guess == {"user": "0", "item": "1", "rating": "2", "timestamp": "3"}
    assert seen.columns == ["0", "1", "2", "3"]
    assert not seen.header
    assert seen.problems == ["mine.txt: the file has no header, so the columns are only a guess"]
    assert preview(path, columns=seen.guess).problems == []


def test_problems_name_their_lines(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("user,item,timestamp\n1,2,3\n1,2\n1,,3\n1,2,then\n")
    assert preview(path).problems == [
        'mine.csv, line 3: "1,2" has 2 fields, 3 are expected (user,item,timestamp)',
        "mine.csv, line 4: the item id is empty",
        'mine.csv, line 5: the timestamp "then" is neither a Unix timestamp nor a date such as 2001-01-06',
    ]


def test_what_the_person_says_is_checked(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("a;b,c\n1;2,3\n")
    assert preview(path, ";", {"user": "a", "item": "x"}).problems == [
        'mine.csv: has no column "x" for item; choose from a, b,c'
    ]


def test_a_header_without_ratings_is_a_problem(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("user,item\n")
    assert preview(path).problems == ["mine.csv: has a header but no interactions; expected a line per interaction"]


@pytest.mark.parametrize("layout", ["u.data", "dat", "csv"])
def test_movielens_is_known_in_folders_and_zips(tmp_path, movielens, layout):
    folder = movielens(layout)
    seen = preview(folder)
    assert set(seen.guess) == {"user", "item", "rating", "timestamp"}
    assert seen.problems == []
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"ml/{file.name}")
    assert preview(tmp_path / "x.zip") == seen


def test_parquet_is_shown_too(tmp_path):
    parquet.write_table(pa.table({"user": [1, 2], "film": ["a", None], "n": [1, 2]}), tmp_path / "mine.parquet")
    seen = preview(tmp_path / "mine.parquet")
    assert seen.rows == [["1", "a", "1"], ["2", "", "2"]]
    assert seen.guess == {"user": "user", "item": "film"}
    parquet.write_table(pa.table({"user": [b"ann", b"\xff"], "film": [1, 2]}), tmp_path / "mine.parquet")
    assert preview(tmp_path / "mine.parquet").rows == [["ann", "1"], ["\ufffd", "2"]]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "mine.csv: is empty; expected a line per interaction"),
        (b"\x00\x01user", NUL_BYTE),
    ],
)
def test_what_cannot_be_shown_is_said(tmp_path, content, sentence):
    (tmp_path / "mine.csv").write_bytes(content)
    with pytest.raises(UserError) as error:
        preview(tmp_path / "mine.csv")
    assert str(error.value) == sentence


def test_escape_sequences_and_long_cells_are_tamed(tmp_path):
    (tmp_path / "mine.csv").write_text("user,item\n\x1b[31mred," + "x" * 5000 + "\n1,2\n")
    cells = preview(tmp_path / "mine.csv").rows[0]
    assert cells[0] == " [31mred"
    assert len(cells[1]) == 100


def test_text_is_shown_without_pandas_or_pyarrow(tmp_path):
    (tmp_path / "mine.csv").write_text("user,item\n1,2\n")
    code = (
        "import sys, json; from bert4rec_tui.config import DatasetConfig;"
        "from bert4rec_tui.data.preview import preview;"
        f"preview(DatasetConfig(name='x', source={str(tmp_path / 'mine.csv')!r}));"
        "import bert4rec_tui.data.catalog, bert4rec_tui.data.download, bert4rec_tui.data.prepare;"
        "large = ('pandas', 'pyarrow', 'torch', 'textual', 'pooch', 'requests');"
        "print(json.dumps([name for name in large if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
