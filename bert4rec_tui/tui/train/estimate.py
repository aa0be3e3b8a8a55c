"""What a run will be on this machine: its figures, its device, and its time going by earlier runs."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from bert4rec_tui.config import Config
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.errors import UserError
from bert4rec_tui.runs import machine
from bert4rec_tui.runs.store import RunSource
from bert4rec_tui.settings import home
from bert4rec_tui.tui.train.checks import dataset_of
from bert4rec_tui.tui.train.devices import Device, device_for
from bert4rec_tui.tui.train.preflight import Preflight, reckon, work

TIGHT = 0.8  # of what a device has free; the reckoning may be a quarter off


@dataclass(frozen=True)
class Tried:
    """What a trial of a configuration has shown: seconds of an epoch with its validation, bytes at the peak."""

    config: Config
    epoch_seconds: float
    memory: int
    steps: int

    def is_of(self, config: Config) -> bool:
        """Whether it was of this configuration, or of one that differs in nothing that costs time or memory."""
        return _costs(config) == _costs(self.config)


def _costs(config: Config) -> tuple[object, ...]:
    training = msgspec.structs.replace(config.training, epochs=1, patience=0, learning_rate=1.0, seed=0)
    return config.dataset.id, config.model, training, config.evaluation.protocols


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
    tried: Tried | None = None

    @property
    def memory_needed(self) -> int:
        """The bytes that the device must have: measured where that was tried, else reckoned."""
        if self.figures is None:
            return 0
        shared = self.device is not None and self.device.name == "cpu"  # by all processes of the machine
        each = self.tried.memory if self.tried is not None else self.figures.memory
        return each * (self.figures.processes if shared else 1)

    @property
    def fit(self) -> Literal["fits", "tight", "too large", "unknown"]:
        """Whether the run will fit into what its device has free."""
        if self.figures is None or self.device is None:
            return "unknown"
        share = self.memory_needed / max(1, self.device.memory_free)
        return "fits" if share < TIGHT else "tight" if share < 1 else "too large"


def outlook_of(
    config: Config | None,
    prepared: list[PreparedDataset],
    devices: list[Device],
    runs: RunSource,
    tried: Tried | None = None,
) -> Outlook:
    """Reckon the figures of a configuration; for a thread, since histories and earlier runs are read."""
    free = free_space()
    known = tuple(devices)
    if config is None:
        return Outlook(None, None, known, free, problem="The figures come when no field is in error.")
    device, dataset = device_for(config.training.device, devices), dataset_of(config, prepared)
    if dataset is None:
        return Outlook(None, device, known, free, problem="The figures come when a dataset is chosen.")
    if tried is not None and tried.is_of(config):
        seconds, like = tried.epoch_seconds, f"a trial of {tried.steps} steps"
        if config.training.processes * config.training.machines > 1:
            like += " of one share"
    else:
        tried = None
        seconds, like = epoch_seconds(config, dataset, device, runs)
    on_gpu = device is not None and device.name.startswith("cuda")
    return Outlook(reckon(config, dataset, on_gpu), device, known, free, seconds, like, tried=tried)


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
