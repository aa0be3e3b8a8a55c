"""The command `prepare`: from interactions to a prepared dataset, or a preview of a file."""

import time

import msgspec
import numpy as np

from bert4rec_tui.commands.output import Output, duration
from bert4rec_tui.commands.sizes import parse_bytes
from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.columns import ROLES
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.prepare import prepare
from bert4rec_tui.data.preview import Preview, preview
from bert4rec_tui.errors import UserError, printable
from bert4rec_tui.progress import Progress
from bert4rec_tui.settings import datasets_folder, raw_folder

POPULAR_ITEMS = 5
MANY_REPEATS = 0.05  # of the test targets
LEAST_MEMORY = 300 * 10**6
# What is said of a rule that left interactions out.
RULES = {
    "where": "--where",
    "incomplete": "--drop-incomplete",
    "rating": "the min. rating",
    "repeats": "--repeats",
    "few interactions": "the min. numbers of interactions",
}
POSITIONS = (
    "all histories begin at the same time, so timestamps only number each user's interactions; a split by time then "
    "holds out only the ends of long histories, and its metrics say nothing about the future"
)


def run_prepare(settings: DatasetConfig, *, again: bool, as_json: bool, memory: str = "") -> None:
    """Prepare a dataset and print its statistics. memory: such as 2GB; empty: a share of the machine's.

    Raises UserError.
    """
    output = Output(as_json)
    taken = parse_bytes(memory, "--memory", LEAST_MEMORY) if memory else 0
    started = time.perf_counter()
    worked = False

    def report(progress: Progress) -> None:
        nonlocal worked
        worked = True
        output.progress(progress)

    dataset = prepare(settings, datasets_folder(), raw_folder(), report, again, memory=taken)
    seconds = time.perf_counter() - started
    used = dataset.manifest.settings
    if not worked:
        output.message(f"{dataset.id} is already prepared; use --again to prepare it again")
    elif used.columns and not settings.columns:
        guessed = ", ".join(f"{role}={printable(column, 40)}" for role, column in used.columns.items())
        output.message(f"columns guessed from the header: {guessed}")
    if dataset.manifest.cuts and dataset.times_are_positions:
        output.message(f"{dataset.id}: {POSITIONS}")
    for note in dataset.manifest.notes:
        output.message(note)
    if note := _repeats_note(dataset):
        output.message(note)
    output.result(describe(dataset) | {"seconds": round(seconds, 3)}, as_text(dataset, seconds))


def run_preview(settings: DatasetConfig, *, as_json: bool) -> None:
    """Print the first rows of a source, its guessed columns and problems with them. Raises UserError."""
    if not settings.source:
        raise UserError("--preview: needs --source FILE")
    seen = preview(settings)
    Output(as_json).result(msgspec.to_builtins(seen), preview_as_text(seen))


def parse_columns(text: str) -> dict[str, str]:
    """Parse `user=…,item=…`. Raises UserError for an unknown role, one given twice, or a missing `=`."""
    columns = _parse_pairs(text, "--columns", "user=userId,item=movieId")
    for role in columns:
        if role not in ROLES:
            raise UserError(f'--columns: "{role}" is not a role; choose from {", ".join(ROLES)}')
    return columns


def parse_item_columns(text: str) -> dict[str, str]:
    """Parse `item=…,title=…,NAME=…`, where any other name is a feature. Raises UserError as `parse_columns`."""
    return _parse_pairs(text, "--item-columns", "item=sku,title=name")


def _parse_pairs(text: str, option: str, example: str) -> dict[str, str]:
    columns: dict[str, str] = {}
    for piece in text.split(",") if text.strip() else []:
        role, sign, column = (part.strip() for part in piece.partition("="))
        if not sign or not column:
            raise UserError(f'{option}: "{piece.strip()}" is not role=column, such as {example}')
        if role in columns:
            raise UserError(f"{option}: {role} is given twice ({columns[role]} and {column})")
        columns[role] = column
    return columns


def describe(dataset: PreparedDataset) -> dict[str, object]:
    """A prepared dataset as in `prepare --json` and `datasets --json`."""
    counts = dataset.manifest.counts
    return {
        "dataset": dataset.id,
        "path": str(dataset.path),
        "users": counts.users,
        "items": counts.items,
        "interactions": counts.interactions,
        "read": counts.raw_interactions,
        "left_out": dataset.manifest.left_out,
        "density": counts.density,
        "repeated_targets": {
            "validation": counts.repeated_validation_targets,
            "test": counts.repeated_test_targets,
        },
        "split": dataset.manifest.settings.split,
        "notes": dataset.manifest.notes,
    }


def as_text(dataset: PreparedDataset, seconds: float) -> str:
    """A prepared dataset as a few lines of text."""
    counts = dataset.manifest.counts
    most = np.argsort(-dataset.counts, kind="stable")[:POPULAR_ITEMS]
    popular = " · ".join(f"{printable(dataset.titles[item], 40)} {dataset.counts[item]:,}" for item in most)
    took = f"{seconds:.1f}s" if seconds < 10 else duration(seconds)
    lines = {
        "path": str(dataset.path),
        "users": f"{counts.users:,}",
        dataset.noun.several: f"{counts.items:,}",
        "interactions": f"{counts.interactions:,} of {counts.raw_interactions:,}   density {counts.density:.2%}",
        "left out": _left_out_as_text(dataset),
        "split": f"{dataset.manifest.settings.split}: {counts.train_interactions:,} training interactions, "
        f"{counts.validation_users:,} validation users, {counts.test_users:,} test users",
        "cuts": _cuts_as_text(dataset),
        "histories": f"{counts.shortest_history:,} … {counts.longest_history:,} {dataset.noun.several}, "
        f"median {counts.median_history:g}",
        "cold items": f"{counts.untrained_validation_targets:,} validation targets, "
        f"{counts.untrained_test_targets:,} test targets",
        "repeats": _repeats_as_text(dataset),
        "most popular": popular,
    }
    if dataset.timestamps is None:
        lines["order"] = "as in the file, of which no timestamps are used"
    width = max(13, *map(len, lines))
    rows = (f"  {name:<{width}} {text}" for name, text in lines.items() if text)
    return "\n".join([f"{dataset.id}  ({took})", *rows])


def _repeats_as_text(dataset: PreparedDataset) -> str:
    """How many targets the user had before; empty where there are none."""
    counts = dataset.manifest.counts
    validation, test = counts.repeated_validation_targets or 0, counts.repeated_test_targets or 0
    if not validation + test:
        return ""
    return f"{validation:,} validation targets and {test:,} test targets, which the user had before"


def _repeats_note(dataset: PreparedDataset) -> str:
    """A sentence where so many test targets were had before that the metrics suffer; empty otherwise."""
    counts = dataset.manifest.counts
    share = (counts.repeated_test_targets or 0) / max(1, counts.test_users)
    if share <= MANY_REPEATS:
        return ""
    return (
        f"{dataset.id}: {share:.0%} of the test targets are {dataset.noun.several} that the user had before; they are "
        "ranked among those that the user has not had, and are never recommended; --repeats first drops repetitions"
    )


def _left_out_as_text(dataset: PreparedDataset) -> str:
    """How many interactions of the source each rule left out; empty where it is none, or unknown."""
    return ", ".join(f"{count:,} by {RULES.get(rule, rule)}" for rule, count in dataset.manifest.left_out.items())


def _cuts_as_text(dataset: PreparedDataset) -> str:
    """The cuts of the split `time`, and how many users it excludes; empty for the other splits."""
    if dataset.cut_days is None:
        return ""
    counts, (first, second) = dataset.manifest.counts, dataset.cut_days
    left_out = counts.validation_newcomers + counts.test_newcomers
    text = f"training before {first}, validation before {second}, test from then on"
    return text + (f"; {left_out:,} users without earlier interactions are not evaluated" if left_out else "")


def preview_as_text(seen: Preview) -> str:
    """The first rows as a table, then the guessed columns and the problems."""
    rows = [seen.columns, *(row for row in seen.rows[:5])]
    cells = [[printable(cell, 24) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cells if i < len(row)) for i in range(max(map(len, cells)))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in cells]
    guess = ", ".join(f"{role}={column}" for role, column in seen.guess.items()) or "none"
    problems = (f"problem: {problem}" for problem in seen.problems)
    return "\n".join([seen.file, *lines, f"columns: {guess}", *seen.notes, *problems])
