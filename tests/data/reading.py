"""Ways to read a file of ratings and to look at what came of it, for tests of each part."""

from pathlib import Path

import pytest

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.formats import read_interactions
from bert4rec_tui.data.interactions import Interactions
from bert4rec_tui.data.sources import opened
from bert4rec_tui.errors import UserError


def read(source: Path, columns: dict[str, str] | None = None, separator: str = "") -> Interactions:
    settings = DatasetConfig(name="mine", source=str(source), columns=columns or {}, separator=separator)
    with opened(source, source.parent / "unpacked", settings) as found:
        return read_interactions(found, settings)[0]


def rows(interactions: Interactions) -> list[tuple]:
    """(user, item, rating, seconds) in file order, with raw ids; None for what there is not."""
    count = len(interactions)
    ratings = interactions.ratings.tolist() if interactions.ratings is not None else [None] * count
    times = interactions.times.seconds().tolist() if interactions.times is not None else [None] * count
    users = [interactions.user_ids[code] for code in interactions.users.tolist()]
    items = [interactions.item_ids[code] for code in interactions.items.tolist()]
    return list(zip(users, items, ratings, times, strict=True))


def fault(path: Path, **said) -> str:
    with pytest.raises(UserError) as error:
        read(path, **said)
    return str(error.value)


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path
