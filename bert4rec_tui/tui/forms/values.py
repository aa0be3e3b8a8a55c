"""Settings and their labels as text in a form, and back."""

import math
import re
from typing import Any

from bert4rec_tui.config.fields import Field

# 12,800.5 but not 0,001, which somebody means as a decimal comma.
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?")


def text_of(value: Any) -> str:
    """A value as it is typed."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ",".join(f"{key}={word}" for key, word in value.items())
    if isinstance(value, (list, tuple)):
        return " ".join(str(part) for part in value)
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return str(value)


def value_of(text: str, field: Field) -> Any:
    """The value that a text means for a field; the text itself where it means none, for validation to report."""
    text = text.strip()
    match field.kind:
        case "int":
            return _whole(text)
        case "float":
            try:
                number = float(text.replace(",", "") if _THOUSANDS.fullmatch(text) else text.replace("_", ""))
            except ValueError:
                return text
            return number if math.isfinite(number) else text
        case "bool":
            return {"yes": True, "true": True, "no": False, "false": False}.get(text.lower(), text)
        case "list of int":
            return tuple(_whole(part) for part in re.split(r"[,\s]+", text) if part)
        case "list of str":
            return tuple(part for part in re.split(r"[,\s]+", text) if part)
        case "mapping":
            pairs = [part.partition("=") for part in text.split(",") if part.strip()]
            if not all(sign and key.strip() for key, sign, _ in pairs):
                return text
            return {key.strip(): word.strip() for key, _, word in pairs}
        case _:
            return text


def shown(value: Any, field: Field) -> str:
    """A value as it is displayed: whole numbers with thousands separators, except seeds."""
    if field.kind == "int" and isinstance(value, int) and not field.path.endswith("seed"):
        return f"{value:,}"
    return text_of(value)


def in_sentence(label: str) -> str:
    """A label within a sentence: `Hidden size` is "hidden size"; names such as gBCE and CPU keep their capitals."""
    first = label.partition(" ")[0]
    return label if first[1:] != first[1:].lower() else label[:1].lower() + label[1:]


def _whole(text: str) -> int | str:
    digits = re.fullmatch(r"[+-]?(\d[\d_]*|[1-9]\d{0,2}(,\d{3})+)", text)
    return int(text.replace(",", "").replace("_", "")) if digits else text
