"""Read any supported layout of interactions."""

import msgspec

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.columns import Guess, guess_columns, resolve, time_columns
from bert4rec_tui.data.conditions import parse_condition
from bert4rec_tui.data.dates import check_time_format
from bert4rec_tui.data.format_detection import Head, Shape, head_of, parse_separator, read_head
from bert4rec_tui.data.parquet import parquet_head, stage_parquet
from bert4rec_tui.data.sources import RatingsSource
from bert4rec_tui.data.staging import CONDITION, RowRules, Staging
from bert4rec_tui.data.tables import stage_text, textual_ids
from bert4rec_tui.data.time_scale import TimeReading
from bert4rec_tui.errors import UserError, printable
from bert4rec_tui.progress import ReportProgress, ignore_progress

PARQUET = (".parquet", ".pq")
SAMPLE_ROWS = 100  # by whose values the columns of a Parquet file are told


def stage_interactions(
    source: RatingsSource, settings: DatasetConfig, staging: Staging, report: ReportProgress = ignore_progress
) -> tuple[DatasetConfig, list[str]]:
    """Read all interactions of a source into `staging`; the settings completed with guessed columns, and notes.

    Raises UserError that names file and line.
    """
    rules = rules_of(settings)
    if source.layout is not None:
        shape, roles = movielens_shape(read_head(source.ratings, source.layout.separator, source.layout.header), source)
        roles |= _condition_roles(rules, shape.names or list(source.layout.columns.values()), source.ratings.name)
        stage_text(source.ratings, shape, roles, staging, movielens=True, rules=rules, report=report)
        return settings, []
    settings, path = with_columns(settings, source), source.ratings
    if path.suffix.lower() in PARQUET:
        names, _ = parquet_head(path)
        roles = resolve(settings.columns, names, len(names), path.name)
        stage_parquet(path, roles | _condition_roles(rules, names, path.name), staging, rules, report)
    else:
        head = table_head(source, settings)
        roles = resolve(settings.columns, head.shape.names, head.shape.count, path.name)
        texts = textual_ids(head.rows, roles)
        names = head.shape.names or [str(index) for index in range(head.shape.count)]
        roles |= _condition_roles(rules, names, path.name)
        stage_text(path, head.shape, roles, staging, movielens=False, texts=texts, rules=rules, report=report)
    return settings, [] if staging.times is not None else _unused_times(source, settings)


def rules_of(settings: DatasetConfig) -> RowRules:
    """Which rows are taken and how times are read. Raises UserError for a condition or a format that is none."""
    if settings.time_format:
        check_time_format(settings.time_format)
    condition = parse_condition(settings.where) if settings.where else None
    return RowRules(condition, settings.drop_incomplete, TimeReading(settings.time_format, settings.time_unit))


def _condition_roles(rules: RowRules, names: list[str], file: str) -> dict[str, int]:
    """The columns of the condition, by name or by number from 0. Raises UserError where there is no such column."""
    columns = rules.condition.columns if rules.condition is not None else ()
    for column in columns:
        if column not in names:
            raise UserError(
                f'{file}: has no column "{printable(column, 40)}" for --where; choose from {", ".join(names)}'
            )
    return {f"{CONDITION}{number}": names.index(column) for number, column in enumerate(columns)}


def movielens_shape(head: Head, source: RatingsSource) -> tuple[Shape, dict[str, int]]:
    """The shape and roles of a MovieLens file. Raises UserError where the header differs."""
    assert source.layout is not None
    shape, layout, name = head.shape, source.layout, source.ratings.name
    if not layout.header:
        shape = Shape(layout.separator, 0, None, len(layout.columns), quoted=False, fields=layout.fields)
    return shape, resolve(layout.columns, shape.names, shape.count, name)


def _unused_times(source: RatingsSource, settings: DatasetConfig) -> list[str]:
    """A note on a column of times that nobody chose: the order of the file decides which interaction is the last."""
    if source.ratings.suffix.lower() in PARQUET:
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


def guess_table(source: RatingsSource, settings: DatasetConfig) -> Guess:
    """Guess the columns of a table."""
    if source.ratings.suffix.lower() in PARQUET:
        return guess_columns(*parquet_head(source.ratings, SAMPLE_ROWS))
    head = table_head(source, settings)
    return guess_columns(head.shape.names, head.rows)


def with_columns(settings: DatasetConfig, source: RatingsSource) -> DatasetConfig:
    """The settings with guessed columns if none are given. Raises UserError where the guess is uncertain."""
    separator = parse_separator(settings.separator)
    if settings.columns:
        return msgspec.structs.replace(settings, separator=separator)
    guess = guess_table(source, settings)
    if not guess.certain:
        offer = ",".join(f"{role}={column}" for role, column in guess.mapping.items()) or "user=…,item=…"
        raise UserError(f"{source.ratings.name}: {guess.doubt}; choose the columns, such as --columns {offer}")
    return msgspec.structs.replace(settings, columns=guess.mapping, separator=separator)
