"""A preview of a source: its first rows, guessed columns and problems, before anything is written."""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path

from msgspec import Struct

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data import archives
from bert4rec_tui.data.columns import Guess, guess_columns, resolve
from bert4rec_tui.data.format_detection import HEAD_BYTES, Head, check_source, explain_read_error, head_of
from bert4rec_tui.data.formats import movielens_shape, notes_on, recognised, rules_of, table_head
from bert4rec_tui.data.forms import to_table
from bert4rec_tui.data.forms.samples import sample_of
from bert4rec_tui.data.layouts.layout import Layout as KnownLayout
from bert4rec_tui.data.line_errors import row_error
from bert4rec_tui.data.sources import (
    LAYOUTS,
    RatingsSource,
    file_of_layout,
    folder_names,
    is_archive,
    ratings_name,
    source_of_file,
)
from bert4rec_tui.errors import UserError, printable

SHOWN_ROWS = 20
MAX_PROBLEMS = 5


class Preview(Struct, frozen=True, kw_only=True):
    """The preview as the import dialog shows it.

    `file` is the one with the ratings; `columns` their names, or numbers from 0 without a header; `guess` maps roles to
    columns; `problems` are sentences, empty where the file can be prepared as it is; `notes` say how it is read.
    """

    file: str
    columns: list[str]
    header: bool
    separator: str
    encoding: str
    rows: list[list[str]]
    guess: dict[str, str]
    problems: list[str]
    notes: list[str] = []


def preview(settings: DatasetConfig) -> Preview:
    """Read the first few hundred lines of the source of some settings: of a file in any form, a folder, or a zip.

    Plain text needs neither pandas nor pyarrow. Raises UserError where nothing can be shown: a missing or empty file,
    another encoding, no separator.
    """
    path = Path(settings.source).expanduser()
    check_source(path)
    with (
        tempfile.TemporaryDirectory(prefix="bert4rec-tui-") as temporary,
        _opened(path, settings, Path(temporary)) as (
            source,
            start,
        ),
    ):
        return _of(source, start, settings)


def _of(source: RatingsSource, start: bytes | None, settings: DatasetConfig) -> Preview:
    if source.is_parquet:
        return _of_parquet(source, settings)
    name, layout = source.called, source.layout
    known = None
    if layout is None:
        head = table_head(source, settings, start)
        known = recognised(source, settings)
        guess = _guess(settings, known, head.shape.names, head.rows)
    else:
        assert start is not None
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
        problems=[*_rule_problems(settings), *_problems(head, guess, settings, name, movielens=layout is not None)],
        notes=[*source.notes, *notes_on(known, settings, name)],
    )


@contextmanager
def _opened(path: Path, settings: DatasetConfig, temporary: Path) -> Generator[tuple[RatingsSource, bytes | None]]:
    """The interactions as a table, or the first of them; and their first bytes where they are MovieLens'."""
    if is_archive(path) and (name := ratings_name(archives.member_names(path))) is not None:
        start = archives.read_start(path, name, HEAD_BYTES)
        yield source_of_file(Path(name), settings, start), start
        return
    if path.is_dir() and (name := ratings_name(folder_names(path))) is not None:
        path = path / name
    if path.name in LAYOUTS:
        try:
            with path.open("rb") as file:
                yield source_of_file(path, settings), file.read(HEAD_BYTES)
        except OSError as error:
            raise explain_read_error(error, path) from None
        return
    shown = (file_of_layout(path, temporary) or path) if path.is_dir() else path
    sample = sample_of(shown, temporary) if shown.is_file() else shown
    table = to_table([sample], temporary / "table", encoding=settings.encoding)
    folder = shown if shown.is_dir() else shown.parent
    yield RatingsSource(table.path, None, None, shown.name, folder, table.notes, table.is_parquet), None


def _guess(settings: DatasetConfig, known: KnownLayout | None, names: list[str] | None, rows: list[list[str]]) -> Guess:
    """The columns given, those of the known layout, or guessed ones."""
    if settings.columns or known is not None:
        return Guess(settings.columns or dict(known.columns if known is not None else {}), certain=True)
    return guess_columns(names, rows)


def _rule_problems(settings: DatasetConfig) -> list[str]:
    """What is wrong with the condition, the format of times, and the file of the items."""
    try:
        rules_of(settings)
        if settings.items and not Path(settings.items).expanduser().exists():
            return [f"{settings.items}: no such file (items file)"]
    except UserError as error:
        return [str(error)]
    return []


def _problems(head: Head, guess: Guess, settings: DatasetConfig, name: str, movielens: bool) -> list[str]:
    """What is wrong with the mapping and the first rows, in sentences."""
    shape = head.shape
    problems, roles = _mapping_problems(guess, shape.names, shape.count, name)
    if not head.rows:
        problems.append(f"{name}: has a header but no interactions; expected a line per interaction")
    errors = (
        f"{name}, line {number:,}: {problem}"
        for number, row in zip(head.lines, head.rows, strict=True)
        if (problem := row_error(row, shape, roles, movielens))
        and not (settings.drop_incomplete and problem.endswith("is empty"))
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

    name = source.called
    names, rows = parquet_head(source.ratings, SHOWN_ROWS)
    known = recognised(source, settings)
    guess = _guess(settings, known, names, rows)
    return Preview(
        file=name,
        columns=[printable(column, 60) for column in names],
        header=True,
        separator="",
        encoding="parquet",
        rows=[[printable(cell, 100) for cell in row] for row in rows],
        guess=guess.mapping,
        problems=[*_rule_problems(settings), *_mapping_problems(guess, names, len(names), name)[0]],
        notes=[*source.notes, *notes_on(known, settings, name)],
    )
