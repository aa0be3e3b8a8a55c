"""The quick start: from nothing to a run that trains, by our own commands."""

from collections.abc import Callable

import msgspec

from bert4rec_tui.config.presets import SAMPLE, preset
from bert4rec_tui.data.prepare_arguments import prepare_arguments
from bert4rec_tui.progress import Progress
from bert4rec_tui.settings import datasets_folder
from bert4rec_tui.tui.shell.launching import launch_run
from bert4rec_tui.tui.shell.screen import MainScreen


async def quick_start(screen: MainScreen, at_step: Callable[[int, Progress | None], None]) -> str:
    """Prepare the sample, start a small model on it, and return the run's id; `at_step` hears how far it is.

    To be awaited in a worker. Raises CommandError or UserError with a sentence.
    """
    from bert4rec_tui.data.store import find_dataset

    at_step(0, None)
    prepared = await screen.application.run_command(
        *prepare_arguments(SAMPLE), progressed=lambda progress: at_step(0, progress)
    )
    at_step(1, None)
    dataset = find_dataset(str(prepared["dataset"]), datasets_folder())
    config = msgspec.structs.replace(preset("quickstart"), dataset=dataset.manifest.settings)
    result = await launch_run(screen, config)
    at_step(2, None)
    return str(result["run"])
