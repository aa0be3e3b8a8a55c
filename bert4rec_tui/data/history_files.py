"""Write the histories of the selected interactions: sorted on disk, and streamed into the arrays of a dataset."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from bert4rec_tui.data.arrays import writing_array
from bert4rec_tui.data.bucket_sort import BucketSort
from bert4rec_tui.data.selection import Selection
from bert4rec_tui.data.staging import Staging
from bert4rec_tui.progress import Progress, ReportProgress

# A numbering has at most so many entries, and is not much larger than the number of ids.
MOST_ENTRIES, ENTRIES_AN_ID, LEAST_ENTRIES = 2**26, 16, 2**20


def write_histories(staging: Staging, selection: Selection, folder: Path, report: ReportProgress) -> np.ndarray:
    """Write history.npy, and timestamps.npy and ratings.npy where there are any. Returns (users + 1,) int64 offsets.

    Each user's interactions are in the order of time; ties keep the order of the source: another order changes a
    quarter of ML-1M's test targets.
    """
    offsets = np.zeros(selection.users + 1, dtype=np.int64)
    np.cumsum(column(staging, "SELECT n FROM users ORDER BY code"), out=offsets[1:])
    rows = _Rows(staging)
    sort = BucketSort(offsets, rows.kind, staging.folder)
    total, done = selection.interactions, 0
    for batch in staging.batches(rows.query):
        found = rows.of(batch)
        sort.add(found)
        done += len(found)
        report(Progress(stage="Sorting", done=done, total=total, unit="interactions"))
    assert done == total, f"{done} interactions were selected, {total} counted"
    kinds: dict[str, type[np.generic]] = {"history": np.int32}
    kinds |= {"timestamps": np.int64} if staging.times is not None else {}
    kinds |= {"ratings": np.float32} if "rating" in staging.roles else {}
    done = 0
    with ExitStack() as files:
        writers = {
            name: files.enter_context(writing_array(folder / f"{name}.npy", kind, total))
            for name, kind in kinds.items()
        }
        for found in sort.sorted():
            writers["history"].append(np.add(found["code"], 1, dtype=np.int32))
            if "timestamps" in writers:
                writers["timestamps"].append(rows.seconds(found["time"]))
            if "ratings" in writers:
                writers["ratings"].append(found["rating"])
            done += len(found)
            report(Progress(stage="Writing", done=done, total=total, unit="interactions"))
    return offsets


class _Numbering:
    """A table from the ids of users or items, which are numbers, to their codes; -1 for ids that were dropped."""

    def __init__(self, low: int, codes: np.ndarray, gaps: bool) -> None:
        self.low, self.codes, self.gaps = low, codes, gaps

    def of(self, ids: np.ndarray) -> np.ndarray:
        """(rows,) int32 the codes of ids, all of which are within the table."""
        return self.codes[ids - self.low]


def _table_of(staging: Staging, role: str) -> _Numbering | None:
    """The numbering of a role; None where ids are texts, or so far apart that a table would be too large."""
    if staging.kind(role) != "BIGINT":
        return None
    low, high = staging.row(f"SELECT min({role}), max({role}) FROM interactions") or (0, 0)
    ids = column(staging, f"SELECT id FROM {role}s ORDER BY code")
    if high - low >= min(MOST_ENTRIES, ENTRIES_AN_ID * len(ids) + LEAST_ENTRIES):
        return None
    codes = np.full(int(high) - int(low) + 1, -1, dtype=np.int32)
    codes[ids - low] = np.arange(len(ids), dtype=np.int32)
    gaps = staging.value(f"SELECT sum(n) FROM {role}s") != staging.rows
    return _Numbering(int(low), codes, bool(gaps))


def column(staging: Staging, query: str) -> np.ndarray:
    """(rows,) int64 the only column of an answer, which has no nulls."""
    pieces = [np.from_dlpack(batch.column(0)) for batch in staging.batches(query)]
    return np.concatenate(pieces).astype(np.int64)


class _Rows:
    """The selected rows as the sort takes them: `owner`, `code`, `time`, `rating`, and `place` where it is needed.

    Times are as narrow as their values allow, since sorting is bound by memory. Users and items are numbered here where
    their ids are numbers that lie close together; else by a join, which does not keep the order of the source.
    """

    def __init__(self, staging: Staging) -> None:
        self.times = staging.times
        self._low = 0
        tables = [_table_of(staging, role) for role in ("user", "item")]
        self._tables = [table for table in tables if table is not None]
        columns = {"owner": "users.code", "code": "items.code"}
        joins = "JOIN items ON interactions.item = items.id JOIN users ON interactions.user = users.id"
        kinds: list[tuple[str, str]] = [("owner", "u4"), ("code", "u4")]
        if len(self._tables) == len(columns):
            columns, joins = {"owner": "interactions.user", "code": "interactions.item"}, ""
        else:
            self._tables = []
            narrow = staging.read < 2**32
            columns["place"] = "CAST(interactions.rowid AS UINTEGER)" if narrow else "interactions.rowid"
            kinds.append(("place", "u4" if narrow else "i8"))
        if self.times is not None:
            columns["time"], kind = self._time_column(staging)
            kinds.append(("time", kind))
        if "rating" in staging.roles:
            columns["rating"] = "interactions.rating"
            kinds.append(("rating", "f4"))
        self.kind = np.dtype(kinds)
        named = ", ".join(f"{expression} AS {name}" for name, expression in columns.items())
        self.query = f"SELECT {named} FROM interactions {joins}"

    def of(self, batch: Any) -> np.ndarray:
        """(rows,) the selected rows of an Arrow batch."""
        # By DLPack, because Arrow's own conversion imports pandas.
        columns = {name: np.from_dlpack(batch.column(name)) for name in self.kind.names or ()}
        keep: np.ndarray | None = None
        for name, table in zip(("owner", "code"), self._tables, strict=False):
            columns[name] = table.of(columns[name])
            if table.gaps:
                known = columns[name] >= 0
                keep = known if keep is None else keep & known
        if keep is not None and not keep.all():
            columns = {name: column[keep] for name, column in columns.items()}
        rows = np.empty(len(columns["owner"]), self.kind)
        for name, column in columns.items():
            rows[name] = column
        return rows

    def seconds(self, times: np.ndarray) -> np.ndarray:
        """(rows,) int64 whole seconds since 1970 of values of the column `time`."""
        assert self.times is not None
        if times.dtype.kind == "f":  # in a unit that was given, of which there may be fractions
            return self.times.seconds(times)
        ticks = times.astype(np.int64) + self._low
        return ticks // self.times.per_second if self.times.kind == "fractions" else self.times.seconds(ticks)

    def _time_column(self, staging: Staging) -> tuple[str, str]:
        """The expression of the times, and its dtype."""
        assert staging.times is not None
        key = staging.times.order("interactions.timestamp")
        if staging.times.kind == "units" and staging.kind("timestamp") == "DOUBLE":
            return key, "f8"
        low, high = staging.row(f"SELECT min({key}), max({key}) FROM interactions") or (0, 0)
        if high - low >= 2**32:
            return key, "i8"
        self._low = int(low)
        return f"CAST({key} - ({low}) AS UINTEGER)", "u4"
