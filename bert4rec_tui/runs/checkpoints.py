"""How far a checkpoint on disk has been trained, and whether a test is of it. Without torch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from safetensors import SafetensorError, safe_open

from bert4rec_tui.errors import UNREADABLE

Results = Mapping[str, Mapping[str, Any]]  # protocol → its metrics.json


def trained_to(path: Path) -> tuple[int, int] | None:
    """The epoch and the step of the weights in a file; None where they are missing or say nothing of it."""
    try:
        with safe_open(path, framework="numpy") as file:  # pyright: ignore[reportUnknownVariableType]
            head = cast(dict[str, str] | None, file.metadata()) or {}
        return int(head["epoch"]), int(head["step"])
    except (*UNREADABLE, SafetensorError, KeyError):
        return None


def is_of(result: Mapping[str, Any], moment: tuple[int, int] | None) -> bool:
    """Whether a test's result is of the weights of a moment, as far as is known; old results know the epoch alone."""
    if moment is None:
        return True
    epoch, step = moment
    return result.get("epoch") == epoch and result.get("step", step) == step


def epochs_tested(results: Results, protocols: Sequence[str]) -> str:
    """Which weights the results under protocols are of: `epoch 3`, or each of its own where they are not the same."""
    moments = {protocol: (results[protocol].get("epoch"), results[protocol].get("step")) for protocol in protocols}
    epochs = [epoch for epoch, _ in moments.values()]
    if len(set(moments.values())) <= 1:
        return f"epoch {epochs[0]}"
    by_step = len(set(epochs)) == 1
    return ", ".join(
        f"{protocol} at {f'step {step}' if by_step else f'epoch {epoch}'}"
        for protocol, (epoch, step) in moments.items()
    )
