"""The charts of the runs screen: which are shown, along what, how smooth, and their data as a file."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from bert4rec_tui.tui.charts.full_chart import FullChart
from bert4rec_tui.tui.charts.plot import Plot
from bert4rec_tui.tui.runs.following import RunCurves
from bert4rec_tui.tui.runs.plots import (
    AXES,
    CHARTS,
    FIRST_CHARTS,
    STRENGTHS,
    Shown,
    View,
    csv_of,
    fitting_strength,
    plot_of,
)
from bert4rec_tui.tui.runs.reading import RunsReading
from bert4rec_tui.tui.runs.view import LiveChart, RunPane, best_metric
from bert4rec_tui.tui.shell.export import write_export
from bert4rec_tui.tui.shell.multiple_choice import MultipleChoice


class RunCharts(RunsReading):
    """Draws the curves of the chosen run and of those marked; the screen says which they are."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "choose_charts", "Charts", id="runs.charts", show=False,
                tooltip="Choose the charts that are shown"),
        Binding("a", "turn_axis", "Along", id="runs.axis", show=False,
                tooltip="Draw along epochs, steps or the time since the start"),
        Binding("E", "export_chart", "Export CSV", id="runs.export_chart", show=False,
                tooltip="Write the data of the chart with the focus to a CSV file"),
        Binding("l", "log_axis", "Log axis", id="runs.log_axis", show=False,
                tooltip="A logarithmic axis for the loss, or not"),
        Binding("plus,equals_sign", "smooth(1)", "Smoother", id="runs.smoother", show=False,
                tooltip="Smooth the loss more"),
        Binding("minus", "smooth(-1)", "Rougher", id="runs.rougher", show=False, tooltip="Smooth the loss less"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.marks: dict[str, int] = {}
        self.chosen = ""
        self.charts: list[str] = list(FIRST_CHARTS)
        self.view = View()
        self.smoothing: float | None = None  # until one is chosen, what fits the curve
        self._curves: dict[str, RunCurves] = {}

    def shown_ids(self) -> list[str]:
        """The runs in the charts, the chosen one first."""
        return list(dict.fromkeys([*([self.chosen] if self.chosen else []), *self.marks]))

    def draw_charts(self) -> None:
        """Draw what is known now."""
        for chart in self.query(LiveChart):
            name = (chart.id or "").removeprefix("chart-")
            if name in self.charts:
                chart.show(self._plot(name))
        if isinstance(self.app.screen, FullChart):
            self.app.screen.redraw()

    def _plot(self, chart: str, strength: float | None = None) -> Plot:
        curves = [(run, self._curves[run]) for run in self.shown_ids() if run in self._curves]
        shown = [Shown(found, run[-4:], self.marks.get(run, 0)) for run, found in curves]
        known = list(self._curves[self.chosen].metrics) if self.chosen in self._curves else []
        strength = self._strength() if strength is None else strength
        view = View(strength, self.view.log, self.view.axis)
        return plot_of(chart, shown, best_metric(self.chosen_row, known), view)

    def _strength(self) -> float:
        curves = self._curves.get(self.chosen)
        return self.smoothing if self.smoothing is not None else fitting_strength(len(curves.loss) if curves else 0)

    def _focused_chart(self) -> str:
        focused = (self.focused.id or "") if self.focused else ""
        return focused.removeprefix("chart-") if focused.startswith("chart-") else self.charts[0]

    def action_log_axis(self) -> None:
        """Switch the axis of the loss."""
        self.view = View(log=not self.view.log, axis=self.view.axis)
        self.draw_charts()

    def action_turn_axis(self) -> None:
        """Draw along the next of epochs, steps and time."""
        self.view = View(log=self.view.log, axis=AXES[(AXES.index(self.view.axis) + 1) % len(AXES)])
        self.draw_charts()

    def action_smooth(self, steps: int) -> None:
        """Smooth the loss more, or less."""
        at = STRENGTHS.index(self._strength()) + steps
        self.smoothing = STRENGTHS[max(0, min(len(STRENGTHS) - 1, at))]
        self.draw_charts()

    @work(exclusive=True, group="question")
    async def action_choose_charts(self) -> None:
        """Ask which charts are to be shown."""
        chosen = await self.app.push_screen_wait(MultipleChoice("Show which charts?", CHARTS, self.charts))
        if chosen:
            self.charts = chosen
            self.query_one(RunPane).show_charts(chosen)
            self.draw_charts()

    def action_full_chart(self) -> None:
        """Open the chart with the focus, or the first, on the whole terminal."""
        if not self.chosen:
            return

        adjustments: dict[str, Callable[[], None]] = {
            "log": self.action_log_axis,
            "axis": self.action_turn_axis,
            "smoother": lambda: self.action_smooth(1),
            "rougher": lambda: self.action_smooth(-1),
            "export": lambda: self.export(full.name_now),
        }
        full = FullChart(tuple(CHARTS), self._focused_chart(), self._plot, lambda what: adjustments[what]())
        self.app.push_screen(full)

    def action_export_chart(self) -> None:
        """Write the data of the chart with the focus, or of the first, to a CSV file."""
        if self.chosen:
            self.export(self._focused_chart())

    def export(self, chart: str) -> None:
        """Write the data of a chart, not smoothed, to the current folder, or to the run's where that cannot be."""
        row = self.chosen_row
        if row is None:
            return
        content = csv_of(self._plot(chart, strength=0.0)).encode()
        self.write_csv(content, f"{row.run.id}-{chart}.csv", [Path.cwd(), row.run.path])

    @work(thread=True, group="export", exit_on_error=False)
    def write_csv(self, content: bytes, name: str, folders: list[Path]) -> None:
        """Write a file to the first folder that takes it, in a thread, and say where it is."""
        said, failed = write_export(content, name, folders)
        severity = "error" if failed else "information"
        self.app.call_from_thread(self.app.notify, said, severity=severity, markup=False, timeout=10)
