"""Zips that try to escape, to explode, or are not zips at all."""

import stat
import zipfile
from pathlib import Path

import pytest

from bert4rec_tui.data.archives import read_start, size_limit, unpack
from bert4rec_tui.errors import UserError


def pack(path: Path, members: dict[str, bytes], **modes: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = modes.get(name, stat.S_IFREG | 0o644) << 16
            archive.writestr(info, content)
    return path


def everything_below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_members_come_out_where_they_belong(tmp_path):
    archive = pack(tmp_path / "a.zip", {"ml/ratings.csv": b"1,2", "ml/README": b"text", "empty/": b""})
    paths = unpack(archive, tmp_path / "out", lambda name: name.endswith(".csv"))
    assert paths == [tmp_path / "out" / "ml" / "ratings.csv"]
    assert everything_below(tmp_path / "out") == ["ml/ratings.csv"]
    assert read_start(archive, "ml/README", 3) == b"tex"


@pytest.mark.parametrize(
    "name", ["../evil", "a/../../evil", "/evil", "..\\evil", "C:\\evil", "C:evil", "a/..", "\\\\host\\share\\evil"]
)
def test_no_member_escapes_and_the_good_ones_are_not_unpacked_either(tmp_path, name):
    archive = pack(tmp_path / "a.zip", {"ratings.csv": b"1,2", name: b"gotcha"})
    folder = tmp_path / "deep" / "out"
    folder.mkdir(parents=True)
    with pytest.raises(
        UserError, match=r"a\.zip: its member .* would be written outside the folder; do not use this archive"
    ):
        unpack(archive, folder)
    assert everything_below(tmp_path) == ["a.zip"]


def test_links_are_refused(tmp_path):
    archive = pack(tmp_path / "a.zip", {"ratings.csv": b"/etc/passwd"}, **{"ratings.csv": stat.S_IFLNK | 0o777})
    with pytest.raises(UserError, match=r'its member "ratings\.csv" is a link or a device; only files can be unpacked'):
        unpack(archive, tmp_path / "out")


def test_a_bomb_is_stopped_while_it_explodes(tmp_path):
    archive = pack(tmp_path / "a.zip", {"ratings.csv": bytes(80 * 1024 * 1024)})
    assert size_limit(archive) == 64 * 1024 * 1024
    with pytest.raises(UserError, match=r"a\.zip: unpacks to more than 67,108,864 bytes, too many for its size"):
        unpack(archive, tmp_path / "out")


def test_the_bound_counts_what_comes_out_not_what_the_headers_say(tmp_path):
    archive = pack(tmp_path / "a.zip", {"one.csv": b"x" * 600, "two.csv": b"x" * 600})
    lying = archive.read_bytes().replace((600).to_bytes(4, "little"), (1).to_bytes(4, "little"))
    archive.write_bytes(lying)
    with pytest.raises(UserError):
        unpack(archive, tmp_path / "out", limit=1000)
    assert sum(path.stat().st_size for path in (tmp_path / "out").rglob("*")) <= 1000


@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_a_truncated_zip_is_one_sentence(tmp_path, share):
    archive = pack(tmp_path / "a.zip", {"ratings.csv": bytes(range(256)) * 100})
    archive.write_bytes(archive.read_bytes()[: int(archive.stat().st_size * share)])
    with pytest.raises(UserError) as error:
        unpack(archive, tmp_path / "out")
    assert str(error.value) == f"{archive}: is not a zip archive, or is incomplete; download it again"


@pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_a_damaged_member_is_one_sentence(tmp_path, kind):
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w", kind) as packed:
        packed.writestr("ratings.csv", b"".join(b"%d,%d\n" % (i, i * i) for i in range(5000)))
    content = bytearray(archive.read_bytes())
    content[2000:2040] = bytes(40)
    archive.write_bytes(content)
    with pytest.raises(UserError) as error:
        unpack(archive, tmp_path / "out")
    assert str(error.value) == f"{archive}: is damaged; download it again"


def test_a_locked_zip_is_one_sentence(tmp_path):
    archive = pack(tmp_path / "a.zip", {"ratings.csv": b"1,2"})
    content = bytearray(archive.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(content)
    with pytest.raises(UserError, match="is encrypted; unpack it and pass the folder"):
        unpack(archive, tmp_path / "out")


def test_a_foreign_file_is_one_sentence(tmp_path):
    foreign = tmp_path / "a.zip"
    foreign.write_bytes(b"<html>not found</html>")
    with pytest.raises(UserError, match="is not a zip archive, or is incomplete; download it again"):
        unpack(foreign, tmp_path / "out")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_comes_twice_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("ratings.csv", "1")
        archive.writestr("ratings.csv", "2")
    with pytest.raises(UserError, match=r"contains ratings\.csv twice; create the archive again"):
        unpack(tmp_path / "a.zip", tmp_path / "out")


def test_too_many_members_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("bert4rec_tui.data.archives.MAX_MEMBERS", 3)
    archive = pack(tmp_path / "a.zip", {f"{i}.csv": b"" for i in range(4)})
    with pytest.raises(UserError, match="has 4 members, the maximum is 3"):
        unpack(archive, tmp_path / "out")
