"""The list of datasets: the known ones, below each what is prepared of it, then those of the person's own."""

from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets.option_list import Option

from bert4rec_tui.tui.datasets.rows import DatasetRow
from bert4rec_tui.tui.datasets.session import DatasetsSession
from bert4rec_tui.tui.lists.filter_line import FilterLine
from bert4rec_tui.tui.shell.choice_list import ChoiceList
from bert4rec_tui.tui.shell.pane import Pane
from bert4rec_tui.tui.shell.text import MUTED, count, cut

NAME_WIDTH, LONGEST_NAME = 15, 34  # in cells; of what there is room for next to the counts and the state
BESIDE_NAME = 28


class DatasetList(Pane):
    """Datasets."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "import_file", "Import file", id="datasets.import",
                tooltip="Import a file with your own interactions"),
        Binding("x", "remove", "Remove", id="datasets.remove",
                tooltip="Remove the prepared dataset, or the download"),
        Binding("slash", "filter", "Filter", id="datasets.filter", tooltip="Filter the datasets by name"),
    ]  # fmt: skip

    @dataclass
    class Chosen(Message):
        """Another dataset is chosen."""

    @dataclass
    class Opened(Message):
        """The person continues from the list to the settings of the chosen dataset."""

    @dataclass
    class FilterWanted(Message):
        """The filter is to be opened, which the screen does once the list is in sight."""

    @dataclass
    class ImportWanted(Message):
        """A file is to be imported."""

    @dataclass
    class RemovalWanted(Message):
        """What the chosen row stands for is to be removed."""

    def __init__(self, session: DatasetsSession, id: str) -> None:
        super().__init__(id=id)
        self.session = session
        self._hint = ""
        self._name_width = NAME_WIDTH

    def compose(self) -> ComposeResult:
        """The list, and its filter, which is hidden until it is opened."""
        yield ChoiceList(id="rows", markup=False)
        yield FilterLine(placeholder="filter by name")

    def on_mount(self) -> None:
        """Name the pane, and begin in it."""
        self.border_title = "Datasets"
        self.list.focus()

    def on_resize(self, event: events.Resize) -> None:
        """Show as much of the names as there is room for."""
        width = max(NAME_WIDTH, min(LONGEST_NAME, event.size.width - 4 - BESIDE_NAME))
        if width != self._name_width:
            self._name_width = width
            self.show_rows()

    @property
    def list(self) -> ChoiceList:
        """The list itself."""
        return self.query_one(ChoiceList)

    def show_rows(self) -> None:
        """Draw the rows that match the filter, with the cursor on the chosen one."""
        shown, chosen = self.session.shown, self.session.row
        self.list.clear_options()
        self.list.add_options(Option(self._line(row), id=row.key) for row in shown)
        self.list.highlighted = next((i for i, row in enumerate(shown) if row == chosen), None)
        self.show_hint(self._hint)

    def show_hint(self, hint: str) -> None:
        """Say at the foot how many rows match the filter, or without one what the screen has to say."""
        self._hint = hint
        found = f"{len(self.session.shown)} of {len(self.session.rows)}"
        self.border_subtitle = Content(found if self.session.filter else hint)

    def _line(self, row: DatasetRow) -> Content:
        ascii = self.application.ascii
        if row.prepared is not None:
            number = row.prepared.manifest.counts.interactions
            name = f"{'- ' if ascii else '└ '}{row.prepared.id}" if row.known else row.prepared.id
            state = Content.styled(f"{'+' if ascii else '✓'} prepared", "$text-success")
        elif row.damaged is not None:
            number, name = 0, row.damaged.id
            state = Content.styled(f"{'x' if ascii else '✗'} damaged", "$text-error")
        else:
            number, name = row.known.ratings if row.known else 0, row.name
            state = Content.styled(row.where, MUTED)
        return Content(cut(name, self._name_width, ascii) + f"{count(number):>11} ") + state

    def open_filter(self) -> None:
        """Take characters for the filter."""
        self.query_one(FilterLine).open()

    def clear_filter(self) -> None:
        """Show every row again."""
        self.query_one(FilterLine).action_clear()

    @on(ChoiceList.OptionHighlighted)
    def choose(self, event: ChoiceList.OptionHighlighted) -> None:
        """The dataset under the cursor is the chosen one."""
        event.stop()
        if event.option_index == self.list.highlighted and self.session.choose(event.option_id):
            self.post_message(self.Chosen())

    @on(ChoiceList.OptionSelected)
    def open(self, event: ChoiceList.OptionSelected) -> None:
        """Enter continues to the settings."""
        event.stop()
        self.post_message(self.Opened())

    @on(FilterLine.Narrowed)
    def narrow(self, event: FilterLine.Narrowed) -> None:
        """Show the rows that match."""
        event.stop()
        chosen_other = self.session.narrow(event.text)
        self.show_rows()
        if chosen_other:
            self.post_message(self.Chosen())

    @on(FilterLine.Closed)
    def leave_filter(self, event: FilterLine.Closed) -> None:
        """Go back to the list."""
        event.stop()
        self.list.focus()

    def action_filter(self) -> None:
        """Narrow the list."""
        self.post_message(self.FilterWanted())

    def action_import_file(self) -> None:
        """Import a file."""
        self.post_message(self.ImportWanted())

    def action_remove(self) -> None:
        """Remove what the chosen row stands for."""
        self.post_message(self.RemovalWanted())
