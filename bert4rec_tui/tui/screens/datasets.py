"""Datasets: what is there, raw or prepared, and its preparation."""

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets.option_list import Option

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.prepare_arguments import prepare_arguments
from bert4rec_tui.errors import UserError
from bert4rec_tui.progress import Progress
from bert4rec_tui.tui.child import CommandError
from bert4rec_tui.tui.dataset_form import label_of
from bert4rec_tui.tui.dataset_rows import DatasetRow, read_rows
from bert4rec_tui.tui.importing import Described
from bert4rec_tui.tui.quick_start import quick_start
from bert4rec_tui.tui.removal import removal_of, remove
from bert4rec_tui.tui.screens.base import MainScreen
from bert4rec_tui.tui.screens.import_file import ImportFile
from bert4rec_tui.tui.widgets.choice_list import ChoiceList
from bert4rec_tui.tui.widgets.dataset_detail import DatasetDetail
from bert4rec_tui.tui.widgets.dataset_facts import DatasetFacts
from bert4rec_tui.tui.widgets.filter_line import FilterLine
from bert4rec_tui.tui.widgets.job_line import JobLine
from bert4rec_tui.tui.widgets.signs import MUTED, count, cut
from bert4rec_tui.tui.widgets.text_input import TextInput
from bert4rec_tui.tui.widgets.welcome import Welcome


class DatasetsScreen(MainScreen):
    """What can be trained on, and its preparation."""

    CSS_PATH = "datasets.tcss"
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
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "prepare", "Prepare", id="datasets.prepare", tooltip="Prepare with the settings shown"),
        Binding("t", "train", "Train on it", id="datasets.train", tooltip="Configure a run on the prepared dataset"),
        Binding("i", "import_file", "Import file", id="datasets.import", tooltip="Look at a file of your own ratings"),
        Binding("d", "download", "Download", id="datasets.download", tooltip="Fetch it, and prepare it"),
        Binding("x", "remove", "Remove", id="datasets.remove", tooltip="Remove what is prepared, or the download"),
        Binding("slash", "filter", "Filter", id="datasets.filter", tooltip="Show the rows that have some letters"),
        Binding("s", "quick_start", "Quick start", id="datasets.quick_start", show=False,
                tooltip="Prepare the bundled sample and train a small model on it"),
        Binding("escape", "cancel", "Cancel", id="datasets.cancel",
                tooltip="End what works in the background, or take the filter away"),
    ]  # fmt: skip

    @dataclass
    class Loaded(Message):
        """The rows, and whether there is a run."""

        rows: list[DatasetRow]
        any_run: bool

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[DatasetRow] = []
        self.working = False
        self._filter = ""
        self._go_to = ""
        self._first = True
        self._described: Described | None = None  # the file that was imported last, until that has succeeded

    def compose_body(self) -> ComposeResult:
        """The list, the chosen dataset, and on a first start the welcome in its place."""
        with Vertical(id="list-pane"):
            yield ChoiceList(id="rows", markup=False)
            yield FilterLine(placeholder="letters of the name")
        with Vertical(id="welcome-pane", classes="-absent"):
            yield Welcome(self.shell.ascii)
        yield DatasetDetail(self.shell.ascii, id="detail")
        with Vertical(id="facts-pane", classes="-absent"):
            yield DatasetFacts(self.shell.ascii)

    def on_mount(self) -> None:
        """Name the panes."""
        super().on_mount()
        self.query_one("#list-pane").border_title = "Datasets"
        self.query_one("#welcome-pane").border_title = "Welcome"
        self.query_one("#facts-pane").border_title = "What is in it"
        self.query_one("#rows").focus()

    def on_resize(self, event: events.Resize) -> None:
        """In a very wide terminal the figures have a pane of their own."""
        super().on_resize(event)
        self._show_facts()
        self.call_later(self._say_foot)  # the screen learns only after this how narrow it is

    def _show_facts(self) -> None:
        facts = self.query_one("#facts-pane")
        shown = self.has_class("-widest") and not self.detail.has_class("-absent")
        if not shown and facts.has_class("-chosen"):
            self.choose_pane(self.detail)
        facts.set_class(not shown, "-absent")

    def on_screen_resume(self) -> None:
        """Look again whenever one comes back, once the screen is there: the first look imports numpy."""
        self.call_after_refresh(self.load)

    @work(thread=True, exclusive=True, group="load", exit_on_error=False)
    def load(self) -> None:
        """Read what there is."""
        self.post_message(self.Loaded(read_rows(), bool(self.shell.runs.runs())))

    @on(Loaded)
    def show_rows(self, message: Loaded) -> None:
        """Show what there is; on a first start, the welcome."""
        self.rows = message.rows
        if self._first and not message.any_run and not any(row.prepared for row in self.rows):
            self._show_welcome(True)
        self._first = False
        self._fill()

    @property
    def detail(self) -> DatasetDetail:
        """The chosen dataset."""
        return self.query_one(DatasetDetail)

    def _show_welcome(self, shown: bool) -> None:
        self.query_one("#welcome-pane").set_class(not shown, "-absent")
        self.detail.set_class(shown, "-absent")
        self._show_facts()
        if shown:
            self.choose_pane(self.query_one("#welcome-pane"))

    def _fill(self) -> None:
        options = self.query_one("#rows", ChoiceList)
        shown = [row for row in self.rows if row.found_by(self._filter)]
        wanted = self._go_to or (self.detail.row.key if self.detail.row else "")
        self._go_to = ""
        options.clear_options()
        options.add_options(Option(self._line(row), id=row.key) for row in shown)
        options.highlighted = next((i for i, row in enumerate(shown) if row.key == wanted), 0) if shown else None
        self._say_foot()
        if not shown:
            self._show(None)

    def _say_foot(self) -> None:
        found = f"{self.query_one('#rows', ChoiceList).option_count} of {len(self.rows)}"
        hint = found if self._filter else self.turn_hint("settings and figures")
        self.query_one("#list-pane").border_subtitle = Content(hint)

    def _line(self, row: DatasetRow) -> Content:
        if row.prepared is not None:
            number = row.prepared.manifest.counts.interactions
            tick = "+" if self.shell.ascii else "✓"
            name, state = row.prepared.id, Content.styled(f"{tick} prepared", "$text-success")
            branch = "- " if self.shell.ascii else "└ "
            name = f"{branch}{name}" if row.known else name
        elif row.damaged is not None:
            cross = "x" if self.shell.ascii else "✗"
            number, name, state = 0, row.damaged.id, Content.styled(f"{cross} damaged", "$text-error")
        else:
            number, name = row.known.ratings if row.known else 0, row.name
            state = Content.styled("here" if row.here else "to download", MUTED)
        return Content(cut(name, 20, self.shell.ascii) + f"{count(number):>11}  ") + state

    @on(ChoiceList.OptionHighlighted, "#rows")
    def show_row(self, event: ChoiceList.OptionHighlighted) -> None:
        """Show the dataset that is marked."""
        self._show(next((row for row in self.rows if row.key == event.option_id), None))

    def _show(self, row: DatasetRow | None) -> None:
        self.detail.show(row, [found.prepared for found in self.rows if found.prepared is not None])

    @on(ChoiceList.OptionSelected, "#rows")
    def open_row(self) -> None:
        """Enter goes to the settings."""
        self._show_welcome(False)
        self.choose_pane(self.detail)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The welcome gives way as soon as one goes to the list."""
        super().on_descendant_focus(event)
        welcomed = not self.query_one("#welcome-pane").has_class("-absent")
        if event.widget.id == "rows" and welcomed and not self.working and not self.is_late(event):
            self._show_welcome(False)

    def action_filter(self) -> None:
        """Narrow the list."""
        self._show_welcome(False)
        self.choose_pane(self.query_one("#list-pane"), focus=False)
        self.query_one(FilterLine).open()

    @on(FilterLine.Narrowed)
    def narrow(self, event: FilterLine.Narrowed) -> None:
        """Show the rows that have these letters."""
        self._filter = event.text
        self._fill()

    @on(FilterLine.Closed)
    def leave_filter(self) -> None:
        """Go back to the list."""
        self.query_one("#rows").focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Cancel is there while something works; a line that is edited has esc for itself."""
        del parameters
        busy = self.working or bool(self._filter)
        return busy and not isinstance(self.focused, TextInput) if action == "cancel" else True

    def action_cancel(self) -> None:
        """End what works, or where nothing does, show every row again."""
        if self.working:
            self.workers.cancel_group(self, "job")
        else:
            self.query_one(FilterLine).action_clear()

    def action_train(self) -> None:
        """Configure a run on what is prepared with the settings shown."""
        match = self.detail.match
        if not self._is_chosen():
            return
        if match is None:
            self.notify("It is not prepared with these settings; p prepares it.", severity="warning")
        else:
            self.shell.train_on(match.id)

    def action_download(self) -> None:
        """Fetch what is not here; it is prepared in the same go."""
        row = self.detail.row
        if row is not None and row.here:
            self.notify(f"{row.name} is here already; p prepares it.", markup=False)
        else:
            self.action_prepare()

    def action_prepare(self) -> None:
        """Prepare with the settings shown, unless one is in error."""
        settings, form = self.detail.settings, self.detail.form
        if not self._is_chosen():
            return
        if form.errors or settings is None:
            path = next(iter(form.errors), "")
            form.select(path)
            self.notify(f"{label_of(path)}: {form.errors.get(path, '')}", severity="error", markup=False)
        elif self._is_free():
            self._show_welcome(False)
            if self.detail.match is not None:
                self.prepare_again(settings)
            else:
                self.prepare(settings)

    def _is_chosen(self) -> bool:
        if self.detail.row is None:
            self.notify("No dataset is chosen; esc shows all of them.", severity="warning")
        return self.detail.row is not None

    def _is_free(self) -> bool:
        if self.working:
            self.notify("One at a time: esc ends what works now.", severity="warning")
        return not self.working

    @work(exclusive=True, group="question", exit_on_error=False)
    async def prepare_again(self, settings: DatasetConfig) -> None:
        """Ask whether to replace what is prepared, such as what has been damaged, and do it."""
        choices = {"keep": "Keep it; t trains on it", "again": "Prepare it again"}
        if await self.shell.ask(f"{settings.id} is prepared with these settings", choices) == "again":
            self.prepare(settings, again=True)

    @work(exclusive=True, group="job", exit_on_error=False)
    async def prepare(self, settings: DatasetConfig, again: bool = False) -> None:
        """Prepare by our own command; cancelling this worker ends it, and leaves nothing half-written."""
        line = self.query_one(JobLine)
        if self.compact:  # where else how far it is would not be seen
            self.choose_pane(self.detail)
        self._work(True)
        line.show(Progress(stage="Starting"))
        try:
            arguments = [*prepare_arguments(settings), *(["--again"] if again else [])]
            made = await self.shell.run_command(*arguments, progressed=line.show)
        except CommandError as error:
            self.notify(str(error), title=f"{settings.id} was not prepared", severity="error", markup=False, timeout=12)
            self.detail.faults[settings.id] = str(error)
        else:
            self._go_to, self._described = f"prepared:{made['dataset']}", None
            self.detail.forget(made["dataset"])
            counts = f"{count(made['users'])} users, {count(made['items'])} items; t trains on it"
            self.notify(f"{made['dataset']}: {counts}", markup=False)
        finally:
            line.show(None)
            self._work(False)
            self.load()

    def _work(self, working: bool) -> None:
        self.working = working
        self.refresh_bindings()

    @on(Welcome.Started)
    def action_quick_start(self) -> None:
        """From nothing to a run that trains."""
        if self._is_free():
            self._show_welcome(True)
            self.start_quickly()

    @work(exclusive=True, group="job", exit_on_error=False)
    async def start_quickly(self) -> None:
        """Prepare the sample, start a small model, and go and watch it."""
        welcome = self.query_one(Welcome)
        self._work(True)
        try:
            run = await quick_start(self.shell, welcome.show)
        except (CommandError, UserError) as error:
            self.notify(str(error), title="The quick start ended", severity="error", markup=False, timeout=12)
        else:
            self._show_welcome(False)
            self._go_to = f"prepared:{run.rsplit('-', 3)[0]}"
            self.shell.show_run(run)
        finally:
            welcome.show(-1)
            self._work(False)
            self.load()

    @work(exclusive=True, group="import", exit_on_error=False)
    async def action_import_file(self) -> None:
        """Look at a file, then prepare what the person says of it."""
        dialog = ImportFile(self._described)
        settings = await self.app.push_screen_wait(dialog)
        if settings is not None:
            self._described = dialog.described
        if settings is not None and self._is_free():
            self._show_welcome(False)
            self.prepare(settings)

    @work(exclusive=True, group="remove", exit_on_error=False)
    async def action_remove(self) -> None:
        """Remove what the marked row stands for, after a question."""
        row = self.detail.row
        if row is None:
            return
        try:
            path, question = removal_of(row, self.shell.live)
            if await self.shell.ask(question, {"keep": "Keep it", "remove": "Remove it"}, str(path)) == "remove":
                await asyncio.to_thread(remove, path)
        except UserError as error:
            self.notify(str(error), severity="error", markup=False)
        self.load()
