"""From a name, a folder, a zip or a file to the raw files that hold the ratings."""

import re
import tempfile
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data import archives
from bert4rec_tui.data.catalog import KNOWN
from bert4rec_tui.data.columns import number_in
from bert4rec_tui.data.download import fetch
from bert4rec_tui.data.format_detection import HEAD_BYTES, HEAD_LINES, explain_read_error, parse_separator, require
from bert4rec_tui.errors import UserError
from bert4rec_tui.files import make_folder
from bert4rec_tui.progress import ReportProgress, ignore_progress
from bert4rec_tui.settings import sample_archive

UNPACKING = ".unpacking-"
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".inter", ".data", ".dat", ".parquet", ".pq")


@dataclass(frozen=True)
class Layout:
    """How MovieLens lays out its ratings, and the file beside them that has the titles.

    `columns` says where each role stands: by name where there is a header, else by number; `fields` describes a line.
    """

    titles: str
    separator: str
    columns: dict[str, str]
    header: bool
    fields: str


_MOVIELENS_ID = re.compile(r"-?(0|[1-9]\d*)", re.ASCII)
_BY_NUMBER = {"user": "0", "item": "1", "rating": "2", "timestamp": "3"}
_BY_NAME = {"user": "userId", "item": "movieId", "rating": "rating", "timestamp": "timestamp"}
LAYOUTS = {
    "u.data": Layout("u.item", "\t", _BY_NUMBER, False, "user, item, rating and timestamp, separated by tabs"),
    "ratings.dat": Layout("movies.dat", "::", _BY_NUMBER, False, "UserID::MovieID::Rating::Timestamp"),
    "ratings.csv": Layout("movies.csv", ",", _BY_NAME, True, "userId,movieId,rating,timestamp"),
}


@dataclass(frozen=True)
class RatingsSource:
    """The file with the ratings, MovieLens' layout (None: a table), and the file with the titles where there is one."""

    ratings: Path
    layout: Layout | None = None
    movies: Path | None = None


def find_origin(settings: DatasetConfig, raw: Path, report: ReportProgress, mirror: str | None = None) -> Path:
    """The folder, zip or file that the settings speak of; a known dataset is downloaded where it has to be.

    Raises UserError for a path that does not exist, and for a name that is not known and has no source.
    """
    if settings.source:
        path = Path(settings.source).expanduser()
        require(path)
        return path
    dataset = KNOWN.get(settings.name)
    if dataset is None:
        raise UserError(
            f"{settings.name}: is not a known dataset ({', '.join(KNOWN)}); give your own ratings with --source"
        )
    return sample_archive() if dataset.bundled else fetch(dataset, raw, report, mirror)


@contextmanager
def opened(
    origin: Path, raw: Path, settings: DatasetConfig, report: ReportProgress = ignore_progress
) -> Generator[RatingsSource]:
    """Find the ratings in a folder, a zip or a file; what has to be unpacked lies in `raw` until the end.

    Raises UserError where there are none.
    """
    if origin.is_dir():
        yield _in_folder(origin, settings)
    elif is_archive(origin):
        make_folder(raw)
        with tempfile.TemporaryDirectory(prefix=UNPACKING, dir=raw) as temporary:
            wanted = set(members_of_interest(archives.member_names(origin)))
            if not wanted:
                raise UserError(f"{origin}: {_NOTHING}")
            archives.unpack(origin, Path(temporary), wanted.__contains__, report=report)
            # By their names, which may be deeper than a folder is looked through.
            ratings = ratings_name(sorted(wanted)) or single_table(sorted(wanted), origin)
            yield source_of_file(Path(temporary) / ratings, settings)
    else:
        yield source_of_file(origin, settings)


_NOTHING = "holds no ratings; u.data, ratings.dat, ratings.csv, or one CSV, TSV or Parquet file is expected"


def is_archive(path: Path) -> bool:
    """Whether a file is a zip, or calls itself one."""
    return path.is_file() and (path.suffix.lower() == ".zip" or zipfile.is_zipfile(path))


def members_of_interest(names: list[str]) -> list[str]:
    """Of the files of an archive those with ratings or titles; the rest (ml-25m's genome) need not be unpacked."""
    ratings = ratings_name(names)
    if ratings is None:
        return [name for name in names if PurePosixPath(name).suffix.lower() in TABLE_SUFFIXES]
    titles = LAYOUTS[PurePosixPath(ratings).name].titles
    beside = str(PurePosixPath(ratings).with_name(titles))
    return [name for name in (ratings, beside) if name in names]


def ratings_name(names: list[str]) -> str | None:
    """Of the files of a folder or archive the one with MovieLens ratings, the least deep where there are several."""
    found = [name for name in names if PurePosixPath(name).name in LAYOUTS and "__MACOSX" not in name]
    return min(found, key=lambda name: (name.count("/"), list(LAYOUTS).index(PurePosixPath(name).name)), default=None)


def single_table(names: list[str], origin: Path) -> str:
    """The one table among files without a MovieLens name. Raises UserError where there is none, or more than one."""
    tables = [
        name
        for name in names
        if PurePosixPath(name).suffix.lower() in TABLE_SUFFIXES
        and not PurePosixPath(name).name.lower().startswith((".", "readme", "license", "licence"))
        and "__MACOSX" not in name
    ]
    if not tables:
        raise UserError(f"{origin}: {_NOTHING}")
    if len(tables) > 1:
        some = ", ".join(tables[:4]) + (", …" if len(tables) > 4 else "")
        raise UserError(f"{origin}: holds several tables ({some}); give the file with the ratings as --source")
    return tables[0]


def folder_names(folder: Path) -> list[str]:
    """The files in a folder and one or two below it, as archives are often unpacked, relative to it."""
    return [
        path.relative_to(folder).as_posix()
        for pattern in ("*", "*/*", "*/*/*")
        for path in sorted(folder.glob(pattern))
        if path.is_file()
    ]


def _in_folder(folder: Path, settings: DatasetConfig) -> RatingsSource:
    names = folder_names(folder)
    return source_of_file(folder / (ratings_name(names) or single_table(names, folder)), settings)


def source_of_file(path: Path, settings: DatasetConfig, start: bytes | None = None) -> RatingsSource:
    """What a file is: one of MovieLens' own, by its name, header and first rows, or a table with columns of its own.

    start: its first bytes, where it is not at its path. Titles beside it are kept wherever the items are MovieLens'.
    """
    layout = LAYOUTS.get(path.name)
    if layout is None or parse_separator(settings.separator) not in ("", layout.separator):
        return RatingsSource(path)
    beside = path.with_name(layout.titles)
    movies = beside if beside.is_file() else None
    if not layout.header and not settings.columns:
        # As a table its columns would be a guess: what does not fit is better called a fault of its line.
        return RatingsSource(path, layout, movies)
    rows = _first_rows(path, start, layout.separator)
    names = rows.pop(0) if layout.header else []
    has_columns = not layout.header or set(layout.columns.values()) <= set(names)
    if has_columns and settings.columns in ({}, layout.columns) and _fit(rows, names, layout):
        return RatingsSource(path, layout, movies)
    item = layout.columns["item"]
    is_movie = layout.header and settings.columns.get("item", item) == item and item in names
    return RatingsSource(path, None, movies if is_movie else None)


def _first_rows(path: Path, start: bytes | None, separator: str) -> list[list[str]]:
    """The cells of a file's first lines, one line at least. Raises UserError where it cannot be read."""
    if start is None:
        try:
            with path.open("rb") as file:
                start = file.read(HEAD_BYTES)
        except OSError as error:
            raise explain_read_error(error, path) from None
    lines = start.decode("utf-8-sig", errors="replace").split("\n")
    if len(start) >= HEAD_BYTES and len(lines) > 1:
        lines.pop()  # cut off in the middle
    return [[cell.strip().strip('"') for cell in line.split(separator)] for line in lines[:HEAD_LINES]]


def _fit(rows: list[list[str]], names: list[str], layout: Layout) -> bool:
    """Whether ids are whole numbers and times numbers, as MovieLens' are; gaps are a fault, and no other layout."""
    count = len(names) or len(layout.columns)
    places = {role: names.index(column) if names else int(column) for role, column in layout.columns.items()}
    for row in rows:
        user, item, time = (row[places[role]] if len(row) == count else "" for role in ("user", "item", "timestamp"))
        if any(cell and not _MOVIELENS_ID.fullmatch(cell) for cell in (user, item)):
            return False
        if time and number_in(time) is None:
            return False
    return True
