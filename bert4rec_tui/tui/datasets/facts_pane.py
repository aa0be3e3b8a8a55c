"""What is in the chosen dataset, at length: the third pane of a very wide terminal."""

from textual.app import ComposeResult

from bert4rec_tui.tui.datasets.figures import DatasetFacts
from bert4rec_tui.tui.datasets.session import DatasetsSession
from bert4rec_tui.tui.shell.pane import Pane


class FactsPane(Pane):
    """Figures of the selected dataset."""

    def __init__(self, session: DatasetsSession, id: str, classes: str) -> None:
        super().__init__(id=id, classes=classes)
        self.session = session

    def compose(self) -> ComposeResult:
        """The figures alone."""
        yield DatasetFacts(self.session, self.application.ascii)

    def on_mount(self) -> None:
        """Name the pane."""
        self.border_title = "Statistics"

    def show_figures(self) -> None:
        """Draw them anew."""
        self.query_one(DatasetFacts).refresh()
