"""What killed preparations leave goes with the next start, unless a process still works in it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from waits import wait_for

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.leftovers import remove_leftovers, unpacking_folder
from bert4rec_tui.data.prepare import prepare
from bert4rec_tui.files import held, temporary_path

ENDED = 2**22 + 1  # above any pid that Linux gives
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("datasets", "raw"):
        (tmp_path / name).mkdir()
    return tmp_path / "datasets", tmp_path / "raw"


def left(path: Path, suffix: str = "tmp", seconds: float = 60, pid: int | None = None) -> Path:
    """A temporary folder with a file in it, last touched so long ago; of a process that has ended, or of `pid`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.getpid", lambda: pid or ENDED)
        folder = temporary_path(path, suffix)
    folder.mkdir()
    (folder / "history.npy").write_bytes(b"half")
    os.utime(folder, (time.time() - seconds,) * 2)
    return folder


def test_what_ended_processes_have_left_goes_and_what_is_in_use_stays(places):
    datasets, raw = places
    gone = [left(datasets / "toy"), left(raw / "unpacking"), left(datasets / "toy", "removed")]
    held_by_others, mine = left(datasets / "toy"), left(raw / "unpacking", pid=os.getpid())
    for folder in (datasets / "toy", raw / "ml-1m"):
        folder.mkdir()
    with held(held_by_others):  # as in a container, whose pids mean nothing here
        remove_leftovers(datasets, raw)
        assert [path.exists() for path in gone] == [False] * 3
        assert held_by_others.exists()
    assert mine.exists()
    remove_leftovers(datasets, raw)
    assert {path.name for path in datasets.iterdir()} == {"toy"}
    assert {path.name for path in raw.iterdir()} == {"ml-1m", mine.name}


def test_what_another_machine_has_left_goes_once_it_is_old(places):
    datasets, raw = places
    young, old = datasets / ".toy.77.0123456789abcd.tmp", raw / ".unpacking.77.0123456789abcd.tmp"
    for folder, seconds in ((young, 60), (old, 90_000)):
        folder.mkdir()
        os.utime(folder, (time.time() - seconds,) * 2)
    remove_leftovers(datasets, raw)
    assert (young.exists(), old.exists()) == (True, False)


def test_where_locks_cannot_be_had_the_process_decides(places, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    datasets, raw = places
    gone = left(datasets / "toy")
    with unpacking_folder(raw) as folder:
        remove_leftovers(datasets, raw)
        assert (gone.exists(), folder.exists()) == (False, True)


def test_without_folders_there_is_nothing_to_do(tmp_path):
    remove_leftovers(tmp_path / "datasets", tmp_path / "raw")
    assert list(tmp_path.iterdir()) == []


def test_a_dataset_whose_replacement_was_killed_between_two_renames_is_put_back(places, movielens):
    datasets, raw = places
    dataset = prepare(DatasetConfig(name="tiny", source=str(movielens("csv"))), datasets, raw)
    retired = left(dataset.path, "replaced")
    shutil.rmtree(retired)
    dataset.path.rename(retired)
    remove_leftovers(datasets, raw)
    assert [path.name for path in datasets.iterdir()] == [dataset.id]
    shutil.copytree(dataset.path, retired)  # where the new one has come, the old one goes
    remove_leftovers(datasets, raw)
    assert [path.name for path in datasets.iterdir()] == [dataset.id]


def test_a_killed_preparation_is_cleared_away_by_whatever_starts_next(tmp_path):
    code = (
        "import sys, time\n"
        "from bert4rec_tui.commands.output import Output\n"
        "def stay(self, progress):\n"
        "    if progress.stage == sys.argv.pop(): time.sleep(60)\n"
        "    sys.argv.append(stage)\n"
        "stage = sys.argv[-1]\n"
        "Output.progress = stay\n"
        "from bert4rec_tui.config import DatasetConfig\n"
        "from bert4rec_tui.commands.prepare import run_prepare\n"
        "run_prepare(DatasetConfig(name='sample'), again=False, as_json=False)\n"
    )
    environment = os.environ | {"BERT4REC_TUI_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}

    def leftovers() -> list[Path]:
        return [*tmp_path.glob("datasets/.*.tmp"), *tmp_path.glob("raw/.unpacking.*")]

    for stage in ("Unpacking", "Writing"):
        process = subprocess.Popen([sys.executable, "-c", code, stage], env=environment)
        wait_for(leftovers, worker=process)
        command = [sys.executable, "-m", "bert4rec_tui", "paths"]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        assert leftovers(), "in use"
        process.send_signal(signal.SIGKILL)
        process.wait()
        subprocess.run(command, env=environment, check=True, capture_output=True)
        assert leftovers() == []
