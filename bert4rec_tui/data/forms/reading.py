"""Any supported form of a source as one plain table."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from bert4rec_tui.data.format_detection import explain_read_error
from bert4rec_tui.data.forms.arrow_files import arrow_to_parquet
from bert4rec_tui.data.forms.compression import unpacked
from bert4rec_tui.data.forms.encoding import as_utf_8
from bert4rec_tui.data.forms.json_rows import is_python, json_to_parquet, python_to_json
from bert4rec_tui.data.forms.json_values import is_json
from bert4rec_tui.data.forms.kinds import ARCHIVES, ARROW, COMPRESSED, Kind, kind_of
from bert4rec_tui.data.forms.parquet_parts import join_parquet
from bert4rec_tui.data.forms.parts import expanded, is_wanted, tables
from bert4rec_tui.data.forms.sequence_lists import exploded
from bert4rec_tui.data.forms.sequence_texts import long_rows
from bert4rec_tui.data.forms.table import LIMITS, PARQUET, Limits, Part, Table, short_list
from bert4rec_tui.data.forms.text_parts import join_texts
from bert4rec_tui.data.forms.unknown_types import without_unknown_types
from bert4rec_tui.errors import UserError
from bert4rec_tui.files import make_folder
from bert4rec_tui.progress import ReportProgress, ignore_progress

START = 64 * 1024


def to_table(
    sources: Sequence[Path],
    temporary: Path,
    *,
    encoding: str = "",
    report: ReportProgress = ignore_progress,
    limits: Limits = LIMITS,
) -> Table:
    """The rows of the sources as one UTF-8 text table or one Parquet file, written into the folder `temporary`.

    A source is a file, compressed or not, an archive, a folder of parts, or a pattern (`part-*.parquet`). What is one
    plain file already is returned as it is, without a copy. The order of rows is that of the sources. encoding: of text
    files; empty: detected from their bytes. Raises UserError that names the file, and the line if there is one;
    the caller removes `temporary`.
    """
    make_folder(temporary)
    parts = _plain(expanded(sources), temporary, limits, report)
    kinds = {part.name: _kind(part) for part in parts}
    _check_alike(kinds)
    kind = kinds[parts[0].name]
    if kind in ARROW:
        parts = _each(parts, temporary, lambda part: arrow_to_parquet(part, kinds[part.name], temporary, report))
    if kind is not Kind.TEXT:
        parts = [_named(part, temporary, ".parquet") for part in parts]
        parts = _each(parts, temporary, lambda part: without_unknown_types(part, temporary))
        return _of_parquet(parts, temporary, report)
    parts = [_named(part, temporary, ".csv") for part in parts]
    parts = _each(parts, temporary, lambda part: as_utf_8(part, temporary, encoding, limits, report))
    start = _start(parts[0])
    of_python = is_python(start)
    if of_python:
        parts = _each(parts, temporary, lambda part: python_to_json(part, temporary, limits, report))
    if of_python or is_json(start):
        rows = json_to_parquet(parts, temporary, limits, report)
        _remove(parts, temporary)
        return _of_parquet([Part(rows, parts[0].name, notes=_notes(parts))], temporary, report)
    return _of_text(parts, temporary, limits, report)


def _each(parts: Sequence[Part], temporary: Path, step: Callable[[Part], Part]) -> list[Part]:
    """The parts after a step; what we wrote ourselves before it and need no more is removed."""
    done: list[Part] = []
    for part in parts:
        done.append(step(part))
        if done[-1].path != part.path:
            _remove([part], temporary)
    return done


def _named(part: Part, temporary: Path, suffix: str) -> Part:
    """A part that we unpacked, under a name that does not say something else than it is: readers go by the name."""
    of_parquet = part.path.name.lower().endswith(PARQUET)
    if not part.path.is_relative_to(temporary) or of_parquet == (suffix in PARQUET):
        return part
    return replace(part, path=part.path.rename(part.path.with_name(f"{part.path.name}{suffix}")))


def _remove(parts: Sequence[Part], temporary: Path) -> None:
    for part in parts:
        if part.path.is_relative_to(temporary):
            with suppress(OSError):
                part.path.unlink()


def _plain(parts: list[Part], temporary: Path, limits: Limits, report: ReportProgress) -> list[Part]:
    """The parts without compression, and the tables of archives. Raises UserError for an archive without one."""
    plain: list[Part] = []
    for part in parts:
        found = unpacked(part, temporary, is_wanted, limits, report)
        if len(found) != 1 or found[0].order != part.order:
            found = tables(found)
        if not found:
            raise UserError(f"{part.name}: contains no table; expected CSV, TSV, JSON, Parquet or Arrow files")
        plain += found
    return plain


def _kind(part: Part) -> Kind:
    kind = kind_of(part.path, part.name)
    assert kind not in COMPRESSED
    assert kind not in ARCHIVES
    return kind


def _check_alike(kinds: dict[str, Kind]) -> None:
    """Raises UserError where the parts are of different kinds, which no writer of parts leaves."""
    first = next(iter(kinds.values()))
    alike = ARROW if first in ARROW else (first,)
    other = next((name for name, kind in kinds.items() if kind not in alike), None)
    if other is not None:
        raise UserError(
            f"{other}: is {kinds[other].value}, {next(iter(kinds))} is {first.value}; parts of one table are of one "
            f"kind, so pass the file with the interactions ({short_list(list(kinds))})"
        )


def _start(part: Part) -> bytes:
    try:
        with part.path.open("rb") as file:
            return file.read(START)
    except OSError as error:
        raise explain_read_error(error, part.path) from None


def _notes(parts: Sequence[Part]) -> tuple[str, ...]:
    """The notes of the parts, each once; those of many parts are cut to the first few."""
    notes = list(dict.fromkeys(note for part in parts for note in part.notes))
    more = (f"and {len(notes) - 3:,} notes of this kind on other parts",) if len(notes) > 4 else ()
    return (*(notes[:3] if more else notes), *more)


def _of_parquet(parts: list[Part], temporary: Path, report: ReportProgress) -> Table:
    part = parts[0]
    if len(parts) > 1 or part.keys:
        part = replace(part, path=join_parquet(parts, temporary, report), keys=(), notes=_notes(parts))
        _remove(parts, temporary)
    rows = exploded(part, temporary, report)
    if rows is None:
        return Table(part.path, notes=part.notes, is_parquet=True)
    _remove([part], temporary)
    return Table(rows.path, notes=rows.notes, is_parquet=True)


def _of_text(parts: list[Part], temporary: Path, limits: Limits, report: ReportProgress) -> Table:
    path = parts[0].path
    if not parts[0].keys and (rows := long_rows(parts, temporary, limits, report)) is not None:
        _remove(parts, temporary)
        return Table(rows.path, separator="\t", notes=(*_notes(parts), *rows.notes))
    if len(parts) > 1 or parts[0].keys:
        path = join_texts(parts, temporary, limits, report)
        _remove(parts, temporary)
    return Table(path, notes=_notes(parts))
