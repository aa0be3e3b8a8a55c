"""What the train screen lets one choose: presets, datasets, devices, metrics, and files to read and to write."""

from pathlib import Path
from typing import Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType

from bert4rec_tui.config import save_config, to_dict
from bert4rec_tui.config.presets import preset
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.errors import UserError
from bert4rec_tui.tui.forms.field_row import FieldRow
from bert4rec_tui.tui.forms.form import Form
from bert4rec_tui.tui.shell.dialogs import Chooser
from bert4rec_tui.tui.shell.path_prompt import PathPrompt
from bert4rec_tui.tui.shell.screen import MainScreen
from bert4rec_tui.tui.train.checks import opened_config, valid_config
from bert4rec_tui.tui.train.choices import (
    LAST_USED,
    dataset_choices,
    device_choices,
    metric_choices,
    preset_choices,
    setting_choices,
)
from bert4rec_tui.tui.train.devices import Device
from bert4rec_tui.tui.train.fields import labels_of, train_sections
from bert4rec_tui.tui.train.last_config import last_config
from bert4rec_tui.tui.train.past_runs import PastRuns


class TrainChoosing(MainScreen):
    """Puts into the form what is chosen from a list or read from a file; the screen says what there is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "n", "choose_preset", "Start from", id="train.preset", tooltip="Start from a preset, or the last launch"
        ),
        Binding("o", "open", "Open TOML", id="train.open", tooltip="Read a configuration from a TOML file"),
        Binding("e", "save", "Save TOML", id="train.save", tooltip="Write the configuration to a TOML file"),
        Binding("slash", "find", "Find", id="train.find", tooltip="Find a setting by its name, and go there"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.sections = train_sections()
        self.labels = labels_of(self.sections)
        self.prepared: list[PreparedDataset] = []
        self.devices: list[Device] = []

    @property
    def form(self) -> Form:
        """The form."""
        return self.query_one(Form)

    def go_to_field(self, path: str) -> None:
        """Select a field, also where a narrow terminal shows the other pane."""
        self.choose_pane(self.query_one("#settings"), focus=False)
        self.call_after_refresh(self.form.select, path)

    def take_dataset(self, dataset: PreparedDataset, undoable: bool = True) -> None:
        """Put the settings of a prepared dataset into the form."""
        self.form.replace({**self.form.values, "dataset": to_dict(dataset.manifest.settings)}, undoable)

    @on(PastRuns.Taken)
    def take_settings(self, message: PastRuns.Taken) -> None:
        """Put the configuration of a past run into the form; what the run is called stays with it."""
        if (config := message.row.config) is not None:
            self.form.replace({**to_dict(config), "name": "", "description": ""})
            self.notify(f"set up as {message.row.run.short_id}; u goes back, r launches it", markup=False)
            self.go_to_field("dataset.name")

    @on(Form.PickWanted)
    def pick(self, message: Form.PickWanted) -> None:
        """Open the list of a field's values."""
        match message.item.path:
            case "preset":
                self.action_choose_preset()
            case "dataset.name":
                self._choose_dataset()
            case "training.device":
                self.app.push_screen(Chooser("Train with", device_choices(self.devices)), self._set("training.device"))
            case path:
                choices = metric_choices(self.form.values["evaluation"])
                self.app.push_screen(
                    Chooser("The best checkpoint has the highest", choices, search=True), self._set(path)
                )

    def _set(self, path: str) -> Any:
        def take(chosen: str | None) -> None:
            if chosen is not None:
                self.form.set_value(path, chosen)

        return take

    def action_find(self) -> None:
        """Go to a setting that is found by letters of its name, its value or its place in the file."""
        choices = setting_choices(self.sections, self.form.values)
        row = self.form.selected
        at = row.item.path if isinstance(row, FieldRow) else None

        def go(path: str | None) -> None:
            if path is not None:
                self.go_to_field(path)

        self.app.push_screen(Chooser("Find a setting", choices, at, search=True), go)

    def action_choose_preset(self) -> None:
        """Start from a preset, or from what was launched last; with a preset the dataset and the name stay."""
        last = last_config()

        def take(name: str | None) -> None:
            if name == LAST_USED and last is not None:
                self.form.replace(to_dict(last))
            elif name is not None:
                kept = {key: self.form.values[key] for key in ("dataset", "name", "description", "init_from")}
                self.form.replace({**to_dict(preset(name)), **kept})

        self.app.push_screen(Chooser("Start from", preset_choices(last), str(self.form.values["preset"])), take)

    def _choose_dataset(self) -> None:
        if not self.prepared:
            self.notify("Nothing is prepared yet; 1 goes to the datasets.", severity="warning")
            return

        def take(chosen: str | None) -> None:
            for dataset in self.prepared:
                if dataset.id == chosen:
                    self.take_dataset(dataset)

        config = valid_config(self.form.values)
        choices = dataset_choices(self.prepared)
        chooser = Chooser("Train on", choices, config.dataset.id if config else None, search=len(choices) > 9)
        self.app.push_screen(chooser, take)

    @work(exclusive=True, group="file", exit_on_error=False)
    async def action_open(self) -> None:
        """Read a configuration from a TOML file; what it leaves out comes from its preset, or from the form."""
        path = await self.app.push_screen_wait(PathPrompt("Open a configuration"))
        if path is None:
            return
        try:
            config = opened_config(Path(path).expanduser(), self.form.values)
        except UserError as error:
            self.notify(str(error), severity="error", markup=False, timeout=10)
            return
        self.form.replace(to_dict(config))
        self.notify(f"{path} is open; u goes back", markup=False)

    @work(exclusive=True, group="file", exit_on_error=False)
    async def action_save(self) -> None:
        """Write the configuration to a TOML file; asks before it replaces one."""
        config = valid_config(self.form.values)
        if config is None:
            self.refuse()
            return
        path = await self.app.push_screen_wait(PathPrompt("Save the configuration as", f"{config.dataset.id}.toml"))
        if path is None:
            return
        file = Path(path).expanduser()
        if file.exists():
            keep = {"keep": "Keep the file as it is", "replace": "Replace it"}
            if await self.application.ask(f"{file.name} exists", keep) != "replace":
                return
        try:
            save_config(config, file)
        except UserError as error:
            self.notify(str(error), severity="error", markup=False, timeout=10)
            return
        self.notify(f"saved as {file}", markup=False)

    def refuse(self) -> None:
        """Go to the first field in error; nothing is done with a faulty configuration."""
        path = next(iter(self.form.errors), "")
        self.go_to_field(path)
        self.notify(f"{self.labels.get(path, path)}: {self.form.errors.get(path, '')}", severity="error", markup=False)
