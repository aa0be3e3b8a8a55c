"""The commands that start the ranks of a run, on this machine or on several: torchrun's, through an agent of ours.

Several machines must see the run, its dataset, Python and this program under the same paths: on a shared home.
"""

import os
import shlex
import sys
from pathlib import Path

from bert4rec_tui.config import TrainingConfig
from bert4rec_tui.runs.python import OUR_PYTHON
from bert4rec_tui.runs.store import Run

PORT = 29_500  # torchrun's own default
SAVING_SECONDS = 600  # a rank saves before it ends: how long the agent waits after one has failed until it kills
RENDEZVOUS = "BERT4REC_TUI_RENDEZVOUS"  # the variable with the folder in which the ranks of one machine find each other
CORES_OF_RANK = 4

_AGENT = (*OUR_PYTHON, "-m", "bert4rec_tui.training.agent")


def rank_environment(machines: int) -> dict[str, str]:
    """What the agent and the ranks are to find in their environment."""
    loopback = "lo0" if sys.platform == "darwin" else "lo"
    # Ranks of one machine talk where no other machine hears them.
    alone = {"GLOO_SOCKET_IFNAME": loopback, "NCCL_SOCKET_IFNAME": loopback} if machines == 1 else {}
    return alone | {
        # torchrun sets one thread for want of a choice, and says so at length; each rank then chooses for itself.
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
        "TORCH_ELASTIC_SHUTDOWN_TIMEOUT": str(SAVING_SECONDS),
        "PET_SIGNALS_TO_HANDLE": "SIGQUIT",  # the others are passed on to the ranks
        "PYTHONSAFEPATH": "1",  # what -P is to torchrun itself
    }


def single_machine_command(run: Path, processes: int) -> list[str]:
    """The command that starts all ranks of the run in a folder on this machine."""
    return [
        *_AGENT,
        "--nnodes=1",
        f"--nproc-per-node={processes}",
        "--max-restarts=0",
        *_worker(run),
    ]


def torchrun_line(run: Run, training: TrainingConfig, rendezvous: str, home: Path) -> str:
    """The line to start on each of several machines, the same on all of them; or on one alone.

    rendezvous: HOST:PORT on one of them, where they meet; several machines need one, one machine none.
    """
    rendezvous_options = [*_rendezvous(run), f"--rdzv-endpoint={rendezvous}"] if training.machines > 1 else []
    command = [*_agent(training), *rendezvous_options, *_worker(run.path)]
    return shlex.join(["env", *_assignments(home, training.machines), *command])


def sbatch_script(run: Run, training: TrainingConfig, home: Path) -> str:
    """The batch script that has Slurm start the ranks on as many machines."""
    gpus = "" if training.device == "cpu" else f"#SBATCH --gpus-per-node={training.processes}\n"
    cores = training.threads or CORES_OF_RANK * training.processes
    exports = "\n".join(f"export {shlex.quote(assignment)}" for assignment in _assignments(home, training.machines))
    rendezvous_options = _SLURM_RENDEZVOUS if training.machines > 1 else ""
    endpoint = (
        f'    {shlex.join(_rendezvous(run))} --rdzv-endpoint="$first:$port" \\\n' if training.machines > 1 else ""
    )
    return f"""#!/bin/bash
#SBATCH --job-name={run.id}
#SBATCH --nodes={training.machines}
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task={cores}
{gpus}#SBATCH --output="{run.path.absolute()}/slurm-%j.log"
#SBATCH --open-mode=append

set -euo pipefail

{exports}
{_SLURM_TIME_LIMIT}{rendezvous_options}
srun --kill-on-bad-exit=1 --cpus-per-task="$SLURM_CPUS_PER_TASK" \\
    {shlex.join(_agent(training))} \\
{endpoint}    {shlex.join(_worker(run.path))}
"""


_SLURM_RENDEZVOUS = f"""
# Rendezvous on the first machine, at a port that another job is unlikely to use. It listens on every network of that
# machine and authenticates nobody: use this only on a cluster whose network nobody else can reach.
first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
port=$(({PORT} + SLURM_JOB_ID % 1000))
"""

# Slurm's own --signal takes one margin for every limit: with five minutes a job of five minutes would end at once.
_SLURM_TIME_LIMIT = r"""
# The run saves and ends before the time limit: five minutes before, or a fifth of the time if that is less.
# Submit this script again to resume it.
job_end() {
    local end=${SLURM_JOB_END_TIME:-}
    [ -n "$end" ] || end=$(date -d "$(scontrol show job "$SLURM_JOB_ID" | sed -n 's/.*EndTime=\([^ ]*\).*/\1/p')" +%s)
    echo "$end"
}
left=$(($(job_end 2>/dev/null || echo 0) - $(date +%s)))
if [ "$left" -gt 0 ]; then
    margin=$((left / 5 < 300 ? left / 5 : 300))
    (
        trap 'kill "$pause" 2>/dev/null; exit' TERM
        sleep $((left - margin)) &
        pause=$!
        wait "$pause" && scancel --signal=TERM "$SLURM_JOB_ID.0"
    ) &
    trap "kill $! 2>/dev/null || true" EXIT
fi
"""


def _agent(training: TrainingConfig) -> list[str]:
    return [
        *_AGENT,
        f"--nnodes={training.machines}",
        f"--nproc-per-node={training.processes}",
        "--max-restarts=0",
    ]


def _rendezvous(run: Run) -> list[str]:
    return ["--rdzv-backend=c10d", f"--rdzv-id={run.id}"]


def _worker(run: Path) -> list[str]:
    return ["-m", "bert4rec_tui.training", str(run.absolute())]


def _assignments(home: Path, machines: int) -> list[str]:
    return [f"{name}={value}" for name, value in {"BERT4REC_TUI_HOME": str(home), **rank_environment(machines)}.items()]
