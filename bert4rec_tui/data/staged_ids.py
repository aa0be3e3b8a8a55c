"""Ids that are text: what they may not be, and whole numbers that were written as floating point."""

import re
from collections.abc import Iterable
from typing import Any, Protocol

_EXACT = 2**53  # from which floating point leaves out whole numbers
_FLOAT_ID = re.compile(r"\s*-?(0|[1-9]\d{0,18})\.0\s*", re.ASCII)
# How databases and data frames write missing values.
_MISSING = ("null", "na", "n/a", "nan", "none", "<na>", "\\n")


class AnswersQueries(Protocol):
    """A database with a table `ids` of distinct texts, `id`."""

    def value(self, query: str) -> Any:
        """The first value of an answer."""
        ...


def find_floats(batches: Iterable[Any]) -> bool:
    """Whether all ids are whole numbers written as floating point, as pandas does for a column with a gap: 1.0 is 1.

    batches: Arrow batches of the distinct ids. Raises ValueError for one of 2^53 or more, which lost its last digits
    when it was made a float.
    """
    largest, longest = 0, ""
    found = False
    for batch in batches:
        for word in batch.column(0).to_pylist():
            if not _FLOAT_ID.fullmatch(word):
                return False
            found, number = True, abs(int(word.strip().partition(".")[0]))
            if number > largest:
                largest, longest = number, word.strip()
    if largest >= _EXACT:
        raise ValueError(
            f'the id "{longest}" was written as floating point, which merges ids from 2^53 on; '
            "write the column as integers or as text"
        )
    return found


def check_ids(database: AnswersQueries) -> None:
    """Raises ValueError where an id is empty, or is the word for a missing value among numbers."""
    words = ", ".join(f"'{word}'" for word in _MISSING)
    missing = database.value(f"SELECT id FROM ids WHERE lower(id) IN ({words}) ORDER BY id LIMIT 1")
    if missing is not None:
        others = database.value(
            "SELECT count(*) > 0 AND bool_and(regexp_full_match(id, '[0-9]+')) FROM ids "
            f"WHERE lower(id) NOT IN ({words})"
        )
        if others:
            raise ValueError(
                f'"{missing}" as an id among numbers is a missing value; leave such rows out with --drop-incomplete'
            )
    if database.value("SELECT count(*) FROM ids WHERE id = ''"):
        raise ValueError("an id is empty")
