"""Datasets: what is there, raw or prepared, and its preparation."""

from dataclasses import dataclass
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets.option_list import Option

from bert4rec_tui.tui.datasets.detail import DatasetDetail
from bert4rec_tui.tui.datasets.facts import DatasetFacts
from bert4rec_tui.tui.datasets.preparing import DatasetsDoing
from bert4rec_tui.tui.datasets.rows import DatasetRow, read_rows
from bert4rec_tui.tui.datasets.welcome import Welcome
from bert4rec_tui.tui.lists.filter_line import FilterLine
from bert4rec_tui.tui.shell.choice_list import ChoiceList
from bert4rec_tui.tui.shell.text import MUTED, count, cut
from bert4rec_tui.tui.shell.text_input import TextInput


class DatasetsScreen(DatasetsDoing):
    """What can be trained on, and its preparation."""

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
        self._filter = ""
        self._first = True

    def compose_body(self) -> ComposeResult:
        """The list, the chosen dataset, and on a first start the welcome in its place."""
        with Vertical(id="list-pane"):
            yield ChoiceList(id="rows", markup=False)
            yield FilterLine(placeholder="letters of the name")
        with Vertical(id="welcome-pane", classes="-absent"):
            yield Welcome(self.application.ascii)
        yield DatasetDetail(self.application.ascii, id="detail")
        with Vertical(id="facts-pane", classes="-absent"):
            yield DatasetFacts(self.application.ascii)

    def on_mount(self) -> None:
        """Name the panes."""
        self.query_one("#list-pane").border_title = "Datasets"
        self.query_one("#welcome-pane").border_title = "Welcome"
        self.query_one("#facts-pane").border_title = "What is in it"
        self.query_one("#rows").focus()

    def on_resize(self, event: events.Resize) -> None:
        """In a very wide terminal the figures have a pane of their own."""
        del event
        for show in (self._show_facts, self._say_foot):
            self.call_later(show)  # the screen learns only after this how wide it is

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
        self.post_message(self.Loaded(read_rows(), bool(self.application.runs.runs())))

    @on(Loaded)
    def show_rows(self, message: Loaded) -> None:
        """Show what there is; on a first start, the welcome."""
        self.rows = message.rows
        if self._first and not message.any_run and not any(row.prepared for row in self.rows):
            self.show_welcome(True)
        self._first = False
        self._fill()

    def show_welcome(self, shown: bool) -> None:
        """Show the welcome in the place of the chosen dataset, or the other way round."""
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
            tick = "+" if self.application.ascii else "✓"
            name, state = row.prepared.id, Content.styled(f"{tick} prepared", "$text-success")
            branch = "- " if self.application.ascii else "└ "
            name = f"{branch}{name}" if row.known else name
        elif row.damaged is not None:
            cross = "x" if self.application.ascii else "✗"
            number, name, state = 0, row.damaged.id, Content.styled(f"{cross} damaged", "$text-error")
        else:
            number, name = row.known.ratings if row.known else 0, row.name
            state = Content.styled("here" if row.here else "to download", MUTED)
        return Content(cut(name, 20, self.application.ascii) + f"{count(number):>11}  ") + state

    @on(ChoiceList.OptionHighlighted, "#rows")
    def show_row(self, event: ChoiceList.OptionHighlighted) -> None:
        """Show the dataset that is marked."""
        self._show(next((row for row in self.rows if row.key == event.option_id), None))

    def _show(self, row: DatasetRow | None) -> None:
        self.detail.show(row, [found.prepared for found in self.rows if found.prepared is not None])

    @on(ChoiceList.OptionSelected, "#rows")
    def open_row(self) -> None:
        """Enter goes to the settings."""
        self.show_welcome(False)
        self.choose_pane(self.detail)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The welcome gives way as soon as one goes to the list."""
        welcomed = not self.query_one("#welcome-pane").has_class("-absent")
        if event.widget.id == "rows" and welcomed and not self.working and not self.is_late(event):
            self.show_welcome(False)

    def action_filter(self) -> None:
        """Narrow the list."""
        self.show_welcome(False)
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
