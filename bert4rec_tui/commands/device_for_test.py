"""Which device a test runs on: the GPU, unless it has too little free memory because another run trains there."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from bert4rec_tui.config import Config
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.errors import UserError
from bert4rec_tui.model.hardware import scores_at_once
from bert4rec_tui.progress import memory
from bert4rec_tui.runs import machine
from bert4rec_tui.runs.status import LIVE
from bert4rec_tui.runs.store import RunSource
from bert4rec_tui.training.sensors import Sensors

BYTES = 4
CONTEXT = 600 * 2**20  # CUDA context and libraries
# Activations of a block while a test encodes, in values of (batch, length, hidden) besides the feed-forward's.
IN_BLOCK = 6
AROUND_SCORES = 5  # the scores, and up to four times as much for counting and sorting them
MARGIN = 1.2


@dataclass(frozen=True)
class Training:
    """A run that uses a device of this machine now: its short name, and the device as in its status."""

    name: str
    device: str

    def is_on(self, device: torch.device) -> bool:
        """Whether it uses this device; a run on several GPUs uses all of them."""
        if self.device.partition(" × ")[2]:
            return self.device.endswith(device.type)
        kind, _, index = self.device.partition(":")
        return kind == device.type and int(index or 0) == (device.index or 0)


def place_test(
    wanted: torch.device,
    training: Sequence[Training],
    needs: int,
    free: int | None,
    others: Sequence[tuple[torch.device, int | None]] = (),
) -> tuple[torch.device, str]:
    """The device for a test that would run on `wanted`, and the reason as a sentence, empty where there is none.

    needs, free: bytes; free is None where it cannot be read. others: the machine's other GPUs and their free memory;
    one with enough of it is chosen before the CPU, preferably one on which nothing trains.
    """
    there = [run.name for run in training if run.is_on(wanted)]
    who = f"{' and '.join(there)} {'train' if len(there) > 1 else 'trains'} on {wanted}"
    if wanted.type != "cuda":
        return wanted, f"{who} too: the test and the training will slow each other down" if there else ""
    insist = f"use --device {wanted} to run it there anyway"
    cpu = torch.device("cpu")
    if free is None:
        return (cpu, f"{who}: the test runs on the CPU; {insist}") if there else (wanted, "")
    room = f"{memory(free)} of {wanted} are free"
    if free < needs:
        roomy = [gpu for gpu, left in others if left is not None and left >= needs]
        chosen = min(roomy, key=lambda gpu: any(run.is_on(gpu) for run in training), default=cpu)
        short = f"{room} but the test needs {memory(needs)}, so it runs on {chosen if roomy else 'the CPU'}; {insist}"
        return chosen, f"{who}: {short}" if there else short
    return (
        wanted,
        f"{who}: {room}, enough for the test, which needs {memory(needs)} and runs there too" if there else "",
    )


def needed_memory(
    config: Config, dataset: PreparedDataset, protocols: Sequence[str], weights: int, device: torch.device
) -> int:
    """Estimated GPU memory of a test in bytes; weights: size of the checkpoint."""
    model, batch = config.model, config.evaluation.batch_size
    users = len(dataset.evaluated_users("test"))
    histories = len(dataset.history) * BYTES + users * 3 * 8
    negatives = sum(users * int(name.partition("-")[2]) * BYTES for name in protocols if name != "full")
    block = batch * model.max_len * model.hidden * (IN_BLOCK + 2 * model.feed_forward) * BYTES
    scores = min(scores_at_once(device), batch * dataset.items) * BYTES * AROUND_SCORES
    return int(CONTEXT + MARGIN * (weights + histories + negatives + block + scores))


def training_now(source: RunSource) -> list[Training]:
    """The runs that are training on this machine."""
    found: list[Training] = []
    for run in source.runs():
        try:
            status = run.status()
            if status.host == machine.host() and status.device and run.state(status) in LIVE:
                found.append(Training(run.short_id, status.device))
        except UserError:  # an unreadable status
            continue
    return found


def free_memory(device: torch.device) -> int | None:
    """Free memory of a GPU in bytes, None where it cannot be read. Allocates nothing on it."""
    if device.type != "cuda":
        return None
    sensors = Sensors(device)
    try:
        now = sensors.read()
    finally:
        sensors.close()
    return None if now.gpu_memory is None or now.gpu_memory_total is None else now.gpu_memory_total - now.gpu_memory


def other_gpus(wanted: torch.device) -> list[torch.device]:
    """The other GPUs of this machine."""
    if wanted.type != "cuda":
        return []
    numbers = range(torch.cuda.device_count())
    return [torch.device("cuda", number) for number in numbers if number != (wanted.index or 0)]


def device_for_test(
    wanted: torch.device,
    source: RunSource,
    config: Config,
    dataset: PreparedDataset,
    protocols: Sequence[str],
    checkpoint: Path,
) -> tuple[torch.device, str]:
    """`place_test` for a checkpoint, given what runs on this machine now."""
    weights = checkpoint.stat().st_size if checkpoint.exists() else 0
    needs, free = needed_memory(config, dataset, protocols, weights, wanted), free_memory(wanted)
    short = free is not None and free < needs
    others = [(gpu, free_memory(gpu)) for gpu in other_gpus(wanted)] if short else []
    return place_test(wanted, training_now(source), needs, free, others)
