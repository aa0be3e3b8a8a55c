"""Where a command's words go: results on stdout, progress on stderr, on any terminal."""

import io
import json
import os
import pty
import subprocess
import sys

import pytest

from bert4rec_tui.commands.datasets import run_datasets
from bert4rec_tui.commands.exit_codes import exit_with_error
from bert4rec_tui.commands.output import Output, without_controls
from bert4rec_tui.commands.prepare import run_prepare, run_preview
from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.progress import Progress


def test_progress_of_programs_is_one_object_a_line(capsys):
    output = Output(as_json=True)
    for done in (0, 1, 2, 100):
        output.progress(Progress(stage="Reading", done=done, total=100, unit="rows"))
    output.message("half")
    output.result({"a": "é"}, "unused")
    out, err = capsys.readouterr()
    assert out == '{"a": "é"}\n'
    lines = [json.loads(line) for line in err.splitlines()]
    assert [line["progress"]["done"] for line in lines[:-1]] == [0, 100]  # what comes at once is not all said
    assert lines[0]["progress"].keys() == {"stage", "done", "total", "unit", "rate", "seconds_left", "note"}
    assert lines[-1] == {"message": "half"}


@pytest.mark.parametrize("as_json", [False, True])
def test_a_line_and_its_end_are_one_write(monkeypatch, as_json):
    """Else a Ctrl-C between the two glues the next line to it."""

    class Interrupted(io.StringIO):
        def write(self, text: str) -> int:
            super().write(text)
            raise KeyboardInterrupt

    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, Interrupted())
    output = Output(as_json)
    for speak in (
        lambda: output.message("done"),
        lambda: output.progress(Progress(stage="Reading")),
        lambda: output.result({}, "done"),
    ):
        with pytest.raises(KeyboardInterrupt):
            speak()
    assert sys.stderr.getvalue().count("\n") == 2
    assert sys.stdout.getvalue().count("\n") == 1


def test_in_a_file_each_stage_is_said_once_and_nothing_is_rewritten(capsys):
    output = Output(as_json=False)
    for stage in ("Reading", "Sorting"):
        for done in range(50):
            output.progress(Progress(stage=stage, done=done, total=50, unit="rows", note=f"loss {done}"))
    output.result({}, "done")
    out, err = capsys.readouterr()
    assert [line.split()[0] for line in err.splitlines()] == ["Reading", "Sorting"]
    assert out == "done\n"
    assert "\x1b" not in err
    assert "\r" not in err


def test_on_a_terminal_one_line_is_rewritten_and_cleared_before_words():
    script = (
        "from bert4rec_tui.commands.output import Output\nfrom bert4rec_tui.progress import Progress\n"
        "o = Output(False)\no.progress(Progress(stage='Reading', done=1, total=2))\no.message('words')\n"
    )
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", script], stderr=theirs, check=True, env=_environment())
    os.close(theirs)
    seen = os.read(ours, 10_000).decode()
    os.close(ours)
    assert seen == "\r\x1b[KReading  1 of 2  50%\r\x1b[Kwords\r\n"


def _environment(**variables: str) -> dict[str, str]:
    from terminal import ROOT

    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return os.environ | {"PYTHONPATH": path} | variables


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[31mred\x07", " [31mred "),
        ("over\rwritten \x9b2J", "over written  2J"),
        ("Amélie – 千と千尋 [REC] (2007)", "Amélie – 千と千尋 [REC] (2007)"),
        ("evil\u202efdp.exe", "evil fdp.exe"),
        ("a\u2066b\u2069c\u200fd\u061ce\u2028f", "a b c d e f"),
        ("فيلم 👩\u200d🚀", "فيلم 👩\u200d🚀"),
    ],
)
def test_text_cannot_move_the_cursor_nor_turn_the_direction(text, shown):
    assert without_controls(text) == shown


# Cc and Cf as Unicode has them, but for what belongs to text: soft hyphens, joiners, and marks of scripts.
BIDIRECTIONAL = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize("as_json", [True, False])
def test_no_output_of_a_command_has_a_character_that_acts_on_a_terminal(capsys, as_json):
    text = f"a{BIDIRECTIONAL}\x1b[2J\x9b\x07b"
    output = Output(as_json)
    output.progress(Progress(stage=text, done=1, total=2, note=text))
    output.message(text)
    output.result({"title": text}, text)
    with pytest.raises(SystemExit):
        exit_with_error(text, 2, as_json=as_json)
    out, err = capsys.readouterr()
    for shown in (out, err):
        assert not set(shown) & set(BIDIRECTIONAL + "\x1b\x9b\x07")
    if as_json:
        assert json.loads(out) == {"title": text}, "programs read what is there"
        assert json.loads(err.splitlines()[1]) == {"message": text}


def test_no_command_shows_what_is_in_a_title_or_an_id_raw(home, tmp_path, capsys):
    file = tmp_path / "mine.csv"
    rows = [
        f"u\u202e{user},i\u2067{(user + place) % 6},{place},T\u202e{place}" for user in range(9) for place in range(5)
    ]
    file.write_text("\n".join(["user,item,timestamp,title", *rows]), encoding="utf-8")
    run_preview(DatasetConfig(name="mine", source=str(file)), as_json=False)
    run_prepare(DatasetConfig(name="mine", source=str(file)), again=False, as_json=False)
    run_datasets(as_json=False)
    out, err = capsys.readouterr()
    assert "T" in out
    assert not set(out + err) & set(BIDIRECTIONAL)


def test_a_terminal_without_the_letters_gets_question_marks(here, terminal):
    run = terminal.last_run()
    config = (run.path / "config.toml").read_text().replace('name = "mine"', 'name = "schön"')
    (run.path / "config.toml").write_text(config)
    assert terminal.run("runs", PYTHONIOENCODING="ascii").out.startswith("run ")
    answer = terminal.run("watch", "ä", code=2, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert answer.err == "bert4rec-tui: ?: there is no such run; `bert4rec-tui runs` lists them\n"
