"""Remove what is prepared, or what was downloaded, so that no reader sees half of it."""

import shutil
from pathlib import Path

from bert4rec_tui.errors import UserError
from bert4rec_tui.files import explain_os_error
from bert4rec_tui.progress import size
from bert4rec_tui.settings import raw_folder
from bert4rec_tui.tui.datasets.rows import DatasetRow
from bert4rec_tui.tui.shell.live_runs import LiveRun


def removal_of(row: DatasetRow, live: tuple[LiveRun, ...]) -> tuple[Path, str]:
    """What removing a row would delete, and the question to ask before.

    Raises UserError where there is nothing to remove, or where a live run needs it.
    """
    if row.damaged is not None:
        return row.damaged.path, f"Remove what is left of {row.damaged.id}?"
    if row.prepared is not None:
        for run in live:
            if run.run.id.startswith(f"{row.prepared.id}-"):
                raise UserError(f"{row.prepared.id}: {run.run.short_id} trains on it; stop the run first")
        return row.prepared.path, f"Remove the prepared {row.prepared.id}?"
    if row.known is None or row.known.bundled or not row.here:
        raise UserError(f"{row.name}: nothing to remove, it is {row.where}")
    return raw_folder() / row.known.file, f"Remove the download of {row.name}, {size(row.known.bytes)}?"


def remove(path: Path) -> None:
    """Delete a file or a folder, renamed first. Raises UserError where that is not allowed."""
    retired = path.with_name(f".{path.name}.removed")
    try:
        path.rename(retired)
    except OSError as error:
        raise explain_os_error(error, path) from None
    if retired.is_dir():
        shutil.rmtree(retired, ignore_errors=True)
    else:
        retired.unlink(missing_ok=True)
