"""Recommendations for all users as a CSV file, a few users at a time."""

import csv
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.errors import WorkFailedError
from bert4rec_tui.evaluation.ranking import ModelScorer
from bert4rec_tui.model.bert4rec import Bert4Rec
from bert4rec_tui.model.hardware import scores_at_once
from bert4rec_tui.progress import Progress, ReportProgress

COLUMNS = ("user", "rank", "item", "title", "score")
USERS_AT_ONCE = 512


def write_next_items(
    model: Bert4Rec, dataset: PreparedDataset, path: Path, k: int, report: ReportProgress
) -> tuple[int, int]:
    """Write the top k items of every user to a file, best first; returns the numbers of users and rows.

    The input is the user's whole history, whose items are not recommended. At most `scores_at_once` scores are in
    memory. Raises WorkFailedError for scores that are not finite.
    """
    titles, item_ids = dataset.titles.all(), dataset.all_item_ids()
    began, rows = time.monotonic(), 0
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for first, items, scores in _batches(model, dataset, k):
            for user, (found, values) in enumerate(zip(items.tolist(), scores.tolist(), strict=True), start=first):
                raw = dataset.user_ids[user]
                kept = [(item, score) for item, score in zip(found, values, strict=True) if score != float("-inf")]
                table.writerows(
                    (raw, rank, item_ids[item], titles[item], f"{score:.6g}")
                    for rank, (item, score) in enumerate(kept, start=1)
                )
                rows += len(kept)
            done = first + len(items)
            left = (dataset.users - done) * (time.monotonic() - began) / done
            report(Progress(stage="Exporting", done=done, total=dataset.users, unit="users", seconds_left=left))
    return dataset.users, rows


@torch.inference_mode()
def _batches(model: Bert4Rec, dataset: PreparedDataset, k: int) -> Iterator[tuple[int, torch.Tensor, torch.Tensor]]:
    """The first user of each batch, and the columns and scores of the top k items of each user in it."""
    device = model.token.weight.device
    scorer, width = ModelScorer(model), min(k, dataset.items)
    offsets = np.asarray(dataset.offsets)
    at_once = max(1, min(USERS_AT_ONCE, scores_at_once(device) // dataset.items))
    for first in range(0, dataset.users, at_once):
        ends = offsets[first + 1 : first + 1 + at_once]
        low, high = int(offsets[first]), int(ends[-1])
        flat = torch.from_numpy(np.array(dataset.history[low:high])).long().to(device)
        stops = torch.from_numpy(ends - low).to(device)
        starts = torch.cat([stops.new_zeros(1), stops[:-1]])
        scores = scorer(flat, starts, stops)
        if not bool(scores.isfinite().all()):
            raise WorkFailedError("the model's scores are not finite, so nothing can be ranked; use another checkpoint")
        of = torch.repeat_interleave(torch.arange(len(stops), device=device), stops - starts)
        scores[of, flat - 1] = float("-inf")
        top = scores.topk(width)
        yield first, top.indices.cpu(), top.values.cpu()
