"""Errors of a configuration on this machine and dataset, and configurations read from values and files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bert4rec_tui.config import Config, DatasetConfig, from_dict, load_config, load_toml
from bert4rec_tui.config.presets import preset
from bert4rec_tui.data.compatibility import guaranteed_negatives, incompatibilities
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.negatives import parse_protocol
from bert4rec_tui.errors import UserError
from bert4rec_tui.tui.forms.validation import errors_of, in_labels
from bert4rec_tui.tui.train.devices import Device


def dataset_of(config: Config, prepared: Sequence[PreparedDataset]) -> PreparedDataset | None:
    """The prepared dataset that a configuration names, None where it is not prepared."""
    return next((dataset for dataset in prepared if dataset.id == config.dataset.id), None)


def train_errors(
    values: dict[str, Any],
    edited: str,
    prepared: Sequence[PreparedDataset],
    devices: Sequence[Device],
    labels: Mapping[str, str],
) -> dict[str, str]:
    """Path → what is wrong: with the values themselves, else on their dataset and this machine."""
    errors = errors_of(values, Config, edited)
    if not errors:
        config = from_dict(values, Config)
        dataset = dataset_of(config, prepared)
        errors |= _dataset_errors(config, dataset) | _device_errors(config, devices)
    return {path: in_labels(sentence, labels) for path, sentence in errors.items()}


def _dataset_errors(config: Config, dataset: PreparedDataset | None) -> dict[str, str]:
    if dataset is None:
        return {"dataset.name": f"{config.dataset.id} is not prepared; press 1 to prepare it"}
    errors = {demand.path: f"{demand.value} {demand.fault}" for demand in incompatibilities(config, dataset)}
    for protocol in config.evaluation.protocols:
        if protocol == "full":
            continue
        unseen = guaranteed_negatives(dataset, protocol)
        if parse_protocol(protocol)[1] > unseen:
            unseen_items = f"{unseen:,} unseen {dataset.noun.several}"
            errors["evaluation.protocols"] = f"{protocol} needs more negatives than the {unseen_items}"
    return errors


def _device_errors(config: Config, devices: Sequence[Device]) -> dict[str, str]:
    name, processes = config.training.device, config.training.processes
    if config.training.machines > 1:  # their devices are not known here
        return {}
    names = [device.name for device in devices]
    available = name == "auto" or name in names or (name == "cuda" and "cuda:0" in names)
    gpus = sum(found.startswith("cuda") for found in names)
    on_gpus = name == "cuda" or (name == "auto" and gpus > 0)
    if processes > 1 and on_gpus and available and gpus < processes:
        have = f"this machine has {gpus or 'none'}"
        return {"training.processes": f"need a GPU each, but {have}; on device cpu they share the cores"}
    if available or not devices:  # the devices are still being looked for
        return {}
    return {"training.device": f"{name} is not available; this machine has {', '.join(names)}"}


def valid_config(values: dict[str, Any]) -> Config | None:
    """The configuration with these values, None where they are invalid."""
    try:
        return from_dict(values, Config)
    except UserError:
        return None


def opened_config(file: Path, values: dict[str, Any]) -> Config:
    """The configuration in a TOML file; as with `train --config`, what it leaves out is that of the preset it names.

    Where it names none, what it leaves out comes from `values`; their dataset stays unless the file names one. Raises
    UserError that names the file and the field.
    """
    given = load_toml(file)
    current = valid_config(values)
    if "preset" not in given and current is not None:
        return load_config(file, current)
    try:
        base = preset(str(given.get("preset", values["preset"])))
    except UserError as error:
        raise UserError(f"{file}: {error}") from None
    if "dataset" not in given:
        base = msgspec.structs.replace(base, dataset=_dataset_config(values) or base.dataset)
    return load_config(file, base)


def _dataset_config(values: dict[str, Any]) -> DatasetConfig | None:
    try:
        return from_dict(values["dataset"], DatasetConfig)
    except UserError:
        return None
