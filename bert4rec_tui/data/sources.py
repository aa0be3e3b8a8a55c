"""From a name, a folder, a zip or a file to the raw files that hold the ratings."""

import tempfile
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data import archives
from bert4rec_tui.data.catalog import KNOWN, known
from bert4rec_tui.data.download import fetch
from bert4rec_tui.errors import UserError
from bert4rec_tui.files import make_folder
from bert4rec_tui.progress import ReportProgress
from bert4rec_tui.settings import sample_archive

Layout = Literal["u.data", "dat", "csv", "table"]

# Where MovieLens keeps its ratings, and beside them its titles.
_LAYOUTS: dict[str, tuple[Layout, str]] = {
    "u.data": ("u.data", "u.item"),
    "ratings.dat": ("dat", "movies.dat"),
    "ratings.csv": ("csv", "movies.csv"),
}
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".inter", ".data", ".dat", ".parquet", ".pq")


@dataclass(frozen=True)
class RatingsSource:
    """The file with the ratings, how it is laid out, and the file with the titles where there is one."""

    layout: Layout
    ratings: Path
    movies: Path | None = None


def find_origin(settings: DatasetConfig, raw: Path, report: ReportProgress, mirror: str | None = None) -> Path:
    """The folder, zip or file that the settings speak of; a known dataset is downloaded where it has to be.

    Raises UserError for a path that does not exist, and for a name that is not known and has no source.
    """
    if settings.source:
        path = Path(settings.source).expanduser()
        if not path.exists():
            raise UserError(f"{path}: there is no such file or folder")
        return path
    dataset = known(settings.name)
    if dataset is None:
        raise UserError(
            f"{settings.name}: is not a known dataset ({', '.join(KNOWN)}); give your own ratings with --source"
        )
    return sample_archive() if dataset.bundled else fetch(dataset, raw, report, mirror)


@contextmanager
def opened(origin: Path, raw: Path, as_table: bool, report: ReportProgress) -> Generator[RatingsSource]:
    """Find the ratings in a folder, a zip or a file; what has to be unpacked lies in `raw` until the end.

    `as_table`: columns or a separator were said, so the file is read as they say and not as MovieLens' own.
    """
    if origin.is_dir():
        yield _in_folder(origin, as_table)
    elif is_archive(origin):
        make_folder(raw)
        with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=raw) as temporary:
            wanted = set(members_of_interest(archives.member_names(origin)))
            if not wanted:
                raise UserError(f"{origin}: {_NOTHING}")
            archives.unpack(origin, Path(temporary), wanted.__contains__, report=report)
            yield _in_folder(Path(temporary), as_table, shown=origin)
    else:
        yield source_of_file(origin, as_table)


_NOTHING = "holds no ratings; u.data, ratings.dat, ratings.csv, or one CSV, TSV or Parquet file is expected"


def is_archive(path: Path) -> bool:
    """Whether a file is a zip, or calls itself one."""
    return path.is_file() and (path.suffix.lower() == ".zip" or zipfile.is_zipfile(path))


def members_of_interest(names: list[str]) -> list[str]:
    """Of the files of an archive those with ratings or titles; the rest (ml-25m's genome) need not be unpacked."""
    ratings = ratings_name(names)
    if ratings is None:
        return [name for name in names if PurePosixPath(name).suffix.lower() in TABLE_SUFFIXES]
    titles = _LAYOUTS[PurePosixPath(ratings).name][1]
    beside = str(PurePosixPath(ratings).with_name(titles))
    return [name for name in (ratings, beside) if name in names]


def ratings_name(names: list[str]) -> str | None:
    """Of the files of a folder or archive the one with MovieLens ratings, the least deep where there are several."""
    found = [name for name in names if PurePosixPath(name).name in _LAYOUTS and "__MACOSX" not in name]
    return min(found, key=lambda name: (name.count("/"), list(_LAYOUTS).index(PurePosixPath(name).name)), default=None)


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


def _in_folder(folder: Path, as_table: bool, shown: Path | None = None) -> RatingsSource:
    """The ratings in a folder or one or two below it, as archives are often unpacked."""
    names = [
        path.relative_to(folder).as_posix()
        for pattern in ("*", "*/*", "*/*/*")
        for path in sorted(folder.glob(pattern))
        if path.is_file()
    ]
    name = ratings_name(names) or single_table(names, shown or folder)
    return source_of_file(folder / name, as_table)


def source_of_file(path: Path, as_table: bool) -> RatingsSource:
    """What a file is by its name: one of MovieLens' own, or a table."""
    if as_table or path.name not in _LAYOUTS:
        return RatingsSource("table", path)
    layout, titles = _LAYOUTS[path.name]
    movies = path.with_name(titles)
    return RatingsSource(layout, path, movies if movies.is_file() else None)
