"""Datasets: what is there, raw or prepared, and its preparation."""

from textual.app import ComposeResult
from textual.widgets import Static

from bert4rec_tui.tui.screens.base import MainScreen


class DatasetsScreen(MainScreen):
    """What can be trained on."""

    def compose_body(self) -> ComposeResult:
        """The list and the chosen dataset."""
        yield Static("Datasets", markup=False)
