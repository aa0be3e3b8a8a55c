"""The interactions of a source in a database on disk, for as long as a dataset is prepared from them.

DuckDB keeps a stated memory whatever the number of rows: it counts, joins and sorts on the disk beside the dataset.
"""

import shutil
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bert4rec_tui.data.conditions import Condition
from bert4rec_tui.data.dates import FORMATS, ISO, ambiguity, forms_of, parse_time
from bert4rec_tui.data.staged_ids import check_ids, find_floats
from bert4rec_tui.data.time_scale import AS_WRITTEN, MixedTimesError, NumberSummary, TimeReading, TimeScale
from bert4rec_tui.data.times import MissingValueError, MixedUnitsError, RowError, TimeMissingError
from bert4rec_tui.errors import OutOfReachError, UserError, printable

MICROSECONDS = 10**6  # in a second
LEAST_MEMORY = 128 * 2**20
# Of the stated memory, what DuckDB may take: batches, arrays and its own overhead need the rest.
SHARE = 0.6
BATCH_ROWS = 2**18
CONDITION = "condition"  # begins the names of columns that only choose rows
_NEEDED = frozenset(("user", "item", "timestamp"))  # without one of these a row is incomplete


@dataclass(frozen=True)
class RowRules:
    """Which rows of a source are taken, and how their times are read. condition: None for all rows."""

    condition: Condition | None = None
    drop_incomplete: bool = False
    time: TimeReading = AS_WRITTEN


ALL_ROWS = RowRules()


class Staging:
    """A table `interactions` with a column for each role; `rowid` is the place of a row in the source.

    user, item: BIGINT or VARCHAR. timestamp: BIGINT or DOUBLE, whose meaning is `times`. rating: FLOAT. title, genres:
    VARCHAR. folder: a new folder for the database, removed by `close`. memory: bytes. threads: 0 for all cores.
    """

    def __init__(self, folder: Path, memory: int, threads: int = 0) -> None:
        import duckdb

        folder.mkdir()
        self.folder = folder
        self.read = self.rows = 0  # in the source, and kept
        self.left_out: dict[str, int] = {}  # rows by the rule that left them out
        self.roles: tuple[str, ...] = ()
        self._missing = self._moments = False
        self._numbers: NumberSummary | None = None
        self.times: TimeScale | None = None
        limit = max(LEAST_MEMORY, int(memory * SHARE)) // 2**20
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{limit}MiB",
            "temp_directory": str(folder / "spilled"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        if threads:
            config["threads"] = threads
        with _explained():
            self._database = duckdb.connect(str(folder / "interactions.duckdb"), config=config)

    def __enter__(self) -> "Staging":
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the database."""
        self._database.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def execute(self, statement: str, values: Sequence[object] = ()) -> None:
        """Change the database. Raises UserError where memory or disk do not suffice."""
        with _explained():
            self._database.execute(statement, values)

    def value(self, query: str) -> Any:
        """The first value of the first row of an answer; None where there is none."""
        row = self.row(query)
        return row[0] if row else None

    def row(self, query: str) -> tuple[Any, ...] | None:
        """The first row of an answer; None where there is none."""
        with _explained():
            rows = self._database.execute(query).fetchall()
        return rows[0] if rows else None

    def table(self, query: str) -> Any:
        """The whole answer, as an Arrow table."""
        with _explained():
            return self._database.sql(query).to_arrow_table()

    def batches(self, query: str) -> Iterator[Any]:
        """The answer in Arrow batches, of which one at a time is in memory."""
        # A connection of its own: the answer may be left unread. Not by `execute`, whose reader keeps all of it.
        with _explained(), self._database.cursor() as connection:
            yield from connection.sql(query).to_arrow_reader(BATCH_ROWS)

    def store(self, name: str, table: Any) -> None:
        """Make a table of an Arrow table."""
        self._database.register("incoming", table)
        try:
            self.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM incoming")
        finally:
            self._database.unregister("incoming")

    def kind(self, role: str) -> str:
        """The type of a column in SQL."""
        return str(self.value(f"SELECT typeof({role}) FROM interactions LIMIT 1"))

    def load(self, batches: Iterable[Any], schema: Any, condition: Condition | None = None) -> None:
        """Take the interactions of a source, in Arrow batches with a column for each role.

        condition: which rows to take, by columns that are named `condition0`, `condition1`, … and not kept. A second
        call replaces the first, as when a column turns out to be of another type. Whatever `batches` raises is raised.
        Raises ValueError where a rating is missing or not finite, or an id spans lines.
        """
        import pyarrow as pa

        self.roles = tuple(name for name in schema.names if not name.startswith(CONDITION))
        checked = _Checked(batches, schema)
        reader = pa.RecordBatchReader.from_batches(checked.schema, checked.batches())
        rows, values = "", list[object]()
        if condition is not None:
            columns = [f"{CONDITION}{number}" for number in range(len(condition.columns))]
            rows, values = f"WHERE {condition.sql.format(*columns)}", list(condition.values)
        try:
            with _explained():
                self._database.register("incoming", reader)
                self._database.execute(
                    f"CREATE OR REPLACE TABLE interactions AS SELECT {', '.join(self.roles)} FROM incoming {rows}",
                    values,
                )
        except Exception:
            if checked.failure is not None:  # Arrow and DuckDB pass on its words, but not the exception itself
                raise checked.failure from None
            raise
        finally:
            self._database.unregister("incoming")
        self.read = self.rows = checked.rows
        self.left_out = {}
        self._missing, self._numbers, self._moments = checked.missing, checked.numbers, checked.moments
        if condition is not None:
            self.rows = int(self.value("SELECT count(*) FROM interactions"))
            self.left_out["where"] = self.read - self.rows
            self._missing, self._numbers = any(map(self._has_null, _NEEDED & {*self.roles})), None

    def finish(self, rules: RowRules = ALL_ROWS) -> None:
        """Drop incomplete rows, if that is wanted, and settle what ids and times are.

        Raises RowError for the first row where a value is missing that must be there, or whose time fits no other;
        ValueError where a text is no date, or an id was changed before it was written.
        """
        self._finish_missing(rules.drop_incomplete)
        self._finish_ids()
        if "timestamp" in self.roles:
            self._finish_times(rules.drop_incomplete, rules.time)

    def _has_null(self, role: str) -> bool:
        return bool(self.value(f"SELECT count(*) > 0 FROM interactions WHERE {role} IS NULL"))

    def _finish_missing(self, drop: bool) -> None:
        """Raises RowError where a user, an item or a time is missing, unless such rows are dropped."""
        if not self._missing:
            return
        roles = [role for role in self.roles if role in _NEEDED]
        incomplete = " OR ".join(f"{role} IS NULL" for role in roles)
        if drop:
            self.leave_out("incomplete", incomplete)
            return
        row = self.row(
            f"SELECT rowid, {', '.join(f'{role} IS NULL' for role in roles)} FROM interactions "
            f"WHERE {incomplete} ORDER BY rowid LIMIT 1"
        )
        if row is not None:
            first, *nulls = row
            count = int(self.value(f"SELECT count(*) FROM interactions WHERE {incomplete}"))
            raise MissingValueError(self._source_row(first), roles[nulls.index(True)], count)

    def leave_out(self, rule: str, condition: str, values: Sequence[object] = ()) -> None:
        """Delete the rows that meet a condition in SQL, and count them under the name of a rule."""
        self.execute(f"DELETE FROM interactions WHERE {condition}", values)
        left = int(self.value("SELECT count(*) FROM interactions"))
        self.left_out[rule] = self.left_out.get(rule, 0) + self.rows - left
        self.rows = left

    def _source_row(self, rowid: int) -> int | None:
        """The row of the source, from 0; None where rows before it were left out."""
        return int(rowid) if not self.left_out else None

    def _mixed_units(self, limit: int) -> MixedUnitsError:
        """The error that names the first of the fewer times, of those within a limit and those beyond it."""
        late = f"abs(timestamp) > {limit}"
        many = self.value(f"SELECT 2 * count(*) > {self.rows} FROM interactions WHERE {late}")
        row, value = self._first_time(f"NOT ({late})" if many else late)
        return MixedUnitsError(self._source_row(row), value, self._first_time(late if many else f"NOT ({late})")[1])

    def _first_time(self, condition: str) -> tuple[int, float]:
        first = f"SELECT rowid, timestamp FROM interactions WHERE {condition} ORDER BY rowid LIMIT 1"
        row, value = self.row(first) or (0, 0.0)
        return int(row), float(value)

    def _finish_ids(self) -> None:
        """Look at every distinct id that is text. Raises ValueError where one is empty, missing or changed."""
        for role in ("user", "item"):
            if self.kind(role) != "VARCHAR":
                continue
            self.execute(f"CREATE OR REPLACE TABLE ids AS SELECT DISTINCT {role} AS id FROM interactions")
            if find_floats(self.batches("SELECT id FROM ids")):
                whole = f"CAST(split_part({role}, '.', 1) AS BIGINT)"
                self.execute(f"ALTER TABLE interactions ALTER {role} TYPE BIGINT USING {whole}")
            else:
                check_ids(self)
            self.execute("DROP TABLE ids")

    def _finish_times(self, drop_incomplete: bool, time: TimeReading) -> None:
        """Settle what the times are: numbers of a unit, or microseconds; texts are read, each distinct one once."""
        if self._moments:
            self.times = TimeScale("units", MICROSECONDS)
        elif self.kind("timestamp") != "VARCHAR":
            self._finish_numbers(drop_incomplete, time)
        elif not time.form and (number := self._number_in_texts()):
            self.execute(f"ALTER TABLE interactions ALTER timestamp TYPE {number}")
            self._numbers = None
            self._finish_numbers(drop_incomplete, time)
        else:
            self._finish_texts(time)
            self.times = TimeScale("units", MICROSECONDS)

    def _finish_numbers(self, drop_incomplete: bool, time: TimeReading) -> None:
        if self._numbers is None or self.left_out:
            self._numbers = NumberSummary()
            for batch in self.batches("SELECT timestamp FROM interactions"):
                self._numbers.add(_numbers(batch.column(0)))
        try:
            self.times = time.scale() or self._numbers.scale()
        except TimeMissingError as error:
            if not drop_incomplete:
                count = int(self.value("SELECT count(*) FROM interactions WHERE timestamp = 0"))
                raise TimeMissingError(error.row if not self.left_out else None, count) from None
            self.leave_out("incomplete", "timestamp = 0")
            self._finish_numbers(drop_incomplete, time)
        except MixedTimesError:
            raise self._mixed_units(self._numbers.limit) from None

    def _finish_texts(self, time: TimeReading) -> None:
        texts = "SELECT DISTINCT timestamp FROM interactions"
        form = time.form or self._time_form(texts)
        self.execute("CREATE OR REPLACE TABLE moments (text VARCHAR, ticks BIGINT)")
        for batch in list(self.batches(texts)):
            self._database.register("incoming", _parsed(batch.column(0), form))
            self.execute("INSERT INTO moments SELECT * FROM incoming")
            self._database.unregister("incoming")
        self.execute("ALTER TABLE interactions ADD COLUMN ticks BIGINT")
        self.execute("UPDATE interactions SET ticks = moments.ticks FROM moments WHERE timestamp = moments.text")
        for change in ("DROP COLUMN timestamp", "RENAME COLUMN ticks TO timestamp"):
            self.execute(f"ALTER TABLE interactions {change}")
        self.execute("DROP TABLE moments")

    def _time_form(self, texts: str) -> str:
        """The form in which all of the texts are dates. Raises ValueError where two forms read them as other days."""
        forms, some = [ISO, *FORMATS], list[str]()
        for batch in self.batches(texts):
            words = batch.column(0).to_pylist()
            some = some or words[:100]
            forms = forms_of(words, forms)
            if forms[:1] == [ISO] or not forms:
                break
        if doubt := ambiguity(some, forms):
            raise RowError(None, doubt)
        return forms[0] if forms else ISO

    def _number_in_texts(self) -> str:
        """The type of number that all times are, though they are text; empty where one is none."""
        whole, fraction = r"\s*[+-]?[0-9]{1,18}\s*", r"\s*[+-]?[0-9]*\.?[0-9]+(e[+-]?[0-9]+)?\s*"
        for kind, pattern in (("BIGINT", whole), ("DOUBLE", fraction)):
            if self.value(f"SELECT bool_and(regexp_full_match(timestamp, '{pattern}', 'i')) FROM interactions"):
                return kind
        return ""


def _parsed(texts: Any, form: str) -> Any:
    import pyarrow as pa

    words = texts.to_pylist()
    ticks = [parse_time(word, form) for word in words]
    if None in ticks:
        raise ValueError(f'the timestamp "{printable(words[ticks.index(None)], 40)}" is not a date')
    return pa.table({"text": texts, "ticks": pa.array(ticks, pa.int64())})


class _Checked:
    """Batches on their way into the database: checked, trimmed, and their times summed up.

    missing: whether a user, item or time is missing somewhere. moments: whether times are Arrow's own.
    """

    def __init__(self, batches: Iterable[Any], schema: Any) -> None:
        import pyarrow as pa

        self._batches, self._given = batches, schema
        self.failure: BaseException | None = None
        self.rows = 0
        self.missing = False
        self.numbers: NumberSummary | None = NumberSummary()
        self.moments = "timestamp" in schema.names and pa.types.is_timestamp(schema.field("timestamp").type)
        self.schema = pa.schema(
            [(field.name, pa.int64() if pa.types.is_timestamp(field.type) else field.type) for field in schema]
        )

    def batches(self) -> Iterator[Any]:
        """The batches, as they go into the database."""
        try:
            for batch in self._batches:
                if len(batch):
                    yield self._check(batch)
                    self.rows += len(batch)
        except BaseException as error:
            self.failure = error
            raise

    def _check(self, batch: Any) -> Any:
        import pyarrow as pa

        columns = [self._check_column(field.name, batch.column(index)) for index, field in enumerate(self._given)]
        return pa.record_batch(columns, schema=self.schema)

    def _check_column(self, role: str, column: Any) -> Any:
        import pyarrow as pa
        from pyarrow import compute

        if role not in _NEEDED and role != "rating":
            return column
        if role == "rating":
            if column.null_count or not np.isfinite(_numbers(column)).all():
                raise ValueError("a rating is missing or not a finite number")
            return column
        if pa.types.is_string(column.type):
            if role != "timestamp" and compute.any(compute.match_substring(column, "\n")).as_py():
                raise ValueError("an id spans several lines")
            # Spaces around an id are layout, not part of the id.
            column = compute.utf8_trim_whitespace(column)
            empty = compute.equal(column, "")
            if compute.any(empty).as_py():
                column = compute.if_else(empty, pa.scalar(None, pa.string()), column)
        self.missing = self.missing or column.null_count > 0
        if role == "timestamp" and self.moments:
            return column.cast(pa.int64())
        if role == "timestamp" and not pa.types.is_string(column.type):
            if column.null_count:
                self.numbers = None  # rows are numbered without gaps; the database is asked later
            elif self.numbers is not None:
                self.numbers.add(_numbers(column))
        return column


def _numbers(column: Any) -> np.ndarray:
    """A column without nulls, by DLPack, because Arrow's own conversion imports pandas."""
    return np.from_dlpack(column)


@contextmanager
def _explained() -> Generator[None]:
    """Turn what DuckDB says of the machine into our words; any other error is a defect, and stays as it is."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException:
        raise OutOfReachError(
            "the interactions need more memory than they may take; allow more, such as --memory 4GB"
        ) from None
    except duckdb.IOException as error:
        if "space" in str(error):
            raise OutOfReachError(
                "the disk is full while the interactions are sorted on it; free some space, or set "
                "BERT4REC_TUI_HOME to a folder on a larger disk"
            ) from None
        raise UserError(f"the interactions cannot be sorted on the disk ({printable(str(error), 200)})") from None
