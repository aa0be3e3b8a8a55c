"""Find the interactions of a source: MovieLens' files by their names, anything else as one table."""

import re
import zipfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from glob import has_magic
from itertools import islice
from pathlib import Path, PurePosixPath

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data import archives
from bert4rec_tui.data.catalog import KNOWN
from bert4rec_tui.data.columns import number_in
from bert4rec_tui.data.download import fetch
from bert4rec_tui.data.format_detection import (
    HEAD_BYTES,
    HEAD_LINES,
    check_source,
    explain_read_error,
    parse_separator,
)
from bert4rec_tui.data.forms import to_table
from bert4rec_tui.data.forms.samples import head_of_sample
from bert4rec_tui.data.layouts.recognise import recognise
from bert4rec_tui.data.leftovers import unpacking_folder
from bert4rec_tui.errors import UserError
from bert4rec_tui.files import make_folder
from bert4rec_tui.progress import ReportProgress, ignore_progress
from bert4rec_tui.settings import sample_archive

PARQUET = (".parquet", ".pq")
MAX_SIBLINGS = 1000
_NO_TABLES = (".md", ".html", ".pdf", ".py", ".png", ".jpg")
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".inter", ".data", ".dat", ".parquet", ".pq")


@dataclass(frozen=True)
class Layout:
    """A layout of MovieLens' ratings, and the name of its file with the titles.

    `columns` maps each role to its column, by name with a header, else by number; `fields` describes a line.
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
    """The file with the interactions, its MovieLens layout (None: a table), and MovieLens' file with the titles.

    `name` is that of the source for people, and `folder` where its files are, by whose names a layout is recognised and
    titles are found; `notes` are sentences on how it was read. `parquet` says whether the file is Parquet.
    """

    ratings: Path
    layout: Layout | None = None
    movies: Path | None = None
    name: str = ""
    folder: Path | None = None
    notes: tuple[str, ...] = ()
    parquet: bool = False

    @property
    def is_parquet(self) -> bool:
        """Whether the file with the interactions is Parquet."""
        return self.parquet or self.ratings.suffix.lower() in PARQUET

    @property
    def called(self) -> str:
        """The name for people."""
        return self.name or self.ratings.name

    def siblings(self) -> list[str]:
        """The names of the files next to the source, at most a thousand."""
        folder = self.folder or self.ratings.parent
        with suppress(OSError):
            return [path.name for path in islice(sorted(folder.iterdir()), MAX_SIBLINGS) if path.is_file()]
        return []


def find_origin(settings: DatasetConfig, raw: Path, report: ReportProgress, mirror: str | None = None) -> Path:
    """The folder, zip or file of the settings; a known dataset is downloaded if needed.

    Raises UserError for a path that does not exist, and for an unknown name without a source.
    """
    if settings.source:
        for source in (settings.source, *settings.further_sources):
            if not has_magic(source) or Path(source).exists():
                check_source(Path(source).expanduser())
        return Path(settings.source).expanduser()
    dataset = KNOWN.get(settings.name)
    if dataset is None:
        raise UserError(
            f"{settings.name}: is not a known dataset ({', '.join(KNOWN)}); pass your own ratings with --source"
        )
    return sample_archive() if dataset.bundled else fetch(dataset, raw, report, mirror)


@contextmanager
def opened(
    origin: Path, raw: Path, settings: DatasetConfig, report: ReportProgress = ignore_progress
) -> Generator[RatingsSource]:
    """The interactions of a source as one table: MovieLens' own, or any form of file, folder, archive or pattern.

    What is unpacked or rewritten is in `raw` until the end of the block. Raises UserError where there are none.
    """
    further = [Path(source).expanduser() for source in settings.further_sources]
    if not further and (names := _movielens_names(origin)) is not None:
        if not is_archive(origin):
            yield source_of_file(origin / names[0] if origin.is_dir() else origin, settings)
            return
        make_folder(raw)
        with unpacking_folder(raw) as temporary:
            selected = set(members_of_interest(archives.member_names(origin)))
            archives.unpack(origin, temporary, selected.__contains__, report=report)
            # By name, because members may be nested deeper than folders are searched.
            yield source_of_file(temporary / names[0], settings)
        return
    make_folder(raw)
    with unpacking_folder(raw) as temporary:
        file = file_of_layout(origin, temporary) if origin.is_dir() and not further else None
        table = to_table([file or origin, *further], temporary / "table", encoding=settings.encoding, report=report)
        named = file or origin
        yield RatingsSource(
            table.path,
            name=named.name,
            folder=named if named.is_dir() else named.parent,
            notes=table.notes,
            parquet=table.is_parquet,
        )


def _movielens_names(origin: Path) -> list[str] | None:
    """The file with MovieLens' ratings in a source, first of a list; None where there is none by its name."""
    if origin.is_dir():
        name = ratings_name(folder_names(origin))
    elif is_archive(origin):
        name = ratings_name(archives.member_names(origin))
    else:
        return [origin.name] if origin.name in LAYOUTS else None
    return [name] if name is not None else None


def file_of_layout(folder: Path, temporary: Path) -> Path | None:
    """The one file of a folder whose layout is known, where the folder holds other tables too; None elsewhere."""
    files = [folder / name for name in folder_names(folder) if "/" not in name and not name.startswith((".", "_"))]
    if len(files) < 2 or len(files) > MAX_SIBLINGS:
        return None
    names = [file.name for file in files]
    heads = {file: head_of_sample(file, temporary) for file in files if file.suffix.lower() not in _NO_TABLES}
    found = [
        file for file, head in heads.items() if head is not None and recognise(file.name, *head, names) is not None
    ]
    return found[0] if len(found) == 1 else None


def is_archive(path: Path) -> bool:
    """Whether a file is a zip, by content or by name."""
    return path.is_file() and (path.suffix.lower() == ".zip" or zipfile.is_zipfile(path))


def members_of_interest(names: list[str]) -> list[str]:
    """The files of an archive with ratings or titles; others (ml-25m's genome) are not unpacked."""
    ratings = ratings_name(names)
    if ratings is None:
        return [name for name in names if PurePosixPath(name).suffix.lower() in TABLE_SUFFIXES]
    titles = LAYOUTS[PurePosixPath(ratings).name].titles
    beside = str(PurePosixPath(ratings).with_name(titles))
    return [name for name in (ratings, beside) if name in names]


def ratings_name(names: list[str]) -> str | None:
    """The file of a folder or archive with MovieLens ratings, the least nested if there are several."""
    found = [name for name in names if PurePosixPath(name).name in LAYOUTS and "__MACOSX" not in name]
    return min(found, key=lambda name: (name.count("/"), list(LAYOUTS).index(PurePosixPath(name).name)), default=None)


def folder_names(folder: Path) -> list[str]:
    """The files in a folder, up to two levels below, as archives are often unpacked; relative to it."""
    return [
        path.relative_to(folder).as_posix()
        for pattern in ("*", "*/*", "*/*/*")
        for path in sorted(folder.glob(pattern))
        if path.is_file()
    ]


def source_of_file(path: Path, settings: DatasetConfig, start: bytes | None = None) -> RatingsSource:
    """Detect a MovieLens file, by its name, header and first rows; anything else is a general table.

    start: its first bytes, if it is not at its path. The titles file next to it is used if the items are MovieLens'.
    """
    layout = LAYOUTS.get(path.name)
    if layout is None or parse_separator(settings.separator) not in ("", layout.separator):
        return RatingsSource(path)
    beside = path.with_name(layout.titles)
    movies = beside if beside.is_file() else None
    if not layout.header and not settings.columns:
        # As a table its columns would be a guess: an invalid line is better reported as such.
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
    """The cells of a file's first lines, at least one. Raises UserError where it cannot be read."""
    if start is None:
        try:
            with path.open("rb") as file:
                start = file.read(HEAD_BYTES)
        except OSError as error:
            raise explain_read_error(error, path) from None
    lines = start.decode("utf-8-sig", errors="replace").split("\n")
    if len(start) >= HEAD_BYTES and len(lines) > 1:
        lines.pop()  # truncated
    return [[cell.strip().strip('"') for cell in line.split(separator)] for line in lines[:HEAD_LINES]]


def _fit(rows: list[list[str]], names: list[str], layout: Layout) -> bool:
    """Whether ids are integers and timestamps numbers, as in MovieLens; empty cells are errors, not another layout."""
    count = len(names) or len(layout.columns)
    places = {role: names.index(column) if names else int(column) for role, column in layout.columns.items()}
    for row in rows:
        user, item, time = (row[places[role]] if len(row) == count else "" for role in ("user", "item", "timestamp"))
        if any(cell and not _MOVIELENS_ID.fullmatch(cell) for cell in (user, item)):
            return False
        if time and number_in(time) is None:
            return False
    return True
