"""The interactions of a source in a database on disk, for as long as a dataset is prepared from them.

DuckDB keeps a stated memory whatever the number of rows: it counts, joins and sorts on the disk next to the dataset.
"""

import shutil
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bert4rec_tui.data.checked_batches import NEEDED, CheckedBatches
from bert4rec_tui.data.conditions import Condition
from bert4rec_tui.data.time_scale import AS_WRITTEN, NumberSummary, TimeReading, TimeScale
from bert4rec_tui.errors import OutOfReachError, UserError, printable

LEAST_MEMORY = 128 * 2**20
# Of the stated memory, what DuckDB may take: batches, arrays and its own overhead need the rest.
SHARE = 0.6
BATCH_ROWS = 2**18
OFFSET = "after"  # the column of milliseconds after the time
CONDITION = "condition"  # begins the names of columns that only choose rows


@dataclass(frozen=True)
class RowRules:
    """Which rows of a source are taken, and how their times are read.

    condition: None for all rows. offset: a column of milliseconds that are added to the times; empty: none.
    """

    condition: Condition | None = None
    drop_incomplete: bool = False
    time: TimeReading = AS_WRITTEN
    offset: str = ""


ALL_ROWS = RowRules()


class Staging:
    """A table `interactions` with a column for each role; `rowid` is the place of a row in the source.

    user, item: BIGINT or VARCHAR. timestamp: BIGINT or DOUBLE, whose meaning is `times`. rating: FLOAT. title, genres:
    VARCHAR. `settle` makes them so. folder: a new folder for the database, removed by `close`. memory: bytes. threads:
    0 for all cores.
    """

    def __init__(self, folder: Path, memory: int, threads: int = 0) -> None:
        import duckdb

        folder.mkdir()
        self.folder = folder
        self.read = self.rows = 0  # in the source, and kept
        self.left_out: dict[str, int] = {}  # rows by the rule that left them out
        self.roles: tuple[str, ...] = ()
        # What was found while they were loaded, by which `settle` goes.
        self.missing = self.moments = False
        self.numbers: NumberSummary | None = None
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
            # Compressing takes twice as long as writing, of what is read twice and then removed.
            self._database.execute("SET force_compression = 'uncompressed'")
            self._database.execute("PRAGMA disable_checkpoint_on_shutdown")

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

    def append(self, name: str, table: Any) -> None:
        """Add the rows of an Arrow table to a table."""
        self._database.register("incoming", table)
        try:
            self.execute(f"INSERT INTO {name} SELECT * FROM incoming")
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
        checked = CheckedBatches(batches, schema)
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
        self.missing, self.numbers, self.moments = checked.missing, checked.numbers, checked.moments
        if condition is not None:
            self.rows = int(self.value("SELECT count(*) FROM interactions"))
            self.left_out["where"] = self.read - self.rows
            self.missing, self.numbers = any(map(self.has_null, NEEDED & {*self.roles})), None

    def leave_out(self, rule: str, condition: str, values: Sequence[object] = ()) -> None:
        """Delete the rows that meet a condition in SQL, and count them under the name of a rule."""
        self.execute(f"DELETE FROM interactions WHERE {condition}", values)
        left = int(self.value("SELECT count(*) FROM interactions"))
        self.left_out[rule] = self.left_out.get(rule, 0) + self.rows - left
        self.rows = left

    def source_row(self, rowid: int) -> int | None:
        """The row of the source, from 0; None where rows before it were left out."""
        return int(rowid) if not self.left_out else None

    def has_null(self, role: str) -> bool:
        """Whether a value is missing in a column."""
        return bool(self.value(f"SELECT count(*) > 0 FROM interactions WHERE {role} IS NULL"))


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
