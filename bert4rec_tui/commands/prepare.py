"""The command `prepare`: from ratings to a prepared dataset, or a look at a file before that."""

import time
from pathlib import Path

import msgspec
import numpy as np

from bert4rec_tui.commands.output import Output, duration
from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.columns import ROLES
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.prepare import prepare
from bert4rec_tui.data.preview import Preview, preview
from bert4rec_tui.data.texts import printable
from bert4rec_tui.errors import UserError
from bert4rec_tui.progress import Progress
from bert4rec_tui.settings import datasets_folder, raw_folder

MOST_WATCHED = 5
POSITIONS = (
    "every history begins at the same moment, so the times only number each user's items; a split by time holds out "
    "the ends of long histories alone, and its figures tell nothing of the future"
)


def run_prepare(settings: DatasetConfig, *, again: bool, as_json: bool) -> None:
    """Prepare a dataset and print what it has become. Raises UserError."""
    output = Output(as_json)
    started = time.perf_counter()
    worked = False

    def report(progress: Progress) -> None:
        nonlocal worked
        worked = True
        output.progress(progress)

    dataset = prepare(settings, datasets_folder(), raw_folder(), report, again)
    seconds = time.perf_counter() - started
    used = dataset.manifest.settings
    if not worked:
        output.say(f"{dataset.id} is prepared already; --again prepares it anew")
    elif used.columns and not settings.columns:
        guessed = ", ".join(f"{role}={printable(column, 40)}" for role, column in used.columns.items())
        output.say(f"columns guessed from the header: {guessed}")
    if dataset.manifest.cuts and dataset.times_are_positions:
        output.say(f"{dataset.id}: {POSITIONS}")
    output.result(describe(dataset) | {"seconds": round(seconds, 3)}, as_text(dataset, seconds))


def run_preview(source: str, separator: str, columns: dict[str, str], *, as_json: bool) -> None:
    """Print the first rows of a source, its guessed columns and what is wrong with them. Raises UserError."""
    if not source:
        raise UserError("--preview: of which file? say it with --source FILE")
    seen = preview(Path(source).expanduser(), separator, columns)
    Output(as_json).result(msgspec.to_builtins(seen), preview_as_text(seen))


def parse_columns(text: str) -> dict[str, str]:
    """Read `user=…,item=…`. Raises UserError for an unknown role, one said twice, or a missing sign."""
    columns: dict[str, str] = {}
    for piece in text.split(",") if text.strip() else []:
        role, sign, column = (part.strip() for part in piece.partition("="))
        if not sign or not column:
            raise UserError(f'--columns: "{piece.strip()}" is not role=column; write it like user=userId,item=movieId')
        if role not in ROLES:
            raise UserError(f'--columns: "{role}" is not known; choose among {", ".join(ROLES)}')
        if role in columns:
            raise UserError(f"--columns: {role} is said twice ({columns[role]} and {column})")
        columns[role] = column
    return columns


def describe(dataset: PreparedDataset) -> dict[str, object]:
    """A prepared dataset in a few values, as `prepare` and `datasets` print them."""
    counts = dataset.manifest.counts
    return {
        "dataset": dataset.id,
        "path": str(dataset.path),
        "users": counts.users,
        "items": counts.items,
        "interactions": counts.interactions,
        "density": counts.density,
        "split": dataset.manifest.settings.split,
    }


def as_text(dataset: PreparedDataset, seconds: float) -> str:
    """A prepared dataset in a few lines."""
    counts = dataset.manifest.counts
    most = np.argsort(-dataset.counts, kind="stable")[:MOST_WATCHED]
    watched = " · ".join(f"{printable(dataset.titles[item], 40)} {dataset.counts[item]:,}" for item in most)
    took = f"{seconds:.1f}s" if seconds < 10 else duration(seconds)
    lines = {
        "path": str(dataset.path),
        "users": f"{counts.users:,}",
        "items": f"{counts.items:,}",
        "interactions": f"{counts.interactions:,} of {counts.raw_interactions:,}   density {counts.density:.2%}",
        "split": f"{dataset.manifest.settings.split}: {counts.train_interactions:,} interactions to train on, "
        f"{counts.validation_users:,} users to validate, {counts.test_users:,} to test",
        "cuts": _cuts_as_text(dataset),
        "histories": f"{counts.shortest_history:,} … {counts.longest_history:,}, median {counts.median_history:g}",
        "never trained": f"{counts.untrained_validation_targets:,} of the items to find in validation, "
        f"{counts.untrained_test_targets:,} in the test",
        "most met": watched,
    }
    if dataset.timestamps is None:
        lines["order"] = "as in the file, which has no times"
    return "\n".join([f"{dataset.id}  ({took})", *(f"  {name:<13} {text}" for name, text in lines.items() if text)])


def _cuts_as_text(dataset: PreparedDataset) -> str:
    """Where the split `time` cuts, and whom it leaves out; empty for the other splits."""
    if dataset.cut_days is None:
        return ""
    counts, (first, second) = dataset.manifest.counts, dataset.cut_days
    left_out = counts.validation_newcomers + counts.test_newcomers
    text = f"trained before {first}, validated before {second}, tested after"
    return text + (f"; {left_out:,} users begin only then and are not evaluated" if left_out else "")


def preview_as_text(seen: Preview) -> str:
    """The first rows as a table, then the guess and the problems."""
    rows = [seen.columns, *(row for row in seen.rows[:5])]
    cells = [[printable(cell, 24) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cells if i < len(row)) for i in range(max(map(len, cells)))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in cells]
    guess = ", ".join(f"{role}={column}" for role, column in seen.guess.items()) or "none"
    return "\n".join([seen.file, *lines, f"columns: {guess}", *(f"problem: {problem}" for problem in seen.problems)])
