"""A disk that is full, or nearly: a small file system in memory that holds the home and is filled up to some bytes."""

import random
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from chaos_kills import LONGER, reference, trained
from chaos_process import Ended, Fault, Skipped, command, fork, worker
from chaos_world import CLEAN_SECONDS, World, same

MEBIBYTES = 24


@contextmanager
def small_disk(folder: Path) -> Generator[Path]:
    """A folder on a file system of its own. Raises Skipped where that may not be mounted."""
    place = Path(tempfile.mkdtemp(prefix="case-disk-", dir=folder))
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={MEBIBYTES}m", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(mounting, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise Skipped("there is no `mount`") from error
    if mounted.returncode:
        place.rmdir()
        raise Skipped("no file system may be mounted here (that takes root)")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], capture_output=True, check=False)


def fill(place: Path, free: int) -> Path:
    """Write a file that leaves about so many bytes free. Returns it."""
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            pass
        file.truncate(max(0, file.tell() - free))
    return filler


def full(world: World, seed: int) -> str:
    """A command on a nearly full disk says so; a run there fails with that reason, and goes on when there is room."""
    chance = random.Random(seed)
    free = chance.choice((0, 4096, 16384, chance.randrange(0, 1 << 18), chance.randrange(0, 1 << 21)))
    kind = chance.choice(("train", "train", "prepare", "test", "export"))
    with small_disk(world.folder) as place:
        home = place / "home"
        shutil.copytree(world.home, home)
        if kind == "train":
            _train(world, home, place, free)
        else:
            _command(world, home, place, free, kind)
    return f"{kind}, {free:,} bytes free"


def _command(world: World, home: Path, place: Path, free: int, kind: str) -> None:
    words = {
        "prepare": ["prepare", "third", "--source", str(world.source), "--columns", world.settings_of_source],
        "test": ["test", world.run_id],
        "export": ["export", world.run_id, "--format", "csv", "--out", str(place / "out.csv")],
    }[kind]
    process = fork(" ".join(words), command(words), home, output=world.folder)
    filler = fill(place, free)
    _told(process.ended().checked((0, 1)))
    filler.unlink()
    fork(" ".join(words), command(words), home, output=world.folder).ended().checked((0,))


def _train(world: World, home: Path, place: Path, free: int) -> None:
    _, expected = reference(world)
    folder = world.new_run(home, more=LONGER, output=world.folder)
    filler = fill(place, free)
    ended = fork("worker", worker(folder), home, output=world.folder).ended().checked((0, 1), silent=True)
    found = trained(folder)
    filler.unlink()
    if ended.code:
        if found["state"] != "failed" or "full" not in found["message"]:
            raise Fault(f"a run on a full disk is {found['state']!r} and says {found['message']!r}")
        fork("worker", worker(folder), home, output=world.folder).ended(CLEAN_SECONDS).checked((0,))
    same(expected | {"message": ""}, trained(folder) | {"message": ""}, "a run whose disk was full")


def _told(ended: Ended) -> None:
    if ended.code and "full" not in ended.err:
        raise Fault(f"`{ended.words}` on a full disk says {ended.err.strip()[-200:]!r}")
