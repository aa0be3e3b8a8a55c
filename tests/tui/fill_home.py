"""Fill a data folder with a dataset and a run in each state, to look at the screens by hand.

usage: python tests/tui/fill_home.py FOLDER: one of the runs goes on training until this is interrupted.
"""

import sys
import time
from pathlib import Path

import numpy as np
from world_events import STEPS, system, training_step, validation
from worlds import fill, hold, status_of

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


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    if not (folder / "runs").exists():
        fill(folder)
    by_letters = {path.name[-4:]: Run(path) for path in (folder / "runs").iterdir() if not path.name.startswith(".")}
    locks = [hold(by_letters[letters]) for letters in ("quad", "band", "fern")]
    train_on(by_letters["quad"], begin=3 * STEPS, pause=0.5)
