"""A preview of a source: its first rows, guessed columns and problems, before anything is written."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

from msgspec import Struct

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data import archives
from bert4rec_tui.data.columns import Guess, guess_columns, resolve
from bert4rec_tui.data.format_detection import HEAD_BYTES, Head, check_source, explain_read_error, head_of
from bert4rec_tui.data.formats import movielens_shape, table_head
from bert4rec_tui.data.line_errors import row_error
from bert4rec_tui.data.sources import (
    RatingsSource,
    folder_names,
    is_archive,
    ratings_name,
    single_table,
    source_of_file,
)
from bert4rec_tui.errors import UserError, printable

SHOWN_ROWS = 20
MAX_PROBLEMS = 5


class Preview(Struct, frozen=True, kw_only=True):
    """The preview as the import dialog shows it.

    `file` is the one with the ratings; `columns` their names, or numbers from 0 without a header; `guess` maps roles to
    columns; `problems` are sentences, empty where the file can be prepared as it is.
    """

    file: str
    columns: list[str]
    header: bool
    separator: str
    encoding: str
    rows: list[list[str]]
    guess: dict[str, str]
    problems: list[str]


def preview(path: Path, separator: str | None = None, columns: dict[str, str] | None = None) -> Preview:
    """Read the first few hundred lines of a file, or of the ratings in a folder or zip.

    `separator` and `columns` are the user's choices, if any. Text needs neither pandas nor pyarrow. Raises UserError
    where nothing can be shown: a missing or empty file, another encoding, no separator.
    """
    settings = DatasetConfig(name="preview", source=str(path), separator=separator or "", columns=columns or {})
    source, start = _find(path, settings)
    if source.ratings.suffix.lower() in PARQUET:
        return _of_parquet(source, settings)
    name, layout = source.ratings.name, source.layout
    if layout is None:
        head = table_head(source, settings, start)
        guess = _given_or_guessed(settings, head.shape.names, head.rows)
    else:
        head = head_of(start, name, layout.separator, layout.header)
        head = replace(head, shape=movielens_shape(head, source)[0])
        guess = Guess(layout.columns, certain=True)
    shape = head.shape
    return Preview(
        file=name,
        columns=[printable(column, 60) for column in shape.names or map(str, range(shape.count))],
        header=shape.names is not None,
        separator=shape.separator,
        encoding="utf-8",
        rows=[[printable(cell, 100) for cell in row] for row in head.rows[:SHOWN_ROWS]],
        guess=guess.mapping,
        problems=_problems(head, guess, name, movielens=layout is not None),
    )


def _find(path: Path, settings: DatasetConfig) -> tuple[RatingsSource, bytes]:
    """The file with the ratings and its first bytes."""
    check_source(path)
    if is_archive(path):
        names = archives.member_names(path)
        name = ratings_name(names) or single_table(names, path)
        if name.lower().endswith(PARQUET):
            raise UserError(f"{path}: contains the Parquet file {name}; unpack it to preview its rows")
        start = archives.read_start(path, name, HEAD_BYTES)
        return source_of_file(Path(name), settings, start), start
    if path.is_dir():
        names = folder_names(path)
        path = path / (ratings_name(names) or single_table(names, path))
    try:
        with path.open("rb") as file:
            return source_of_file(path, settings), file.read(HEAD_BYTES)
    except OSError as error:
        raise explain_read_error(error, path) from None


def _given_or_guessed(settings: DatasetConfig, names: list[str] | None, rows: list[list[str]]) -> Guess:
    return Guess(settings.columns, certain=True) if settings.columns else guess_columns(names, rows)


def _problems(head: Head, guess: Guess, name: str, movielens: bool) -> list[str]:
    """What is wrong with the mapping and the first rows, in sentences."""
    shape = head.shape
    problems, roles = _mapping_problems(guess, shape.names, shape.count, name)
    if not head.rows:
        problems.append(f"{name}: has a header but no ratings; expected a line per rating")
    errors = (
        f"{name}, line {number:,}: {problem}"
        for number, row in zip(head.lines, head.rows, strict=True)
        if (problem := row_error(row, shape, roles, movielens))
    )
    return problems + list(islice(errors, MAX_PROBLEMS))


def _mapping_problems(guess: Guess, names: list[str] | None, count: int, name: str) -> tuple[list[str], dict[str, int]]:
    problems = [] if guess.certain else [f"{name}: {guess.doubt}"]
    try:
        return problems, resolve(guess.mapping, names, count, name)
    except UserError as error:
        return problems or [str(error)], {}


def _of_parquet(source: RatingsSource, settings: DatasetConfig) -> Preview:
    """The preview of a Parquet file, which needs pyarrow."""
    from bert4rec_tui.data.parquet import parquet_head

    name = source.ratings.name
    names, rows = parquet_head(source.ratings, SHOWN_ROWS)
    guess = _given_or_guessed(settings, names, rows)
    return Preview(
        file=name,
        columns=[printable(column, 60) for column in names],
        header=True,
        separator="",
        encoding="parquet",
        rows=[[printable(cell, 100) for cell in row] for row in rows],
        guess=guess.mapping,
        problems=_mapping_problems(guess, names, len(names), name)[0],
    )
