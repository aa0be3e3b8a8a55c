"""Launch a run from a configuration by our own command, so that it is nobody's child."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bert4rec_tui.config import Config, save_config
from bert4rec_tui.progress import Progress
from bert4rec_tui.tui.shell.dialogs import Choice, Chooser
from bert4rec_tui.tui.shell.interface import Application
from bert4rec_tui.tui.shell.screen import MainScreen

_SCRIPTS = [
    Choice("torchrun", "torchrun", "a command for each machine"),
    Choice("sbatch", "sbatch", "a batch script for Slurm"),
]


async def launch_run(screen: MainScreen, config: Config) -> dict[str, Any]:
    """Start a detached run and return what `train` printed: run, pid, warning; to be awaited in a worker.

    A warning, such as that this machine ends processes at logout, is shown as the command reports it.

    Raises CommandError with the command's sentence, UserError where the configuration cannot be written.
    """
    return await _train(screen.application, config, "--detach")


async def launch_or_write(screen: MainScreen, config: Config) -> dict[str, Any] | None:
    """Start a detached run; for several machines, write the script that starts it on each of them.

    To be awaited in a worker. Returns what `train` printed, None where the dialog is closed; raises as `launch_run`.
    """
    machines = config.training.machines
    if machines == 1:
        return await launch_run(screen, config)
    chooser = Chooser(f"Write the launch script for {machines} machines", _SCRIPTS)
    kind = await screen.app.push_screen_wait(chooser)
    if kind is None:
        return None
    result = await _train(screen.application, config, "--print-launch", kind)
    how = "submit it with sbatch" if kind == "sbatch" else "run it on each machine"
    screen.notify(f"{result['file']}: {how}", title="Run queued", markup=False, timeout=30)
    return result


async def try_config(
    application: Application, config: Config, progressed: Callable[[Progress], None]
) -> dict[str, Any]:
    """Benchmark a few steps of a configuration and return what `train --try` printed; to be awaited in a worker.

    Raises CommandError with the command's sentence; a worker that is cancelled ends the benchmark.
    """
    return await _train(application, config, "--try", progressed=progressed)


async def _train(
    application: Application, config: Config, *words: str, progressed: Callable[[Progress], None] | None = None
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bert4rec-tui-") as folder:
        file = Path(folder) / "config.toml"
        save_config(config, file)
        return await application.run_command("train", "--config", str(file), *words, progressed=progressed)
