"""Compressed files and archives: what is in them, and what they may not do."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pytest

from bert4rec_tui.data.forms.compression import inner_name, unpacked
from bert4rec_tui.data.forms.table import LIMITS, Limits, Part
from bert4rec_tui.errors import UserError

TEXT = b"".join(b"%d,%d,%d\n" % (i, i * i, 10**9 + i) for i in range(20_000))
SMALL = Limits(ratio=1, allowance=1000)


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


def lz4(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "lz4") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


def tar(members: dict[str, bytes], **changes) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for key, value in changes.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(content))
    return target.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstd, "lz4": lz4}


def parts(folder: Path, name: str, content: bytes, limits: Limits = LIMITS) -> list[Part]:
    path = folder / name
    path.write_bytes(content)
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    return unpacked(Part(path, name, order=PurePosixPath(name)), temporary, lambda name: True, limits)


def fault(*given, **more) -> str:
    with pytest.raises(UserError) as error:
        parts(*given, **more)
    return str(error.value)


@pytest.mark.parametrize("suffix", PACKERS)
def test_every_compression_is_known_by_its_content_whatever_the_name(tmp_path, suffix):
    for name in (f"ratings.csv.{suffix}", "ratings.csv"):
        (part,) = parts(tmp_path, name, PACKERS[suffix](TEXT))
        assert part.path.read_bytes() == TEXT
        assert part.path.name == "ratings.csv"
        assert part.name == name


def test_a_plain_file_stays_where_it_is(tmp_path):
    (part,) = parts(tmp_path, "ratings.csv.gz", b"1,2\n")
    assert part.path == tmp_path / "ratings.csv.gz"
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz", "zst"])
def test_files_joined_after_compressing_are_read_to_the_end(tmp_path, suffix):
    pack = PACKERS[suffix]
    (part,) = parts(tmp_path, f"a.csv.{suffix}", pack(TEXT) + pack(b"the last line\n"))
    assert part.path.read_bytes() == TEXT + b"the last line\n"


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz", "zst"])
@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_a_truncated_file_is_one_sentence(tmp_path, suffix, share):
    packed = PACKERS[suffix](TEXT)
    message = fault(tmp_path, f"a.csv.{suffix}", packed[: int(len(packed) * share)])
    assert message.startswith(f"a.csv.{suffix}: ")
    assert message.endswith("download it again")


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz", "zst"])
def test_a_damaged_file_is_one_sentence(tmp_path, suffix):
    packed = bytearray(PACKERS[suffix](TEXT))
    middle = len(packed) // 2
    packed[middle : middle + 40] = bytes(40)
    assert fault(tmp_path, f"a.csv.{suffix}", bytes(packed)).endswith("download it again")


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz", "zst", "zip", "tar.gz"])
def test_a_bomb_is_stopped_while_it_explodes(tmp_path, suffix):
    zeros = bytes(4 * 1024 * 1024)
    pack = {**PACKERS, "zip": lambda b: zipped({"a.csv": b}), "tar.gz": lambda b: gzip.compress(tar({"a.csv": b}))}
    message = fault(tmp_path, f"a.csv.{suffix}", pack[suffix](zeros), SMALL)
    assert f"a.csv.{suffix}: " in message
    assert "grows beyond" in message or "unpacks to more than" in message
    written = sum(path.stat().st_size for path in (tmp_path / "temporary").rglob("*") if path.is_file())
    assert written < 2 * 1024 * 1024


def test_a_bomb_in_a_compressed_file_counts_from_the_outer_one(tmp_path):
    inner = gzip.compress(bytes(8 * 1024 * 1024))
    message = fault(tmp_path, "a.zip", zipped({"a.csv.gz": inner}), Limits(ratio=1, allowance=len(inner) + 1000))
    assert "grows beyond" in message


def test_a_full_disk_is_said_before_it_is_full(tmp_path):
    message = fault(tmp_path, "a.csv.gz", gzip.compress(TEXT), Limits(spare_disk=10**18))
    assert "does not fit on the disk" in message


def test_an_xz_file_does_not_choose_how_much_memory_is_taken(tmp_path):
    greedy = lzma.compress(TEXT, filters=[{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 29}])
    assert "needs too much memory" in fault(tmp_path, "a.csv.xz", greedy)


def test_a_zip_of_compressed_tables_is_read_and_a_third_level_is_not(tmp_path):
    (part,) = parts(tmp_path, "a.zip", zipped({"data/ratings.csv.gz": gzip.compress(TEXT)}))
    assert part.path.read_bytes() == TEXT
    assert part.name == "a.zip: data/ratings.csv.gz"
    twice = gzip.compress(gzip.compress(TEXT))
    assert parts(tmp_path, "b.csv.gz", twice)[0].path.read_bytes() == TEXT
    assert "several deep" in fault(tmp_path, "c.csv.gz", gzip.compress(twice))


@pytest.mark.parametrize("suffix", ["tar", "tar.gz", "tar.bz2", "tar.xz", "tgz"])
def test_a_tar_gives_its_files(tmp_path, suffix):
    packed = tar({"data/part-1.csv": TEXT, "data/part-2.csv": b"1,2,3\n"})
    pack = PACKERS.get(suffix[-2:] if suffix == "tgz" else suffix.removeprefix("tar").removeprefix("."), bytes)
    pack = gzip.compress if suffix == "tgz" else pack
    found = parts(tmp_path, f"a.{suffix}", pack(packed))
    assert [part.path.read_bytes() for part in found] == [TEXT, b"1,2,3\n"]
    assert [part.name for part in found] == [f"a.{suffix}: data/part-1.csv", f"a.{suffix}: data/part-2.csv"]


@pytest.mark.parametrize("name", ["../evil.csv", "/evil.csv", "a/../../evil.csv", "..\\evil.csv", "C:\\evil.csv"])
def test_no_member_of_a_tar_leads_elsewhere(tmp_path, name):
    assert "would be written outside the folder" in fault(tmp_path, "a.tar", tar({"ok.csv": b"1,2", name: b"x"}))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_in_a_tar_are_refused(tmp_path, kind):
    packed = tar({"a.csv": b""}, type=kind, linkname="/etc/passwd")
    assert "is a link or a device" in fault(tmp_path, "a.tar", packed)


def test_a_tar_cut_short_or_with_a_hostile_header_is_one_sentence(tmp_path):
    packed = tar({"a.csv": TEXT})
    assert fault(tmp_path, "a.tar", packed[: len(TEXT) // 2]).endswith("download it again")
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 16 * 1024 * 1024
    assert "is damaged" in fault(tmp_path, "b.tar", header.tobuf(tarfile.USTAR_FORMAT) + bytes(17 * 1024 * 1024))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"FEA1" + bytes(20), "Feather version 1"),
        (b"Rar!\x1a\x07\x01\x00", "RAR archive"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "7z archive"),
        (b"\x80\x04\x95" + bytes(10), "pickle"),
        (b"SQLite format 3\0" + bytes(80), "SQLite"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
    ],
)
def test_what_cannot_be_read_is_called_by_its_name(tmp_path, content, words):
    assert words in fault(tmp_path, "a.data", content)


def test_a_workbook_is_no_archive(tmp_path):
    assert "save the sheet as CSV" in fault(tmp_path, "a.xlsx", zipped({"[Content_Types].xml": b"<x/>"}))


def test_a_header_that_begins_like_a_magic_word_is_text(tmp_path):
    for text in (b"ORCID,item\n1,2\n", b"BZh,item\n1,2\n", b"PARENT,item\n1,2\n"):
        assert parts(tmp_path, "a.csv", text)[0].path == tmp_path / "a.csv"


def test_names_without_their_compression():
    given = ["a.csv.gz", "a.tgz", "a.csv", "b.json.zst", "A.CSV.GZ"]
    assert [inner_name(name) for name in given] == ["a.csv", "a.tar", "a.csv", "b.json", "A.CSV"]
