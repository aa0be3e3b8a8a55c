"""A disk with nothing left on it: the run says that it failed, and why."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from histories import walks
from waits import wait_for
from working import SMALL, start

from bert4rec_tui.config import Config, with_assignments
from bert4rec_tui.errors import OutOfReachError
from bert4rec_tui.runs.ending import RESERVE, RESERVE_BYTES, free_reserve, keep_reserve
from bert4rec_tui.runs.events import StateChange
from bert4rec_tui.runs.launcher import launch
from bert4rec_tui.runs.status import LIVE
from bert4rec_tui.runs.store import LocalRuns, Run


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A disk of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder], capture_output=True, check=False
        )
    except FileNotFoundError:
        mounted = None
    if mounted is None or mounted.returncode:
        pytest.skip("nothing can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def run(small_disk, make_dataset) -> Run:
    dataset = make_dataset(walks(60, 20, 14))
    config = msgspec.structs.replace(Config(), dataset=dataset.manifest.settings)
    config = with_assignments(config, [*SMALL, "training.epochs=100000"])
    return LocalRuns(small_disk / "runs").create(config, dataset.id)


def fill(disk: Path) -> None:
    """Take what is left of a disk, to the last block."""
    with suppress(OSError), (disk / "filler").open("ab", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


def test_a_run_whose_disk_is_full_to_the_last_block_has_failed_and_says_why(run, small_disk):
    worker = start(run)
    wait_for(lambda: run.status().step > 0, worker=worker)

    def ended() -> bool:
        # A checkpoint that is replaced gives room back, which somebody else takes.
        if (run.path / RESERVE).exists():
            fill(small_disk)
        return worker.poll() is not None

    wait_for(ended)
    assert worker.returncode == 1
    assert run.state() == "failed"
    assert run.status().message.endswith("the disk is full; free some space and try again")
    last = run.events.read()[0][-1]
    assert isinstance(last, StateChange)
    assert (last.state, last.message) == ("failed", run.status().message)
    assert os.statvfs(small_disk).f_bavail * 4096 <= RESERVE_BYTES  # nothing else made the ending possible


def test_a_run_that_is_launched_on_a_full_disk_has_failed_and_is_not_queued_for_ever(run, small_disk):
    fill(small_disk)
    with pytest.raises(OutOfReachError, match="the disk is full"):
        launch(run)
    assert run.state() == "failed"
    assert "the disk is full" in run.status().message
    (small_disk / "filler").unlink()
    launch(run)
    wait_for(lambda: run.state() == "training")
    assert (run.path / RESERVE).exists()
    os.kill(run.status().pid, 15)
    wait_for(lambda: run.state() not in LIVE)
    assert run.state() == "stopped"
    assert not (run.path / RESERVE).exists()


def test_the_reserve_is_kept_once_and_given_back(tmp_path):
    keep_reserve(tmp_path)
    before = (tmp_path / RESERVE).stat()
    keep_reserve(tmp_path)
    assert (tmp_path / RESERVE).stat() == before
    free_reserve(tmp_path)
    free_reserve(tmp_path)
    assert not list(tmp_path.iterdir())
