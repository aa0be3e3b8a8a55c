"""The console log of a worker that was started with an output of its own."""

import subprocess
import sys

KEEP = """
import sys
from pathlib import Path
from bert4rec_tui.training.console import keep_console_log
keep_console_log(Path(sys.argv[1]))
print("one", flush=True)
print("two", file=sys.stderr)
raise ValueError("three")
"""


def test_what_a_worker_prints_is_in_its_console_log_and_in_its_own_output(tmp_path):
    """As under torchrun or Slurm, where there was no console log."""
    words = [sys.executable, "-c", KEEP, str(tmp_path)]
    answer = subprocess.run(words, capture_output=True, text=True, check=False)
    log = (tmp_path / "console.log").read_text().splitlines()
    assert log[:2] == ["one", "two"]
    assert log[-1] == "ValueError: three"
    assert answer.stdout == "one\n"
    assert answer.stderr.splitlines() == log[1:]


def test_where_the_output_is_the_console_log_every_line_is_there_once(tmp_path):
    with (tmp_path / "console.log").open("ab") as console:
        subprocess.run([sys.executable, "-c", KEEP, str(tmp_path)], stdout=console, stderr=console, check=False)
    lines = (tmp_path / "console.log").read_text().splitlines()
    assert (lines.count("one"), lines.count("two")) == (1, 1)


def test_a_log_that_cannot_be_written_keeps_nobody_from_printing(tmp_path):
    (tmp_path / "console.log").symlink_to("/dev/full")
    words = [sys.executable, "-c", KEEP, str(tmp_path)]
    assert subprocess.run(words, capture_output=True, text=True, check=False).stdout == "one\n"
