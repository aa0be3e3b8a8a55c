"""What `compare --users` adds: the users with the largest rank changes between two checkpoints, and their targets."""

from typing import Any

import numpy as np

from bert4rec_tui.data.store import dataset_of
from bert4rec_tui.errors import printable
from bert4rec_tui.evaluation.paired import TestedCheckpoint, check_same_split, largest_rank_changes
from bert4rec_tui.evaluation.saved_ranks import SavedRanks
from bert4rec_tui.settings import datasets_folder

TITLE = 40


def rank_changes(
    side: TestedCheckpoint, ours: SavedRanks, theirs: SavedRanks, result: dict[str, Any], most: int
) -> dict[str, Any]:
    """How many users' ranks differ, and the `most` users with the largest changes.

    Raises UserError where the dataset has been prepared again since the tests.
    """
    dataset = dataset_of(side.run.config().dataset, datasets_folder())
    check_same_split(side.run, result, dataset, ours.users)
    places = dataset.split.targets("test")
    found = largest_rank_changes(ours, theirs, most)
    listed: list[dict[str, Any]] = []
    for user, rank, against_rank in zip(found.users.tolist(), found.ours.tolist(), found.theirs.tolist(), strict=True):
        target = int(dataset.history[int(dataset.offsets[user]) + int(places[user])])
        listed.append(
            {
                "user": dataset.user_id(user),
                "history": int(places[user]),
                "item": dataset.item_id(target),
                "title": dataset.title(target),
                "against_rank": against_rank,
                "rank": rank,
            }
        )
    differ = int(np.count_nonzero(ours.ranks != theirs.ranks))
    return {"differ": differ, "item_noun": dataset.noun.one, "most": listed}


def rank_changes_text(found: dict[str, Any]) -> list[str]:
    """The same as text."""
    before, after = found["against_label"], found["label"]
    lines = [
        f"{found['protocol']}: {found['differ']:,} of {found['users']:,} users' ranks differ; largest changes",
        f"{'user':<12}{'history':>8}{before:>10}{after:>10}{'change':>9}  target {found['item_noun']}",
    ]
    for row in found["most"]:
        change = row["against_rank"] - row["rank"]
        lines.append(
            f"{printable(str(row['user']), 12):<12}{row['history']:>8,}{row['against_rank']:>10,}{row['rank']:>10,}"
            f"{change:>+9,}  {printable(row['title'], TITLE)}".rstrip()
        )
    return lines
