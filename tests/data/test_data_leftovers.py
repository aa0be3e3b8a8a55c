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
from bert4rec_tui.data.leftovers import held, remove_leftovers, unpacking_folder
from bert4rec_tui.data.prepare import prepare

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("datasets", "raw"):
        (tmp_path / name).mkdir()
    return tmp_path / "datasets", tmp_path / "raw"


def left(folder: Path, seconds: float = 60) -> Path:
    """A folder with a file in it, last touched so long ago."""
    folder.mkdir()
    (folder / "history.npy").write_bytes(b"half")
    os.utime(folder, (time.time() - seconds,) * 2)
    return folder


def test_what_nobody_holds_goes_and_what_somebody_holds_stays(places):
    datasets, raw = places
    gone = [left(datasets / ".toy.x1.tmp"), left(raw / ".unpacking-a"), left(datasets / ".toy.1.x2.tmp.old.tmp")]
    kept = [left(datasets / ".toy.x3.tmp"), left(raw / ".unpacking-b"), left(datasets / "toy"), left(raw / "ml-1m")]
    with held(kept[0]), held(kept[1]):
        remove_leftovers(datasets, raw)
        assert [path.exists() for path in gone + kept] == [False] * len(gone) + [True] * len(kept)
    remove_leftovers(datasets, raw)
    assert [path.exists() for path in kept] == [False, False, True, True]


def test_what_has_just_been_made_stays_since_its_lock_may_be_on_the_way(places):
    datasets, raw = places
    new = left(datasets / ".toy.x1.tmp", seconds=0)
    remove_leftovers(datasets, raw)
    assert new.exists()


def test_where_locks_cannot_be_had_age_decides(places, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    datasets, raw = places
    young, old = left(datasets / ".toy.x1.tmp", 3600), left(raw / ".unpacking-a", 90_000)
    with unpacking_folder(raw) as folder:
        remove_leftovers(datasets, raw)
        assert (young.exists(), old.exists(), folder.exists()) == (True, False, True)


def test_without_folders_there_is_nothing_to_do(tmp_path):
    remove_leftovers(tmp_path / "datasets", tmp_path / "raw")
    assert list(tmp_path.iterdir()) == []


def test_a_dataset_whose_replacement_was_killed_between_two_renames_is_put_back(places, movielens):
    datasets, raw = places
    dataset = prepare(DatasetConfig(name="tiny", source=str(movielens("csv"))), datasets, raw)
    retired = datasets / f".{dataset.id}.77.ab.tmp.old.tmp"
    dataset.path.rename(retired)
    os.utime(retired, (time.time() - 60,) * 2)
    remove_leftovers(datasets, raw)
    assert [path.name for path in datasets.iterdir()] == [dataset.id]
    shutil.copytree(dataset.path, retired)  # where the new one has come, the old one goes
    os.utime(retired, (time.time() - 60,) * 2)
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
        return [*tmp_path.glob("datasets/.*.tmp"), *tmp_path.glob("raw/.unpacking-*")]

    for stage in ("Unpacking", "Writing"):
        process = subprocess.Popen([sys.executable, "-c", code, stage], env=environment)
        wait_for(leftovers, worker=process)
        command = [sys.executable, "-m", "bert4rec_tui", "paths"]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        assert leftovers(), "in use"
        process.send_signal(signal.SIGKILL)
        process.wait()
        for path in leftovers():
            os.utime(path, (time.time() - 10,) * 2)
        subprocess.run(command, env=environment, check=True, capture_output=True)
        assert leftovers() == []
