"""Every layout of ratings that we read, and the one shape that they all become."""

from dataclasses import replace

import numpy as np

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.columns import Guess, guess_columns, resolve
from bert4rec_tui.data.faults import fault_of
from bert4rec_tui.data.interactions import Interactions
from bert4rec_tui.data.movies import read_movies
from bert4rec_tui.data.sniffing import Head, Shape, read_head, spoken_separator
from bert4rec_tui.data.sources import RatingsSource
from bert4rec_tui.data.tables import parquet_names, read_parquet, read_text
from bert4rec_tui.errors import UserError

_MOVIELENS_ROLES = {"user": 0, "item": 1, "rating": 2, "timestamp": 3}
_MOVIELENS_NAMES = {"user": "userId", "item": "movieId", "rating": "rating", "timestamp": "timestamp"}
PARQUET = (".parquet", ".pq")


def read_interactions(source: RatingsSource, settings: DatasetConfig) -> tuple[Interactions, DatasetConfig]:
    """All ratings of a source, and the settings with the columns that were guessed where none were said.

    Raises UserError that names file and line.
    """
    if source.layout == "table":
        settings = replace_columns(settings, source)
        return _read_table(source, settings), settings
    read = {"u.data": _read_u_data, "dat": _read_dat, "csv": _read_csv}[source.layout]
    return _with_movies(read(source), source), settings


def _read_u_data(source: RatingsSource) -> Interactions:
    read_head(source.ratings, "\t", header=False)  # empty, missing or foreign: said before anything is read
    shape = Shape("\t", 0, None, 4, quoted=False, fields="user, item, rating and timestamp, separated by tabs")
    return read_text(source.ratings, shape, _MOVIELENS_ROLES, movielens=True)


def _read_dat(source: RatingsSource) -> Interactions:
    read_head(source.ratings, "::", header=False)
    shape = Shape("::", 0, None, 4, quoted=False, fields="UserID::MovieID::Rating::Timestamp")
    return read_text(source.ratings, shape, _MOVIELENS_ROLES, movielens=True)


def _read_csv(source: RatingsSource) -> Interactions:
    shape = read_head(source.ratings, ",", header=True).shape
    if shape.count == 1:
        fields = "userId,movieId,rating,timestamp"
        fault = fault_of(shape.names or [], replace(shape, count=4, fields=fields), {}, movielens=True)
        raise UserError(f"{source.ratings.name}, line 1: {fault}; another separator can be given with --separator")
    roles = resolve(_MOVIELENS_NAMES, shape.names, shape.count, source.ratings.name)
    return read_text(source.ratings, shape, roles, movielens=True)


def _with_movies(interactions: Interactions, source: RatingsSource) -> Interactions:
    if source.movies is None:
        return interactions
    movies = read_movies(source.movies)
    found = [movies.get(item, ("", "")) for item in np.asarray(interactions.item_ids).tolist()]
    return replace(interactions, titles=[title for title, _ in found], genres=[genres for _, genres in found])


def _read_table(source: RatingsSource, settings: DatasetConfig) -> Interactions:
    path = source.ratings
    if path.suffix.lower() in PARQUET:
        names = parquet_names(path)
        return read_parquet(path, resolve(settings.columns, names, len(names), path.name))
    shape = table_head(source, settings).shape
    roles = resolve(settings.columns, shape.names, shape.count, path.name)
    return read_text(path, shape, roles, movielens=False)


def table_head(source: RatingsSource, settings: DatasetConfig) -> Head:
    """The first rows of a text table, with the separator and the header that the settings imply."""
    separator = settings.separator or ("\t" if source.ratings.suffix.lower() in (".tsv", ".inter") else "")
    columns = settings.columns.values()
    # Columns said by name need a header; said by number, the content decides.
    named = bool(columns) and not all(column.isascii() and column.isdigit() for column in columns)
    return read_head(source.ratings, separator, header=True if named else None)


def guess_table(source: RatingsSource, settings: DatasetConfig) -> Guess:
    """Guess the columns of a table whose columns were not said."""
    if source.ratings.suffix.lower() in PARQUET:
        return guess_columns(parquet_names(source.ratings), [])
    head = table_head(source, settings)
    return guess_columns(head.shape.names, head.rows)


def replace_columns(settings: DatasetConfig, source: RatingsSource) -> DatasetConfig:
    """The settings with guessed columns where none were said. Raises UserError where the guess is in doubt."""
    import msgspec

    separator = spoken_separator(settings.separator)
    if settings.columns:
        return msgspec.structs.replace(settings, separator=separator)
    guess = guess_table(source, settings)
    if not guess.certain:
        offer = ",".join(f"{role}={column}" for role, column in guess.mapping.items()) or "user=…,item=…"
        raise UserError(f"{source.ratings.name}: {guess.doubt}; say which they are, such as --columns {offer}")
    return msgspec.structs.replace(settings, columns=guess.mapping, separator=separator)
