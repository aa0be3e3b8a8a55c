"""The pane of the selected run: how far it is, its charts, and how busy the machine is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid
from textual.content import Content
from textual.message import Message

from bert4rec_tui.progress import memory
from bert4rec_tui.runs.events import System
from bert4rec_tui.tui.charts.chart import Chart
from bert4rec_tui.tui.charts.full_chart import FullChart
from bert4rec_tui.tui.charts.plot import Plot
from bert4rec_tui.tui.runs.chart_options import CHARTS
from bert4rec_tui.tui.runs.plots import csv_of, plot_of
from bert4rec_tui.tui.runs.run_header import RunHeader
from bert4rec_tui.tui.runs.session import RunsSession
from bert4rec_tui.tui.shell.export import write_export
from bert4rec_tui.tui.shell.lines import Lines
from bert4rec_tui.tui.shell.multiple_choice import MultipleChoice
from bert4rec_tui.tui.shell.pane import Pane
from bert4rec_tui.tui.shell.titles import retitle


class LiveChart(Chart, can_focus=True):
    """A chart of the selected run."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "enlarge", "Enlarge", id="runs.full_chart", show=False,
                tooltip="Show this chart full screen, with zoom and pan"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    LiveChart:focus > .chart--title { color: $accent; text-style: bold underline; }
    """

    @dataclass
    class Enlarged(Message):
        """The chart is to be shown full screen."""

    def action_enlarge(self) -> None:
        """Ask to be shown full screen."""
        self.post_message(self.Enlarged())


class RunPane(Pane):
    """The charts of the selected run and of the marked ones."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "choose_charts", "Charts", id="runs.charts", show=False, tooltip="Choose the charts to show"),
        Binding("a", "next_axis", "X axis", id="runs.axis", show=False,
                tooltip="Change the x axis: epochs, steps, or time since the start"),
        Binding("E", "export_chart", "Export CSV", id="runs.export_chart", show=False,
                tooltip="Write the data of the focused chart to a CSV file"),
        Binding("l", "log_axis", "Log axis", id="runs.log_axis", show=False,
                tooltip="Toggle a logarithmic axis for the loss"),
        Binding("plus,equals_sign", "smooth(1)", "More smoothing", id="runs.smoother", show=False,
                tooltip="Smooth the loss more"),
        Binding("minus", "smooth(-1)", "Less smoothing", id="runs.rougher", show=False,
                tooltip="Smooth the loss less"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    RunPane Grid { grid-size: 2 2; grid-rows: 3fr 2fr; grid-gutter: 0 2; height: 1fr; margin: 1 0 0 0; }
    RunPane #machine { height: 1; color: $text-muted; }
    """

    @dataclass
    class Exported(Message):
        """A chart was written to a file, or could not be; `sentence` says where, or why."""

        sentence: str
        failed: bool

    def __init__(self, session: RunsSession, *, id: str) -> None:
        super().__init__(id=id)
        self.session = session
        self.header = RunHeader(session)
        self.grid = Grid()
        self.charts = {name: LiveChart(id=f"chart-{name}") for name in CHARTS}
        self.machine = Lines(id="machine")
        self._full_chart: FullChart | None = None

    def compose(self) -> ComposeResult:
        """The head, the charts, the line on the machine."""
        yield self.header
        with self.grid:
            yield from self.charts.values()
        yield self.machine

    def on_mount(self) -> None:
        """Lay the charts out."""
        self.lay_out_charts()

    def show_run(self, hint: str) -> None:
        """Show which run it is and how far; `hint` is at the foot of the pane."""
        row = self.session.selected_row
        retitle(self, Content(row.run.id if row else "No run selected"), Content(hint))
        self.header.show()

    def show_curves(self) -> None:
        """Draw the charts and the line on the machine as they are known now."""
        row, curves = self.session.selected_row, self.session.selected_curves
        live, ascii = row is not None and row.live, self.application.ascii
        self.machine.show(lambda _: [describe_system(curves.system, live, ascii)])
        self.draw_charts()

    def draw_charts(self) -> None:
        """Draw the charts that are shown, and the one that is shown full screen."""
        for name in self.session.options.charts:
            self.charts[name].show(self.plot(name))
        if self._full_chart is not None:
            self._full_chart.redraw()

    def plot(self, chart: str) -> Plot:
        """A chart as it is known now."""
        session = self.session
        return plot_of(chart, session.charted_runs(), session.metric, session.options, session.smoothing)

    def lay_out_charts(self) -> None:
        """Show the chosen charts and no others, two side by side."""
        names = self.session.options.charts
        for name, chart in self.charts.items():
            chart.display = name in names
        styles = self.grid.styles
        styles.grid_size_columns = min(2, len(names))
        styles.grid_size_rows = -(-len(names) // 2)
        styles.grid_rows = "3fr 2fr" if len(names) in (3, 4) else "1fr"

    def focused_chart(self) -> str:
        """The chart with the focus, or the first."""
        return next((name for name, chart in self.charts.items() if chart.has_focus), self.session.options.charts[0])

    def action_log_axis(self) -> None:
        """Toggle the logarithmic axis of the loss."""
        self.session.options = self.session.options.with_log_toggled()
        self.draw_charts()

    def action_next_axis(self) -> None:
        """Draw over the next of epochs, steps and time."""
        self.session.options = self.session.options.with_next_axis()
        self.draw_charts()

    def action_smooth(self, levels: int) -> None:
        """Smooth the loss more, or less."""
        self.session.smooth_more(levels)
        self.draw_charts()

    @work(exclusive=True, group="question")
    async def action_choose_charts(self) -> None:
        """Ask which charts to show."""
        names = self.session.options.charts
        chosen = await self.app.push_screen_wait(MultipleChoice("Show which charts?", CHARTS, names))
        if chosen:
            self.session.options = self.session.options.with_charts(chosen)
            self.lay_out_charts()
            self.draw_charts()

    @on(LiveChart.Enlarged)
    def enlarge_chart(self) -> None:
        """Show the chart with the focus, or the first, full screen."""
        if not self.session.selected:
            return
        actions: dict[str, Callable[[], None]] = {
            "log": self.action_log_axis,
            "axis": self.action_next_axis,
            "smoother": lambda: self.action_smooth(1),
            "rougher": lambda: self.action_smooth(-1),
            "export": lambda: self.export(full.name_now),
        }
        full = self._full_chart = FullChart(
            tuple(CHARTS), self.focused_chart(), self.plot, lambda what: actions[what]()
        )
        self.app.push_screen(full, self._full_chart_closed)

    def _full_chart_closed(self, _: None) -> None:
        self._full_chart = None

    def action_export_chart(self) -> None:
        """Write the data of the chart with the focus, or of the first, to a CSV file."""
        if self.session.selected:
            self.export(self.focused_chart())

    def export(self, chart: str) -> None:
        """Write the data of a chart, not smoothed, to the current folder, or to the run's where that cannot be."""
        session, row = self.session, self.session.selected_row
        if row is not None:
            plot = plot_of(chart, session.charted_runs(), session.metric, session.options)
            self.write_csv(csv_of(plot).encode(), f"{row.run.id}-{chart}.csv", [Path.cwd(), row.run.path])

    @work(thread=True, group="export", exit_on_error=False)
    def write_csv(self, content: bytes, name: str, folders: list[Path]) -> None:
        """Write a file to the first folder that takes it, in a thread, and say where it is."""
        sentence, failed = write_export(content, name, folders)
        self.post_message(self.Exported(sentence, failed))

    @on(Exported)
    def report_export(self, message: Exported) -> None:
        """Say where the file is."""
        severity = "error" if message.failed else "information"
        self.app.notify(message.sentence, severity=severity, markup=False, timeout=10)


def describe_system(system: System | None, live: bool, ascii: bool) -> Content:
    """One line on processor, memory and GPU; "no GPU" where there is none."""
    if system is None:
        return Content("")
    used = f"{system.memory / 2**30:.1f} of {memory(system.memory_total)}"
    parts = [f"CPU {system.cpu:.0f}%", f"memory {used}, run {memory(system.process_memory)}"]
    if system.gpu is None and system.gpu_memory is None:
        parts.insert(1, "no GPU")
    else:
        gpu = "GPU" + (f" {system.gpu:.0f}%" if system.gpu is not None else "")
        if system.gpu_memory is not None and system.gpu_memory_total:
            gpu += f"  {system.gpu_memory / 2**30:.0f} of {system.gpu_memory_total / 2**30:.0f} GiB"
        if system.gpu_temperature is not None:
            gpu += f"  {system.gpu_temperature:.0f}" + (" C" if ascii else " °C")
        parts.insert(0, gpu)
        if system.gpu_power is not None:
            parts.append(f"GPU {system.gpu_power:.0f} W")
    at = "" if live else f"last seen {datetime.fromtimestamp(system.at):%d %b %H:%M}:  "
    return Content(at + ("  |  " if ascii else "  ·  ").join(parts))
