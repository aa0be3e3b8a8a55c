"""Read a text table of ratings with Arrow; where that fails, find the invalid line."""

import re
from dataclasses import replace
from pathlib import Path

from bert4rec_tui.data.format_detection import Shape, explain_read_error
from bert4rec_tui.data.line_errors import (
    every_line_is_a_row,
    find_line_error,
    find_swallowed,
    has_leading_zeros,
    line_ends,
    line_of_row,
)
from bert4rec_tui.data.settling import settle
from bert4rec_tui.data.staging import ALL_ROWS, RowRules, Staging
from bert4rec_tui.data.text_batches import TextTable
from bert4rec_tui.data.times import RowError
from bert4rec_tui.errors import UserError, printable
from bert4rec_tui.progress import ReportProgress, ignore_progress

# The types of a column, most likely first: the next one is tried where a value does not fit.
_NUMBER_ID = ("int64",)
_ANY_ID = ("int64", "text")
_LADDERS = {
    "timestamp": ("int64", "float64", "moment", "text"),
    "rating": ("float32",),
    "title": ("text",),
    "genres": ("text",),
    "after": ("int64",),  # milliseconds after the time
}
# Texts that would change if read as numbers: 007, +7, 0x1f.
_NOT_AS_WRITTEN = re.compile(r"\s*([+]\d+|[+-]?0\d+|0[xX][0-9a-fA-F]+)\s*", re.ASCII)
_NUMBER_TIME = ("int64", "float64")
_TEXT = ("text",)
_CHECKED = frozenset(("user", "item", "timestamp", "rating", "title", "genres"))
# What says that there is no value, where incomplete rows are dropped; elsewhere such a text may be an id.
MISSING_TEXTS = ("", *("NULL", "null", "NaN", "nan", "NA", "N/A", "None", "<NA>", "\\N", "NaT", "#N/A"))


def textual_ids(rows: list[list[str]], roles: dict[str, int]) -> frozenset[str]:
    """The roles among user and item whose ids, in these first rows, would change if read as numbers."""
    return frozenset(
        role
        for role in ("user", "item")
        if any(_NOT_AS_WRITTEN.fullmatch(row[roles[role]]) for row in rows if roles[role] < len(row))
    )


def stage_text(
    path: Path,
    shape: Shape,
    roles: dict[str, int],
    staging: Staging,
    *,
    movielens: bool,
    texts: frozenset[str] = frozenset(),
    rules: RowRules = ALL_ROWS,
    report: ReportProgress = ignore_progress,
) -> None:
    """Read a text table; `roles` gives the column of each role, `texts` the roles whose ids must be read as text.

    The columns of a condition are among the roles, named `condition0`, ….

    In MovieLens files (`movielens`) ids and times are numbers; elsewhere ids may be any text and times ISO dates.
    Raises UserError that names the first invalid line.
    """
    import pyarrow as pa

    id_types = _NUMBER_ID if movielens else _ANY_ID
    ladders: dict[str, tuple[str, ...]] = {"user": id_types, "item": id_types, **_LADDERS}
    if movielens:
        ladders["timestamp"] = _NUMBER_TIME
    steps = {role: int(role in texts) for role in roles}
    missing = MISSING_TEXTS if rules.drop_incomplete else ("",)
    # A separator such as `::` is read as two, with an empty column between; a single `:` in a text prevents that.
    doubled = len(shape.separator) > 1 and len(set(shape.separator)) == 1
    # Multi-line cells are slower to parse, so they are allowed only with a text column, or after a failure.
    multiline = shape.quoted and bool({"title", "genres"} & roles.keys())
    while True:
        types = {role: ladders.get(role, _TEXT)[steps[role]] for role in roles}
        table = TextTable(path, shape, types, roles, doubled, multiline, missing)
        try:
            staging.load(table.batches(report), table.schema, rules.condition)
            break
        except OSError as error:
            raise explain_read_error(error, path) from None
        except pa.ArrowInvalid as error:
            failed = _failed_role(str(error), roles, len(shape.separator) if doubled else 1)
            if failed is not None and steps[failed] + 1 < len(ladders.get(failed, _TEXT)):
                steps[failed] += 1
            elif doubled:
                doubled = False
            elif shape.quoted and not multiline:
                multiline = True
            else:
                raise _explain(error, path, shape, roles, movielens) from None
        except ValueError as error:
            raise _explain(error, path, shape, roles, movielens) from None
    if not staging.read:
        raise UserError(f"{path.name}: contains no interactions; expected a line per interaction")
    if shape.quoted and not movielens and staging.read < line_ends(path) - shape.skip:
        # Multi-line cells, blank lines, or a stray " that swallowed the lines up to the next one.
        if every_line_is_a_row(path, shape, roles):
            plain = replace(shape, quoted=False)
            stage_text(path, plain, roles, staging, movielens=movielens, texts=texts, rules=rules, report=report)
            return
        swallowed = find_swallowed(path, shape)
        if swallowed is not None:
            raise swallowed
    numbers = {role: roles[role] for role in ("user", "item") if types[role] == "int64"}
    changed = _changed_ids(path, shape, numbers, doubled, multiline)
    if changed:
        stage_text(path, shape, roles, staging, movielens=False, texts=texts | changed, rules=rules, report=report)
        return
    if not staging.rows:
        raise UserError(f"{path.name}: no row meets the condition; change --where")
    try:
        settle(staging, rules)
    except ValueError as error:
        raise _explain(error, path, shape, roles, movielens) from None


def _changed_ids(path: Path, shape: Shape, roles: dict[str, int], doubled: bool, multiline: bool) -> frozenset[str]:
    """Of these roles, which were read as numbers, those with an id that a number changes."""
    from pyarrow import compute

    if not roles or not has_leading_zeros(path, shape.separator):
        return frozenset()
    found: set[str] = set()
    for role, index in roles.items():
        table = TextTable(path, shape, {role: "text"}, {role: index}, doubled, multiline)
        for batch in table.batches():
            words = compute.call_function("unique", [batch.column(0)]).to_pylist()
            if any(_NOT_AS_WRITTEN.fullmatch(word) for word in words if word is not None):
                found.add(role)
                break
    return frozenset(found)


def _failed_role(message: str, roles: dict[str, int], stride: int) -> str | None:
    """The role whose column Arrow could not convert."""
    found = re.match(r"In CSV column #(\d+)", message)
    index = int(found.group(1)) if found else -1
    return next((role for role, i in roles.items() if i * stride == index), None)


def _explain(error: Exception | str, path: Path, shape: Shape, roles: dict[str, int], movielens: bool) -> UserError:
    if isinstance(error, RowError):
        where = "" if error.row is None else f", line {line_of_row(path, shape, error.row):,}"
        return UserError(f"{path.name}{where}: {error}")
    known = {role: index for role, index in roles.items() if role in _CHECKED}
    found = find_line_error(path, shape, known, movielens)
    if found is None and isinstance(error, ValueError) and not isinstance(error, OSError):
        return UserError(f"{path.name}: {printable(str(error), 300)}")
    return found or UserError(f"{path.name}: cannot be read ({printable(str(error))})")
