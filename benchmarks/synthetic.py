"""Synthetic ratings of MovieLens-1M's size, for benchmarks that need the size but not real preferences.

Nobody may redistribute MovieLens-1M; what only depends on how many users, items and interactions there are, and on how
long histories are, can be measured without it. Nothing can be learnt from these ratings but popularity.
"""

import os
from pathlib import Path

import numpy as np

# MovieLens-1M with `min_item_interactions = 5`; a user has 166 interactions, 96 in the median, 20 at least.
USERS, ITEMS = 6_040, 3_416
SHORTEST, MEDIAN, SPREAD = 20, 96, 1.15


def history_lengths(users: int, items: int, chance: np.random.Generator) -> np.ndarray:
    """(users,) int64 lengths of histories: log-normal above the shortest, at most half of `items`."""
    lengths = SHORTEST + chance.lognormal(np.log(MEDIAN - SHORTEST), SPREAD, users)
    return np.minimum(lengths, items // 2).astype(np.int64)


def histories(users: int, items: int, seed: int = 0) -> list[np.ndarray]:
    """Each user's items 1…N in order, none twice, drawn by a popularity that follows a power law."""
    chance = np.random.default_rng(seed)
    popularity = -0.9 * np.log(np.arange(1, items + 1) + 0.02 * items)
    # The items with the largest of popularity and noise are a draw without replacement (Gumbel's trick).
    return [
        np.argsort(-(popularity + chance.gumbel(size=items)))[:length] + 1
        for length in history_lengths(users, items, chance).tolist()
    ]


def prepare_synthetic(home: Path, users: int = USERS, items: int = ITEMS, name: str = "synthetic") -> str:
    """Prepare synthetic ratings in a data home, with leave-one-out. Returns the id of the dataset.

    BERT4REC_TUI_HOME is set to the home, so that everything that follows in this process finds it.
    """
    os.environ["BERT4REC_TUI_HOME"] = str(home)
    import pyarrow as pa
    import pyarrow.parquet as pq

    from bert4rec_tui.config import DatasetConfig
    from bert4rec_tui.data.prepare import prepare
    from bert4rec_tui.settings import datasets_folder, raw_folder

    drawn = histories(users, items)
    lengths = [len(history) for history in drawn]
    table = pa.table(
        {
            "user": np.repeat(np.arange(1, users + 1), lengths),
            "item": np.concatenate(drawn),
            "timestamp": np.concatenate([np.arange(length) for length in lengths]),
        }
    )
    raw_folder().mkdir(parents=True, exist_ok=True)
    source = raw_folder() / f"{name}.parquet"
    pq.write_table(table, source)
    columns = {"user": "user", "item": "item", "timestamp": "timestamp"}
    settings = DatasetConfig(name=name, source=str(source), columns=columns)
    return prepare(settings, datasets_folder(), raw_folder()).id
