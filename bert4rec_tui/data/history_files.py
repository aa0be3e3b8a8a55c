"""Write the histories of the selected interactions: sorted on disk, and streamed into the arrays of a dataset."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from bert4rec_tui.data.arrays import ArrayWriter, writing_array
from bert4rec_tui.data.selection import Selection
from bert4rec_tui.data.staging import Staging
from bert4rec_tui.progress import Progress, ReportProgress


def write_histories(staging: Staging, selection: Selection, folder: Path, report: ReportProgress) -> np.ndarray:
    """Write history.npy, and timestamps.npy and ratings.npy where there are any. Returns (users + 1,) int64 offsets.

    Each user's interactions are in the order of time; ties keep the order of the source: another order changes a
    quarter of ML-1M's test targets.
    """
    kinds: dict[str, type[np.generic]] = {"history": np.int32}
    kinds |= {"timestamps": np.int64} if staging.times is not None else {}
    kinds |= {"ratings": np.float32} if "rating" in staging.roles else {}
    total, done = selection.interactions, 0
    with ExitStack() as files:
        writers = {
            name: files.enter_context(writing_array(folder / f"{name}.npy", kind, total))
            for name, kind in kinds.items()
        }
        report(Progress(stage="Sorting", done=0, total=total, unit="interactions"))
        ordered = _Ordered(staging)
        for batch in staging.batches(ordered.query):
            _append(writers, batch, ordered)
            done += len(batch)
            report(Progress(stage="Writing", done=done, total=total, unit="interactions"))
    assert done == total, f"{done} interactions were sorted, {total} counted"
    offsets = np.zeros(selection.users + 1, dtype=np.int64)
    np.cumsum(column(staging, "SELECT n FROM users ORDER BY code"), out=offsets[1:])
    return offsets


def column(staging: Staging, query: str) -> np.ndarray:
    """(rows,) int64 the only column of an answer, which has no nulls."""
    pieces = [np.from_dlpack(batch.column(0)) for batch in staging.batches(query)]
    return np.concatenate(pieces).astype(np.int64)


def _append(writers: dict[str, ArrayWriter], batch: Any, ordered: "_Ordered") -> None:
    # By DLPack, because Arrow's own conversion imports pandas.
    writers["history"].append(np.add(np.from_dlpack(batch.column("code")), 1, dtype=np.int32))
    if "timestamps" in writers:
        writers["timestamps"].append(ordered.seconds(np.from_dlpack(batch.column("time"))))
    if "ratings" in writers:
        writers["ratings"].append(np.from_dlpack(batch.column("rating")))


class _Ordered:
    """The query that sorts. Its columns are as narrow as their values allow: sorting is bound by memory."""

    def __init__(self, staging: Staging) -> None:
        self.times = staging.times
        self._low = 0
        columns, joins = {"code": "items.code"}, "JOIN items ON interactions.item = items.id"
        low, high = staging.row("SELECT min(id), max(id) FROM users") or (0, 0)
        if isinstance(low, int) and low >= 0 and high < 2**32:
            columns["owner"] = "CAST(interactions.user AS UINTEGER)"
            joins += " SEMI JOIN users ON interactions.user = users.id"
        else:
            columns["owner"] = "users.code"
            joins += " JOIN users ON interactions.user = users.id"
        if self.times is not None:
            columns["time"] = self._time_column(staging)
        columns["place"] = "CAST(interactions.rowid AS UINTEGER)" if staging.read < 2**32 else "interactions.rowid"
        kept = ["code", *(["time"] if self.times is not None else [])]
        if "rating" in staging.roles:
            columns["rating"] = "interactions.rating"
            kept.append("rating")
        named = ", ".join(f"{expression} AS {name}" for name, expression in columns.items())
        keys = [name for name in ("owner", "time", "place") if name in columns]
        self.query = (
            f"SELECT {', '.join(kept)} FROM (SELECT {named} FROM interactions {joins}) ORDER BY {', '.join(keys)}"
        )

    def seconds(self, times: np.ndarray) -> np.ndarray:
        """(rows,) int64 whole seconds since 1970 of values of the column `time`."""
        assert self.times is not None
        if times.dtype.kind == "f":  # in a unit that was given, of which there may be fractions
            return self.times.seconds(times)
        ticks = times.astype(np.int64) + self._low
        return ticks // self.times.per_second if self.times.kind == "fractions" else self.times.seconds(ticks)

    def _time_column(self, staging: Staging) -> str:
        assert staging.times is not None
        key = staging.times.order("interactions.timestamp")
        if staging.times.kind == "units" and staging.kind("timestamp") == "DOUBLE":
            return key
        low, high = staging.row(f"SELECT min({key}), max({key}) FROM interactions") or (0, 0)
        if high - low >= 2**32:
            return key
        self._low = int(low)
        return f"CAST({key} - ({low}) AS UINTEGER)"
