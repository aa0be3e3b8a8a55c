"""Train: the configuration as a form, what it means before it is launched, and the launch."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from bert4rec_tui.config import Config, save_config, to_dict, value_at
from bert4rec_tui.data.dataset import PreparedDataset, prepared_datasets
from bert4rec_tui.errors import UserError
from bert4rec_tui.presets import preset
from bert4rec_tui.settings import datasets_folder
from bert4rec_tui.tui.child import CommandError
from bert4rec_tui.tui.devices import Device, devices
from bert4rec_tui.tui.dialogs import Chooser
from bert4rec_tui.tui.last_config import last_config, remember_config
from bert4rec_tui.tui.launching import launch_or_write, try_config
from bert4rec_tui.tui.outlook import Outlook, Tried, outlook_of
from bert4rec_tui.tui.path_prompt import PathPrompt
from bert4rec_tui.tui.screens.base import MainScreen
from bert4rec_tui.tui.train_checks import dataset_of, opened_config, train_errors, valid_config
from bert4rec_tui.tui.train_choices import (
    LAST_USED,
    changed_line,
    dataset_choices,
    device_choices,
    metric_choices,
    preset_choices,
    preset_notes,
    value_texts,
)
from bert4rec_tui.tui.train_fields import labels_of, train_sections
from bert4rec_tui.tui.values import text_of
from bert4rec_tui.tui.widgets.form import Form
from bert4rec_tui.tui.widgets.preflight_panel import PreflightPanel
from bert4rec_tui.tui.widgets.signs import MUTED


class TrainScreen(MainScreen):
    """The configuration of a run, and its launch."""

    CSS_PATH = "train.tcss"
    # Beside a narrower form there would be no room for what is wrong with a field.
    HORIZONTAL_BREAKPOINTS = [(0, "-compact"), (112, "-wide")]  # noqa: RUF012  Textual's own declaration is no tuple
    panes: ClassVar[list[str]] = ["#settings", "#preflight-pane"]
    keys_first: ClassVar[tuple[str, ...]] = ("train.run", "form.edit", "train.open", "train.save", "form.undo")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "launch", "Run", id="train.run", tooltip="Launch the run; it goes on when this program is left"),
        Binding("n", "choose_preset", "New from", id="train.preset", tooltip="Start from a preset, or the last launch"),
        Binding("o", "open", "Open TOML", id="train.open", tooltip="Read a configuration from a TOML file"),
        Binding("c", "try_out", "Try", id="train.try", tooltip="Take a few steps to learn what an epoch costs; no run"),
        Binding("e", "save", "Save TOML", id="train.save", tooltip="Write the configuration to a TOML file"),
    ]

    @dataclass
    class Reckoned(Message):
        """What the machine and the dataset say of the configuration."""

        outlook: Outlook

        def can_replace(self, message: Message) -> bool:
            """Only the newest counts."""
            return isinstance(message, TrainScreen.Reckoned)

    @dataclass
    class Looked(Message):
        """What there is to train on, and with."""

        prepared: list[PreparedDataset]
        devices: list[Device]

    def __init__(self) -> None:
        super().__init__()
        self.sections = train_sections()
        self.labels = labels_of(self.sections)
        self.prepared: list[PreparedDataset] = []
        self.devices: list[Device] = []
        self._looked = False
        self._launching = False
        self._wanted_dataset = ""
        self.tried: Tried | None = None

    def compose_body(self) -> ComposeResult:
        """The form, and beside it what it means."""
        values, ascii = to_dict(preset("recommended")), self.shell.ascii
        with Vertical(id="settings"):
            yield Static(id="changed", markup=False)
            yield Form(self.sections, values, self._check, ascii=ascii, id="train-form")
            yield Static(id="about", markup=False)
        with Vertical(id="preflight-pane"):
            yield PreflightPanel(id="preflight", ascii=ascii)

    def on_mount(self) -> None:
        """Name the panes."""
        super().on_mount()
        self.query_one("#settings").border_title = "Configuration"
        self.query_one("#preflight-pane").border_title = "Before you launch"
        self.go_to_field("dataset.name")

    def on_screen_resume(self) -> None:
        """Look again whenever one comes back: something may have been prepared, or taken."""
        self.look()

    def on_arrive(self, dataset: str = "", config: Config | None = None, **_: Any) -> None:
        """Train on a dataset, from a configuration if one is given."""
        if config is not None:
            self.form.replace(to_dict(config))
        if dataset:
            self._wanted_dataset = dataset
            self.look()
        self.go_to_field("dataset.name")

    @property
    def form(self) -> Form:
        """The form."""
        return self.query_one(Form)

    def go_to_field(self, path: str) -> None:
        """Select a field, also where a narrow terminal shows the other pane."""
        self.choose_pane(self.query_one("#settings"), focus=False)
        self.call_after_refresh(self.form.select, path)

    def _check(self, values: dict[str, Any], edited: str) -> dict[str, str]:
        return train_errors(values, edited, self.prepared, self.devices, self.labels) if self._looked else {}

    @work(thread=True, exclusive=True, group="look", exit_on_error=False)
    def look(self) -> None:
        """See what is prepared and which devices there are."""
        self.post_message(self.Looked(prepared_datasets(datasets_folder()), devices()))

    @on(Looked)
    def show_what_there_is(self, message: Looked) -> None:
        """Take the dataset that was asked for, or the newest where the form names none that is prepared."""
        first = not self._looked
        self.prepared, self.devices, self._looked = message.prepared, message.devices, True
        config = valid_config(self.form.values)
        wanted = next((d for d in self.prepared if d.id == self._wanted_dataset), None)
        self._wanted_dataset = ""
        if wanted is None and first and config is not None and dataset_of(config, self.prepared) is None:
            wanted = max(self.prepared, key=lambda d: d.path.stat().st_mtime, default=None)
        if wanted is not None:
            self._take_dataset(wanted, undoable=not first)
        self.annotate()

    def _take_dataset(self, dataset: PreparedDataset, undoable: bool = True) -> None:
        self.form.replace({**self.form.values, "dataset": to_dict(dataset.manifest.settings)}, undoable)

    @on(Form.Changed)
    def annotate(self) -> None:
        """Say what differs from the preset, and reckon anew."""
        config = valid_config(self.form.values)
        if config is not None:
            line = self.query_one("#changed", Static)
            line.update(changed_line(config, line.size.width or 70, self.shell.ascii))
            self.form.annotate(preset_notes(config), value_texts(config, self.prepared, self.devices))
        else:
            self.form.show()
        self.reckon(config)

    @work(thread=True, exclusive=True, group="reckon", exit_on_error=False)
    def reckon(self, config: Config | None) -> None:
        """Compute the figures of the run, off the event loop."""
        time.sleep(0.05)  # while one types, only the last value is worth the reckoning
        self.post_message(self.Reckoned(outlook_of(config, self.prepared, self.devices, self.shell.runs, self.tried)))

    @on(Reckoned)
    def show_outlook(self, message: Reckoned) -> None:
        """Show the figures."""
        self.query_one(PreflightPanel).show(message.outlook)

    @on(Form.Selected)
    def describe(self, message: Form.Selected) -> None:
        """Say what the selected field means, or in full what is wrong with it."""
        item, about = message.item, Content("")
        if item is not None and (error := self.form.errors.get(item.path)):
            value = text_of(value_at(self.form.values, item.path))
            about = Content.styled(f"{item.label} {value}: {error}", "$text-error")
        elif item is not None:
            bounds = f"{item.field.allowed}  " if item.field.kind in ("int", "float") else ""
            about = Content(item.field.description) + Content.styled(f"  {bounds}{item.path}", MUTED)
        self.query_one("#about", Static).update(about)

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
                    self._take_dataset(dataset)

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
            self._refuse()
            return
        path = await self.app.push_screen_wait(PathPrompt("Save the configuration as", f"{config.dataset.id}.toml"))
        if path is None:
            return
        file = Path(path).expanduser()
        if file.exists():
            keep = {"keep": "Keep the file as it is", "replace": "Replace it"}
            if await self.shell.ask(f"{file.name} exists", keep) != "replace":
                return
        try:
            save_config(config, file)
        except UserError as error:
            self.notify(str(error), severity="error", markup=False, timeout=10)
            return
        self.notify(f"saved as {file}", markup=False)

    def _refuse(self) -> None:
        """Go to the first field in error; nothing is done with a faulty configuration."""
        path = next(iter(self.form.errors), "")
        self.go_to_field(path)
        self.notify(f"{self.labels.get(path, path)}: {self.form.errors.get(path, '')}", severity="error", markup=False)

    def action_try_out(self) -> None:
        """Take a few steps of the configuration, or end the trial that is under way."""
        panel, config = self.query_one(PreflightPanel), valid_config(self.form.values)
        if panel.trying:
            self.workers.cancel_group(self, "trial")
        elif self.form.errors or config is None:
            self._refuse()
        else:
            self.try_out(config)

    @work(exclusive=True, group="trial", exit_on_error=False)
    async def try_out(self, config: Config) -> None:
        """Try a configuration by our own command, and show what an epoch costs."""
        panel = self.query_one(PreflightPanel)
        panel.show_trial("starting a trial…")
        try:
            result = await try_config(
                self.shell, config, lambda p: panel.show_trial(f"trying: step {p.done} of {p.total}")
            )
            seconds = result["epoch_seconds"] + result["validation_seconds"]
            self.tried = Tried(config, seconds, result["memory"], result["steps"])
        except (CommandError, UserError) as error:
            self.notify(str(error), title="The trial ended", severity="error", markup=False, timeout=12)
        finally:
            panel.show_trial("")
        self.reckon(valid_config(self.form.values))

    def action_launch(self) -> None:
        """Launch the run, unless a field is in error."""
        config = valid_config(self.form.values)
        self.form.show()
        if self.form.errors or config is None:
            self._refuse()
        elif not self._launching:
            self._launching = True
            self.launch(config, self.query_one(PreflightPanel).outlook)

    async def _insists(self, outlook: Outlook) -> bool:
        name = outlook.device.name if outlook.device else ""
        choices = {"back": "Go back and take a smaller batch", "launch": "Launch it anyway"}
        return await self.shell.ask(f"It may not fit into the memory of {name}", choices) == "launch"

    @work(exclusive=True, group="launch", exit_on_error=False)
    async def launch(self, config: Config, outlook: Outlook | None) -> None:
        """Start the run by our own command, and go and watch it; asks first where it will not fit."""
        changed = self.query_one("#changed", Static)
        try:
            if outlook is not None and outlook.fit == "too large" and not await self._insists(outlook):
                return
            changed.update(Content.styled("starting the run…", MUTED))
            result = await launch_or_write(self.shell, config)
            if result is not None:
                remember_config(config)
        except (CommandError, UserError) as error:
            self.notify(str(error), title="The run was not started", severity="error", markup=False, timeout=12)
            self.annotate()
            return
        finally:
            self._launching = False
        self.annotate()
        if result is not None:
            self.shell.show_run(str(result["run"]))
