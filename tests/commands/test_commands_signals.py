"""Signals at any moment, from the first line of the program on."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from waits import wait_for

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="signals are read from /proc")

ROOT = Path(__file__).parent.parent.parent
NUMBERS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def start(home: Path, *words: str, **options: object) -> subprocess.Popen[str]:
    """Start a command and wait for its first lines; before those, while Python itself starts, a signal is Python's."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bert4rec_tui", *words],
        env=os.environ | {"BERT4REC_TUI_HOME": str(home), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    wait_for(lambda: handles(process.pid, signal.SIGTERM))
    return process


def handles(pid: int, number: int) -> bool:
    """Whether a process has a handler for a signal now."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def leftovers(home: Path) -> list[str]:
    return [str(path.relative_to(home)) for path in home.rglob("*") if path.name.startswith((".", "tmp"))]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.name)
@pytest.mark.parametrize("words", [["paths"], ["datasets"], ["prepare", "sample"]], ids=lambda words: words[0])
def test_a_signal_at_any_moment_ends_a_command_without_a_word(tmp_path, words, number):
    seed = random.randrange(2**32)
    moments = random.Random(seed)
    for attempt in range(3):
        home = tmp_path / str(attempt)
        process = start(home, *words)
        time.sleep(moments.random() * (0.4 if words[0] == "prepare" else 0.15))
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        about = f"seed {seed}, attempt {attempt}: {out!r} {err!r}"
        assert process.returncode in (0, 128 + number), about
        stages = ("Unpacking", "Reading", "Sorting", "Writing", "Sampling", "columns", "sample ")
        assert [line for line in err.splitlines() if not line.startswith(stages)] == [], about
        assert leftovers(home) == [], about
        if process.returncode:
            assert not (home / "datasets" / "sample").exists() or words[0] != "prepare", about


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.name)
def test_a_signal_while_a_command_works_cleans_up_and_names_itself_in_the_exit_code(tmp_path, number):
    fifo = tmp_path / "held.txt"
    code = (
        "import sys, time\n"
        "from bert4rec_tui.cli import app\n"
        "from bert4rec_tui.files import new_folder\n"
        "from pathlib import Path\n"
        "def work(*a, **k):\n"
        f"    with new_folder(Path({str(tmp_path / 'made')!r})):\n"
        f"        Path({str(fifo)!r}).touch()\n"
        "        for _ in range(6000): time.sleep(0.01)\n"
        "import bert4rec_tui.settings as settings\n"
        "settings.paths = work\n"
        "sys.argv = ['bert4rec-tui', 'paths']\n"
        "from bert4rec_tui.__main__ import main\n"
        "main()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not fifo.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (128 + number, "")
    assert [path.name for path in tmp_path.iterdir()] == ["held.txt"]


def test_what_the_parent_ignores_stays_ignored(tmp_path):
    """`nohup bert4rec-tui …` goes on when the terminal is gone."""
    process = start(tmp_path, "prepare", "sample", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert (tmp_path / "datasets" / "sample" / "manifest.json").exists()


def test_an_interruption_where_python_would_lose_it_still_ends_the_command(tmp_path):
    """An exception in `__del__` is printed and forgotten by Python: it is raised again, and nothing is printed."""
    code = (
        "import signal, time\n"
        "from bert4rec_tui.interruption import raising\n"
        "class Lost:\n"
        "    def __del__(self): signal.raise_signal(signal.SIGTERM)\n"
        "try:\n"
        "    with raising():\n"
        "        lost = Lost(); del lost\n"
        "        for _ in range(3000): time.sleep(0.01)\n"
        "except KeyboardInterrupt: raise SystemExit(7)\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=25, check=False)
    assert (answer.returncode, answer.stderr) == (7, "")
