"""What one rank, or one process alone, computes in some steps and a validation; run by torchrun.

usage: ranks_at_work.py DATASET_FOLDER RESULT_FOLDER
"""

import gc
import json
import sys
from pathlib import Path
from unittest.mock import patch

import torch
import torch.distributed as dist

from bert4rec_tui.config import Config, with_assignments
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.evaluation.ranking import ModelScorer, held_out
from bert4rec_tui.model.bert4rec import Bert4Rec
from bert4rec_tui.training import step as step_module
from bert4rec_tui.training.batches import TrainingBatches
from bert4rec_tui.training.distributed import ALONE, World, rank_together
from bert4rec_tui.training.step import TrainingStep

COMMON = [
    "model.hidden=16",
    "model.heads=2",
    "model.blocks=2",
    "model.max_len=12",
    "model.dropout=0.0",
    "training.learning_rate=0.01",
    "training.batch_size=10",
]
KINDS = {
    "cloze": ["training.last_item_rate=0.2", "training.gradient_clip=0.5"],
    "causal": ["model.objective=causal", "training.optimizer=adamw", "training.weight_decay=0.1"],
    "causal, tied, clipped": ["model.objective=causal", "model.tied_head=true", "training.gradient_clip=0.5"],
    "cloze, drawn items": ["training.loss=sampled", "training.negatives=7"],
    "gbce, clipped": [
        "model.objective=causal",
        "training.loss=gbce",
        "training.negatives=7",
        "training.gradient_clip=0.1",
    ],
}
CPU = torch.device("cpu")


def at_work(kind: str, dataset: PreparedDataset, world: World) -> dict[str, list[float]]:
    """The losses and gradient norms of three epochs of steps, and before them the ranks of the validation items."""
    config = with_assignments(Config(), [*COMMON, *KINDS[kind]])
    model = Bert4Rec(dataset.items, config.model)
    batches = TrainingBatches(dataset, config, CPU)
    step = TrainingStep(model, config, CPU, "fp32", world)
    found: dict[str, list[float]] = {"losses": [], "norms": [], "sizes": []}
    question = held_out(dataset, "validation", ["full", "uniform-5"], 0)
    results = rank_together(world, ModelScorer(model), question, 8, lambda: False)
    assert results is not None
    for protocol, result in results.items():
        found[protocol] = result.ranks.tolist()
        found[f"{protocol} candidates"] = result.candidates.tolist()
    for epoch in range(3):
        for number, windows in enumerate(batches.batches(epoch)):
            # Worked in several parts, of which the last alone exchanges gradients.
            with patch.object(step_module, "rows_at_once", lambda *_: 3):
                loss, norm = step(windows, config.training.learning_rate, epoch, number)
            found["losses"].append(float(loss))
            found["norms"].append(float(norm))
            found["sizes"].append(len(windows))
    return found


def main() -> None:
    torch.set_num_threads(1)
    world = World.of_environment()
    world.join("cpu")
    dataset = PreparedDataset(Path(sys.argv[1]))
    found = {kind: at_work(kind, dataset, world) for kind in KINDS}
    Path(sys.argv[2], f"{world.rank}.json").write_text(json.dumps(found))
    gc.collect()  # what exchanged gradients goes before the group that it exchanged them in
    dist.barrier()
    world.leave()


def alone(dataset: PreparedDataset) -> dict[str, dict[str, list[float]]]:
    return {kind: at_work(kind, dataset, ALONE) for kind in KINDS}


if __name__ == "__main__":
    main()
