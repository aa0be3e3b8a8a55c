"""Play the worker of a run: a long log at once, then events at a rate, with the heartbeat of a real worker.

usage: python benchmarks/invented_worker.py RUN_FOLDER EVENTS RATE
"""

import math
import random
import sys
import time
from pathlib import Path

import msgspec
import torch

from bert4rec_tui.runs.events import Event, Step, Validation
from bert4rec_tui.runs.lock import worker_lock
from bert4rec_tui.training.checkpoint import Position
from bert4rec_tui.training.recorder import Recorder

STEPS_PER_EPOCH = 1000


def event(step: int, at: float) -> Event:
    """A step, or at the end of an epoch its validation."""
    epoch, rest = divmod(step, STEPS_PER_EPOCH)
    if rest == 0:
        value = 0.18 * (1 - math.exp(-epoch / 100))
        metrics = {"full": {"NDCG@10": value, "Recall@10": 1.7 * value}}
        return Validation(at=at, epoch=epoch, step=step, users=6040, seconds=2.0, metrics=metrics, best=True)
    loss = 4 + 3.5 * math.exp(-step / 100_000) + random.gauss(0, 0.2)
    return Step(
        at=at, epoch=epoch + 1, step=step, samples=128 * step, count=1, loss=loss, loss_min=loss, loss_max=loss,
        learning_rate=1e-3, gradient_norm=random.lognormvariate(0, 0.3), speed=900 + random.gauss(0, 50),
    )  # fmt: skip


def main() -> None:
    """Write the log, then go on until somebody ends the process."""
    folder, events, rate = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    random.seed(0)
    with worker_lock(folder):
        began = time.time() - events * 0.05
        with (folder / "events.jsonl").open("ab") as file:
            for step in range(1, events):
                file.write(msgspec.json.encode(event(step, began + 0.05 * step)) + b"\n")
        recorder = Recorder(folder, torch.device("cpu"), "full:NDCG@10")
        position = Position(step=events, epoch=events // STEPS_PER_EPOCH, validated=True)
        recorder.open(position, False, STEPS_PER_EPOCH, "cpu", "fp32")
        recorder.phase("training")
        print("ready", flush=True)
        for step in range(events, sys.maxsize):
            recorder.append(event(step, time.time()))
            recorder.status.step, recorder.status.epoch = step, step // STEPS_PER_EPOCH
            recorder.status.loss = 4.0
            recorder.advance()
            time.sleep(1 / rate)


if __name__ == "__main__":
    main()
