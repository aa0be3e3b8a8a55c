"""Train: the configuration as a form, and its launch."""

from textual.app import ComposeResult
from textual.widgets import Static

from bert4rec_tui.tui.screens.base import MainScreen


class TrainScreen(MainScreen):
    """The configuration of a run."""

    def compose_body(self) -> ComposeResult:
        """The form and what it means."""
        yield Static("Train", markup=False)
