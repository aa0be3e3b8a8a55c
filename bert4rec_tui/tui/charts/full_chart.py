"""One chart full screen, with zoom and pan by plain keys."""

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from bert4rec_tui.tui.charts.axis import grown
from bert4rec_tui.tui.charts.chart import Chart, Plot
from bert4rec_tui.tui.shell.overlay import Overlay


class FullChart(Overlay[None], inherit_bindings=False):
    """One chart full screen.

    `plot_of` gives each of several charts as it is now; `adjust` carries out what the charts of the screen below share:
    the log axis, the x axis, the smoothing, the export.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter", "leave", "Back", id="chart.back", tooltip="Back to all charts"),
        Binding("right_square_bracket,tab", "turn(1)", "Next", id="chart.next", tooltip="Show the next chart"),
        Binding("left_square_bracket,shift+tab", "turn(-1)", "Previous", id="chart.previous", show=False,
                tooltip="Show the previous chart"),
        Binding("z", "zoom(0.5)", "Zoom in", id="chart.zoom_in", tooltip="Zoom in, keeping the newest values in view"),
        Binding("Z", "zoom(2)", "Zoom out", id="chart.zoom_out", show=False, tooltip="Zoom out"),
        Binding("left", "move(-1)", "Cursor left", id="chart.cursor_left", show=False,
                tooltip="Move the cursor left; the legend shows the values under it"),
        Binding("right", "move(1)", "Cursor right", id="chart.cursor_right", show=False,
                tooltip="Move the cursor right"),
        Binding("home", "move_to_end(0)", "Cursor first", id="chart.cursor_first", show=False,
                tooltip="Move the cursor to the first value in view"),
        Binding("end", "move_to_end(1)", "Cursor last", id="chart.cursor_last", show=False,
                tooltip="Move the cursor to the last value in view"),
        Binding("comma,less_than_sign", "pan(-0.25)", "Pan left", id="chart.left", show=False,
                tooltip="Pan to earlier values"),
        Binding("full_stop,greater_than_sign", "pan(0.25)", "Pan right", id="chart.right", show=False,
                tooltip="Pan to later values"),
        Binding("0", "reset", "Reset", id="chart.whole", show=False,
                tooltip="Show the whole curve, follow it, and hide the cursor"),
        Binding("a", "adjust('axis')", "X axis", id="chart.axis", show=False,
                tooltip="Change the x axis: epochs, steps, or time since the start"),
        Binding("e", "adjust('export')", "Export CSV", id="chart.export", show=False,
                tooltip="Write the data of this chart to a CSV file"),
        Binding("question_mark", "app.help", "Help", id="chart.help", show=False,
                tooltip="All keys that work here"),
        Binding("W", "app.picture", "Screenshot", id="chart.picture", show=False,
                tooltip="Save a screenshot as an SVG file"),
        Binding("l", "adjust('log')", "Log axis", id="chart.log", tooltip="Toggle a logarithmic axis for the loss"),
        Binding("plus,equals_sign", "adjust('smoother')", "More smoothing", id="chart.smoother", show=False,
                tooltip="Smooth the loss more"),
        Binding("minus", "adjust('rougher')", "Less smoothing", id="chart.rougher", show=False,
                tooltip="Smooth the loss less"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    FullChart { background: $background; }
    FullChart > Vertical {
        border: round $accent; border-title-color: $accent; border-title-style: bold;
        border-subtitle-color: $text-muted; padding: 0 1;
    }
    """

    def __init__(
        self, names: tuple[str, ...], first: str, plot_of: Callable[[str], Plot], adjust: Callable[[str], None]
    ) -> None:
        super().__init__()
        self.names, self.name_now, self.plot_of, self.adjust = names, first, plot_of, adjust
        self.window: tuple[float, float] | None = None  # None follows the whole curve
        self.cursor: float | None = None
        self.chart = Chart()

    def compose(self) -> ComposeResult:
        """The chart in a frame that names the keys."""
        with Vertical() as frame:
            frame.border_subtitle = Content(" esc back  arrows move the cursor  a x axis  z Z zoom  ] next  ? help ")
            yield self.chart

    def on_mount(self) -> None:
        """Draw."""
        self.redraw()

    def redraw(self) -> None:
        """Draw the chart as it is now, within the window."""
        plot = replace(self.plot_of(self.name_now), cursor=self.cursor)
        for chart in self.query(Chart):  # none while it opens or closes, when news of the run may come too
            chart.show(replace(plot, x_range=self.window) if self.window else plot)

    def _reach(self) -> float:
        xs, _ = self.plot_of(self.name_now).values()
        return grown(float(xs.max())) if len(xs) else 1.0

    def action_turn(self, steps: int) -> None:
        """Show the next chart, or the previous one."""
        self.name_now = self.names[(self.names.index(self.name_now) + steps) % len(self.names)]
        self.redraw()

    def action_zoom(self, factor: float) -> None:
        """Show more or less of the x axis; the newest values in the window stay in view."""
        reach = self._reach()
        low, high = self.window or (0.0, reach)
        span = (high - low) * factor
        if span >= reach:
            self.window = None
        elif span > reach / 10_000:
            self.window = (max(0.0, high - span), max(span, high))
        self.redraw()

    def action_pan(self, share: float) -> None:
        """Move the window along the x axis by a share of its width."""
        if self.window is None:
            return
        reach, (low, high) = self._reach(), self.window
        step = min(max((high - low) * share, -low), reach - high)
        self.window = (low + step, high + step)
        self.redraw()

    def action_move(self, cells: int) -> None:
        """Move the cursor by a cell; the first time it is at the end that it comes from."""
        view = next((chart.drawn for chart in self.query(Chart)), None)
        if view is None:
            return
        if self.cursor is None:
            self.action_move_to_end(1 if cells < 0 else 0)
            return
        span = view.x1 - view.x0
        self.cursor = min(max(self.cursor + 2 * cells * span / (view.columns - 1), 0.0), self._reach())
        if self.window and not view.x0 <= self.cursor <= view.x1:
            self.action_pan(0.25 if cells > 0 else -0.25)
        self.redraw()

    def action_move_to_end(self, end: int) -> None:
        """Put the cursor on the first or the last value in view."""
        xs, _ = replace(self.plot_of(self.name_now), x_range=self.window).values()
        if len(xs):
            self.cursor = float(xs.max() if end else xs.min())
        self.redraw()

    def action_reset(self) -> None:
        """Show the whole curve again."""
        self.window = self.cursor = None
        self.redraw()

    def action_adjust(self, what: str) -> None:
        """Change an option of all charts, or export this one."""
        self.adjust(what)
        if what == "axis":  # a position on one axis means nothing on another
            self.window = self.cursor = None
        self.redraw()

    def action_leave(self) -> None:
        """Back to the screen."""
        self.dismiss()
