"""The chosen dataset: where it comes from, the settings of its preparation with their effect, and its figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from bert4rec_tui.config import DatasetConfig, to_dict
from bert4rec_tui.errors import UserError
from bert4rec_tui.tui.datasets.facts import DatasetFigures, DatasetSource
from bert4rec_tui.tui.datasets.form import (
    dataset_errors,
    dataset_sections,
    effects_of,
    hints_of,
    label_of,
    valid_settings,
)
from bert4rec_tui.tui.datasets.rows import DatasetRow
from bert4rec_tui.tui.datasets.stats import DatasetStats, stats_of
from bert4rec_tui.tui.forms.draft import Draft
from bert4rec_tui.tui.forms.form import Form
from bert4rec_tui.tui.shell.job_line import JobLine
from bert4rec_tui.tui.shell.text import MUTED, clean, size

if TYPE_CHECKING:
    from bert4rec_tui.data.dataset import PreparedDataset


class DatasetDetail(Vertical):
    """One dataset, prepared or not."""

    @dataclass
    class Counted(Message):
        """The figures of a prepared dataset have been read, or why they cannot be."""

        dataset: PreparedDataset
        stats: DatasetStats | None
        fault: str = ""

    def __init__(self, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.ascii = ascii
        self.row: DatasetRow | None = None
        self.prepared: list[PreparedDataset] = []
        # Why a preparation failed, by its id, until one of the same settings succeeds.
        self.faults: dict[str, str] = {}
        self._stats: dict[str, DatasetStats] = {}

    def compose(self) -> ComposeResult:
        """Source, settings, figures, and the line at the foot."""
        yield DatasetSource(self.ascii)
        values = to_dict(DatasetConfig())
        yield Form(
            dataset_sections(), Draft(values, dataset_errors), ascii=self.ascii, label_width=26, id="dataset-form"
        )
        yield DatasetFigures(self.ascii)
        yield JobLine(self.ascii, id="job")

    @property
    def form(self) -> Form:
        """The settings."""
        return self.query_one(Form)

    @property
    def settings(self) -> DatasetConfig | None:
        """The settings as the form has them, None while one is in error."""
        return valid_settings(self.form.values)

    @property
    def match(self) -> PreparedDataset | None:
        """What is prepared already with the settings of the form."""
        settings = self.settings
        return next((d for d in self.prepared if settings is not None and d.id == settings.id), None)

    def show(self, row: DatasetRow | None, prepared: list[PreparedDataset]) -> None:
        """Show a row; its settings are taken over unless it is the one that is shown."""
        other = row is None or self.row is None or row.key != self.row.key
        self.row, self.prepared = row, prepared
        self.query_one(DatasetSource).show(row)
        if row is None:
            self.border_title = ""
            self._show_figures(None, None, "The chosen dataset's figures stand here.")
            self.query_one(JobLine).say("")
            return
        title = Content(clean(row.title))
        self.border_title = title + Content.styled(f"  {row.known.title}", MUTED) if row.known else title
        if other:
            self.form.load(to_dict(row.settings))
        else:
            self.show_effect()

    def _show_figures(
        self, dataset: PreparedDataset | None, stats: DatasetStats | None, otherwise: str = "", fault: bool = False
    ) -> None:
        """Show the figures here, and in the pane of their own that a very wide terminal has."""
        for figures in self.screen.query(DatasetFigures):
            figures.show(dataset, stats, otherwise, fault)

    def forget(self, dataset_id: str) -> None:
        """Forget the figures of a dataset, which has been prepared again."""
        self._stats.pop(dataset_id, None)
        self.faults.pop(dataset_id, None)

    @on(Form.Changed)
    def show_effect(self) -> None:
        """Say what the settings lead to: known for what is prepared, else the key that prepares it."""
        settings, match = self.settings, self.match
        self.form.annotate(effects_of(match) if match else hints_of(settings) if settings else {})
        line = self.query_one(JobLine)
        if match is not None:
            fault = self.faults.get(match.id, "")
            self._show_figures(None if fault else match, self._stats.get(match.id), fault, bool(fault))
            if fault:
                line.say(f"{match.id} is damaged; p prepares it again", error=True)
            else:
                line.say(f"prepared as {match.id}; t trains on it")
            if match.id not in self._stats and not fault:
                self.count(match)
        elif settings is not None and self.row is not None:
            known = self.row.known
            fetch = f", {size(known.bytes)} to download" if known and not self.row.here else ""
            fault = self.row.damaged.why if self.row.damaged else self.faults.get(settings.id, "")
            self._show_figures(
                None, None, fault or "Counts, density and histories stand here once it is prepared.", bool(fault)
            )
            removes = ", x removes what is left" if self.row.damaged else ""
            line.say(f"p prepares it as {settings.id}{fetch}{removes}")
        else:
            path, error = next(iter(self.form.errors.items()), ("", "a setting is in error"))
            line.say(f"{label_of(path)}: {error}", error=True)

    @work(thread=True, exclusive=True, group="count", exit_on_error=False)
    def count(self, dataset: PreparedDataset) -> None:
        """Read the figures of a prepared dataset."""
        try:
            dataset.check_readable()
            self.post_message(self.Counted(dataset, stats_of(dataset)))
        except UserError as error:
            self.post_message(self.Counted(dataset, None, str(error)))

    @on(Counted)
    def show_figures(self, message: Counted) -> None:
        """Show them, if it is still the one that is looked at."""
        if message.stats is None:
            self.faults[message.dataset.id] = message.fault
        else:
            self._stats[message.dataset.id] = message.stats
        if self.match is not None and self.match.id == message.dataset.id:
            self.show_effect()
