"""The command `recommend`: the next items for a user, or after a history of one's own."""

import datetime
from contextlib import suppress
from typing import Any

import numpy as np

from bert4rec_tui.commands.output import Output
from bert4rec_tui.data.dataset import PreparedDataset, find_dataset
from bert4rec_tui.data.texts import printable
from bert4rec_tui.errors import UserError
from bert4rec_tui.model.hardware import choose_device, set_up_process
from bert4rec_tui.recommend.recommender import Recommender
from bert4rec_tui.runs.store import LocalRuns
from bert4rec_tui.settings import datasets_folder, runs_folder

SHOWN_HISTORY = 10
SHOWN_CAUSES = 3


def run_recommend(
    reference: str, *, user: str | None, items: str | None, k: int, explain: bool, device: str, as_json: bool
) -> None:
    """Print what comes next. Raises UserError for an unknown run, user or item."""
    if (user is None) == (items is None):
        raise UserError("recommend needs either --user ID or --items ID,ID,…")
    run = LocalRuns(runs_folder()).find(reference, "checkpoint")
    dataset = find_dataset(run.config().dataset.id, datasets_folder())
    if not 1 <= k <= dataset.items:
        raise UserError(f"-k {k}: {dataset.id} has {dataset.items:,} items; write a number from 1 to {dataset.items}")
    index = dataset.user_index(user) if user is not None else None
    if index is not None:
        history = [int(item) for item in dataset.history_of(index)]
    else:
        history = [dataset.item_index(raw.strip()) for raw in (items or "").split(",") if raw.strip()]
    chosen = choose_device(device, "--device")
    set_up_process(0, False, chosen)
    recommender = Recommender(run, dataset, device=str(chosen))
    values = recommendation(recommender, user, index, history, k, explain)
    Output(as_json).result(values, as_text(values, recommender))


def recommendation(
    recommender: Recommender, user: str | None, index: int | None, history: list[int], k: int, explain: bool
) -> dict[str, Any]:
    """What `recommend --json` prints."""
    dataset = recommender.dataset
    found = recommender.recommend(history, k)
    rows: list[dict[str, Any]] = [
        {"rank": rank, **_name(dataset, item), "score": round(score, 6)}
        for rank, (item, score) in enumerate(zip(found.items, found.scores, strict=True), start=1)
    ]
    if explain:
        for row, explanation in zip(rows, recommender.explain(history, *found.items), strict=True):
            shares = explanation.shares
            strongest = np.argsort(shares)[::-1][:SHOWN_CAUSES]
            row["because"] = [
                {**_name(dataset, history[place]), "share": round(shares[place], 6)}
                for place in strongest.tolist()
                if shares[place] > 0
            ]
    return {"user": user, "history": _history(dataset, index, history), "recommendations": rows}


def _name(dataset: PreparedDataset, item: int) -> dict[str, Any]:
    raw = dataset.item_ids[item - 1]
    return {"item": raw if isinstance(raw, str) else int(raw), "title": dataset.title(item)}


def _history(dataset: PreparedDataset, user: int | None, history: list[int]) -> list[dict[str, Any]]:
    """The history, oldest first, with dates where they are known."""
    rows = [_name(dataset, item) for item in history]
    if user is not None and dataset.timestamps is not None:
        start = int(dataset.offsets[user])
        for row, seconds in zip(rows, dataset.timestamps[start : start + len(rows)].tolist(), strict=True):
            with suppress(ValueError, OverflowError, OSError):  # a time that no calendar has
                row["date"] = datetime.datetime.fromtimestamp(seconds, tz=datetime.UTC).date().isoformat()
    return rows


def as_text(values: dict[str, Any], recommender: Recommender) -> str:
    """The same for people: the end of the history, then what comes next."""
    history: list[dict[str, Any]] = values["history"]
    who = f"User {values['user']}" if values["user"] is not None else "Your history"
    lines = [f"{who} · {len(history)} items, the latest:"]
    lines += [f"  {row.get('date', ''):<11}{printable(row['title'], 70)}" for row in history[-SHOWN_HISTORY:]]
    lines += ["", f"Next, by {recommender.objective} after epoch {recommender.epoch}:"]
    for row in values["recommendations"]:
        lines.append(f"  {row['rank']:>3}  {row['score']:>7.3f}  {printable(row['title'], 70)}")
        for cause in row.get("because", []):
            lines.append(f"{'':>14}because of {printable(cause['title'], 50)} {cause['share']:+.2f}")
    return "\n".join(lines)
