"""What `prepare` prints, and what it refuses."""

import json
import os
import signal
import zipfile
from pathlib import Path

import pytest

from bert4rec_tui.cli import app as cli
from bert4rec_tui.commands.prepare import parse_columns, run_prepare, run_preview
from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.errors import UserError


@pytest.fixture
def plays(tmp_path: Path) -> Path:
    """A table with a title that tries to write to the terminal."""
    lines = "".join(f"{user},{item},Film {item}\x1b[2J\n" for user in range(4) for item in range(user, user + 6))
    path = tmp_path / "plays.csv"
    path.write_text(f"user_id,item_id,title\n{lines}")
    return path


def test_the_result_is_one_object_on_stdout(home, plays, capsys):
    run_prepare(DatasetConfig(name="mine", source=str(plays)), again=False, as_json=True)
    out, err = capsys.readouterr()
    values = json.loads(out)
    names = "dataset path users items interactions read left_out density repeated_targets split notes seconds"
    assert list(values) == names.split()
    assert values["path"] == str(home / "datasets" / "mine")
    assert (values["users"], values["items"], values["interactions"]) == (4, 9, 24)
    assert values["density"] == pytest.approx(24 / 36)
    messages = [json.loads(line) for line in err.splitlines()]
    assert {"message": "columns guessed from the header: user=user_id, item=item_id, title=title"} in messages
    stages = [message["progress"]["stage"] for message in messages if "progress" in message]
    assert list(dict.fromkeys(stages)) == ["Reading", "Sorting", "Writing", "Sampling negatives"]


def test_people_read_the_counts_and_the_most_met_without_escape_sequences(home, plays, capsys):
    run_prepare(DatasetConfig(name="mine", source=str(plays)), again=False, as_json=False)
    out, _ = capsys.readouterr()
    assert "24 of 24   density 66.67%" in out
    assert "6 … 6 items, median 6" in out
    assert "Film 3 [2J 4" in out
    assert "as in the file, of which no timestamps are used" in out
    assert "\x1b" not in out


def test_what_is_prepared_is_said_to_be(home, plays, capsys):
    settings = DatasetConfig(name="mine", source=str(plays))
    run_prepare(settings, again=False, as_json=False)
    capsys.readouterr()
    run_prepare(settings, again=False, as_json=False)
    assert capsys.readouterr().err == "mine is already prepared; use --again to prepare it again\n"
    run_prepare(settings, again=True, as_json=False)
    assert "prepared already" not in capsys.readouterr().err


def test_a_termination_leaves_nothing_half_written(home, plays, monkeypatch):
    def terminate(self: object, progress: object) -> None:
        if progress.stage == "Writing":
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("bert4rec_tui.commands.output.Output.progress", terminate)
    monkeypatch.setattr("sys.argv", ["bert4rec-tui", "prepare", "mine", "--source", str(plays)])
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as ending:
            cli.main()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ending.value.code == 143
    assert list((home / "datasets").iterdir()) == []


def test_a_preview_is_printed_for_programs_and_for_people(plays, capsys):
    run_preview(DatasetConfig(name="x", source=str(plays), columns={}), as_json=True)
    values = json.loads(capsys.readouterr().out)
    assert values["columns"] == ["user_id", "item_id", "title"]
    assert values["guess"] == {"user": "user_id", "item": "item_id", "title": "title"}
    assert values["problems"] == []
    assert values["rows"][0] == ["0", "0", "Film 0 [2J"]
    run_preview(DatasetConfig(name="x", source=str(plays), columns={"user": "user_id", "item": "movie"}), as_json=False)
    out = capsys.readouterr().out
    assert "user_id  item_id  title" in out
    assert 'problem: plays.csv: has no column "movie" for item; choose from user_id, item_id, title' in out


def test_a_preview_of_a_zip_writes_nothing(home, plays, tmp_path, capsys):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.write(plays, "plays.csv")
    run_preview(DatasetConfig(name="x", source=str(tmp_path / "x.zip"), columns={}), as_json=True)
    assert json.loads(capsys.readouterr().out)["file"] == "x.zip"
    assert not home.exists()


def test_columns_are_read_from_the_command_line():
    assert parse_columns("") == {}
    assert parse_columns("user=who, item=2,timestamp=at=x") == {"user": "who", "item": "2", "timestamp": "at=x"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("user", '--columns: "user" is not role=column, such as user=userId,item=movieId'),
        ("user=", '--columns: "user=" is not role=column, such as user=userId,item=movieId'),
        ("who=a", '--columns: "who" is not a role; choose from user, item, timestamp, rating, title, genres'),
        ("user=a,user=b", "--columns: user is given twice (a and b)"),
    ],
)
def test_columns_that_cannot_be_read_are_refused(text, sentence):
    with pytest.raises(UserError) as error:
        parse_columns(text)
    assert str(error.value) == sentence


def test_an_unknown_name_lists_the_known_ones(home):
    with pytest.raises(UserError, match="ml-2m: is not a known dataset \\(sample, ml-100k, ml-1m"):
        run_prepare(DatasetConfig(name="ml-2m"), again=False, as_json=True)
