"""What the first values of a column are: times, scores, coordinates, words that repeat, ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bert4rec_tui.data.dates import is_date, is_missing, is_written_day

_EARLY, _LATE = 8e8, 2.02e9  # seconds: May 1995 and January 2034
_OLDEST = 1e8
_FEW = 5  # rows, below which a column says little about itself
_BEST_SCORE, _MANY_SCORES = 10, 21
_MOST_EVENTS = 12
_DEGREES = 180
_DEGREE_DIGITS = 4  # after the point: 30.2359


@dataclass(frozen=True)
class Values:
    """The cells of a column in the first rows, in the order of the file; missing ones are left out of `cells`."""

    index: int
    cells: tuple[str, ...]
    rows: int

    @cached_property
    def distinct(self) -> int:
        """The number of different cells."""
        return len(set(self.cells))

    @cached_property
    def runs(self) -> int:
        """The number of stretches of the same cell: as many as different cells where equal ones stand together."""
        return sum(1 for place, cell in enumerate(self.cells) if place == 0 or cell != self.cells[place - 1])

    @cached_property
    def numbers(self) -> tuple[float, ...]:
        """The values of the cells, empty where one is no number."""
        values = [number_in(cell) for cell in self.cells]
        return tuple(value for value in values if value is not None) if None not in values else ()

    @property
    def constant(self) -> bool:
        """Whether all cells are the same, or there are none."""
        return self.distinct <= 1 and self.rows >= _FEW

    @property
    def clustered(self) -> bool:
        """Whether equal cells stand together, as those of a user in a file that is sorted by user."""
        return self.rows >= _FEW and self.runs == self.distinct and 1 < self.distinct <= self.rows // 2

    @property
    def unique(self) -> bool:
        """Whether no cell repeats, as the numbers of rows and the ids of reviews."""
        return self.rows >= _FEW and self.distinct == self.rows

    @cached_property
    def date_rank(self) -> int:
        """How surely these are times: 3 dates, 2 numbers of the last decades, 1 of older ones or days, 0 none."""
        if not self.cells or (self.distinct == 1 and self.rows >= _FEW):
            return 0
        if not self.numbers:
            return 3 if all(map(is_date, self.cells)) else 0
        if all(is_epoch(number, _EARLY) for number in self.numbers):
            return 2
        if all(map(is_written_day, self.cells)):
            return 1
        # Ids of nine digits are spread over their range and repeat, times of a dataset are near each other and do not.
        least, most = min(self.numbers), max(self.numbers)
        near = least >= _OLDEST and most < _LATE and most < 1.5 * least
        return int(near and (self.rows < _FEW or 2 * self.distinct > self.rows))

    @property
    def scores(self) -> bool:
        """Whether these may be ratings: few values, none above 10, at most two digits after the point."""
        if self.distinct < 2 or not self.numbers or self.clustered:
            return False
        if min(self.numbers) < -1 or max(self.numbers) > _BEST_SCORE or self.distinct > _MANY_SCORES:
            return False
        return all(digits_after_point(cell) <= 2 for cell in self.cells)

    @property
    def coordinates(self) -> bool:
        """Whether these are degrees of latitude or longitude: decimals with many digits."""
        if not self.numbers or max(map(abs, self.numbers)) > _DEGREES:
            return False
        long = sum(digits_after_point(cell) >= _DEGREE_DIGITS for cell in self.cells)
        return 2 * long > len(self.cells)

    @property
    def events(self) -> bool:
        """Whether these are a few words that say what happened: view, cart, purchase."""
        if self.numbers or self.clustered or self.rows < _FEW or self.distinct > min(_MOST_EVENTS, self.rows // 5):
            return False
        return not any(character.isdigit() for cell in self.cells for character in cell)

    @property
    def fractional(self) -> bool:
        """Whether a number has a fraction, as prices and durations have, and ids have not."""
        return any(number % 1 for number in self.numbers)

    @property
    def words(self) -> bool:
        """Whether these are names for people: letters, somewhere a space, and no number."""
        return (
            not self.numbers
            and any(" " in cell for cell in self.cells)
            and any(any(character.isalpha() for character in cell) for cell in self.cells)
        )


def values_of(rows: Sequence[Sequence[str]], index: int) -> Values:
    """The values of a column; rows without it are left out."""
    cells = [row[index].strip() for row in rows if index < len(row)]
    return Values(index, tuple(cell for cell in cells if not is_missing(cell, zero=False)), len(cells))


def determines(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether each value of a column goes with one value of the other, as an item does with its category.

    Only where a tenth of the rows repeat a value, as otherwise every column does.
    """
    found: dict[str, str] = {}
    if any(found.setdefault(key, value) != value for key, value in zip(one, other, strict=True)):
        return False
    return len(one) - len(found) >= max(3, len(one) // 10)


def is_epoch(number: float, earliest: float = 1e9) -> bool:
    """Whether a number is a moment up to January 2034 in seconds or a finer unit; the first one is in 2001."""
    return any(earliest <= number / unit < _LATE for unit in (1, 10**3, 10**6, 10**9))


def number_in(cell: str) -> float | None:
    """The value of a numeric cell, None for any other cell, `1_000` among them."""
    if "_" in cell:
        return None
    try:
        return float(cell)
    except ValueError:
        return None


def digits_after_point(cell: str) -> int:
    """The digits after the point of a number, without the zeros at its end: 1 of `4.50`."""
    return len(cell.partition(".")[2].rstrip("0"))
