"""Writes that a reader sees whole or not at all."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bert4rec_tui import files
from bert4rec_tui.data.leftovers import unpacking_folder
from bert4rec_tui.errors import UserError
from bert4rec_tui.files import (
    clear_leftovers,
    clear_leftovers_of,
    explain_os_error,
    make_folder,
    new_folder,
    replace_file,
    replacing,
    temporary_path,
)

OTHER = "choose another place (BERT4REC_TUI_HOME moves the program's own)"
FAULTS = {
    errno.ENOSPC: "the disk is full; free some space and try again",
    errno.EACCES: "you have no permission there; change the permission or " + OTHER,
    errno.EROFS: "the disk is read-only; " + OTHER,
    errno.EDQUOT: "your disk quota is used up; free some space and try again",
    errno.EIO: "Input/output error",
}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def failing(number: int):
    """A system call that fails."""

    def fail(*arguments: object, **settings: object):
        raise OSError(number, os.strerror(number))

    return fail


@given(old=st.binary(max_size=2000), new=st.binary(max_size=2000))
def test_a_file_holds_what_was_written_last_and_nothing_lies_beside_it(tmp_path, old, new):
    file = tmp_path / "status.json"
    for content in (old, new):
        replace_file(file, content)
        assert file.read_bytes() == content
    assert names(tmp_path) == ["status.json"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("number", FAULTS)
def test_a_write_that_fails_leaves_the_old_file_and_says_why(tmp_path, monkeypatch, number, call):
    file = tmp_path / "status.json"
    file.write_bytes(b"old")
    monkeypatch.setattr(os, call, failing(number))
    with pytest.raises(UserError) as error:
        replace_file(file, b"new")
    assert str(error.value) == f"{file}: {FAULTS[number]}"
    assert file.read_bytes() == b"old"
    assert names(tmp_path) == ["status.json"]


def test_a_write_that_fails_half_way_leaves_nothing(tmp_path):
    def write_some_of_it(temporary: Path) -> None:
        temporary.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(UserError, match="the disk is full"), replacing(tmp_path / "weights") as temporary:
        write_some_of_it(temporary)
    assert names(tmp_path) == []


@pytest.mark.parametrize("wording", ["torch", "safetensors"])
def test_a_full_disk_is_called_that_also_where_a_library_says_it_in_an_error_of_its_own(tmp_path, wording):
    def write() -> None:
        if wording == "safetensors":
            raise RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)")
        refused = RuntimeError("unexpected pos 576 vs 534")
        refused.__context__ = OSError(errno.ENOSPC, "No space left on device")
        raise refused

    with pytest.raises(UserError, match="weights: the disk is full"), replacing(tmp_path / "weights"):
        write()
    with pytest.raises(RuntimeError, match="no matter of the disk"), replacing(tmp_path / "weights"):
        raise RuntimeError("no matter of the disk")
    assert names(tmp_path) == []


def test_an_interrupted_write_leaves_nothing(tmp_path):
    def interrupted(temporary: Path) -> None:
        temporary.write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "weights") as temporary:
        interrupted(temporary)
    with pytest.raises(KeyboardInterrupt), new_folder(tmp_path / "dataset") as folder:
        interrupted(folder / "history.npy")
    assert names(tmp_path) == []


def test_a_file_in_the_place_of_a_folder_is_said_to_be_there(tmp_path):
    (tmp_path / "home").write_text("a file")
    for write in (
        lambda: make_folder(tmp_path / "home" / "runs"),
        lambda: make_folder(tmp_path / "home"),
        lambda: replace_file(tmp_path / "home" / "status.json", b""),
        lambda: new_folder(tmp_path / "home" / "runs" / "x").__enter__(),
    ):
        with pytest.raises(
            UserError, match="there is a file where a folder is needed; move it away or choose another place"
        ):
            write()
    assert (tmp_path / "home").read_text() == "a file"


def test_a_folder_without_permission_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "mkdir", failing(errno.EACCES))
    monkeypatch.setattr(Path, "mkdir", failing(errno.EACCES))
    with pytest.raises(UserError, match="you have no permission there"):
        make_folder(tmp_path / "runs")
    with pytest.raises(UserError, match="you have no permission there"), new_folder(tmp_path / "x"):
        pass


def test_any_other_reason_is_given_as_the_system_says_it():
    assert str(explain_os_error(OSError("odd"), Path("/a"))) == "/a: odd"


def fill(folder: Path, mark: str) -> None:
    for name in ("manifest.json", "history.npy"):
        (folder / name).write_text(mark)


def test_a_new_folder_takes_the_place_of_the_old_one(tmp_path):
    for mark in ("first", "second"):
        with new_folder(tmp_path / "sets" / "toy") as folder:
            fill(folder, mark)
            (folder / mark).touch()
        assert names(tmp_path / "sets" / "toy") == sorted(["history.npy", "manifest.json", mark])
        assert names(tmp_path / "sets") == ["toy"]


@pytest.mark.parametrize("fails_at", [1, 2])
def test_a_folder_that_cannot_be_put_in_place_leaves_the_old_one(tmp_path, monkeypatch, fails_at):
    with new_folder(tmp_path / "toy") as folder:
        fill(folder, "old")
    rename, calls = Path.rename, []

    def rename_until(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == fails_at:
            raise OSError(errno.ENOSPC, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", rename_until)
    with pytest.raises(UserError, match="the disk is full"), new_folder(tmp_path / "toy") as folder:
        fill(folder, "new")
    assert names(tmp_path) == ["toy"]
    assert (tmp_path / "toy" / "manifest.json").read_text() == "old"


READER = """
import sys
from pathlib import Path
file, seen = Path(sys.argv[1]), set()
print("reading", flush=True)
while True:
    content = file.read_bytes()
    assert content and content.count(content[:1]) == len(content) == 50_000, content[:10]
    seen.add(content[:1])
    if content[:1] == b"z":
        break
print(len(seen))
"""


def test_another_process_never_sees_a_part(tmp_path):
    file = tmp_path / "status.json"
    replace_file(file, b"a" * 50_000)
    reader = subprocess.Popen([sys.executable, "-c", READER, str(file)], stdout=subprocess.PIPE, text=True)
    assert reader.stdout is not None
    assert reader.stdout.readline() == "reading\n"
    for turn in range(300):
        replace_file(file, bytes([ord("a") + turn % 20]) * 50_000)
    replace_file(file, b"z" * 50_000)
    out, _ = reader.communicate(timeout=60)
    assert reader.returncode == 0
    assert int(out) > 1
    shutil.rmtree(tmp_path)


@pytest.fixture
def umask():
    """Set the umask for one test."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@pytest.mark.parametrize(("mask", "folder", "file"), [(0o077, 0o700, 0o600), (0, 0o755, 0o644), (0o027, 0o750, 0o640)])
def test_what_we_make_follows_the_umask_and_is_never_wider_than_the_usual(tmp_path, umask, mask, folder, file):
    umask(mask)
    made = make_folder(tmp_path / "a" / "b")
    replace_file(made / "file", b"1")
    with new_folder(tmp_path / "new" / "c") as temporary:
        replace_file(temporary / "file", b"1")
    paths = [tmp_path / name for name in ("a", "a/b", "new", "new/c")]
    assert {path.stat().st_mode & 0o777 for path in paths} == {folder}
    assert {(path / "file").stat().st_mode & 0o777 for path in (made, tmp_path / "new" / "c")} == {file}


def test_a_file_that_may_be_run_stays_so_for_those_whom_the_umask_lets(tmp_path, umask):
    umask(0)
    with replacing(tmp_path / "script") as temporary:
        temporary.write_text("#!/bin/sh\n")
        temporary.chmod(0o777)
    assert (tmp_path / "script").stat().st_mode & 0o777 == 0o755


HALF_MADE = """
import sys, time
from pathlib import Path
from bert4rec_tui.files import new_folder, replacing
with new_folder(Path(sys.argv[1]) / "made") as folder, replacing(Path(sys.argv[1]) / "file") as file:
    (folder / "part").write_bytes(b"1")
    file.write_bytes(b"1")
    print("ready", flush=True)
    time.sleep(600)
"""


def test_what_a_killed_process_has_left_goes_at_once_and_what_a_live_one_makes_stays(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HALF_MADE, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    ours = temporary_path(tmp_path / "ours")
    ours.touch()
    before = sorted(tmp_path.iterdir())
    assert len(before) == 3
    clear_leftovers(tmp_path)
    assert sorted(tmp_path.iterdir()) == before
    process.kill()
    process.communicate()
    clear_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == [ours]


def test_what_another_machine_has_left_goes_after_an_hour(tmp_path, monkeypatch):
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(files, "_machine", lambda: "00000000")
        old, young = temporary_path(tmp_path / "old"), temporary_path(tmp_path / "young", "removed")
    old.mkdir()
    young.mkdir()
    os.utime(old, (1, 1))
    clear_leftovers(tmp_path)
    clear_leftovers(tmp_path / "there is none")
    assert list(tmp_path.iterdir()) == [young]


def test_in_a_folder_of_the_person_only_what_was_left_of_that_file_goes(tmp_path, monkeypatch):
    file, other = tmp_path / "out.csv", tmp_path / "out.csv.bak"
    monkeypatch.setattr(os, "getpid", lambda: 2**22 + 5)  # above any pid that Linux gives
    left, of_other = temporary_path(file), temporary_path(other)
    monkeypatch.undo()
    mine, theirs = temporary_path(file), tmp_path / ".out.csv.tmp"
    for path in (left, of_other, mine, theirs):
        path.write_text("half")
        os.utime(path, (0, 0))
    clear_leftovers_of(file)
    assert {path.name for path in tmp_path.iterdir()} == {of_other.name, mine.name, theirs.name}


@pytest.mark.parametrize("way", ["file", "folder", "unpacking"])
def test_a_signal_that_comes_while_it_cleans_up_leaves_nothing_either(tmp_path, monkeypatch, way):
    """It did once: the exception of the signal was raised within the removal."""
    real, unlink, calls = shutil.rmtree, Path.unlink, []

    def interrupted_once(path, **options):
        calls.append(path)
        if len(calls) == 1:
            raise KeyboardInterrupt
        real(path, **options)

    def unlink_once(path: Path, missing_ok: bool = False) -> None:
        calls.append(path)
        if len(calls) == 1:
            raise KeyboardInterrupt
        unlink(path)

    if way == "file":
        monkeypatch.setattr(Path, "unlink", unlink_once)
    else:
        monkeypatch.setattr(shutil, "rmtree", interrupted_once)
    ways = {"file": replacing, "folder": new_folder, "unpacking": lambda path: unpacking_folder(path.parent)}

    def work() -> None:
        with ways[way](tmp_path / "made") as temporary:
            (temporary / "half" if temporary.is_dir() else temporary).touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert calls
    assert list(tmp_path.iterdir()) == []
