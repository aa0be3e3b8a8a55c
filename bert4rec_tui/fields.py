"""What a form, a help text or an error needs to know of a setting, read from its typed field."""

from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec import Meta, Struct


class Field(Struct, frozen=True):
    """One setting: where it stands, what it means, what it may hold.

    `kind` is one of int, float, bool, str, choice, list of int, list of str, mapping; `choices` holds the words of a
    choice; `low` and `high` are the bounds of a number, None where there is none.
    """

    path: str
    kind: str
    default: Any
    description: str
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None

    @property
    def label(self) -> str:
        """The last part of the path in words: `model.max_len` is "max len"."""
        return self.path.rpartition(".")[2].replace("_", " ")

    @property
    def allowed(self) -> str:
        """What the field may hold, in words for an error."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        noun = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "text"}.get(self.kind)
        bounds = [f"from {self.low:g}"] if self.low is not None else []
        bounds += [f"to {self.high:g}"] if self.high is not None else []
        return " ".join([noun or f"a {self.kind}", *bounds])


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
    default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory
    return Field(
        path=path,
        kind=kind,
        default=default() if callable(default) else default,
        description=next((n.description for n in notes if n.description), ""),
        choices=choices,
        low=low,
        high=high,
    )
