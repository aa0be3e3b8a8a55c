"""The filter of the runs table: words and comparisons such as `model.hidden>=128`, all of which must match."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from bert4rec_tui.config import Config
from bert4rec_tui.config.fields import Field, fields_of
from bert4rec_tui.runs.listing import STATES, RunRow

Condition = Callable[[RunRow], bool]
TERM = re.compile(r'(?:[^\s"]|"[^"]*"?)+')  # a blank within quotes is part of the term
COMPARISON = re.compile(r"(?P<field>[A-Za-z_][\w.]*)(?P<operator>!=|>=|<=|=|>|<)(?P<value>.*)", re.DOTALL)
ORDERINGS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
YES_NO = {"yes": True, "true": True, "no": False, "false": False}


@dataclass(frozen=True)
class FilterField:
    """A field of a run to filter by: its kind, and how it is read; None where a run has no such value."""

    field: Field
    read: Callable[[RunRow], Any]


@dataclass(frozen=True)
class RunFilter:
    """The terms that were understood, and a sentence about the first that was not."""

    conditions: tuple[Condition, ...] = ()
    problem: str = ""

    def matches(self, row: RunRow) -> bool:
        """Whether every term matches a run."""
        return all(condition(row) for condition in self.conditions)


class InvalidTermError(Exception):
    """A term that is not understood; the message is a sentence for the person."""


def read_filter(text: str) -> RunFilter:
    """Parse a filter; a term that is not understood is left out, and reported."""
    conditions: list[Condition] = []
    problem = ""
    for term in TERM.findall(text):
        try:
            conditions.append(_read_term(term))
        except InvalidTermError as error:
            problem = problem or str(error)
    return RunFilter(tuple(conditions), problem)


def _read_term(term: str) -> Condition:
    match = COMPARISON.fullmatch(term)
    if match is None:
        letters = term.replace('"', "").casefold()
        return lambda row: letters in row.text()
    known = _field(match["field"])
    value = match["value"].replace('"', "")
    if not value:
        raise InvalidTermError(f"{known.field.path}{match['operator']} needs {_value_words(known.field)} after it.")
    return _comparison(known, match["operator"], value)


def _comparison(known: FilterField, sign: str, value: str) -> Condition:
    kind, path = known.field.kind, known.field.path
    if kind in ("int", "float"):
        try:
            number = float(value.replace(",", ""))
        except ValueError:
            raise InvalidTermError(f'{path} is a number; "{value}" is not.') from None
        if sign in ORDERINGS:
            compare = ORDERINGS[sign]
            return lambda row: (held := known.read(row)) is not None and compare(held, number)
        return _same(known, sign, lambda held: held == number)
    if sign in ORDERINGS:
        raise InvalidTermError(f"{path} is not a number; compare it with = or !=, not {sign}.")
    if kind == "mapping":
        raise InvalidTermError(f"{path} is a table and cannot be compared.")
    if kind == "bool":
        expected = YES_NO.get(value.casefold())
        if expected is None:
            raise InvalidTermError(f"{path} is yes or no.")
        return _same(known, sign, lambda held: held is expected)
    pattern = re.compile(".*".join(map(re.escape, value.split("*"))), re.IGNORECASE | re.DOTALL)
    if known.field.choices and not any(pattern.fullmatch(choice) for choice in known.field.choices):
        raise InvalidTermError(f"{path} is {known.field.allowed}.")
    if kind.startswith("list"):
        return _same(known, sign, lambda held: any(pattern.fullmatch(str(part)) for part in held))
    return _same(known, sign, lambda held: pattern.fullmatch(held) is not None)


def _same(known: FilterField, sign: str, test: Callable[[Any], bool]) -> Condition:
    def holds(row: RunRow) -> bool:
        held = known.read(row)
        return (held is not None and test(held)) is (sign == "=")

    return holds


def _field(name: str) -> FilterField:
    """The field with that path, or with that last part where only one has it. Raises InvalidTermError for none."""
    fields = _fields()
    if name in fields:
        return fields[name]
    ends = [path for path in fields if path.endswith(f".{name}")]
    if len(ends) == 1:
        return fields[ends[0]]
    if ends:
        raise InvalidTermError(f"{name} is ambiguous: {' or '.join(ends)}.")
    last_parts = {path.rpartition(".")[2]: path for path in fields}
    near = get_close_matches(name, fields, n=1) or [
        last_parts[part] for part in get_close_matches(name, last_parts, n=1)
    ]
    raise InvalidTermError(f"{name} is not a field of a run{f'; did you mean {near[0]}?' if near else '.'}")


def _value_words(field: Field) -> str:
    if field.choices:
        return field.allowed
    return {"int": "a number", "float": "a number", "bool": "yes or no"}.get(field.kind, "a word")


@cache
def _fields() -> dict[str, FilterField]:
    found = {field.path: FilterField(field, _setting(field.path)) for field in fields_of(Config)}
    own: list[tuple[str, str, Callable[[RunRow], Any]]] = [
        ("state", "str", lambda row: row.state),
        ("dataset", "str", lambda row: row.dataset),
        ("epoch", "int", lambda row: row.status.epoch),
        ("best", "float", lambda row: row.status.best.value if row.status.best else None),
        ("metric", "str", lambda row: row.status.best.metric if row.status.best else None),
        ("speed", "float", lambda row: row.status.speed),
        ("name", "str", lambda row: row.name),
        ("note", "str", lambda row: row.labels.note),
        ("pinned", "bool", lambda row: row.labels.pinned),
        ("run", "str", lambda row: row.run.id),
    ]
    for name, kind, read in own:
        choices = STATES if name == "state" else ()
        found[name] = FilterField(Field(name, kind, None, "", choices=choices), read)
    return found


def _setting(path: str) -> Callable[[RunRow], Any]:
    def read(row: RunRow) -> Any:
        held: Any = row.config
        for part in path.split("."):
            held = getattr(held, part, None)
        return held

    return read
