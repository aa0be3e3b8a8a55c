"""JSON lines, JSON arrays and Python's dictionaries a line, as Parquet."""

import ast
import json
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bert4rec_tui.data.format_detection import explain_read_error
from bert4rec_tui.data.forms.json_columns import Columns
from bert4rec_tui.data.forms.json_values import read_rows
from bert4rec_tui.data.forms.parquet_target import ParquetTarget
from bert4rec_tui.data.forms.table import LIMITS, Limits, Part, empty, new_path
from bert4rec_tui.errors import UserError, printable
from bert4rec_tui.files import explain_os_error
from bert4rec_tui.progress import Progress, ReportProgress, ignore_progress, size

LITERAL = 8  # a tree of Python's literals takes so much more memory than JSON


def json_to_parquet(
    parts: Sequence[Part], temporary: Path, limits: Limits = LIMITS, report: ReportProgress = ignore_progress
) -> Path:
    """All rows of JSON parts as one Parquet file in `temporary`: nested fields by dots, lists as Arrow lists.

    The parts are read twice: for their columns, which any row may add to, and for their values. `key=value` folders
    become columns of text. Raises UserError that names the line at fault.
    """
    import pyarrow as pa

    columns = Columns(parts[0].name, limits)
    for part in parts:
        columns.name = part.name
        for rows in read_rows(part, limits, report):
            columns.observe(_with_keys(rows, part))
    schema = columns.schema()
    if not len(schema):
        raise empty(parts[0].name)
    path = new_path(temporary, "rows.parquet")
    with ParquetTarget(path, schema) as target:
        for part in parts:
            columns.name = part.name
            for rows in read_rows(part, limits, report):
                try:
                    target.write(columns.batch(_with_keys(rows, part), schema))
                except (pa.ArrowException, OverflowError) as error:
                    raise UserError(f"{part.name}: changed while it was read ({printable(str(error), 80)})") from None
    return path


def _with_keys(rows: list[dict[str, Any]], part: Part) -> list[dict[str, Any]]:
    for key, value in part.keys:
        for row in rows:
            row.setdefault(key, value)
    return rows


def is_python(start: bytes) -> bool:
    """Whether a text begins with a Python dictionary, as the old Amazon and Steam dumps do: `{'a': u'x'}`."""
    text = start.lstrip()
    return (text[:1] == b"{" and text[1:].lstrip()[:2] in (b"u'", b'u"')) or text[:2] == b"{'"


def python_to_json(
    part: Part, temporary: Path, limits: Limits = LIMITS, report: ReportProgress = ignore_progress
) -> Part:
    """Lines with a Python dictionary each, as JSON lines in `temporary`; only literals are read, nothing is run.

    Raises UserError that names the line at fault.
    """
    path = new_path(temporary, f"{part.path.name}.jsonl")
    most = limits.row // LITERAL
    try:
        total = part.path.stat().st_size
        with part.path.open("rb") as source, path.open("x", encoding="utf-8") as target, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in other people's strings
            number = 0
            while line := source.readline(most + 1):
                number += 1
                if len(line) > most:
                    raise UserError(
                        f"{part.name}, line {number:,}: is longer than {size(most)}; expected a dictionary per line"
                    )
                if line.strip():
                    target.write(_as_json(line, number, part.name) + "\n")
                if number % 10_000 == 0:
                    report(Progress(stage="Reading Python", done=source.tell(), total=total, unit="bytes"))
    except OSError as error:
        explain = explain_os_error if error.filename in (None, str(path)) else explain_read_error
        raise explain(error, part.path) from None
    return replace(part, path=path)


def _as_json(line: bytes, number: int, name: str) -> str:
    try:
        value = ast.literal_eval(line.decode("utf-8").strip())
        if isinstance(value, dict):
            return json.dumps(value, allow_nan=False)
    except RecursionError:
        raise UserError(f"{name}, line {number:,}: is nested too deeply; expected a dictionary per line") from None
    except (ValueError, SyntaxError, TypeError, MemoryError):
        pass
    shown = printable(line[:60].decode("utf-8", errors="replace").rstrip(), 60)
    raise UserError(f"{name}, line {number:,}: \"{shown}\" is not a Python dictionary such as {{'user': 1, 'item': 2}}")
