"""How torchrun is told to start the ranks of a run, on this machine or on several.

Several machines must see the run, its dataset, Python and this program under the same paths: on a shared home.
"""

import os
import shlex
from pathlib import Path

from bert4rec_tui.config import TrainingConfig
from bert4rec_tui.runs.python import OUR_PYTHON
from bert4rec_tui.runs.store import Run

PORT = 29_500  # torchrun's own default
SAVING_SECONDS = 600  # a rank saves before it ends: how long torchrun waits until it kills
CORES_OF_RANK = 4

_TORCHRUN = (*OUR_PYTHON, "-m", "torch.distributed.run")


def surroundings() -> dict[str, str]:
    """What torchrun and the ranks are to find in their environment."""
    return {
        # torchrun sets one thread for want of a choice, and says so at length; each rank then chooses for itself.
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
        "TORCH_ELASTIC_SHUTDOWN_TIMEOUT": str(SAVING_SECONDS),
        "PET_SIGNALS_TO_HANDLE": "SIGTERM,SIGINT,SIGQUIT",  # that a terminal closes is no matter
        "PYTHONSAFEPATH": "1",  # what -P is to torchrun itself
    }


def one_machine(run: Path, processes: int) -> list[str]:
    """The command that starts all ranks of the run in a folder on this machine."""
    return [
        *_TORCHRUN,
        "--standalone",
        "--local-addr=127.0.0.1",
        f"--nproc-per-node={processes}",
        "--max-restarts=0",
        *_worker(run),
    ]


def torchrun_line(run: Run, training: TrainingConfig, rendezvous: str, home: Path) -> str:
    """The line to start on each of several machines, the same on all of them.

    rendezvous: HOST:PORT on one of them, where they meet.
    """
    command = [*_several(training), *_meeting(run), f"--rdzv-endpoint={rendezvous}", *_worker(run.path)]
    return shlex.join(["env", *_assignments(home), *command])


def sbatch_script(run: Run, training: TrainingConfig, home: Path) -> str:
    """The batch script that has Slurm start the ranks on as many machines."""
    gpus = "" if training.device == "cpu" else f"#SBATCH --gpus-per-node={training.processes}\n"
    cores = training.threads or CORES_OF_RANK * training.processes
    exports = "\n".join(f"export {shlex.quote(assignment)}" for assignment in _assignments(home))
    return f"""#!/bin/bash
#SBATCH --job-name={run.id}
#SBATCH --nodes={training.machines}
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task={cores}
{gpus}#SBATCH --output="{run.path.absolute()}/slurm-%j.log"
# Five minutes before its time is over the run saves and ends; submitted again, it goes on from there.
#SBATCH --signal=TERM@300

set -euo pipefail

{exports}

# The machines meet on the first of them, at a port that another job is unlikely to use.
first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
port=$(({PORT} + SLURM_JOB_ID % 1000))

srun --kill-on-bad-exit=1 --cpus-per-task="$SLURM_CPUS_PER_TASK" \\
    {shlex.join(_several(training))} \\
    {shlex.join(_meeting(run))} --rdzv-endpoint="$first:$port" \\
    {shlex.join(_worker(run.path))}
"""


def _several(training: TrainingConfig) -> list[str]:
    return [
        *_TORCHRUN,
        f"--nnodes={training.machines}",
        f"--nproc-per-node={training.processes}",
        "--max-restarts=0",
    ]


def _meeting(run: Run) -> list[str]:
    return ["--rdzv-backend=c10d", f"--rdzv-id={run.id}"]


def _worker(run: Path) -> list[str]:
    return ["-m", "bert4rec_tui.training.worker", str(run.absolute())]


def _assignments(home: Path) -> list[str]:
    return [f"{name}={value}" for name, value in {"BERT4REC_TUI_HOME": str(home), **surroundings()}.items()]
