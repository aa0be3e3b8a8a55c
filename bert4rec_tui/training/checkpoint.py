"""The `last` checkpoint: weights, and next to them everything else that a run needs to continue; and the `best` one.

`last.safetensors` belongs to `last.state`, and so does `best.safetensors`: the state says which epoch was the best.
Files cannot be renamed together, so the weights wait as `last.next.safetensors` and `best.next.safetensors` until the
state is in place; whoever loads finishes the renames that a kill prevented.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.errors import UserError
from bert4rec_tui.files import replacing
from bert4rec_tui.model.bert4rec import Bert4Rec
from bert4rec_tui.model.weights import check_dataset, load_weights, read_metadata, save_weights


@dataclass
class Position:
    """Where a training is: everything but weights, moments and random states.

    epoch: epochs completed. step_in_epoch: steps done of the next one. step: all steps. best: the best value so
    far, None before the first validation. waiting: validations since then. loss_sum, loss_count: for the mean of
    the epoch. epoch_loss: that of the last whole one. seconds: time spent training. validated: whether the weights
    of `epoch` were validated.
    """

    epoch: int = 0
    step_in_epoch: int = 0
    step: int = 0
    samples: int = 0
    best: float | None = None
    best_epoch: int = 0
    waiting: int = 0
    loss_sum: float = 0.0
    loss_count: int = 0
    epoch_loss: float | None = None
    seconds: float = 0.0
    validated: bool = False


class Stateful(Protocol):
    """An optimizer, as far as a checkpoint is concerned."""

    def state_dict(self) -> dict[str, Any]:
        """What it needs to continue."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        ...


WEIGHTS = ("last", "best")


def save_best(folder: Path, model: Bert4Rec, metadata: dict[str, str]) -> None:
    """Write weights that are the best so far; they take the place of `best` with the next `save_last`."""
    save_weights(folder / "best.next.safetensors", model, metadata)


def save_last(folder: Path, model: Bert4Rec, optimizer: Stateful, position: Position, metadata: dict[str, str]) -> None:
    """Write the `last` checkpoint so that a kill at any moment leaves this one or the one before."""
    save_weights(folder / "last.next.safetensors", model, metadata)
    state: dict[str, Any] = {
        "step": position.step,
        "position": vars(position),
        "optimizer": optimizer.state_dict(),
        "random": _random_states(),
    }
    # Written as it goes: what an optimizer keeps may be gigabytes. Given a path torch would hide why it cannot write.
    with replacing(folder / "last.state") as temporary, temporary.open("wb") as file:
        torch.save(state, file)
    _promote(folder, position)


def _promote(folder: Path, position: Position) -> None:
    """Put the weights that wait for a state in their places; those of a step that it does not know are void."""
    for name in WEIGHTS:
        waiting = folder / f"{name}.next.safetensors"
        if not waiting.exists():
            continue
        if read_metadata(waiting).get("step") == str(position.step):
            waiting.replace(folder / f"{name}.safetensors")
        else:
            waiting.unlink()


def has_last(folder: Path) -> bool:
    """Whether there is something to resume from.

    Raises UserError where weights are there and their state is not: to begin anew would write over them.
    """
    if (folder / "last.state").exists():
        return True
    left = [file for name in WEIGHTS if (file := folder / f"{name}.safetensors").exists()]
    if left:
        raise UserError(f"{folder / 'last.state'}: is missing, so the run cannot be resumed; {_another_run(left[0])}")
    return False


def _another_run(weights: Path) -> str:
    line = f"--config {weights.parent.parent / 'config.toml'} --init-from {weights}"
    return f"start another from its weights with `bert4rec-tui train {line}`"


def load_last(folder: Path, model: Bert4Rec, optimizer: Stateful, dataset: PreparedDataset) -> Position:
    """Put a network and its optimizer where the `last` checkpoint left them. Raises UserError where it is broken."""
    file, weights = folder / "last.state", folder / "last.safetensors"
    try:
        _check_archive(file)
        state = torch.load(file, weights_only=True, map_location="cpu")
        position = Position(**state["position"])
    except FileNotFoundError:
        raise UserError(f"{file}: there is no checkpoint to resume from") from None
    except Exception as error:  # whatever a broken archive makes torch raise
        advice = _another_run(weights) if weights.exists() else "start another run"
        raise UserError(
            f"{file}: is damaged or from another program, so the run cannot be resumed; {advice}"
        ) from error
    _promote(folder, position)
    metadata = read_metadata(weights)
    check_dataset(weights, metadata, dataset)
    if metadata.get("step") != str(position.step):
        raise UserError(f"{weights}: is of step {metadata.get('step')}, but last.state is of step {position.step}")
    try:
        load_weights(weights, model)
    except UserError as error:
        best = folder / "best.safetensors"
        raise UserError(f"{error}; {_another_run(best)}" if best.exists() else str(error)) from None
    optimizer.load_state_dict(state["optimizer"])
    _restore_random_states(state["random"])
    return position


def _check_archive(file: Path) -> None:
    """Raises BadZipFile where bits of a state have flipped: torch does not look at the checksums that it writes."""
    with zipfile.ZipFile(file) as archive:
        if damaged := archive.testzip():
            raise zipfile.BadZipFile(damaged)


def _random_states() -> dict[str, Tensor]:
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_initialized():
        states |= {f"cuda:{index}": state for index, state in enumerate(torch.cuda.get_rng_state_all())}
    return states


def _restore_random_states(states: dict[str, Tensor]) -> None:
    torch.set_rng_state(states["cpu"])
    for name, state in states.items():
        if name.startswith("cuda:") and int(name[5:]) < torch.cuda.device_count():
            torch.cuda.set_rng_state(state, int(name[5:]))
