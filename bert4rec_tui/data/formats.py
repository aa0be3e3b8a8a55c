"""Read any supported layout of interactions."""

from dataclasses import dataclass, replace

import msgspec

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.columns import guess_columns, resolve, time_columns
from bert4rec_tui.data.conditions import parse_condition
from bert4rec_tui.data.dates import check_time_format
from bert4rec_tui.data.format_detection import Head, Shape, head_of, parse_separator, read_head
from bert4rec_tui.data.layouts.layout import Layout as KnownLayout
from bert4rec_tui.data.layouts.recognise import recognise
from bert4rec_tui.data.parquet import parquet_head, stage_parquet
from bert4rec_tui.data.sources import RatingsSource
from bert4rec_tui.data.staging import CONDITION, OFFSET, RowRules, Staging
from bert4rec_tui.data.tables import stage_text, textual_ids
from bert4rec_tui.data.time_scale import TimeReading
from bert4rec_tui.errors import UserError, printable
from bert4rec_tui.progress import ReportProgress, ignore_progress

SAMPLE_ROWS = 100  # by whose values the columns of a Parquet file are recognised


@dataclass(frozen=True)
class Read:
    """What came of reading a source: the settings with its columns, notes on it, and the known layout that it has."""

    settings: DatasetConfig
    notes: tuple[str, ...] = ()
    known: KnownLayout | None = None


def stage_interactions(
    source: RatingsSource, settings: DatasetConfig, staging: Staging, report: ReportProgress = ignore_progress
) -> Read:
    """Read all interactions of a source into `staging`. Raises UserError that names file and line."""
    if source.layout is not None:
        rules = rules_of(settings)
        shape, roles = movielens_shape(read_head(source.ratings, source.layout.separator, source.layout.header), source)
        roles |= _extra_roles(rules, shape.names or list(source.layout.columns.values()), source.called)
        stage_text(source.ratings, shape, roles, staging, movielens=True, rules=rules, report=report)
        return Read(settings)
    known = recognised(source, settings)
    settings, path = with_columns(settings, source, known), source.ratings
    rules, name = rules_of(settings, known), source.called
    if source.is_parquet:
        names, _ = parquet_head(path)
        roles = resolve(settings.columns, names, len(names), name)
        stage_parquet(path, roles | _extra_roles(rules, names, name), staging, rules, report)
    else:
        head = table_head(source, settings)
        shape = head.shape
        if known is not None and known.quoted is not None:
            shape = replace(shape, quoted=known.quoted)
        roles = resolve(settings.columns, shape.names, shape.count, name)
        texts = textual_ids(head.rows, roles)
        numbers = [str(index) for index in range(shape.count)]
        names = shape.names or [*(known.names if known is not None else ()), *numbers][: shape.count]
        roles |= _extra_roles(rules, names, name)
        stage_text(path, shape, roles, staging, movielens=False, texts=texts, rules=rules, report=report)
    notes = [*source.notes, *notes_on(known, settings, name)]
    if staging.times is None:
        notes += _unused_times(source, settings)
    return Read(settings, tuple(notes), known)


def recognised(source: RatingsSource, settings: DatasetConfig) -> KnownLayout | None:
    """The known layout of a source; None where it is another table, or the columns given are others."""
    if source.layout is not None:
        return None
    try:
        names, rows = table_rows(source, settings)
    except UserError:
        return None
    known = recognise(source.called, names, rows, source.siblings())
    if known is None or settings.columns in ({}, dict(known.columns)):
        return known
    return None


def table_rows(source: RatingsSource, settings: DatasetConfig) -> tuple[list[str] | None, list[list[str]]]:
    """The header of a table, None without one, and its first rows. Raises UserError."""
    if source.is_parquet:
        return parquet_head(source.ratings, SAMPLE_ROWS)
    head = table_head(source, settings)
    return head.shape.names, head.rows


def rules_of(settings: DatasetConfig, known: KnownLayout | None = None) -> RowRules:
    """Which rows are taken and how times are read, as the settings say, else as the known layout has it.

    Raises UserError for a condition or a format that is none.
    """
    form, unit = settings.time_format, settings.time_unit
    if form:
        check_time_format(form)
    if known is not None and not form and not unit:
        form, unit = known.time_format, known.time_unit
    condition = parse_condition(settings.where) if settings.where else None
    drop = settings.drop_incomplete or (known is not None and known.incomplete)
    offset = known.offset_ms if known is not None else ""
    return RowRules(condition, drop, TimeReading(form, unit), offset)


def notes_on(known: KnownLayout | None, settings: DatasetConfig, name: str) -> list[str]:
    """What a person may want to know of a layout that was recognised."""
    if known is None:
        return []
    notes = [f"{name}: recognised as {known.title}{f' ({known.note})' if known.note else ''}"]
    if known.where and not settings.where:
        notes.append(
            f'{name}: has interactions of several kinds, all of which are used; choose with --where "{known.where}"'
        )
    return notes


def _extra_roles(rules: RowRules, names: list[str], file: str) -> dict[str, int]:
    """The columns of the condition and the offset, by name or by number. Raises UserError where one does not exist."""
    columns = rules.condition.columns if rules.condition is not None else ()
    for column in columns:
        if column not in names:
            choice = printable(", ".join(names), 300)
            raise UserError(f'{file}: has no column "{printable(column, 40)}" for --where; choose from {choice}')
    roles = {f"{CONDITION}{number}": names.index(column) for number, column in enumerate(columns)}
    return roles | ({OFFSET: names.index(rules.offset)} if rules.offset in names else {})


def movielens_shape(head: Head, source: RatingsSource) -> tuple[Shape, dict[str, int]]:
    """The shape and roles of a MovieLens file. Raises UserError where the header differs."""
    assert source.layout is not None
    shape, layout, name = head.shape, source.layout, source.ratings.name
    if not layout.header:
        shape = Shape(layout.separator, 0, None, len(layout.columns), quoted=False, fields=layout.fields)
    return shape, resolve(layout.columns, shape.names, shape.count, name)


def _unused_times(source: RatingsSource, settings: DatasetConfig) -> list[str]:
    """A note on a column of times that nobody chose: the order of the file decides which interaction is the last."""
    if source.is_parquet:
        names, rows = parquet_head(source.ratings, SAMPLE_ROWS)
    else:
        head = table_head(source, settings)
        names, rows = head.shape.names or [str(index) for index in range(head.shape.count)], head.rows
    unused = time_columns(names, rows, settings.columns.values())
    if not unused:
        return []
    return [
        f"{source.ratings.name}: {printable(unused[0], 40)} has times but is not used, so that the order of the file "
        f"decides which interaction is a user's last; use it with --columns …,timestamp={printable(unused[0], 40)}"
    ]


def table_head(source: RatingsSource, settings: DatasetConfig, start: bytes | None = None) -> Head:
    """The first rows of a text table, read from its first bytes if they are given.

    Raises UserError where the separator gives a single column.
    """
    name, given = source.ratings.name, _table_header(source, settings)
    head = read_head(source.ratings, *given) if start is None else head_of(start, name, *given)
    if head.shape.count < 2:
        shown = printable((head.shape.names or head.rows[0])[0], 60)
        raise UserError(
            f'{name}, line 1: "{shown}" has one column with the separator "{printable(head.shape.separator)}", '
            "at least two are needed"
        )
    return head


def _table_header(source: RatingsSource, settings: DatasetConfig) -> tuple[str, bool | None, list[int]]:
    """The separator and the header implied by the settings and the file name, "" and None where they are open.

    The third value is the columns given by number.
    """
    separator = settings.separator or ("\t" if source.ratings.suffix.lower() in (".tsv", ".inter") else "")
    numbers = [int(column) for column in settings.columns.values() if column.isascii() and column.isdigit()]
    # Columns given by name need a header; given by number, the content decides.
    return separator, True if len(numbers) < len(settings.columns) else None, numbers


def with_columns(settings: DatasetConfig, source: RatingsSource, known: KnownLayout | None = None) -> DatasetConfig:
    """The settings with the columns of a known layout, or guessed ones, if none are given.

    Raises UserError where the guess is uncertain.
    """
    separator = parse_separator(settings.separator)
    if settings.columns:
        return msgspec.structs.replace(settings, separator=separator)
    if known is not None:
        noun = settings.item_noun or known.noun
        return msgspec.structs.replace(settings, columns=dict(known.columns), separator=separator, item_noun=noun)
    guess = guess_columns(*table_rows(source, settings))
    if not guess.certain:
        offer = ",".join(f"{role}={column}" for role, column in guess.mapping.items()) or "user=…,item=…"
        raise UserError(f"{source.called}: {guess.doubt}; choose the columns, such as --columns {offer}")
    return msgspec.structs.replace(settings, columns=guess.mapping, separator=separator)
