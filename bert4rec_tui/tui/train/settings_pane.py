"""The configuration as a form, with its presets and files, and what differs from the preset."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from bert4rec_tui.config import value_at
from bert4rec_tui.errors import UserError
from bert4rec_tui.tui.forms.form import Form
from bert4rec_tui.tui.forms.values import text_of
from bert4rec_tui.tui.shell.dialogs import Chooser
from bert4rec_tui.tui.shell.pane import Pane
from bert4rec_tui.tui.shell.path_prompt import PathPrompt
from bert4rec_tui.tui.shell.text import MUTED
from bert4rec_tui.tui.train.choices import (
    LAST_USED,
    changed_line,
    dataset_choices,
    device_choices,
    metric_choices,
    preset_choices,
    setting_choices,
)
from bert4rec_tui.tui.train.fields import train_sections
from bert4rec_tui.tui.train.last_config import last_config
from bert4rec_tui.tui.train.session import TrainSession

LABEL_WIDTH = 26


class SettingsPane(Pane):
    """The form, above it what differs from the preset, below it what the selected setting means."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "choose_preset", "Preset", id="train.preset",
                tooltip="Start from a preset, or from the last launched configuration"),
        Binding("o", "open", "Open TOML", id="train.open", tooltip="Load a configuration from a TOML file"),
        Binding("e", "save", "Save TOML", id="train.save", tooltip="Save the configuration to a TOML file"),
        Binding("slash", "find", "Find", id="train.find", tooltip="Find a setting by its name, value or path"),
    ]  # fmt: skip

    class Changed(Message):
        """The configuration has changed."""

    @dataclass
    class FieldRequested(Message):
        """A field is to be selected, and so the pane to be shown."""

        path: str

    def __init__(self, session: TrainSession, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.session, self.ascii = session, ascii
        self.sections = train_sections()
        self.form = Form(self.sections, session.draft, ascii=ascii, label_width=LABEL_WIDTH, id="train-form")
        self._summary = Static(id="changed", markup=False)
        self._about = Static(id="about", markup=False)

    def compose(self) -> ComposeResult:
        """The form between two lines of text."""
        yield self._summary
        yield self.form
        yield self._about

    def on_mount(self) -> None:
        """Name the pane."""
        self.border_title = "Configuration"

    def show(self) -> None:
        """Draw the configuration after the session has changed it, and report the change."""
        self.form.changed()

    def show_status(self, words: str) -> None:
        """Show what is going on in place of what differs from the preset; `show_summary` ends it."""
        self._summary.update(Content.styled(words, MUTED))

    def show_summary(self) -> None:
        """Show what differs from the preset, and draw the form with its notes."""
        config = self.session.config
        if config is None:
            self.form.show()
            return
        self._summary.update(changed_line(config, self._summary.size.width or 70, self.ascii))
        self.form.annotate(self.session.notes, self.session.texts)

    @on(Form.Changed)
    def report_change(self, message: Form.Changed) -> None:
        """Show what differs now, and report that the configuration has changed."""
        message.stop()
        self.show_summary()
        self.post_message(self.Changed())

    @on(Form.Selected)
    def describe(self, message: Form.Selected) -> None:
        """Show what the selected setting means, or its error in full."""
        message.stop()
        item, about = message.item, Content("")
        if item is not None and (error := self.session.errors.get(item.path)):
            value = text_of(value_at(self.session.values, item.path))
            about = Content.styled(f"{item.label} {value}: {error}", "$text-error")
        elif item is not None:
            bounds = f"{item.field.allowed}  " if item.field.kind in ("int", "float") else ""
            about = Content(item.field.description) + Content.styled(f"  {bounds}{item.path}", MUTED)
        self._about.update(about)

    def go_to_error(self) -> None:
        """Select the first setting that has an error, and show the error."""
        self.form.show()
        path = next(iter(self.session.errors), "")
        self.post_message(self.FieldRequested(path))
        sentence = f"{self.session.labels.get(path, path)}: {self.session.errors.get(path, '')}"
        self.notify(sentence, severity="error", markup=False)

    @on(Form.PickRequested)
    def pick(self, message: Form.PickRequested) -> None:
        """Open the list of values of a setting."""
        message.stop()
        match message.item.path:
            case "preset":
                self.action_choose_preset()
            case "dataset.name":
                self._choose_dataset()
            case "training.device" as path:
                self.app.push_screen(Chooser("Device", device_choices(self.session.devices)), self._set(path))
            case path:
                choices = metric_choices(self.session.values["evaluation"])
                self.app.push_screen(Chooser(message.item.label, choices, search=True), self._set(path))

    def _set(self, path: str) -> Callable[[str | None], None]:
        def take(chosen: str | None) -> None:
            if chosen is not None:
                self.form.set_value(path, chosen)

        return take

    def action_find(self) -> None:
        """Go to a setting, found by letters of its name, value or path."""
        choices = setting_choices(self.sections, self.session.values)
        selected = self.form.selected_field

        def go(path: str | None) -> None:
            if path is not None:
                self.post_message(self.FieldRequested(path))

        chooser = Chooser("Find a setting", choices, selected.path if selected else None, search=True)
        self.app.push_screen(chooser, go)

    def action_choose_preset(self) -> None:
        """Start from a preset, or from the last launch; with a preset the dataset and the name stay."""
        last = last_config()

        def take(name: str | None) -> None:
            if name is None:
                return
            if name == LAST_USED and last is not None:
                self.session.use_config(last)
            else:
                self.session.use_preset(name)
            self.show()

        chooser = Chooser("Start from", preset_choices(last), str(self.session.values["preset"]))
        self.app.push_screen(chooser, take)

    def _choose_dataset(self) -> None:
        prepared, config = self.session.prepared, self.session.config
        if not prepared:
            self.notify("No dataset is prepared yet; press 1 to prepare one.", severity="warning")
            return

        def take(chosen: str | None) -> None:
            for dataset in prepared:
                if dataset.id == chosen:
                    self.session.use_dataset(dataset)
                    self.show()

        choices = dataset_choices(prepared)
        chooser = Chooser("Dataset", choices, config.dataset.id if config else None, search=len(choices) > 9)
        self.app.push_screen(chooser, take)

    @work(exclusive=True, group="file", exit_on_error=False)
    async def action_open(self) -> None:
        """Load a configuration from a TOML file; what it leaves out comes from its preset, or from the form."""
        path = await self.app.push_screen_wait(PathPrompt("Open a configuration"))
        if path is None:
            return
        try:
            self.session.open(Path(path).expanduser())
        except UserError as error:
            self.notify(str(error), severity="error", markup=False, timeout=10)
            return
        self.show()
        self.notify(f"{path} loaded; u undoes it", markup=False)

    @work(exclusive=True, group="file", exit_on_error=False)
    async def action_save(self) -> None:
        """Save the configuration to a TOML file; asks before it replaces one."""
        config = self.session.config
        if config is None:
            self.go_to_error()
            return
        path = await self.app.push_screen_wait(PathPrompt("Save the configuration as", f"{config.dataset.id}.toml"))
        if path is None:
            return
        file = Path(path).expanduser()
        if file.exists():
            choices = {"keep": "Keep the file", "replace": "Replace it"}
            if await self.application.ask(f"{file.name} already exists", choices) != "replace":
                return
        try:
            self.session.save(file)
        except UserError as error:
            self.notify(str(error), severity="error", markup=False, timeout=10)
            return
        self.notify(f"saved to {file}", markup=False)
