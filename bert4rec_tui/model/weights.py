"""Weights on disk: safetensors with a head that says which dataset and network they belong to."""

import json
import zlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from bert4rec_tui.config import ModelConfig, from_dict, to_dict
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.errors import UNREADABLE, UserError
from bert4rec_tui.files import replacing
from bert4rec_tui.model.bert4rec import Bert4Rec

FORMAT = "bert4rec-tui/1"
HEAD = {"model", "epoch", "step"}  # without which the head of a file is not ours
CHECKSUM = "checksum"  # of head and tensors; files of the first versions have none


def weights_metadata(model: Bert4Rec, dataset: PreparedDataset, epoch: int, step: int) -> dict[str, str]:
    """What is in the head of a weights file, so that it is never used with another dataset or network."""
    return {
        "format": FORMAT,
        "dataset": dataset.id,
        "split_hash": dataset.manifest.split_hash,
        "items": str(model.items),
        "model": json.dumps(to_dict(model.config)),
        "epoch": str(epoch),
        "step": str(step),
    }


def save_weights(path: Path, model: Bert4Rec, metadata: dict[str, str]) -> None:
    """Write the weights, whole or not at all."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    with replacing(path) as temporary:
        temporary.touch()
        mode = temporary.stat().st_mode
        save_file(tensors, temporary, metadata | {CHECKSUM: checksum(tensors, metadata)})
        temporary.chmod(mode)  # others may read it as they may read what we write elsewhere; safetensors hides it


def checksum(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> str:
    """What tells a weights file from one in which bits have flipped: the CRC-32 of head and tensors."""
    head = {name: value for name, value in metadata.items() if name != CHECKSUM}
    found = zlib.crc32(json.dumps(head, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        found = zlib.crc32(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode(), found)
        numbers = tensor.contiguous().reshape(-1).view(torch.uint8).numpy()
        found = zlib.crc32(memoryview(numbers), found)  # pyright: ignore[reportArgumentType]  numpy says less than it is
    return f"crc32:{found:08x}"


def read_metadata(path: Path) -> dict[str, str]:
    """The head of a weights file. Raises UserError for a file that is missing, truncated or not ours."""
    with _opened(path) as file:
        return _head(path, file.metadata())


def load_weights(path: Path, model: Bert4Rec) -> None:
    """Put the weights of a file into a network of the same shape. Raises UserError that names what differs."""
    with _opened(path) as file:
        tensors = _tensors(path, file, file.metadata() or {})
    _put(path, tensors, model)


def load_model(path: Path, dataset: PreparedDataset, device: torch.device | str = "cpu") -> Bert4Rec:
    """The network of a checkpoint, ready to score. Raises UserError where it belongs to another dataset."""
    return load_checkpoint(path, dataset, device)[0]


def load_checkpoint(
    path: Path, dataset: PreparedDataset, device: torch.device | str = "cpu"
) -> tuple[Bert4Rec, dict[str, str]]:
    """The network of a checkpoint and what its head says, of one file: a run that trains may replace it meanwhile.

    Raises UserError where it belongs to another dataset.
    """
    with _opened(path) as file:
        metadata = _head(path, file.metadata())
        check_dataset(path, metadata, dataset)
        tensors = _tensors(path, file, metadata)
    model = Bert4Rec(dataset.items, _model_config(path, metadata))
    _put(path, tensors, model)
    return model.to(device).eval(), metadata


def _model_config(path: Path, metadata: dict[str, str]) -> ModelConfig:
    try:
        return from_dict(json.loads(metadata["model"]), ModelConfig)
    except (*UNREADABLE, TypeError, UserError) as error:
        raise UserError(f"{path}: is damaged (its network cannot be read: {error})") from None


@contextmanager
def _opened(path: Path) -> Generator[Any]:
    try:
        with safe_open(path, framework="pt") as file:  # pyright: ignore[reportUnknownVariableType]
            yield file
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such checkpoint") from None
    except (SafetensorError, *UNREADABLE) as error:
        raise UserError(f"{path}: is truncated or no safetensors file ({error})") from None


def _tensors(path: Path, file: Any, metadata: dict[str, str]) -> dict[str, Tensor]:
    """The tensors of an open file. Raises UserError where they are not what was written."""
    tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  it is no mapping
    if CHECKSUM in metadata and checksum(tensors, metadata) != metadata[CHECKSUM]:
        raise UserError(f"{path}: is damaged (its checksum does not match); restore it from a copy, or train again")
    return tensors


def _head(path: Path, metadata: dict[str, str] | None) -> dict[str, str]:
    if not metadata or metadata.get("format") != FORMAT or not metadata.keys() >= HEAD:
        raise UserError(f"{path}: was not written by bert4rec-tui, so its network is unknown")
    if not (metadata["epoch"].isdecimal() and metadata["step"].isdecimal()):
        raise UserError(f"{path}: is damaged (its epoch or step is not a number)")
    return metadata


def _put(path: Path, tensors: dict[str, Tensor], model: Bert4Rec) -> None:
    own = model.state_dict()
    for name, tensor in own.items():
        if name not in tensors:
            raise UserError(f"{path}: has no {name}; it belongs to another network")
        if tensors[name].shape != tensor.shape:
            raise UserError(f"{path}: {name} is {tuple(tensors[name].shape)}, expected {tuple(tensor.shape)}")
    strange = sorted(set(tensors) - set(own))
    if strange:
        raise UserError(f"{path}: has {strange[0]}, which this network does not have")
    model.load_state_dict(tensors)


def check_dataset(path: Path, metadata: dict[str, str], dataset: PreparedDataset) -> None:
    """Raises UserError where a checkpoint belongs to another dataset or another split of it."""
    if metadata.get("split_hash") != dataset.manifest.split_hash:
        raise UserError(
            f"{path}: was trained on {metadata.get('dataset', 'another dataset')} as prepared then, "
            f"which differs from {dataset.path} now; prepare the dataset as it was then"
        )
