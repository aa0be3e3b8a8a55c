"""What a person writes on a run afterwards: a name, a note, a pin. Kept in its folder, in a file of its own."""

import unicodedata
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from bert4rec_tui.errors import UNREADABLE, UserError, why_unreadable
from bert4rec_tui.files import replace_file

FILE = "labels.json"
LONGEST_NAME, LONGEST_NOTE = 64, 500


class Labels(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The content of labels.json; the worker never touches it. `name` is None while the configuration's holds."""

    name: Annotated[str, Meta(max_length=LONGEST_NAME)] | None = None
    note: Annotated[str, Meta(max_length=LONGEST_NOTE)] = ""
    pinned: bool = False


def read_labels(path: Path) -> Labels:
    """The labels in a run's folder; none where there is no such file. Raises UserError where it cannot be read."""
    file = path / FILE
    try:
        return msgspec.json.decode(file.read_bytes(), type=Labels)
    except FileNotFoundError:
        return Labels()
    except UNREADABLE as error:
        raise UserError(f"{file}: cannot be read ({why_unreadable(error)}); remove it to label the run again") from None


def write_labels(path: Path, labels: Labels) -> None:
    """Put the labels into a run's folder, whole or not at all."""
    replace_file(path / FILE, msgspec.json.format(msgspec.json.encode(labels), indent=1))


def with_note(labels: Labels, note: str) -> Labels:
    """The labels with another note, on one line. Raises UserError for one that is too long."""
    note = _one_line(note)
    if len(note) > LONGEST_NOTE:
        raise UserError(f"a note has at most {LONGEST_NOTE} characters, this one has {len(note)}")
    return msgspec.structs.replace(labels, note=note)


def with_name(labels: Labels, name: str) -> Labels:
    """The labels with another name. Raises UserError for one that is too long or means something else already."""
    given, name = name, _one_line(name)
    if given and not name:
        raise UserError("a name needs at least one visible character")
    if len(name) > LONGEST_NAME:
        raise UserError(f"a name has at most {LONGEST_NAME} characters, this one has {len(name)}")
    if name == "latest":
        raise UserError('"latest" means the newest run; choose another name')
    return msgspec.structs.replace(labels, name=name)


def _one_line(text: str) -> str:
    plain = "".join(" " if unicodedata.category(c)[0] == "C" and c != "\u200d" else c for c in text)
    return " ".join(plain.split())
