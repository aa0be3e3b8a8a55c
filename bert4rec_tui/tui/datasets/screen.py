"""Datasets: what there is, raw or prepared, and its preparation."""

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.prepare_arguments import prepare_arguments
from bert4rec_tui.errors import UserError
from bert4rec_tui.progress import Progress
from bert4rec_tui.tui.datasets.detail import DatasetDetail
from bert4rec_tui.tui.datasets.facts_pane import FactsPane
from bert4rec_tui.tui.datasets.import_dialog import ImportFile
from bert4rec_tui.tui.datasets.list_pane import DatasetList
from bert4rec_tui.tui.datasets.quick_start import quick_start
from bert4rec_tui.tui.datasets.removal import removal_of, remove
from bert4rec_tui.tui.datasets.rows import DatasetRow, read_rows, summary_of
from bert4rec_tui.tui.datasets.session import DatasetsSession, Job
from bert4rec_tui.tui.datasets.welcome import Welcome, WelcomePane
from bert4rec_tui.tui.shell.child_command import CommandError
from bert4rec_tui.tui.shell.screen import MainScreen
from bert4rec_tui.tui.shell.text_input import TextInput


class DatasetsScreen(MainScreen):
    """The datasets screen."""

    CSS_PATH = "screen.tcss"
    panes: ClassVar[list[str]] = ["#welcome-pane", "#list-pane", "#detail", "#facts-pane"]
    keys_first: ClassVar[tuple[str, ...]] = (
        "datasets.cancel",
        "welcome.start",
        "form.edit",
        "datasets.prepare",
        "datasets.train",
        "datasets.import",
        "datasets.remove",
        "datasets.filter",
        "datasets.download",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="datasets.cancel",
                tooltip="Cancel what is running, or clear the filter"),
    ]  # fmt: skip

    @dataclass
    class Loaded(Message):
        """The rows, and whether there is a run."""

        rows: list[DatasetRow]
        any_run: bool

    def __init__(self) -> None:
        super().__init__()
        self.session = DatasetsSession()

    def compose_body(self) -> ComposeResult:
        """The list, the chosen dataset, and on a first start the welcome in its place."""
        yield DatasetList(self.session, id="list-pane")
        yield WelcomePane(self.session, id="welcome-pane", classes="-absent")
        yield DatasetDetail(self.session, self.application.ascii, id="detail")
        yield FactsPane(self.session, id="facts-pane", classes="-absent")

    @property
    def list_pane(self) -> DatasetList:
        """The list of datasets."""
        return self.query_one(DatasetList)

    @property
    def welcome_pane(self) -> WelcomePane:
        """The welcome of a first start."""
        return self.query_one(WelcomePane)

    @property
    def detail(self) -> DatasetDetail:
        """The chosen dataset."""
        return self.query_one(DatasetDetail)

    # Which panes are in sight

    def on_resize(self, event: events.Resize) -> None:
        """In a very wide terminal the figures have a pane of their own."""
        del event
        for show in (self._show_facts, self._show_hint):
            self.call_later(show)  # the screen learns only after this how wide it is

    def _show_facts(self) -> None:
        facts = self.query_one(FactsPane)
        shown = self.has_class("-widest") and not self.detail.has_class("-absent")
        if not shown and facts.has_class("-chosen"):
            self.choose_pane(self.detail)
        facts.set_class(not shown, "-absent")

    def _show_hint(self) -> None:
        self.list_pane.show_hint(self.turn_hint("settings and statistics"))

    def show_welcome(self, shown: bool) -> None:
        """Show the welcome in the place of the chosen dataset, or the other way round."""
        self.welcome_pane.set_class(not shown, "-absent")
        self.detail.set_class(shown, "-absent")
        self._show_facts()
        if shown:
            self.choose_pane(self.welcome_pane)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The welcome gives way as soon as one goes to the list."""
        welcomed = not self.welcome_pane.has_class("-absent")
        if event.widget is self.list_pane.list and welcomed and not self.session.job and not self.is_late(event):
            self.show_welcome(False)

    # What there is

    def on_screen_resume(self) -> None:
        """Look again whenever one comes back, once the screen is there: the first look imports numpy."""
        self.call_after_refresh(self.load)

    @work(thread=True, exclusive=True, group="load", exit_on_error=False)
    def load(self) -> None:
        """Read what there is."""
        self.post_message(self.Loaded(read_rows(), bool(self.application.runs.runs())))

    @on(Loaded)
    def show_rows(self, message: Loaded) -> None:
        """Show what there is; on a first start, the welcome."""
        first = not self.session.loaded
        other = self.session.take_rows(message.rows, message.any_run)
        if first and self.session.is_new:
            self.show_welcome(True)
        self.list_pane.show_rows()
        self._show_hint()
        self.detail.show_row(other)

    @on(DatasetList.Chosen)
    def show_chosen(self) -> None:
        """Show another dataset."""
        self.detail.show_row(other=True)

    @on(DatasetDetail.FiguresChanged)
    def show_figures(self) -> None:
        """Show the figures at length too, where there is a pane for that."""
        self.query_one(FactsPane).show_figures()

    @on(DatasetList.Opened)
    def open_chosen(self) -> None:
        """Go from the list to the settings."""
        self.show_welcome(False)
        self.choose_pane(self.detail)

    @on(DatasetList.FilterWanted)
    def open_filter(self) -> None:
        """Bring the list in sight and narrow it."""
        self.show_welcome(False)
        self.choose_pane(self.list_pane, focus=False)
        self.list_pane.open_filter()

    # What is running

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Cancel is there while something runs or is filtered; a line that is edited has esc for itself."""
        del parameters
        busy = self.session.job is not None or bool(self.session.filter)
        return busy and not isinstance(self.focused, TextInput) if action == "cancel" else True

    def action_cancel(self) -> None:
        """End what runs, or where nothing does, show every row again."""
        if self.session.job is not None:
            self.workers.cancel_group(self, "job")
        else:
            self.list_pane.clear_filter()

    def _is_free(self) -> bool:
        if self.session.job is not None:
            self.notify("A command is already running; press esc to cancel it.", severity="warning")
        return self.session.job is None

    def _show_job(self, job: Job | None) -> None:
        self.session.job = job
        self.detail.show_job()
        self.welcome_pane.show_job()
        self.refresh_bindings()

    @on(DatasetDetail.PrepareWanted)
    def prepare_chosen(self) -> None:
        """Prepare with the settings shown; what is prepared with them already only after a question."""
        settings = self.session.settings
        if settings is None or not self._is_free():
            return
        self.show_welcome(False)
        if self.session.match is not None:
            self.prepare_again(settings)
        else:
            self.prepare(settings)

    @work(exclusive=True, group="question", exit_on_error=False)
    async def prepare_again(self, settings: DatasetConfig) -> None:
        """Ask whether to replace what is prepared, such as what has been damaged, and do it."""
        choices = {"keep": "Keep it", "again": "Prepare it again"}
        if await self.application.ask(f"{settings.id} is prepared with these settings", choices) == "again":
            self.prepare(settings, again=True)

    @work(exclusive=True, group="job", exit_on_error=False)
    async def prepare(self, settings: DatasetConfig, again: bool = False) -> None:
        """Prepare by our own command; cancelling this worker ends it, and leaves nothing half-written."""
        if self.compact:  # where else how far it is would not be seen
            self.choose_pane(self.detail)
        self._show_job(Job(Progress(stage="Starting")))
        try:
            arguments = [*prepare_arguments(settings), *(["--again"] if again else [])]
            result = await self.application.run_command(
                *arguments, progressed=lambda progress: self._show_job(Job(progress))
            )
        except CommandError as error:
            self.notify(str(error), title=f"{settings.id} was not prepared", severity="error", markup=False, timeout=12)
            self.session.failed(settings.id, str(error))
        else:
            self.session.prepared(result["dataset"])
            self.notify(await asyncio.to_thread(summary_of, result), markup=False)
        finally:
            self._show_job(None)
            self.load()

    @on(Welcome.Started)
    def start_from_nothing(self) -> None:
        """From nothing to a run that trains."""
        if self._is_free():
            self.show_welcome(True)
            self.start_quickly()

    @work(exclusive=True, group="job", exit_on_error=False)
    async def start_quickly(self) -> None:
        """Prepare the sample, start a small model, and go and watch it."""
        try:
            run = await quick_start(self, lambda step, progress: self._show_job(Job(progress, step)))
        except (CommandError, UserError) as error:
            self.notify(str(error), title="Quick start failed", severity="error", markup=False, timeout=12)
        else:
            self.show_welcome(False)
            self.session.choose_prepared(run.rsplit("-", 3)[0])
            self.application.show_run(run)
        finally:
            self._show_job(None)
            self.load()

    @on(DatasetList.ImportWanted)
    def import_chosen_file(self) -> None:
        """Import a file."""
        self.import_file()

    @work(exclusive=True, group="import", exit_on_error=False)
    async def import_file(self) -> None:
        """Look at a file, then prepare it as the person describes it."""
        dialog = ImportFile(self.session.described)
        settings = await self.app.push_screen_wait(dialog)
        if settings is None:
            return
        self.session.described = dialog.described
        if self._is_free():
            self.show_welcome(False)
            self.prepare(settings)

    @on(DatasetList.RemovalWanted)
    def remove_chosen(self) -> None:
        """Remove what the chosen row stands for."""
        if self.session.row is not None:
            self.remove_row(self.session.row)

    @work(exclusive=True, group="remove", exit_on_error=False)
    async def remove_row(self, row: DatasetRow) -> None:
        """Remove what a row stands for, after a question."""
        try:
            path, question = removal_of(row, self.application.live)
            if await self.application.ask(question, {"keep": "Keep it", "remove": "Remove it"}, str(path)) == "remove":
                await asyncio.to_thread(remove, path)
        except UserError as error:
            self.notify(str(error), severity="error", markup=False)
        self.load()
