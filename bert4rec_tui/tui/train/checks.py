"""What is wrong with a configuration on this machine and on its dataset, beyond what the configuration itself says."""

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


def dataset_of(config: Config, prepared: list[PreparedDataset]) -> PreparedDataset | None:
    """The prepared dataset that a configuration names, None where it is not prepared."""
    return next((dataset for dataset in prepared if dataset.id == config.dataset.id), None)


def train_errors(
    values: dict[str, Any],
    edited: str,
    prepared: list[PreparedDataset],
    devices: list[Device],
    labels: dict[str, str],
) -> dict[str, str]:
    """Path → what is wrong, of the values themselves, then of what they ask of the dataset and the machine."""
    errors = errors_of(values, Config, edited)
    if not errors:
        config = from_dict(values, Config)
        dataset = dataset_of(config, prepared)
        errors |= _dataset_errors(config, dataset) | _device_errors(config, devices)
    return {path: in_labels(sentence, labels) for path, sentence in errors.items()}


def _dataset_errors(config: Config, dataset: PreparedDataset | None) -> dict[str, str]:
    if dataset is None:
        return {"dataset.name": f"{config.dataset.id} is not prepared; press 1 and prepare it"}
    errors = {demand.path: f"{demand.value} {demand.fault}" for demand in incompatibilities(config, dataset)}
    for protocol in config.evaluation.protocols:
        if protocol == "full":
            continue
        unseen = guaranteed_negatives(dataset, protocol)
        if parse_protocol(protocol)[1] > unseen:
            errors["evaluation.protocols"] = f"{protocol} wants more negatives than the {unseen:,} unseen items"
    return errors


def _device_errors(config: Config, devices: list[Device]) -> dict[str, str]:
    name, processes = config.training.device, config.training.processes
    if config.training.machines > 1:  # what the others have is not known here
        return {}
    names = [device.name for device in devices]
    there = name == "auto" or name in names or (name == "cuda" and "cuda:0" in names)
    gpus = sum(found.startswith("cuda") for found in names)
    on_gpus = name == "cuda" or (name == "auto" and gpus > 0)
    if processes > 1 and on_gpus and there and gpus < processes:
        have = f"this machine has {gpus}" if gpus else "this machine has none"
        return {"training.processes": f"take a GPU each, and {have}; with Device cpu they share the cores"}
    if there or not devices:  # the devices are still being looked for
        return {}
    return {"training.device": f"{name} is not there; this machine has {', '.join(names)}"}


def valid_config(values: dict[str, Any]) -> Config | None:
    """The configuration that the values say, None where they say none."""
    try:
        return from_dict(values, Config)
    except UserError:
        return None


def opened_config(file: Path, values: dict[str, Any]) -> Config:
    """The configuration in a TOML file, filled up as `train --config` does: from the preset that the file names.

    Where it names none, the values of the form fill it up; their dataset stays unless the file says another. Raises
    UserError that names the file and the field.
    """
    said = load_toml(file)
    form = valid_config(values)
    if "preset" not in said and form is not None:
        return load_config(file, form)
    try:
        base = preset(str(said.get("preset", values["preset"])))
    except UserError as error:
        raise UserError(f"{file}: {error}") from None
    if "dataset" not in said:
        base = msgspec.structs.replace(base, dataset=_dataset_config(values) or base.dataset)
    return load_config(file, base)


def _dataset_config(values: dict[str, Any]) -> DatasetConfig | None:
    try:
        return from_dict(values["dataset"], DatasetConfig)
    except UserError:
        return None
