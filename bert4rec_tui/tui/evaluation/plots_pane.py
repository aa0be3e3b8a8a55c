"""Recall and NDCG against k, a curve for each protocol."""

from textual.app import ComposeResult

from bert4rec_tui.tui.charts.chart import Chart
from bert4rec_tui.tui.evaluation.results import plot_by_k
from bert4rec_tui.tui.evaluation.session import EvaluationSession
from bert4rec_tui.tui.shell.pane import Pane


class PlotsPane(Pane):
    """Recall and NDCG by k."""

    def __init__(self, session: EvaluationSession) -> None:
        super().__init__(id="plots-pane")
        self.border_title = "Recall and NDCG by k"
        self.session = session
        self.recall, self.ndcg = Chart(id="recall-plot"), Chart(id="ndcg-plot")

    def compose(self) -> ComposeResult:
        """The two charts."""
        yield self.recall
        yield self.ndcg

    def show(self) -> None:
        """Draw the curves of every protocol of the table."""
        results, protocols = self.session.results, self.session.table_protocols
        self.recall.show(plot_by_k("Recall", results, protocols))
        self.ndcg.show(plot_by_k("NDCG", results, protocols))
