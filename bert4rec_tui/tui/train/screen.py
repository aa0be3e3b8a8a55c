"""Train: the configuration as a form, what it will cost, past runs to compare with, and the launch."""

from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from bert4rec_tui.config import Config
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.store import prepared_datasets
from bert4rec_tui.errors import UserError
from bert4rec_tui.settings import datasets_folder
from bert4rec_tui.tui.forms.form import Form
from bert4rec_tui.tui.shell.child_command import CommandError
from bert4rec_tui.tui.shell.launching import launch_or_write
from bert4rec_tui.tui.shell.screen import MainScreen
from bert4rec_tui.tui.train.devices import Device, devices
from bert4rec_tui.tui.train.last_config import remember_config
from bert4rec_tui.tui.train.past_runs_pane import PastRunsPane
from bert4rec_tui.tui.train.preflight_pane import PreflightPane
from bert4rec_tui.tui.train.session import TrainSession
from bert4rec_tui.tui.train.settings_pane import SettingsPane


class TrainScreen(MainScreen):
    """The configuration of a run, and its launch."""

    CSS_PATH = "screen.tcss"
    # Next to a narrower form there would be no room for its errors.
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
        Binding("r", "launch", "Run", id="train.run", tooltip="Launch the run; it keeps training after you quit"),
    ]

    @dataclass
    class Scanned(Message):
        """The prepared datasets and the devices have been found."""

        prepared: list[PreparedDataset]
        devices: list[Device]

    def __init__(self) -> None:
        super().__init__()
        self.session = TrainSession()
        ascii = self.application.ascii
        self.settings_pane = SettingsPane(self.session, ascii=ascii, id="settings")
        self.preflight_pane = PreflightPane(self.session, ascii=ascii, id="preflight-pane")
        self.past_runs_pane = PastRunsPane(self.session, ascii=ascii, id="past-pane")
        self._right = Vertical(self.preflight_pane, self.past_runs_pane, id="right")
        self._launching = False

    def compose_body(self) -> ComposeResult:
        """The form, and to its right the estimate and the past runs."""
        yield self.settings_pane
        yield self._right

    @property
    def form(self) -> Form:
        """The form."""
        return self.settings_pane.form

    def on_mount(self) -> None:
        """Select the dataset."""
        self.go_to_field("dataset.name")

    def go_to_field(self, path: str) -> None:
        """Select a field, also where a narrow terminal shows another pane."""
        self.choose_pane(self.settings_pane, focus=False)
        self.call_after_refresh(self.form.select, path)

    def choose_pane(self, chosen: Widget, focus: bool = True) -> None:
        """Hide the right side, or the half of it, that a small terminal has no room for besides the chosen pane."""
        self._right.set_class(chosen is self.settings_pane, "-left-out")
        self._right.set_class(chosen is self.past_runs_pane, "-past")
        super().choose_pane(chosen, focus)

    def on_resize(self, event: events.Resize) -> None:
        """Name the panes that a small terminal does not show."""
        del event
        self.call_later(self._show_hints)  # the screen learns only after this how small it is

    def _show_hints(self) -> None:
        low = self.has_class("-low") and not self.has_class("-widest")
        past = f"{self.key_of('screen.next_pane', ']')} past runs"
        self.settings_pane.border_subtitle = Content(self.turn_hint("estimate, past runs"))
        self.preflight_pane.border_subtitle = Content(past if self.compact or low else "")

    def on_screen_resume(self) -> None:
        """Look again on every return: a dataset may have been prepared, a run may have ended."""
        self.scan()
        self.past_runs_pane.read()

    def on_arrive(
        self, dataset: str = "", config: Config | None = None, advice: tuple[str, Any] | None = None, **_: Any
    ) -> None:
        """Train on a dataset, from a configuration if one is given, with one setting changed as a failure advises."""
        if config is not None:
            self.session.use_config(config)
            self.settings_pane.show()
        if dataset:
            self.session.request_dataset(dataset)
            self.scan()
        self.go_to_field("dataset.name")
        if config is not None and advice is not None:
            self._apply_advice(*advice)

    def _apply_advice(self, path: str, value: Any) -> None:
        before, after = self.session.apply_advice(path, value)
        self.settings_pane.show()
        self.go_to_field(path)
        change = f"{self.session.labels.get(path, path)} {before} {'->' if self.application.ascii else '→'} {after}"
        self.notify(f"{change}, as the failure advises: r launches, u undoes", markup=False, timeout=12)

    @work(thread=True, exclusive=True, group="scan", exit_on_error=False)
    def scan(self) -> None:
        """Find the prepared datasets and the devices."""
        self.post_message(self.Scanned(prepared_datasets(datasets_folder()), devices()))

    @on(Scanned)
    def show_scanned(self, message: Scanned) -> None:
        """Choose the dataset that was requested, and estimate with the devices that there are."""
        self.session.scan(message.prepared, message.devices)
        self.settings_pane.show()

    @on(SettingsPane.Changed)
    def show_changes(self) -> None:
        """Estimate and compare again after any change."""
        self.past_runs_pane.compare()
        self.preflight_pane.update_estimate()

    @on(SettingsPane.FieldRequested)
    def show_field(self, message: SettingsPane.FieldRequested) -> None:
        """Show the form, and select a field."""
        self.go_to_field(message.path)

    @on(PreflightPane.Refused)
    def refuse(self) -> None:
        """Show the first error: an invalid configuration is neither benchmarked nor launched."""
        self.settings_pane.go_to_error()

    @on(PastRunsPane.Taken)
    def take_settings(self, message: PastRunsPane.Taken) -> None:
        """Load the configuration of a past run into the form."""
        self.session.use_config_of_run(message.config)
        self.settings_pane.show()
        self.notify(f"settings of {message.short_id} loaded; r launches, u undoes", markup=False)
        self.go_to_field("dataset.name")

    def action_launch(self) -> None:
        """Launch the run, unless a setting has an error."""
        config = self.session.launchable
        if config is None:
            self.refuse()
        elif not self._launching:
            self._launching = True
            self.launch(config)

    @work(exclusive=True, group="launch", exit_on_error=False)
    async def launch(self, config: Config) -> None:
        """Start the run by our own command, and go and watch it; asks first where it will not fit."""
        try:
            if not await self._fits_or_insists():
                return
            self.settings_pane.show_status("starting the run…")
            result = await launch_or_write(self, config)
            if result is not None:
                remember_config(config)
        except (CommandError, UserError) as error:
            self.notify(str(error), title="The run was not started", severity="error", markup=False, timeout=12)
            return
        finally:
            self._launching = False
            self.settings_pane.show_summary()
        if result is not None:
            self.application.show_run(str(result["run"]))

    async def _fits_or_insists(self) -> bool:
        """Whether the run fits in memory as far as is known, or is to be launched even so."""
        known = await self.preflight_pane.current_estimate()
        if known.fit != "too large":
            return True
        device = known.device.name if known.device else ""
        choices = {"back": "Go back to reduce the batch size", "launch": "Launch anyway"}
        return await self.application.ask(f"The run may not fit in the memory of {device}", choices) == "launch"
