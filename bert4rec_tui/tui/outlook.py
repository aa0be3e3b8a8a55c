"""What a run will be on this machine: its figures, its device, and its time going by earlier runs."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from bert4rec_tui.config import Config
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.errors import UserError
from bert4rec_tui.runs import machine
from bert4rec_tui.runs.store import RunSource
from bert4rec_tui.settings import home
from bert4rec_tui.tui.devices import Device, device_for
from bert4rec_tui.tui.preflight import Preflight, reckon, work
from bert4rec_tui.tui.train_checks import dataset_of


@dataclass(frozen=True)
class Outlook:
    """Everything that is shown before a launch; what is None is not known yet or cannot be known."""

    figures: Preflight | None
    device: Device | None
    devices: tuple[Device, ...]
    disk_free: int
    epoch_seconds: float | None = None
    epoch_like: str = ""
    problem: str = ""


def outlook_of(
    config: Config | None, prepared: list[PreparedDataset], devices: list[Device], runs: RunSource
) -> Outlook:
    """Reckon the figures of a configuration; for a thread, since histories and earlier runs are read."""
    free = free_space()
    known = tuple(devices)
    if config is None:
        return Outlook(None, None, known, free, problem="The figures come when no field is in error.")
    device, dataset = device_for(config.training.device, devices), dataset_of(config, prepared)
    if dataset is None:
        return Outlook(None, device, known, free, problem="The figures come when a dataset is chosen.")
    seconds, like = epoch_seconds(config, dataset, device, runs)
    return Outlook(reckon(config, dataset), device, known, free, seconds, like)


def free_space() -> int:
    """The bytes that are free where runs are kept."""
    return shutil.disk_usage(home() if home().exists() else Path.home()).free


def epoch_seconds(
    config: Config, dataset: PreparedDataset, device: Device | None, runs: RunSource
) -> tuple[float | None, str]:
    """About how long an epoch takes, going by the newest run on the same data, machine and kind of device."""
    kind = device.name.partition(":")[0] if device is not None else ""
    ranks = config.training.processes * config.training.machines
    if ranks > 1:
        kind = f"{ranks} × {kind}"  # as the status of such a run names its devices
    for run in runs.runs()[:50]:
        try:
            status, earlier = run.status(), run.config()
        except UserError:
            continue
        same = earlier.dataset.id == config.dataset.id and status.host == machine.host()
        if same and status.device.partition(":")[0] == kind and status.step and status.steps_per_epoch:
            seconds = status.seconds * status.steps_per_epoch / status.step
            return seconds * work(config, dataset) / work(earlier, dataset), run.short_id
    return None, ""
