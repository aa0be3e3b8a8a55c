"""Train: the configuration as a form, what it means before it is launched, and the launch."""

import time
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from bert4rec_tui.config import Config, to_dict, value_at
from bert4rec_tui.config.presets import preset
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.store import prepared_datasets
from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.listing import RunRow, RunsReader
from bert4rec_tui.settings import datasets_folder
from bert4rec_tui.tui.forms.form import Form
from bert4rec_tui.tui.forms.values import text_of
from bert4rec_tui.tui.shell.child_command import CommandError
from bert4rec_tui.tui.shell.launching import launch_or_write, try_config
from bert4rec_tui.tui.shell.text import MUTED
from bert4rec_tui.tui.train.checks import dataset_of, train_errors, valid_config
from bert4rec_tui.tui.train.choices import changed_line, preset_notes, value_texts
from bert4rec_tui.tui.train.choosing import TrainChoosing
from bert4rec_tui.tui.train.devices import Device, devices
from bert4rec_tui.tui.train.estimate import Outlook, Tried, outlook_of
from bert4rec_tui.tui.train.last_config import remember_config
from bert4rec_tui.tui.train.past_runs import PastRuns
from bert4rec_tui.tui.train.preflight_panel import PreflightPanel


class TrainScreen(TrainChoosing):
    """The configuration of a run, and its launch."""

    CSS_PATH = "screen.tcss"
    # Beside a narrower form there would be no room for what is wrong with a field.
    HORIZONTAL_BREAKPOINTS = [(0, "-compact"), (112, "-wide")]  # noqa: RUF012  Textual's own declaration is no tuple
    VERTICAL_BREAKPOINTS = [(0, "-low"), (32, "-tall")]  # noqa: RUF012
    panes: ClassVar[list[str]] = ["#settings", "#preflight-pane", "#past-pane"]
    keys_first: ClassVar[tuple[str, ...]] = (
        "train.run",
        "past.take",
        "form.edit",
        "train.preset",
        "train.try",
        "form.undo",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "launch", "Run", id="train.run", tooltip="Launch the run; it goes on when this program is left"),
        Binding("c", "try_out", "Try", id="train.try", tooltip="Take a few steps to learn what an epoch costs; no run"),
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

    @dataclass
    class Remembered(Message):
        """The runs there have been."""

        rows: list[RunRow]

    def __init__(self) -> None:
        super().__init__()
        self._looked = False
        self._launching = False
        self._wanted_dataset = ""
        self._reader: RunsReader | None = None
        self.tried: Tried | None = None

    def compose_body(self) -> ComposeResult:
        """The form; beside it what it means, and what was trained before."""
        values, ascii = to_dict(preset("recommended")), self.application.ascii
        with Vertical(id="settings"):
            yield Static(id="changed", markup=False)
            yield Form(self.sections, values, self._check, ascii=ascii, id="train-form")
            yield Static(id="about", markup=False)
        with Vertical(id="right"):
            with Vertical(id="preflight-pane"):
                yield PreflightPanel(id="preflight", ascii=ascii)
            yield PastRuns(self.labels, ascii, id="past-pane")

    def on_mount(self) -> None:
        """Name the panes."""
        self.query_one("#settings").border_title = "Configuration"
        self.query_one("#preflight-pane").border_title = "Before you launch"
        self.go_to_field("dataset.name")

    def choose_pane(self, chosen: Widget, focus: bool = True) -> None:
        """Leave out the right side, or the half of it, that a small terminal has no room for beside the chosen pane."""
        right = self.query_one("#right")
        right.set_class(chosen.id == "settings", "-left-out")
        right.set_class(chosen.id == "past-pane", "-past")
        super().choose_pane(chosen, focus)

    def on_resize(self, event: events.Resize) -> None:
        """Say what a small terminal does not show beside the form."""
        del event
        self.call_later(self._say_hints)  # the screen learns only after this how small it is

    def _say_hints(self) -> None:
        low = self.has_class("-low") and not self.has_class("-widest")
        past = f"{self.key_of('screen.next_pane', ']')} past runs"
        self.query_one("#settings").border_subtitle = Content(self.turn_hint("what it will be, past runs"))
        self.query_one("#preflight-pane").border_subtitle = Content(past if self.compact or low else "")

    def on_screen_resume(self) -> None:
        """Look again whenever one comes back: something may have been prepared, or taken."""
        self.look()
        self.remember()

    def on_arrive(
        self, dataset: str = "", config: Config | None = None, advice: tuple[str, Any] | None = None, **_: Any
    ) -> None:
        """Train on a dataset, from a configuration if one is given, with one setting mended."""
        if config is not None:
            self.form.replace(to_dict(config))
        if dataset:
            self._wanted_dataset = dataset
            self.look()
        self.go_to_field("dataset.name")
        if config is not None and advice is not None:
            self._apply_advice(*advice)

    def _apply_advice(self, path: str, value: Any) -> None:
        before = text_of(value_at(self.form.values, path))
        self.form.set_value(path, value)
        self.go_to_field(path)
        changed = f"{self.labels.get(path, path)} {before} {'->' if self.application.ascii else '→'} {text_of(value)}"
        self.notify(f"{changed}, as the failure advises: r launches it, u takes it back", markup=False, timeout=12)

    def _check(self, values: dict[str, Any], edited: str) -> dict[str, str]:
        return train_errors(values, edited, self.prepared, self.devices, self.labels) if self._looked else {}

    @work(thread=True, exclusive=True, group="look", exit_on_error=False)
    def look(self) -> None:
        """See what is prepared and which devices there are."""
        self.post_message(self.Looked(prepared_datasets(datasets_folder()), devices()))

    @work(thread=True, exclusive=True, group="remember", exit_on_error=False)
    def remember(self) -> None:
        """Read the runs there have been; those that have ended are read once."""
        self._reader = self._reader or RunsReader(self.application.runs)
        self.post_message(self.Remembered(self._reader.look()))

    @on(Remembered)
    def show_past(self, message: Remembered) -> None:
        """Show them beside the form."""
        past = self.query_one(PastRuns)
        past.show(message.rows)
        past.compare_with(valid_config(self.form.values))

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
            self.take_dataset(wanted, undoable=not first)
        self.annotate()

    @on(Form.Changed)
    def annotate(self) -> None:
        """Say what differs from the preset, and reckon anew."""
        config = valid_config(self.form.values)
        if config is not None:
            line = self.query_one("#changed", Static)
            line.update(changed_line(config, line.size.width or 70, self.application.ascii))
            self.form.annotate(preset_notes(config), value_texts(config, self.prepared, self.devices))
        else:
            self.form.show()
        self.query_one(PastRuns).compare_with(config)
        self.reckon(config)

    @work(thread=True, exclusive=True, group="reckon", exit_on_error=False)
    def reckon(self, config: Config | None) -> None:
        """Compute the figures of the run, off the event loop."""
        time.sleep(0.05)  # while one types, only the last value is worth the reckoning
        self.post_message(
            self.Reckoned(outlook_of(config, self.prepared, self.devices, self.application.runs, self.tried))
        )

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

    def action_try_out(self) -> None:
        """Take a few steps of the configuration, or end the trial that is under way."""
        panel, config = self.query_one(PreflightPanel), valid_config(self.form.values)
        if panel.trying:
            self.workers.cancel_group(self, "trial")
        elif self.form.errors or config is None:
            self.refuse()
        else:
            self.try_out(config)

    @work(exclusive=True, group="trial", exit_on_error=False)
    async def try_out(self, config: Config) -> None:
        """Try a configuration by our own command, and show what an epoch costs."""
        panel = self.query_one(PreflightPanel)
        panel.show_trial("starting a trial…")
        try:
            result = await try_config(self, config, lambda p: panel.show_trial(f"trying: step {p.done} of {p.total}"))
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
            self.refuse()
        elif not self._launching:
            self._launching = True
            self.launch(config, self.query_one(PreflightPanel).outlook)

    async def _insists(self, outlook: Outlook) -> bool:
        name = outlook.device.name if outlook.device else ""
        choices = {"back": "Go back and take a smaller batch", "launch": "Launch it anyway"}
        return await self.application.ask(f"It may not fit into the memory of {name}", choices) == "launch"

    @work(exclusive=True, group="launch", exit_on_error=False)
    async def launch(self, config: Config, outlook: Outlook | None) -> None:
        """Start the run by our own command, and go and watch it; asks first where it will not fit."""
        changed = self.query_one("#changed", Static)
        try:
            if outlook is not None and outlook.fit == "too large" and not await self._insists(outlook):
                return
            changed.update(Content.styled("starting the run…", MUTED))
            result = await launch_or_write(self, config)
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
            self.application.show_run(str(result["run"]))
