"""What the datasets screen does: prepare, import, start quickly, remove; one at a time, by our own commands."""

import asyncio

from textual import on, work

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.prepare_arguments import prepare_arguments
from bert4rec_tui.errors import UserError
from bert4rec_tui.progress import Progress
from bert4rec_tui.tui.datasets.detail import DatasetDetail
from bert4rec_tui.tui.datasets.form import label_of
from bert4rec_tui.tui.datasets.import_dialog import ImportFile
from bert4rec_tui.tui.datasets.importing import Described
from bert4rec_tui.tui.datasets.quick_start import quick_start
from bert4rec_tui.tui.datasets.removal import removal_of, remove
from bert4rec_tui.tui.datasets.welcome import Welcome
from bert4rec_tui.tui.lists.filter_line import FilterLine
from bert4rec_tui.tui.shell.child_command import CommandError
from bert4rec_tui.tui.shell.job_line import JobLine
from bert4rec_tui.tui.shell.screen import MainScreen
from bert4rec_tui.tui.shell.text import count


class DatasetsDoing(MainScreen):
    """Carries out the keys of the datasets screen; at most one command works at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.working = False
        self._go_to = ""  # the row to mark once the rows have been read again
        self._described: Described | None = None  # the file that was imported last, until that has succeeded

    @property
    def detail(self) -> DatasetDetail:
        """The chosen dataset."""
        return self.query_one(DatasetDetail)

    def load(self) -> object:
        """Read again what there is; the screen says how."""

    def show_welcome(self, shown: bool) -> None:
        """Show the welcome in place of the chosen dataset, or the other way round; the screen says how."""

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
            self.application.train_on(match.id)

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
            self.show_welcome(False)
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
        if await self.application.ask(f"{settings.id} is prepared with these settings", choices) == "again":
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
            made = await self.application.run_command(*arguments, progressed=line.show)
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
            self.show_welcome(True)
            self.start_quickly()

    @work(exclusive=True, group="job", exit_on_error=False)
    async def start_quickly(self) -> None:
        """Prepare the sample, start a small model, and go and watch it."""
        welcome = self.query_one(Welcome)
        self._work(True)
        try:
            run = await quick_start(self, welcome.show)
        except (CommandError, UserError) as error:
            self.notify(str(error), title="The quick start ended", severity="error", markup=False, timeout=12)
        else:
            self.show_welcome(False)
            self._go_to = f"prepared:{run.rsplit('-', 3)[0]}"
            self.application.show_run(run)
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
            self.show_welcome(False)
            self.prepare(settings)

    @work(exclusive=True, group="remove", exit_on_error=False)
    async def action_remove(self) -> None:
        """Remove what the marked row stands for, after a question."""
        row = self.detail.row
        if row is None:
            return
        try:
            path, question = removal_of(row, self.application.live)
            if await self.application.ask(question, {"keep": "Keep it", "remove": "Remove it"}, str(path)) == "remove":
                await asyncio.to_thread(remove, path)
        except UserError as error:
            self.notify(str(error), severity="error", markup=False)
        self.load()
