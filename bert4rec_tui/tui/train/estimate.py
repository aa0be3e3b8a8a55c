"""What a run will cost on this machine: its size, memory, disk and time, estimated before it is launched."""

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
from bert4rec_tui.tui.train.preflight import Preflight, multiplications, preflight

TIGHT = 0.8  # of a device's free memory; the estimate may be a quarter off


@dataclass(frozen=True)
class Benchmark:
    """What a few steps of a configuration have shown: seconds of an epoch with its validation, bytes at the peak."""

    config: Config
    epoch_seconds: float
    memory: int
    steps: int

    def applies_to(self, config: Config) -> bool:
        """Whether it was of this configuration, or of one that differs in nothing that costs time or memory."""
        return _costs(config) == _costs(self.config)


def _costs(config: Config) -> tuple[object, ...]:
    training = msgspec.structs.replace(config.training, epochs=1, patience=0, learning_rate=1.0, seed=0)
    return config.dataset.id, config.model, training, config.evaluation.protocols


@dataclass(frozen=True)
class EstimateRequest:
    """What is to be estimated: a configuration, None while it has errors, and what is known besides."""

    config: Config | None
    prepared: tuple[PreparedDataset, ...] = ()
    devices: tuple[Device, ...] = ()
    benchmark: Benchmark | None = None


@dataclass(frozen=True)
class Estimate:
    """Everything that is shown before a launch; what is None is not known yet or cannot be known.

    `epoch_source` says what the time of an epoch is taken from; `problem` why there are no figures.
    """

    request: EstimateRequest
    figures: Preflight | None
    device: Device | None
    disk_free: int
    epoch_seconds: float | None = None
    epoch_source: str = ""
    problem: str = ""
    benchmark: Benchmark | None = None

    @property
    def devices(self) -> tuple[Device, ...]:
        """Every device of the machine."""
        return self.request.devices

    @property
    def devices_used(self) -> list[Device]:
        """The devices that the run will use: one, or a GPU for each of several processes."""
        chosen, count = self.device, self.figures.processes if self.figures else 1
        if chosen is None or not chosen.name.startswith("cuda") or count == 1:
            return [chosen] if chosen else []
        return [device for device in self.devices if device.name.startswith("cuda")][:count]

    @property
    def memory_needed(self) -> int:
        """The bytes that the device must have: measured where there is a benchmark, else estimated."""
        if self.figures is None:
            return 0
        shared = self.device is not None and self.device.name == "cpu"  # by all processes of the machine
        each = self.benchmark.memory if self.benchmark is not None else self.figures.memory
        return each * (self.figures.processes if shared else 1)

    @property
    def fit(self) -> Literal["fits", "tight", "too large", "unknown"]:
        """Whether the run will fit in the free memory of its device."""
        if self.figures is None or self.device is None:
            return "unknown"
        share = self.memory_needed / max(1, self.device.memory_free)
        return "fits" if share < TIGHT else "tight" if share < 1 else "too large"


def estimate(request: EstimateRequest, runs: RunSource) -> Estimate:
    """Estimate the figures of a configuration; for a thread, since histories and earlier runs are read."""
    config, free = request.config, free_space()
    if config is None:
        return Estimate(request, None, None, free, problem="No estimate while a setting has an error.")
    device = device_for(config.training.device, request.devices)
    dataset = dataset_of(config, request.prepared)
    if dataset is None:
        return Estimate(request, None, device, free, problem="No estimate until the dataset is prepared.")
    benchmark = request.benchmark
    if benchmark is not None and benchmark.applies_to(config):
        ranks = config.training.processes * config.training.machines
        seconds = benchmark.epoch_seconds
        source = f"measured over {benchmark.steps} steps{' of one rank' if ranks > 1 else ''}"
    else:
        benchmark = None
        seconds, run = epoch_seconds(config, dataset, device, runs)
        source = f"estimated from {run}" if run else ""
    figures = preflight(config, dataset, device is not None and device.name.startswith("cuda"))
    return Estimate(request, figures, device, free, seconds, source, benchmark=benchmark)


def free_space() -> int:
    """The bytes that are free where runs are stored."""
    return shutil.disk_usage(home() if home().exists() else Path.home()).free


def epoch_seconds(
    config: Config, dataset: PreparedDataset, device: Device | None, runs: RunSource
) -> tuple[float | None, str]:
    """The time of an epoch estimated from the newest run on the same data, machine and kind of device, and that run.

    Returns None and an empty id where there is no such run.
    """
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
            return seconds * multiplications(config, dataset) / multiplications(earlier, dataset), run.short_id
    return None, ""
