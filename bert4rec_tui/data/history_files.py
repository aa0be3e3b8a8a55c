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
        for batch in staging.batches(_ordered(staging)):
            _append(writers, batch, staging)
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


def _append(writers: dict[str, ArrayWriter], batch: Any, staging: Staging) -> None:
    # By DLPack, because Arrow's own conversion imports pandas.
    writers["history"].append(np.add(np.from_dlpack(batch.column("item")), 1, dtype=np.int32))
    if staging.times is not None:
        writers["timestamps"].append(staging.times.seconds(np.from_dlpack(batch.column("timestamp"))))
    if "ratings" in writers:
        writers["ratings"].append(np.from_dlpack(batch.column("rating")))


def _ordered(staging: Staging) -> str:
    """The query that sorts; its keys are as narrow as their values allow, since sorting is bound by memory."""
    columns, keys = ["items.code AS item"], list[str]()
    joins = "JOIN items ON interactions.item = items.id"
    low, high = staging.row("SELECT min(id), max(id) FROM users") or (0, 0)
    if isinstance(low, int) and low >= 0 and high < 2**32:
        keys.append("CAST(interactions.user AS UINTEGER)")
        joins += " SEMI JOIN users ON interactions.user = users.id"
    else:
        keys.append("users.code")
        joins += " JOIN users ON interactions.user = users.id"
    if staging.times is not None:
        columns.append("interactions.timestamp")
        keys.append(_time_key(staging))
    if "rating" in staging.roles:
        columns.append("interactions.rating")
    return f"SELECT {', '.join(columns)} FROM interactions {joins} ORDER BY {', '.join(keys)}, interactions.rowid"


def _time_key(staging: Staging) -> str:
    assert staging.times is not None
    key = staging.times.order("interactions.timestamp")
    if staging.times.kind == "units" and staging.kind("timestamp") == "DOUBLE":
        return key  # in a unit that was given, of which there may be fractions
    low, high = staging.row(f"SELECT min({key}), max({key}) FROM interactions") or (0, 0)
    return f"CAST({key} - ({low}) AS UINTEGER)" if high - low < 2**32 else key
