"""The lists that settings are chosen from, and the notes shown with their values."""

from collections.abc import Sequence
from typing import Any

from textual.content import Content

from bert4rec_tui.config import Config, value_at
from bert4rec_tui.config.presets import PRESETS, changes_from_preset
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.tui.forms.fields import Section
from bert4rec_tui.tui.forms.values import text_of
from bert4rec_tui.tui.shell.dialogs import Choice
from bert4rec_tui.tui.shell.text import MUTED, count
from bert4rec_tui.tui.train.checks import dataset_of
from bert4rec_tui.tui.train.devices import Device, device_for

LAST_USED = "last used"


def preset_choices(last: Config | None) -> list[Choice]:
    """The presets, preceded by the last launched configuration if there is one."""
    choices = [Choice(name, name, about) for name, (about, _) in PRESETS.items()]
    if last is not None:
        choices.insert(0, Choice(LAST_USED, LAST_USED, f"on {last.dataset.id}, from {last.preset}"))
    return choices


def dataset_choices(prepared: Sequence[PreparedDataset]) -> list[Choice]:
    """The prepared datasets."""
    return [
        Choice(d.id, d.id, f"{count(d.manifest.counts.interactions)}  {d.manifest.settings.split}") for d in prepared
    ]


def device_choices(devices: Sequence[Device]) -> list[Choice]:
    """The devices of this machine, preceded by the automatic choice."""
    named = [Choice(d.name, f"{d.name}  {d.label}", f"{d.memory_free / 2**30:.1f} GiB free") for d in devices]
    return [Choice("auto", "auto", "the fastest available"), *named]


def metric_choices(evaluation: dict[str, Any]) -> list[Choice]:
    """Every metric under every protocol that the configuration evaluates."""
    names = [
        f"{protocol}:{metric}"
        for protocol in evaluation["protocols"]
        for metric in [*(f"{name}@{k}" for name in ("NDCG", "Recall") for k in evaluation["ks"]), "MRR"]
    ]
    return [Choice(name, name) for name in names]


def setting_choices(sections: Sequence[Section], values: dict[str, Any]) -> list[Choice]:
    """Every setting with its value and its path, the rare ones too."""
    return [
        Choice(item.path, f"{item.label}   {text_of(value_at(values, item.path))}", item.path)
        for section in sections
        for item in section.fields
    ]


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
        texts["dataset.name"] = f"{dataset.id}   {count(counts.users)} users, {dataset.noun.counted(counts.items)}"
    device = device_for(config.training.device, devices)
    if device is not None:
        name = config.training.device
        which = "" if device.name == name else f"{device.name} "
        texts["training.device"] = f"{name}   {which}{device.label}"
    return texts


def changed_line(config: Config, width: int, ascii: bool) -> Content:
    """The differences from the preset, as many as fit; the purpose of the preset where there are none."""
    changes = [
        f"{path} {text_of(base)} {'->' if ascii else '→'} {text_of(now)}"
        for path, (base, now) in changes_from_preset(config).items()
    ]
    start = Content.styled(f"{config.preset}  ", "bold")
    if not changes:
        known = PRESETS.get(config.preset)
        about = known[0] if known else "unknown preset"
        return start + Content.styled(about, MUTED)
    room = width - start.cell_length - len("changed: ") - len("  and 99 more")
    shown = [changes[0]]
    for change in changes[1:]:
        if len(", ".join([*shown, change])) > room:
            break
        shown.append(change)
    more = len(changes) - len(shown)
    text = ", ".join(shown) + (f"  and {more} more" if more else "")
    return start + Content("changed: ") + Content.styled(text, "$text-warning")
