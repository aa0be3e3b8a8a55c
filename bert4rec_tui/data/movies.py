"""Titles and genres from MovieLens' movies file."""

import csv
from collections.abc import Iterator
from pathlib import Path

from bert4rec_tui.data.format_detection import decode, explain_read_error
from bert4rec_tui.errors import UserError, printable

# The order of the 19 flags at the end of a line of u.item (ml-100k's u.genre).
_FLAGS = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama"),
    *("Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
_NO_GENRES = "(no genres listed)"

Movies = dict[int, tuple[str, str]]


def read_movies(path: Path) -> Movies:
    """Raw id → (title, genres joined by `|`) from u.item, movies.dat or movies.csv.

    Raises UserError that names the first invalid line.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise explain_read_error(error, path) from None
    rows = {".item": _u_item, ".dat": _dat}.get(path.suffix, _csv)
    movies: Movies = {}
    number = 0
    try:
        for number, identity, title, genres in rows(content, path.name):
            try:
                movies[int(identity)] = (title.strip(), "" if genres == _NO_GENRES else genres.strip())
            except ValueError:
                shown = printable(identity, 40)
                raise UserError(f'{path.name}, line {number:,}: the item id "{shown}" is not a whole number') from None
    except csv.Error:
        raise UserError(f'{path.name}, line {number + 1:,}: has an unclosed quote; add the missing "') from None
    return movies


def _u_item(content: bytes, name: str) -> Iterator[tuple[int, str, str, str]]:
    """movie id | movie title | release date | video release date | IMDb URL | 19 flags, in latin-1."""
    for number, line in _numbered(content.decode("latin-1")):
        cells = line.split("|")
        if len(cells) != 5 + len(_FLAGS):
            raise _wrong_fields(name, number, line, len(cells), "24", "id|title|dates|address|19 genres")
        genres = "|".join(genre for genre, flag in zip(_FLAGS, cells[5:], strict=True) if flag == "1")
        yield number, cells[0], cells[1], "" if genres == "unknown" else genres


def _dat(content: bytes, name: str) -> Iterator[tuple[int, str, str, str]]:
    """MovieID::Title::Genres; latin-1 in ml-1m, UTF-8 in ml-10m."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    for number, line in _numbered(text):
        identity, _, rest = line.partition("::")
        title, separator, genres = rest.rpartition("::")
        if not separator:
            raise _wrong_fields(name, number, line, line.count("::") + 1, "3", "MovieID::Title::Genres")
        yield number, identity, title, genres


def _csv(content: bytes, name: str) -> Iterator[tuple[int, str, str, str]]:
    """movieId,title,genres in UTF-8, with a header."""
    lines = content.removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True)
    reader = csv.reader(decode(line, number, name) for number, line in enumerate(lines, 1))
    header = [cell.strip().lower() for cell in next(reader, [])]
    missing = [column for column in ("movieid", "title") if column not in header]
    if missing:
        raise UserError(f"{name}, line 1: has no column {missing[0]}; expected movieId,title,genres")
    identity, title = header.index("movieid"), header.index("title")
    genres = header.index("genres") if "genres" in header else None
    for row in reader:
        if not row:
            continue
        if len(row) != len(header):
            raise _wrong_fields(name, reader.line_num, ",".join(row), len(row), str(len(header)), ",".join(header))
        yield reader.line_num, row[identity], row[title], row[genres] if genres is not None else ""


def _numbered(text: str) -> Iterator[tuple[int, str]]:
    # Not splitlines: it also splits at characters that a latin-1 title may contain, such as 0x85.
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        stripped = line.rstrip("\r")
        if stripped:
            yield number, stripped


def _wrong_fields(name: str, number: int, line: str, found: int, expected: str, described: str) -> UserError:
    fields = "1 field" if found == 1 else f"{found} fields"
    return UserError(
        f'{name}, line {number:,}: "{printable(line, 60)}" has {fields}, {expected} are expected ({described})'
    )
