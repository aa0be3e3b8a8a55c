"""Settle what the ids and times of staged interactions are, and that none is missing."""

from typing import Any

from bert4rec_tui.data.checked_batches import NEEDED, numbers_of
from bert4rec_tui.data.dates import TimeReader, is_missing, time_reader
from bert4rec_tui.data.staged_ids import check_ids, find_floats
from bert4rec_tui.data.staging import ALL_ROWS, OFFSET, RowRules, Staging
from bert4rec_tui.data.time_scale import MixedTimesError, NumberSummary, TimeReading, TimeScale
from bert4rec_tui.data.times import MissingValueError, MixedUnitsError, RowError, TimeMissingError
from bert4rec_tui.errors import UserError, printable

MICROSECONDS = 10**6  # in a second
MOST_SAMPLES = 20_000  # distinct texts by which the format of times is detected


def settle(staging: Staging, rules: RowRules = ALL_ROWS) -> None:
    """Drop incomplete rows, if that is wanted, and settle what ids and times are.

    Raises RowError for the first row where a value is missing that must be there, or whose time fits no other;
    ValueError where a text is no date, or an id was changed before it was written.
    """
    _Settling(staging).settle(rules)


class _Settling:
    def __init__(self, staging: Staging) -> None:
        self.staging = staging

    def settle(self, rules: RowRules) -> None:
        self._finish_missing(rules.drop_incomplete)
        self._finish_ids()
        if "timestamp" in self.staging.roles:
            self._finish_times(rules.drop_incomplete, rules.time)
            if OFFSET in self.staging.roles and self.staging.times == TimeScale("units", MICROSECONDS):
                self.staging.execute(f"UPDATE interactions SET timestamp = timestamp + 1000 * coalesce({OFFSET}, 0)")

    def _finish_missing(self, drop: bool) -> None:
        """Raises RowError where a user, an item or a time is missing, unless such rows are dropped."""
        if not self.staging.missing:
            return
        roles = [role for role in self.staging.roles if role in NEEDED]
        incomplete = " OR ".join(f"{role} IS NULL" for role in roles)
        if drop:
            self.staging.leave_out("incomplete", incomplete)
            return
        row = self.staging.row(
            f"SELECT rowid, {', '.join(f'{role} IS NULL' for role in roles)} FROM interactions "
            f"WHERE {incomplete} ORDER BY rowid LIMIT 1"
        )
        if row is not None:
            first, *nulls = row
            count = int(self.staging.value(f"SELECT count(*) FROM interactions WHERE {incomplete}"))
            raise MissingValueError(self.staging.source_row(first), roles[nulls.index(True)], count)

    def _finish_ids(self) -> None:
        """Look at every distinct id that is text. Raises ValueError where one is empty, missing or changed."""
        for role in ("user", "item"):
            if self.staging.kind(role) != "VARCHAR":
                continue
            self.staging.execute(f"CREATE OR REPLACE TABLE ids AS SELECT DISTINCT {role} AS id FROM interactions")
            if find_floats(self.staging.batches("SELECT id FROM ids")):
                whole = f"CAST(split_part({role}, '.', 1) AS BIGINT)"
                self.staging.execute(f"ALTER TABLE interactions ALTER {role} TYPE BIGINT USING {whole}")
            else:
                check_ids(self.staging)
            self.staging.execute("DROP TABLE ids")

    def _finish_times(self, drop_incomplete: bool, time: TimeReading) -> None:
        """Settle what the times are: numbers of a unit, or microseconds; texts are read, each distinct one once."""
        if self.staging.moments:
            self.staging.times = TimeScale("units", MICROSECONDS)
        elif self.staging.kind("timestamp") != "VARCHAR":
            self._finish_numbers(drop_incomplete, time)
        elif not time.form and (number := self._number_in_texts()):
            self.staging.execute(f"ALTER TABLE interactions ALTER timestamp TYPE {number}")
            self.staging.numbers = None
            self._finish_numbers(drop_incomplete, time)
        else:
            self._finish_texts(drop_incomplete, time)
            self.staging.times = TimeScale("units", MICROSECONDS)

    def _finish_numbers(self, drop_incomplete: bool, time: TimeReading) -> None:
        if self.staging.numbers is None or self.staging.left_out:
            self.staging.numbers = NumberSummary()
            for batch in self.staging.batches("SELECT timestamp FROM interactions"):
                self.staging.numbers.add(numbers_of(batch.column(0)))
        try:
            self.staging.times = time.scale() or self.staging.numbers.scale()
        except TimeMissingError as error:
            if not drop_incomplete:
                count = int(self.staging.value("SELECT count(*) FROM interactions WHERE timestamp = 0"))
                raise TimeMissingError(error.row if not self.staging.left_out else None, count) from None
            self.staging.leave_out("incomplete", "timestamp = 0")
            self._finish_numbers(drop_incomplete, time)
        except MixedTimesError:
            raise self._mixed_units(self.staging.numbers.limit) from None

    def _finish_texts(self, drop_incomplete: bool, time: TimeReading) -> None:
        """Turn times that are text into microseconds, each distinct one once."""
        texts = "SELECT DISTINCT timestamp FROM interactions"
        reader = time_reader(time.form, []) if time.form and drop_incomplete else self._time_reader(texts, time)
        self.staging.execute("CREATE OR REPLACE TABLE moments (text VARCHAR, ticks BIGINT)")
        # Listed first: a table cannot be added to while another connection reads.
        for batch in list(self.staging.batches(texts)):
            self.staging.append("moments", _parsed(batch.column(0), reader, drop_incomplete))
        self.staging.execute("ALTER TABLE interactions ADD COLUMN ticks BIGINT")
        joined = "UPDATE interactions SET ticks = moments.ticks FROM moments WHERE timestamp = moments.text"
        self.staging.execute(joined)
        for change in ("DROP COLUMN timestamp", "RENAME COLUMN ticks TO timestamp"):
            self.staging.execute(f"ALTER TABLE interactions {change}")
        self.staging.execute("DROP TABLE moments")
        self.staging.missing = self.staging.has_null("timestamp")
        self._finish_missing(drop_incomplete)

    def _time_reader(self, texts: str, time: TimeReading) -> TimeReader:
        """How all of the texts are read. Raises RowError where they can be read in two ways, or in none."""
        some: list[str] = []
        for batch in self.staging.batches(texts):
            some += batch.column(0).slice(0, MOST_SAMPLES - len(some)).to_pylist()
            if len(some) >= MOST_SAMPLES:
                break
        try:
            reader = time_reader(time.form, some)
        except UserError as error:
            raise RowError(None, str(error)) from None
        if reader.others:
            raise RowError(None, reader.doubt)
        if reader.doubt:  # a text that is no date: its line is looked for
            raise ValueError(reader.doubt)
        return reader

    def _number_in_texts(self) -> str:
        """The type of number that all times are, though they are text; empty where one is none."""
        whole, fraction = r"\s*[+-]?[0-9]{1,18}\s*", r"\s*[+-]?[0-9]*\.?[0-9]+(e[+-]?[0-9]+)?\s*"
        for kind, pattern in (("BIGINT", whole), ("DOUBLE", fraction)):
            if self.staging.value(f"SELECT bool_and(regexp_full_match(timestamp, '{pattern}', 'i')) FROM interactions"):
                return kind
        return ""

    def _mixed_units(self, limit: int) -> MixedUnitsError:
        """The error that names the first of the fewer times, of those within a limit and those beyond it."""
        late = f"abs(timestamp) > {limit}"
        many = self.staging.value(f"SELECT 2 * count(*) > {self.staging.rows} FROM interactions WHERE {late}")
        row, value = self._first_time(f"NOT ({late})" if many else late)
        return MixedUnitsError(
            self.staging.source_row(row), value, self._first_time(late if many else f"NOT ({late})")[1]
        )

    def _first_time(self, condition: str) -> tuple[int, float]:
        first = f"SELECT rowid, timestamp FROM interactions WHERE {condition} ORDER BY rowid LIMIT 1"
        row, value = self.staging.row(first) or (0, 0.0)
        return int(row), float(value)


def _parsed(texts: Any, reader: TimeReader, drop_incomplete: bool) -> Any:
    """A table of texts and their microseconds, null for what means a missing value.

    Where incomplete rows are dropped, that is also a text that is no date, as long as most are. Raises ValueError.
    """
    import pyarrow as pa

    words = texts.to_pylist()
    ticks = [reader.parse(word) for word in words]
    wrong = next((word for word, tick in zip(words, ticks, strict=True) if tick is None and not is_missing(word)), None)
    if wrong is not None and not (drop_incomplete and 2 * ticks.count(None) < len(ticks)):
        raise ValueError(f'the timestamp "{printable(wrong, 40)}" is not one of {reader.kind}')
    return pa.table({"text": texts, "ticks": pa.array(ticks, pa.int64())})
