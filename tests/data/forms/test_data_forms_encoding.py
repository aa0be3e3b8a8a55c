"""Texts of every encoding become UTF-8, with a word about it, and none is decoded wrongly in silence."""

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bert4rec_tui.data.forms.encoding import as_utf_8
from bert4rec_tui.data.forms.table import LIMITS, Limits, Part
from bert4rec_tui.errors import UserError

TEXT = "user,item\n1,Amélie\n2,Ærø\n"
TINY = Limits(block=5)


def part_of(folder: Path, content: bytes) -> Part:
    path = folder / "ratings.csv"
    path.write_bytes(content)
    return Part(path, "ratings.csv", order=PurePosixPath("ratings.csv"))


def read(folder: Path, content: bytes, encoding: str = "", limits: Limits = LIMITS) -> tuple[bytes, tuple[str, ...]]:
    found = as_utf_8(part_of(folder, content), folder / "temporary", encoding, limits)
    return found.path.read_bytes(), found.notes


def fault(folder: Path, content: bytes, encoding: str = "", limits: Limits = LIMITS) -> str:
    with pytest.raises(UserError) as error:
        read(folder, content, encoding, limits)
    return str(error.value)


def test_plain_utf_8_is_not_copied(tmp_path):
    part = part_of(tmp_path, TEXT.encode())
    assert as_utf_8(part, tmp_path / "temporary") == part
    assert as_utf_8(part, tmp_path / "temporary", "UTF8") == part


@pytest.mark.parametrize("limits", [LIMITS, TINY])
@pytest.mark.parametrize(
    ("encoding", "word"),
    [("utf-8-sig", "UTF-8 with a byte order mark"), ("utf-16", "UTF-16"), ("latin-1", "latin-1, as line 2 is not")],
)
def test_other_encodings_are_told_with_a_word(tmp_path, encoding, word, limits):
    content, notes = read(tmp_path, TEXT.encode(encoding), limits=limits)
    assert content.decode() == TEXT
    assert len(notes) == 1
    assert notes[0].startswith(f"ratings.csv: read as {word}")


def test_big_endian_utf_16_is_told_by_its_mark(tmp_path):
    assert read(tmp_path, b"\xfe\xff" + TEXT.encode("utf-16-be"))[0].decode() == TEXT


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-le", "utf-8-sig", "mac-roman"])
def test_the_given_encoding_wins_without_a_note(tmp_path, encoding):
    assert read(tmp_path, TEXT.encode(encoding), encoding) == (TEXT.encode(), ())


def test_latin_1_when_asked_even_where_it_could_be_utf_8(tmp_path):
    assert read(tmp_path, TEXT.encode(), "latin-1")[0].decode() == TEXT.encode().decode("latin-1")


def test_a_bad_byte_before_good_utf_8_is_a_fault_too(tmp_path):
    assert "line 1: is not UTF-8 text (byte 0xE9)" in fault(tmp_path, b"caf\xe9\n" + TEXT.encode())


@pytest.mark.parametrize("limits", [LIMITS, TINY])
def test_a_bad_byte_among_good_utf_8_is_a_fault_with_its_line(tmp_path, limits):
    content = TEXT.encode() + b"3,caf\xe9\n"
    assert fault(tmp_path, content, limits=limits) == (
        "ratings.csv, line 4: is not UTF-8 text (byte 0xE9); repair the line, or use --encoding, such as latin-1"
    )
    assert "line 4" in fault(tmp_path, content, "utf-8", limits)


@pytest.mark.parametrize("encoding", ["klingon", "gzip", "rot13", "a\0b"])
def test_an_unknown_encoding_is_one_sentence(tmp_path, encoding):
    assert "is not known; use a name such as utf-8" in fault(tmp_path, TEXT.encode(), encoding)


def test_what_is_not_of_the_given_encoding_is_one_sentence(tmp_path):
    assert "use another --encoding" in fault(tmp_path, b"\x81\x8d", "cp1252")
    assert "use another --encoding" in fault(tmp_path, b"a,b\n1", "utf-16-le")


def test_a_file_with_nul_bytes_is_no_text(tmp_path):
    assert "line 2: has a NUL byte" in fault(tmp_path, b"a,b\n1,\x00\n")


def test_a_line_without_end_is_refused_within_bounds(tmp_path):
    small = Limits(row=100, block=10)
    assert "line 2: is longer than 100 B" in fault(tmp_path, b"a,b\n" + b"x" * 1000, limits=small)
    assert "line 2: is longer than 100 B" in fault(tmp_path, b"a,\xe9\n" + b"\xe9" * 1000, "latin-1", small)
    assert read(tmp_path, b"a,b\r" * 1000, limits=small)[0]


@given(text=st.text(st.characters(codec="latin-1", exclude_characters="\0")), block=st.integers(1, 7))
def test_any_latin_1_text_comes_out_as_it_was(tmp_path_factory, text, block):
    folder = tmp_path_factory.mktemp("text")
    assert read(folder, text.encode("latin-1"), "latin-1", Limits(block=block))[0].decode() == text
