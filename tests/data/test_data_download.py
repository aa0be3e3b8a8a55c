"""Downloads against a server on this machine that breaks, lies and refuses."""

import hashlib
import os
from pathlib import Path

import pytest

from bert4rec_tui.data.catalog import Known
from bert4rec_tui.data.download import fetch
from bert4rec_tui.errors import UserError
from bert4rec_tui.progress import Progress, ignore_progress

CONTENT = os.urandom(600_000)
MD5 = hashlib.md5(CONTENT).hexdigest()


def dataset(md5: str = MD5) -> Known:
    return Known(
        name="tiny", title="Tiny", file="tiny.zip", md5=md5, licence="", format="csv", ratings=1, bytes=len(CONTENT)
    )


def get(raw: Path, mirror, md5: str = MD5, report=ignore_progress) -> Path:
    return fetch(dataset(md5), raw, report, mirror=mirror.address, pause=0)


def test_a_download_reports_bytes_and_is_not_done_twice(tmp_path, mirror):
    mirror.files["tiny.zip"] = CONTENT
    seen: list[Progress] = []
    archive = get(tmp_path, mirror, report=seen.append)
    assert archive == tmp_path / "tiny.zip"
    assert archive.read_bytes() == CONTENT
    assert {(p.stage, p.unit, p.total) for p in seen} == {("Downloading", "bytes", len(CONTENT))}
    assert seen[-1].done == len(CONTENT)
    get(tmp_path, mirror)
    assert mirror.asked == [("tiny.zip", "")]
    assert sorted(p.name for p in tmp_path.iterdir() if not p.name.startswith(".")) == ["tiny.zip"]


def test_a_broken_transfer_asks_for_the_rest_only(tmp_path, mirror):
    mirror.files["tiny.zip"] = CONTENT
    mirror.breaks = [100_000, 300_000]
    assert get(tmp_path, mirror).read_bytes() == CONTENT
    starts = [int(wanted.removeprefix("bytes=").rstrip("-") or 0) for _, wanted in mirror.asked]
    assert [start // 100_000 for start in starts] == [0, 0, 3]
    assert starts[1] > 80_000
    assert starts[2] > 380_000


def test_what_an_earlier_command_left_is_resumed(tmp_path, mirror):
    mirror.files["tiny.zip"] = CONTENT
    (tmp_path / "tiny.zip.part").write_bytes(CONTENT[:250_000])
    assert get(tmp_path, mirror).read_bytes() == CONTENT
    assert mirror.asked == [("tiny.zip", "bytes=250000-")]
    assert not (tmp_path / "tiny.zip.part").exists()


def test_a_complete_part_needs_no_byte_more(tmp_path, mirror):
    mirror.files["tiny.zip"] = CONTENT
    (tmp_path / "tiny.zip.part").write_bytes(CONTENT)
    assert get(tmp_path, mirror).read_bytes() == CONTENT


def test_a_server_without_ranges_is_asked_from_the_start(tmp_path, mirror):
    mirror.files["tiny.zip"] = CONTENT
    mirror.ranges = False
    (tmp_path / "tiny.zip.part").write_bytes(CONTENT[:250_000])
    assert get(tmp_path, mirror).read_bytes() == CONTENT


@pytest.mark.parametrize("left", [b"of another file", os.urandom(700_000)])
def test_a_part_of_an_older_file_is_thrown_away(tmp_path, mirror, left):
    mirror.files["tiny.zip"] = CONTENT
    (tmp_path / "tiny.zip.part").write_bytes(left)
    assert get(tmp_path, mirror).read_bytes() == CONTENT


def test_a_transfer_that_always_breaks_keeps_its_bytes_for_the_next_command(tmp_path, mirror):
    mirror.files["tiny.zip"] = CONTENT
    mirror.breaks = [16 * 1024 * 6, *[0] * 20]
    with pytest.raises(UserError) as error:
        get(tmp_path, mirror)
    assert str(error.value) == (
        f"{mirror.address}/tiny.zip: the download was interrupted after 98,304 bytes; run the command again to resume"
    )
    assert (tmp_path / "tiny.zip.part").read_bytes() == CONTENT[:98_304]
    mirror.breaks = []
    assert get(tmp_path, mirror).read_bytes() == CONTENT


def test_a_wrong_checksum_is_said_and_nothing_is_kept(tmp_path, mirror):
    mirror.files["tiny.zip"] = CONTENT
    with pytest.raises(UserError) as error:
        get(tmp_path, mirror, md5="0" * 32)
    assert str(error.value) == (
        f"{mirror.address}/tiny.zip: the download does not match the published MD5 checksum ({'0' * 32}); "
        "run the command again, or pass a local file with --source"
    )
    assert [p.name for p in tmp_path.iterdir() if not p.name.startswith(".")] == []


def test_a_file_that_is_not_there_is_said_at_once(tmp_path, mirror):
    with pytest.raises(UserError) as error:
        get(tmp_path, mirror)
    assert str(error.value) == (
        f"{mirror.address}/tiny.zip: not found (HTTP 404); pass a local file with --source if you have one"
    )
    assert len(mirror.asked) == 1


def test_a_server_in_trouble_is_tried_again_and_then_said(tmp_path, mirror):
    mirror.status = 503
    with pytest.raises(UserError) as error:
        get(tmp_path, mirror)
    assert str(error.value) == (
        f"{mirror.address}/tiny.zip: server error (HTTP 503); try again, or pass a local file with --source"
    )
    assert len(mirror.asked) == 4


def test_no_network_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("BERT4REC_TUI_MIRROR", "http://127.0.0.1:9/")
    with pytest.raises(UserError) as error:
        fetch(dataset(), tmp_path, pause=0)
    assert str(error.value) == (
        "http://127.0.0.1:9/tiny.zip: cannot be reached; check the network and try again, "
        "or pass a local file with --source"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_one_sentence(tmp_path, mirror):
    mirror.files["tiny.zip"] = CONTENT
    (tmp_path / "tiny.zip.part").symlink_to("/dev/full")
    with pytest.raises(UserError) as error:
        get(tmp_path, mirror)
    assert str(error.value) == f"{tmp_path / 'tiny.zip'}: the disk is full; free some space and try again"


def test_a_changing_archive_is_checked_against_the_checksum_beside_it(tmp_path, mirror):
    mirror.files |= {"tiny.zip": CONTENT, "tiny.zip.md5": f"MD5 (tiny.zip) = {MD5}\n".encode()}
    get(tmp_path, mirror, md5="")
    get(tmp_path, mirror, md5="")
    assert [name for name, _ in mirror.asked] == ["tiny.zip.md5", "tiny.zip"]
    (tmp_path / "tiny.zip").unlink()
    mirror.files["tiny.zip.md5"] = b"<html>moved</html>"
    with pytest.raises(UserError, match=r"tiny\.zip\.md5: contains no MD5 checksum"):
        get(tmp_path, mirror, md5="")


def test_an_interrupted_download_can_be_resumed(tmp_path, mirror):
    mirror.files["tiny.zip"] = CONTENT

    def interrupt(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(tmp_path, mirror, report=interrupt)
    assert not (tmp_path / "tiny.zip").exists()
    assert (tmp_path / "tiny.zip.part").stat().st_size > 0
    get(tmp_path, mirror)
    assert mirror.asked[-1][1].startswith("bytes=")
