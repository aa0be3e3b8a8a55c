"""Read a configuration from a TOML file, from `--set` or from plain values, and write it."""

import math
import re
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
import tomli
import tomli_w
from msgspec import Struct

from bert4rec_tui.config.explain import explain, refuse_not_finite
from bert4rec_tui.config.fields import fields_of, value_at
from bert4rec_tui.config.run import Config
from bert4rec_tui.errors import UNREADABLE, UserError, why_unreadable
from bert4rec_tui.files import replace_file

SomeConfig = TypeVar("SomeConfig", bound=Struct)


def to_dict(config: Struct) -> dict[str, Any]:
    """The configuration as plain dicts, lists, strings and numbers."""
    return cast(dict[str, Any], msgspec.to_builtins(config))


def from_dict(values: dict[str, Any], kind: type[SomeConfig]) -> SomeConfig:
    """Read a configuration from plain values.

    Raises UserError that names the field, its value and what is allowed.
    """
    try:
        refuse_not_finite(values)
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise UserError(explain(str(error), values, kind)) from None


def with_value(values: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of `values` in which the dotted `path` holds `value`."""
    first, _, rest = path.partition(".")
    inner = cast(dict[str, Any], values[first]) if isinstance(values.get(first), dict) else {}
    return {**values, first: with_value(inner, rest, value) if rest else value}


def parse_assignment(text: str) -> tuple[str, Any]:
    """Split `key.path=value` of the command line; the value is TOML, or a plain word taken as text."""
    path, sign, value = text.partition("=")
    if not sign or not path.strip():
        raise UserError(f'--set {text}: write it as key.path=value, such as "training.epochs=20"')
    try:
        read = tomli.loads(f"value = {value}")
    except (ValueError, RecursionError):  # not TOML, a number of thousands of digits, or nested too deeply
        read = {}
    # A value with line breaks may read as several keys; then it is text.
    return path.strip(), read["value"] if list(read) == ["value"] else value.strip()


_PLAIN_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_LONGEST_NUMBER = 300  # digits; beyond, neither Python nor a float takes it


def _as_meant(value: Any, kind: str) -> Any:
    """What a person means where TOML knew it not: a number such as `.99`, `5.` or `010`, a list such as `1,5,10`."""
    if kind.startswith("list of ") and isinstance(value, int | str):
        words = re.split(r"[,\s]+", str(value).strip(" ,"))
        return [_as_meant(word, kind.removeprefix("list of ")) for word in words]
    if kind == "float" and isinstance(value, int) and abs(value) > 10**_LONGEST_NUMBER:
        return math.inf
    if kind not in ("int", "float") or not isinstance(value, str) or not _PLAIN_NUMBER.fullmatch(value):
        return value
    if len(value) > _LONGEST_NUMBER:
        return value
    return int(value) if value.lstrip("+-").isdigit() else float(value)


def with_assignments(config: Config, assignments: list[str]) -> Config:
    """The configuration with every `key.path=value` applied. Raises UserError for an unknown key or a bad value."""
    values = to_dict(config)
    kinds = {field.path: field.kind for field in fields_of(Config)} if assignments else {}
    for assignment in assignments:
        path, value = parse_assignment(assignment)
        written = assignment.partition("=")[2].strip()
        outer = path.rpartition(".")[0]
        if outer and not isinstance(value_at(values, outer) or {}, dict):
            raise UserError(f"{path} is not a setting; did you mean {outer}?")
        kind = kinds.get(path, "")
        # A name may be 2024 or true: only a text in quotes was meant to be read as TOML.
        meant = written if kind == "str" and not isinstance(value, str) else _as_meant(value, kind)
        group = value_at(values, path)
        if isinstance(meant, dict) and isinstance(group, dict) and not path.endswith("columns"):
            meant = _merged(cast(dict[str, Any], group), cast(dict[str, Any], meant))
        values = with_value(values, path, meant)
    return from_dict(values, Config)


def load_toml(path: Path) -> dict[str, Any]:
    """The values of a TOML file. Raises UserError where it cannot be read or is not TOML."""
    try:
        values = tomli.loads(path.read_text(encoding="utf-8-sig"))  # Windows' editors put a mark before the first word
        if _depth(values) > _DEEPEST:
            raise RecursionError
        return values
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as UTF-8 text ({error})") from None
    except UNREADABLE as error:
        raise UserError(f"{path}: is not TOML: {why_unreadable(error)}") from None


_DEEPEST = 50  # tables and lists in each other: no setting has more than a few, and what walks them recurses


def _depth(value: Any) -> int:
    """How many tables and lists lie in each other, found without recursion."""
    depth, level = 0, [value]
    while level := [inner for each in level for inner in _inside(each)]:
        depth += 1
    return depth


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(cast(dict[str, Any], value).values())
    return cast(list[Any], value) if isinstance(value, list) else []


def load_config(path: Path, base: Config | None = None) -> Config:
    """Read a configuration; what the file leaves out comes from `base`. Raises UserError that names file and field."""
    return _config_of(path, load_toml(path), base or Config())


def load_whole_config(path: Path) -> Config:
    """Read a configuration that `save_config` wrote, which leaves no group out.

    Raises UserError where one is missing: the file was cut short, and defaults in its place would be another training.
    """
    values = load_toml(path)
    missing = [group for group in ("dataset", "model", "training", "evaluation") if group not in values]
    if missing:
        raise UserError(f"{path}: has no [{missing[0]}]; the file was cut short, and the run's settings are not known")
    return _config_of(path, values, Config())


def _config_of(path: Path, values: dict[str, Any], base: Config) -> Config:
    try:
        return from_dict(_merged(to_dict(base), values), Config)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def save_config(config: Config, path: Path) -> None:
    """Write the configuration as TOML, whole or not at all."""
    replace_file(path, tomli_w.dumps(to_dict(config)).encode())


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`base` with the values of `over`, table by table; unknown keys stay, so that validation can name them."""
    result = dict(base)
    for key, value in over.items():
        inner = result.get(key)
        # A mapping of columns is one value; it is replaced, not merged.
        merge = isinstance(inner, dict) and isinstance(value, dict) and key != "columns"
        result[key] = _merged(cast(dict[str, Any], inner), cast(dict[str, Any], value)) if merge else value
    return result
