"""Why a configuration was refused, in the words of the person who wrote it."""

import json
import math
import re
from difflib import get_close_matches
from typing import Any, cast

import msgspec
from msgspec import Struct

from bert4rec_tui.config.fields import fields_of, value_at


def refuse_not_finite(values: Any, path: str = "$") -> None:
    """TOML can say `nan` and `inf`, which no setting may be; msgspec lets them through where there is no bound."""
    if isinstance(values, dict):
        for key, value in cast(dict[str, Any], values).items():
            refuse_not_finite(value, f"{path}.{key}")
    elif isinstance(values, float) and not math.isfinite(values):
        raise msgspec.ValidationError(f"Expected `float` - at `{path}`")


def explain(message: str, values: dict[str, Any], kind: type[Struct]) -> str:
    """Turn a validation message of msgspec into one that speaks of the user's field and value."""
    message, _, where = message.partition(" - at `$")
    path = re.sub(r"\[.*", "", where.rstrip("`").lstrip("."))
    known = {field.path: field for field in fields_of(kind)}
    unknown = re.match(r"Object contains unknown field `(.*)`", message)
    if unknown:
        full = f"{path}.{unknown.group(1)}".lstrip(".")
        return f"{full} is not a setting; {_what_there_is(full, list(known))}"
    if not message.startswith(("Expected", "Invalid")):
        return message  # from a check of ours, which names the fields itself
    inside = next((name for name in known if name.startswith(f"{path}.")), "")
    allowed = (
        f"a table of settings, such as {inside}" if inside else known[path].allowed if path in known else "another"
    )
    return f"{path} = {_shown(value_at(values, path))}: expected {allowed}"


def _what_there_is(unknown: str, known: list[str]) -> str:
    """What a person may have meant by a key that is none: the same word elsewhere, one written alike, or the list."""
    group, _, word = unknown.rpartition(".")
    groups = list(dict.fromkeys(path.partition(".")[0] for path in known if "." in path))
    words = [path.rpartition(".")[2] for path in known]
    alike = get_close_matches(word, words, n=1, cutoff=0.75)
    meant = (
        [path for path in known if path.rpartition(".")[2] == word]
        or get_close_matches(unknown, known + groups, n=1, cutoff=0.75)
        or [path for path in known if path.rpartition(".")[2] in alike]
    )
    if meant:
        return f"did you mean {' or '.join(meant)}?"
    inside = [path.rpartition(".")[2] for path in known if path.startswith(f"{group}.")] if group else []
    return f"{group} has {', '.join(inside)}" if inside else f"there are {', '.join(groups or words)}"


def _shown(value: Any) -> str:
    """A value as TOML writes it, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    text = text.replace("NaN", "nan").replace("Infinity", "inf") if isinstance(value, float) else text
    return text if len(text) <= 100 else f"{text[:99]}…"
