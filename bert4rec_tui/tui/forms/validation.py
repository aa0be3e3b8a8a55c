"""Errors in the values of a form, and the field to show each at."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from msgspec import Struct

from bert4rec_tui.config import from_dict, to_dict, value_at, with_value
from bert4rec_tui.config.fields import fields_of
from bert4rec_tui.errors import UserError


def errors_of(values: dict[str, Any], kind: type[Struct], edited: str = "") -> dict[str, str]:
    """Every error in the values of a configuration: path → what is wrong, worded to follow that field's value.

    An error about several fields is reported at the `edited` one if that is among them, else at the first.
    """
    known = _paths(kind)
    defaults = to_dict(kind())
    errors: dict[str, str] = {}
    stand_ins: set[str] = set()
    trial = values
    for _ in known:
        try:
            from_dict(trial, kind)
            return errors
        except UserError as error:
            message = str(error)
        names = [_known_as(name, known) for name in re.findall(r"[a-z_]+(?:\.[a-z_]+)+|^[a-z_]+", message)]
        mentioned = [path for path in names if path in known]
        message = re.sub(r"[a-z_]+\.[a-z_]+", lambda name: _known_as(name[0], known), message)
        if not mentioned:
            return errors or {known[0]: message}
        # A field in error is set to its default to find the next error; a conflict with such a stand-in is none.
        if not any(path in stand_ins for path in mentioned):
            path = edited if edited in mentioned else mentioned[0]
            errors[path] = message if path != mentioned[0] else _without_place(message, path)
        for path in mentioned:
            trial = with_value(trial, path, value_at(defaults, path))
            stand_ins.add(path)
    return errors


def _known_as(name: str, known: tuple[str, ...]) -> str:
    """The path of a setting in this form: without its group, where the form has only that group."""
    alone = name.rpartition(".")[2]
    return alone if name not in known and alone in known else name


@cache
def _paths(kind: type[Struct]) -> tuple[str, ...]:
    return tuple(field.path for field in fields_of(kind))


def in_labels(sentence: str, labels: Mapping[str, str]) -> str:
    """A sentence with the paths of settings replaced by their labels."""
    for path in sorted(labels, key=len, reverse=True):
        sentence = re.sub(rf"(?<![\w.]){re.escape(path)}(?![\w.])", labels[path], sentence)
    return sentence


def _without_place(message: str, path: str) -> str:
    """The message without the field and value at its start, which it is shown next to."""
    match = re.match(rf"{re.escape(path)} = (\"[^\"]*\"|[^:\s]+)(: |\s)", message)
    return message[match.end() :] if match else message
