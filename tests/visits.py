"""Users who come and go: rows with true times, for what is split by time."""

from pathlib import Path

from histories import walks

from bert4rec_tui.config import DatasetConfig, from_dict
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.prepare import prepare

DAY = 86_400


def visits(users: int = 60, items: int = 20, length: int = 12) -> list[tuple[int, int, int]]:
    """Rows (user, item, time) of users of whom some are early, some stay, some are new near the end.

    Every fourth item makes way for a new one, by `items` higher, after the 150th day.
    """
    rows = []
    for user, history in enumerate(walks(users, items, length), start=1):
        for place, item in enumerate(history):
            day = user * 37 % 170 + (1 + user % 5) * place
            rows.append((user, item + items * (day > 150 and item % 4 == 0), 1_000_000 + DAY * day))
    return rows


def write_visits(file: Path, rows: list[tuple[int, int, int]]) -> Path:
    """The rows as a CSV file, with titles."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{user},{item},{time},Film {item}\n" for user, item, time in rows]
    file.write_text("user,item,timestamp,title\n" + "".join(lines), encoding="utf-8")
    return file


def prepare_visits(home: Path, rows: list[tuple[int, int, int]] | None = None, **settings: object) -> PreparedDataset:
    """Prepare rows, by default those of `visits`, in a home as `visits+time`; settings may be others."""
    file = write_visits(home / "raw" / "visits.csv", rows or visits())
    values = {"name": "visits", "source": str(file), "split": "time"} | settings
    return prepare(from_dict(values, DatasetConfig), home / "datasets", home / "raw", again=True)
