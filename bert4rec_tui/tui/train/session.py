"""The configuration under edit and all that is known about it. Nothing here needs a terminal."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bert4rec_tui.config import Config, save_config, to_dict, value_at
from bert4rec_tui.config.fields import labels_of
from bert4rec_tui.config.presets import changes_from_preset, preset
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.tui.forms.draft import Draft
from bert4rec_tui.tui.forms.values import text_of
from bert4rec_tui.tui.train.checks import dataset_of, opened_config, train_errors, valid_config
from bert4rec_tui.tui.train.choices import preset_notes, value_texts
from bert4rec_tui.tui.train.devices import Device
from bert4rec_tui.tui.train.estimate import Benchmark, Estimate, EstimateRequest


class TrainSession:
    """What the Train screen works on; its panes draw it.

    `draft` has the values with their errors and undo; `prepared` and `devices` are what there is to train on, empty
    until `scanned`; `benchmark` is the last one that was run; `estimate` the last that was accepted.
    """

    def __init__(self) -> None:
        self.labels: Mapping[str, str] = labels_of(Config)
        self.draft = Draft(to_dict(preset("recommended")), self._errors_of)
        self.prepared: Sequence[PreparedDataset] = ()
        self.devices: Sequence[Device] = ()
        self.scanned = False
        self.benchmark: Benchmark | None = None
        self.estimate: Estimate | None = None
        self._request: EstimateRequest | None = None
        self._requested_dataset = ""

    def _errors_of(self, values: dict[str, Any], edited: str) -> dict[str, str]:
        return train_errors(values, edited, self.prepared, self.devices, self.labels) if self.scanned else {}

    @property
    def values(self) -> dict[str, Any]:
        """The values as they are now, valid or not."""
        return self.draft.values

    @property
    def errors(self) -> dict[str, str]:
        """Path → what is wrong, as last validated."""
        return self.draft.errors

    @property
    def config(self) -> Config | None:
        """The configuration, None while its values are invalid."""
        return valid_config(self.draft.values)

    @property
    def launchable(self) -> Config | None:
        """The configuration validated against the dataset and the machine, None where there is an error."""
        return None if self.draft.validate() else self.config

    @property
    def dataset(self) -> PreparedDataset | None:
        """The prepared dataset of the configuration, None where it is invalid or not prepared."""
        config = self.config
        return dataset_of(config, self.prepared) if config is not None else None

    @property
    def differences(self) -> dict[str, tuple[Any, Any]]:
        """Path → (value of the preset, value now) where they differ; empty while the values are invalid."""
        config = self.config
        return changes_from_preset(config) if config is not None else {}

    @property
    def notes(self) -> dict[str, str]:
        """Path → the note on a setting that differs from the preset."""
        config = self.config
        return preset_notes(config) if config is not None else {}

    @property
    def texts(self) -> dict[str, str]:
        """Path → what is shown in place of the value of a setting."""
        config = self.config
        return value_texts(config, self.prepared, self.devices) if config is not None else {}

    def scan(self, prepared: Sequence[PreparedDataset], devices: Sequence[Device]) -> None:
        """Take what there is to train on.

        The dataset that was requested is chosen; on the first scan else the newest, where the configuration's own is
        not prepared.
        """
        first, self.scanned = not self.scanned, True
        self.prepared, self.devices = tuple(prepared), tuple(devices)
        chosen = next((dataset for dataset in prepared if dataset.id == self._requested_dataset), None)
        self._requested_dataset = ""
        if chosen is None and first and self.config is not None and self.dataset is None:
            chosen = max(prepared, key=lambda dataset: dataset.path.stat().st_mtime, default=None)
        if chosen is not None:
            self.use_dataset(chosen, undoable=not first)

    def request_dataset(self, dataset_id: str) -> None:
        """Choose a dataset at the next scan, since it may have been prepared only now."""
        self._requested_dataset = dataset_id

    def use_dataset(self, dataset: PreparedDataset, undoable: bool = True) -> None:
        """Train on a prepared dataset."""
        self.draft.replace({**self.values, "dataset": to_dict(dataset.manifest.settings)}, undoable)

    def use_preset(self, name: str) -> None:
        """Start from a preset; the dataset, the name, the description and the initial weights stay.

        Raises UserError where there is no such preset.
        """
        kept = {key: self.values[key] for key in ("dataset", "name", "description", "init_from")}
        self.draft.replace({**to_dict(preset(name)), **kept})

    def use_config(self, config: Config) -> None:
        """Take a whole configuration."""
        self.draft.replace(to_dict(config))

    def use_config_of_run(self, config: Config) -> None:
        """Take the configuration of a run, but its name and description, which are the run's own."""
        self.draft.replace({**to_dict(config), "name": "", "description": ""})

    def apply_advice(self, path: str, value: Any) -> tuple[str, str]:
        """Change the setting that made a run fail as the failure advises. Returns the texts before and after."""
        before = text_of(value_at(self.values, path))
        self.draft.set_value(path, value)
        return before, text_of(value)

    def open(self, file: Path) -> None:
        """Load a configuration from TOML. Raises UserError that names file and field, and then nothing changes."""
        self.use_config(opened_config(file, self.values))

    def save(self, file: Path) -> None:
        """Write the configuration as TOML, whole or not at all. Raises UserError where the file cannot be written."""
        config = self.config
        assert config is not None, "an invalid configuration is not written"
        save_config(config, file)

    def request_estimate(self) -> EstimateRequest:
        """What is to be estimated now; estimates of earlier requests are no longer accepted."""
        self._request = EstimateRequest(self.config, tuple(self.prepared), tuple(self.devices), self.benchmark)
        return self._request

    def accept(self, estimate: Estimate) -> bool:
        """Take an estimate. Returns whether it was: not one of an earlier request, nor of another configuration."""
        if estimate.request is not self._request or estimate.request.config != self.config:
            return False
        self.estimate = estimate
        return True

    @property
    def current_estimate(self) -> Estimate | None:
        """The estimate if it is of the configuration as it is now, None where that is still to come."""
        estimate = self.estimate
        current = estimate is not None and estimate.request is self._request and estimate.request.config == self.config
        return estimate if current else None
