"""Fill a data folder with a dataset and a run in each state, to look at the screens by hand.

usage: python tests/tui/fill_home.py FOLDER: one of the runs goes on training until this is interrupted.
"""

import sys
import time
from pathlib import Path

import numpy as np
from worlds import (
    STEPS,
    hold,
    make_dataset,
    make_run,
    make_test,
    small_config,
    status_of,
    system,
    training_step,
    validation,
)

from bert4rec_tui.runs.status import write_status
from bert4rec_tui.runs.store import Run


def train_on(run: Run, *, begin: int, pause: float) -> None:
    """Play a worker that trains: log steps and validations and rewrite the status until interrupted."""
    rng = np.random.default_rng(2)
    config, begun, step = run.config(), time.time(), begin
    while step < config.training.epochs * STEPS:
        time.sleep(pause)
        step += 1
        run.events.append(training_step(step, time.time(), rng, lost=step % 97 == 0))
        if step % 6 == 0:
            run.events.append(system(time.time(), step, gpu=False))
        if step % STEPS == 0:
            run.events.append(validation(step // STEPS, time.time(), 0.16))
        status = status_of("training", step // STEPS, config, begun=begun)
        status.step = step
        status.seconds_left = (config.training.epochs * STEPS - step) * pause
        write_status(run.path, status)


def fill(home: Path) -> dict[str, Run]:
    """A data folder with a dataset, a run in each state (none of them live yet) and tests of the finished one."""
    dataset = make_dataset(home, users=610, items=300, longest=60)
    day = 86_400.0
    runs = {
        "training": make_run(home, "training", "quad", epoch=3, age=60, config=small_config(epochs=40)),
        "paused": make_run(home, "paused", "band", epoch=8, age=7200),
        "finished": make_run(home, "finished", "lamp", epoch=20, age=day, gpu=True),
        "stopped": make_run(home, "stopped", "moss", epoch=5, age=2 * day, not_finite=True),
        "failed": make_run(
            home,
            "failed",
            "rose",
            epoch=3,
            age=3 * day,
            message="out of memory on cpu; set training.batch_size = 64 (it is 128) and relaunch",
        ),
        "stalled": make_run(home, "stalled", "fern", epoch=6, age=4 * day),
        "lost": make_run(home, "lost", "pine", epoch=7, age=5 * day),
        "queued": make_run(home, "queued", "dusk", age=30),
    }
    for protocol in ("full", "uniform-100"):
        make_test(runs["finished"], dataset, protocol)
    return runs


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    if not (folder / "runs").exists():
        fill(folder)
    by_letters = {path.name[-4:]: Run(path) for path in (folder / "runs").iterdir() if not path.name.startswith(".")}
    locks = [hold(by_letters[letters]) for letters in ("quad", "band", "fern")]
    train_on(by_letters["quad"], begin=3 * STEPS, pause=0.5)
