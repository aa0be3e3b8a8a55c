"""Changes the stored ranks of a test, as another outcome of it would have."""

import json
from dataclasses import replace

import numpy as np

from bert4rec_tui.evaluation.saved_ranks import load_ranks, save_ranks
from bert4rec_tui.runs.store import Run


def change_ranks(run: Run, protocol: str, ranks: dict[int, int] | np.ndarray, checkpoint: str = "best") -> None:
    """Let the test have given other ranks: to some users, by their place among the test users, or to all."""
    folder = run.test_folder(checkpoint, protocol)
    stored = load_ranks(run, checkpoint, protocol)
    changed = np.array(stored.ranks)
    if isinstance(ranks, dict):
        for user, rank in ranks.items():
            changed[user] = rank
    else:
        changed[:] = ranks
    save_ranks(folder, replace(stored, ranks=changed), json.loads((folder / "metrics.json").read_text()))
