"""The chosen dataset: where it comes from, the settings of its preparation with their effect, and its figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from bert4rec_tui.config import to_dict
from bert4rec_tui.errors import UserError
from bert4rec_tui.tui.datasets.figures import DatasetFigures, DatasetSource
from bert4rec_tui.tui.datasets.form import dataset_errors, dataset_sections, effects_of, hints_of, label_of
from bert4rec_tui.tui.datasets.session import DatasetsSession
from bert4rec_tui.tui.datasets.stats import DatasetStats, stats_of
from bert4rec_tui.tui.forms.draft import Draft
from bert4rec_tui.tui.forms.form import Form
from bert4rec_tui.tui.shell.job_line import JobLine
from bert4rec_tui.tui.shell.pane import Pane
from bert4rec_tui.tui.shell.text import MUTED, clean

if TYPE_CHECKING:
    from bert4rec_tui.data.dataset import PreparedDataset


class DatasetDetail(Pane):
    """The selected dataset."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "prepare", "Prepare", id="datasets.prepare", tooltip="Prepare with the settings shown"),
        Binding("t", "train", "Train on it", id="datasets.train", tooltip="Configure a run on the prepared dataset"),
        Binding("d", "download", "Download", id="datasets.download", tooltip="Download and prepare"),
    ]

    @dataclass
    class PrepareWanted(Message):
        """The chosen dataset is to be prepared with the settings shown, which are in order."""

    @dataclass
    class FiguresChanged(Message):
        """The figures of the session are others now."""

    @dataclass
    class Counted(Message):
        """The figures of a prepared dataset have been read, or why they cannot be."""

        dataset: PreparedDataset
        stats: DatasetStats | None
        fault: str = ""

    def __init__(self, session: DatasetsSession, ascii: bool, id: str) -> None:
        super().__init__(id=id)
        self.session, self.ascii = session, ascii

    def compose(self) -> ComposeResult:
        """Source, settings, figures, and the line at the foot."""
        yield DatasetSource(self.session, self.ascii)
        yield Form(
            dataset_sections(),
            Draft(self.session.values, dataset_errors),
            ascii=self.ascii,
            label_width=29,
            id="dataset-form",
        )
        yield DatasetFigures(self.session, self.ascii)
        yield JobLine(self.ascii, id="job")

    @property
    def form(self) -> Form:
        """The settings."""
        return self.query_one(Form)

    def show_row(self, other: bool) -> None:
        """Show the chosen dataset; where it is another than before, its settings are taken over."""
        row = self.session.row
        self.query_one(DatasetSource).refresh()
        title = Content(clean(row.title)) if row else Content("")
        self.border_title = title + Content.styled(f"  {row.known.title}", MUTED) if row and row.known else title
        if row is not None and other:
            self.form.load(to_dict(row.settings))
        else:
            self.show_effect()

    @on(Form.Changed)
    def show_effect(self) -> None:
        """Show what the settings lead to: known for what is prepared, else the key that prepares it."""
        self.session.edit(self.form.values, self.form.errors)
        settings, match = self.session.settings, self.session.match
        self.form.annotate(effects_of(match) if match else hints_of(settings) if settings else {})
        hint = self.session.hint
        text = f"{label_of(hint.path)}: {hint.text}" if hint.path else hint.text
        self.query_one(JobLine).say(text, hint.error)
        self._show_figures()
        if (uncounted := self.session.uncounted) is not None:
            self.count(uncounted)

    def _show_figures(self) -> None:
        self.query_one(DatasetFigures).refresh()
        self.post_message(self.FiguresChanged())

    def show_job(self) -> None:
        """Show how far a preparation is; the quick start is shown elsewhere."""
        job = self.session.job
        self.query_one(JobLine).show(job.progress if job and job.step < 0 else None)

    @work(thread=True, exclusive=True, group="count", exit_on_error=False)
    def count(self, dataset: PreparedDataset) -> None:
        """Read the figures of a prepared dataset."""
        try:
            dataset.check_readable()
            self.post_message(self.Counted(dataset, stats_of(dataset)))
        except UserError as error:
            self.post_message(self.Counted(dataset, None, str(error)))

    @on(Counted)
    def take_figures(self, message: Counted) -> None:
        """Show them, if it is still the one that is looked at."""
        if self.session.counted(message.dataset, message.stats, message.fault):
            self.show_effect()

    def action_train(self) -> None:
        """Configure a run on what is prepared with the settings shown."""
        if not self._is_chosen():
            return
        if (match := self.session.match) is None:
            self.notify("Not prepared with these settings; press p to prepare.", severity="warning")
        else:
            self.application.train_on(match.id)

    def action_download(self) -> None:
        """Fetch what is not here; it is prepared in the same go."""
        row = self.session.row
        if row is not None and row.here:
            self.notify(f"{row.name} is {row.where} already; press p to prepare.", markup=False)
        else:
            self.action_prepare()

    def action_prepare(self) -> None:
        """Prepare with the settings shown, unless one is in error."""
        errors = self.session.errors
        if not self._is_chosen():
            return
        if errors or self.session.settings is None:
            path = next(iter(errors), "")
            self.form.select(path)
            self.notify(f"{label_of(path)}: {errors.get(path, '')}", severity="error", markup=False)
        else:
            self.post_message(self.PrepareWanted())

    def _is_chosen(self) -> bool:
        if self.session.row is None:
            self.notify("No dataset selected; press esc to show all.", severity="warning")
        return self.session.row is not None
