"""What a form, a help text or an error needs to know about a setting, read from its typed field."""

import json
from typing import Any, Literal, cast, get_args, get_origin

import msgspec
from msgspec import Meta, Struct


class Field(Struct, frozen=True):
    """One setting: its path, what it means, what it may hold.

    `kind` is one of int, float, bool, str, choice, list of int, list of str, mapping; `choices` holds the words of a
    choice; `low` and `high` are the bounds of a number, None where there is none, and `open_low` and `open_high` say
    that the bound itself is excluded; `words` says what a text may be, empty where it may be anything; `title` is the
    label that the setting declares (`Meta(title=…)`).
    """

    path: str
    kind: str
    default: Any
    description: str
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    open_low: bool = False
    open_high: bool = False
    words: str = ""
    title: str = ""

    @property
    def label(self) -> str:
        """What the setting is called on every screen and in the docs: its title, else its name in words."""
        return self.title or self.path.rpartition(".")[2].replace("_", " ").capitalize()

    @property
    def allowed(self) -> str:
        """What the field may hold, in words for an error."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.words:
            return self.words
        if self.kind == "mapping":
            return 'a table of texts, such as { user = "0", item = "1" }'
        if self.kind.startswith("list"):
            noun = "whole numbers" if self.kind == "list of int" else "texts"
            return f"a list of {noun}, such as {json.dumps(self.default)}"
        nouns = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "text"}
        bounds: list[str] = []
        if self.low is not None:
            bounds.append(f"{'above' if self.open_low else 'from'} {_plain(self.low)}")
        if self.high is not None:
            word = "below" if self.open_high else "up to" if self.open_low else "to"
            bounds.append(f"{word} {_plain(self.high)}")
        return f"{nouns[self.kind]} {(', ' if self.open_low or self.open_high else ' ').join(bounds)}".rstrip()


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else f"{number:g}"


def fields_of(kind: type[Struct], prefix: str = "") -> list[Field]:
    """Every setting of a configuration class, in order, with the groups inside it."""
    found: list[Field] = []
    for field in msgspec.structs.fields(kind):
        path = f"{prefix}{field.name}"
        if isinstance(field.type, type) and issubclass(field.type, Struct):
            found += fields_of(field.type, f"{path}.")
        else:
            found.append(_describe(path, field))
    return found


def value_at(values: dict[str, Any], path: str) -> Any:
    """The value at a dotted path such as `model.hidden`; None where there is none."""
    found: Any = values
    for part in path.split("."):
        if not isinstance(found, dict) or part not in found:
            return None
        found = cast(dict[str, Any], found)[part]
    return found


def _describe(path: str, field: msgspec.structs.FieldInfo) -> Field:
    inner, notes = field.type, list[Meta]()
    while hasattr(inner, "__metadata__"):
        notes += [note for note in inner.__metadata__ if isinstance(note, Meta)]
        inner = inner.__origin__
    low = next((b for n in notes for b in (n.ge, n.gt) if b is not None), None)
    high = next((b for n in notes for b in (n.le, n.lt) if b is not None), None)
    choices: tuple[str, ...] = ()
    if get_origin(inner) is Literal:
        kind, choices = "choice", tuple(str(word) for word in get_args(inner))
    elif get_origin(inner) is tuple:
        kind = f"list of {get_args(inner)[0].__name__}"
    elif get_origin(inner) is dict:
        kind = "mapping"
    else:
        kind = inner.__name__
    longest = next((n.max_length for n in notes if n.max_length), None)
    words = next((str(n.extra["allowed"]) for n in notes if n.extra and "allowed" in n.extra), "")
    default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory
    return Field(
        path=path,
        kind=kind,
        default=default() if callable(default) else default,
        description=next((n.description for n in notes if n.description), ""),
        choices=choices,
        low=low,
        high=high,
        open_low=any(n.gt is not None for n in notes),
        open_high=any(n.lt is not None for n in notes),
        words=words or (f"at most {longest} characters" if longest else ""),
        title=next((n.title for n in notes if n.title), ""),
    )


def labels_of(kind: type[Struct]) -> dict[str, str]:
    """Path → label of every setting of a configuration class: the one place where screens, commands and docs look."""
    return {field.path: field.label for field in fields_of(kind)}
