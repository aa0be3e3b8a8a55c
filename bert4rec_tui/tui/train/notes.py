"""What the form shows with the values of settings. Needs no terminal."""

from collections.abc import Sequence

from bert4rec_tui.config import Config
from bert4rec_tui.config.presets import changes_from_preset
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.tui.forms.values import text_of
from bert4rec_tui.tui.train.checks import dataset_of
from bert4rec_tui.tui.train.devices import Device, device_for


def preset_notes(config: Config) -> dict[str, str]:
    """For each setting that differs from the preset: the value of the preset, or that the loss does not use it."""
    changes = changes_from_preset(config)
    notes = {path: f"{config.preset}: {text_of(value)}" for path, (value, _) in changes.items()}
    used_by = {"training.negatives": ("sampled", "gbce"), "training.gbce_t": ("gbce",)}
    for path, losses in used_by.items():
        if path in changes and config.training.loss not in losses:
            notes[path] = f"only used by loss {' or '.join(losses)}"
    return notes


def value_texts(config: Config, prepared: Sequence[PreparedDataset], devices: Sequence[Device]) -> dict[str, str]:
    """What is shown in place of a value: the dataset with its size, the device with its name."""
    texts = {"dataset.name": config.dataset.id}
    dataset = dataset_of(config, prepared)
    if dataset is not None:
        counts = dataset.manifest.counts
        texts["dataset.name"] = f"{dataset.id}   {counts.users:,} users, {dataset.noun.counted(counts.items)}"
    device = device_for(config.training.device, devices)
    if device is not None:
        name = config.training.device
        which = "" if device.name == name else f"{device.name} "
        texts["training.device"] = f"{name}   {which}{device.label}"
    return texts
