"""One chart: curves over a common axis, drawn on textual-plot's canvas with its tick formatter.

That library's own plot widget cannot do all we need: gaps stay gaps, a value that is not a number gets a mark, lines
differ in style as well as in colour, and everything can be drawn in ASCII.
"""

from textwrap import wrap
from typing import ClassVar

import numpy as np
from rich.cells import cell_len
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual_hires_canvas import Canvas

from bert4rec_tui.tui.charts.axis import LinearFormatter, LogFormatter, grown, short_number, y_range
from bert4rec_tui.tui.charts.changed_regions import changed_regions
from bert4rec_tui.tui.charts.plot import Plot, Series
from bert4rec_tui.tui.charts.raster import LineStyle, View, band, braille, cells_with_dots, curve, sparse
from bert4rec_tui.tui.shell.text import clean, cut

COLOURS = 6  # the component classes chart--series-0 … 5
STYLES: tuple[LineStyle, ...] = ("solid", "dashed", "dotted")
MARKERS = "●■▲◆★✚"
ASCII_MARKERS = "*#^o%&"
SAMPLES: dict[LineStyle, str] = {"solid": "──", "dashed": "╌╌", "dotted": "··"}
ASCII_SAMPLES: dict[LineStyle, str] = {"solid": "--", "dashed": "- ", "dotted": ".."}


class Chart(Canvas):
    """Draws a Plot again whenever it or the size changes."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--axis",
        "chart--title",
        "chart--not-finite",
        "chart--alert",
        "chart--quiet",
        *(f"chart--series-{n}" for n in range(COLOURS)),
        *(f"chart--band-{n}" for n in range(COLOURS)),
    }
    # Okabe and Ito's colours, which colour-blind people tell apart too.
    DEFAULT_CSS = """
    Chart { width: 1fr; height: 1fr; }
    Chart > .chart--axis { color: $foreground 45%; }
    Chart > .chart--title { color: $foreground; text-style: bold; }
    Chart > .chart--not-finite { color: $text-error; text-style: bold; }
    Chart > .chart--alert { color: $text-warning; text-style: bold; }
    Chart > .chart--quiet { color: $foreground 40%; }
    Chart > .chart--series-0 { color: #56B4E9; }
    Chart > .chart--series-1 { color: #E69F00; }
    Chart > .chart--series-2 { color: #00B386; }
    Chart > .chart--series-3 { color: #CC79A7; }
    Chart > .chart--series-4 { color: #F0E442; }
    Chart > .chart--series-5 { color: #D55E00; }
    Chart > .chart--band-0 { color: #56B4E9 55%; }
    Chart > .chart--band-1 { color: #E69F00 55%; }
    Chart > .chart--band-2 { color: #00B386 55%; }
    Chart > .chart--band-3 { color: #CC79A7 55%; }
    Chart > .chart--band-4 { color: #F0E442 55%; }
    Chart > .chart--band-5 { color: #D55E00 55%; }
    """

    _drawing = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(1, 1, id=id, classes=classes)
        self.plot = Plot("")
        self.drawn: View | None = None  # what was drawn last

    @property
    def ascii(self) -> bool:
        """Whether to draw with ASCII alone."""
        return bool(getattr(self.app, "ascii", False))

    def show(self, plot: Plot) -> None:
        """Draw this from now on."""
        self.plot = plot
        self.draw()

    def on_resize(self, event: events.Resize) -> None:
        """Draw for the new size."""
        del event
        self.draw()

    def render_line(self, y: int) -> Strip:
        """A line of the canvas; where it has none yet, a blank one, with a style as filters of colour want it."""
        strip = super().render_line(y)
        return strip if strip.cell_length else Strip.blank(self.size.width, self.rich_style)

    def notify_style_update(self) -> None:
        """Draw in the colours of the new theme."""
        super().notify_style_update()
        self.draw()

    def draw(self) -> None:
        """Put title, axes, curves and marks on the canvas."""
        if not self.is_attached or self.size.width < 12 or self.size.height < 3:
            return
        before = self._buffer, self._styles
        self._drawing = True
        try:
            self._draw_all()
        finally:
            self._drawing = False
        changed = changed_regions(before, (self._buffer, self._styles))
        if changed is None:
            self.refresh()
        elif changed:
            self.refresh(*changed)

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> "Chart":
        """Ask for a repaint; while the canvas is being drawn, whose every dot asks for one, nothing is asked."""
        if not self._drawing or layout or recompose:
            super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        return self

    def _draw_all(self) -> None:
        with self.batch_refresh():
            self.reset(size=self.size, refresh=False)
            self._draw_title()
            xs, ys = self.plot.values()
            if len(ys):
                self._draw_plot(xs, ys)
            else:
                message = self.plot.empty if not len(xs) else "not a number so far"
                lines = wrap(message, max(10, self.size.width - 4))
                for y, line in enumerate(lines, max(1, (self.size.height - len(lines) + 1) // 2)):
                    self._write(2, y, line, self._style("quiet"))

    def _style(self, name: str) -> str:
        style = self.get_component_rich_style(f"chart--{name}")
        return str(style.without_color + style.from_color(style.color))

    def _write(self, x: int, y: int, text: str, style: str) -> None:
        """Write text from a cell on; what does not fit on the line is cut."""
        for character in clean(text):
            width = cell_len(character)
            if width != 1:  # the canvas holds one character a cell
                character, width = "?", 1
            self.set_pixel(x, y, character, style)
            x += width

    def _draw_title(self) -> None:
        title = self.plot.title + (" · log" if self.plot.log else "")
        if self.plot.cursor is not None:
            title += f" · {self.plot.x_label} {short_number(self.plot.cursor)}"
        title = title.replace("·", "-") if self.ascii else title
        legend = self._legend(self.size.width - cell_len(title) - 2)
        self._write(0, 0, cut(title, self.size.width, self.ascii).rstrip(), self._style("title"))
        x = self.size.width - sum(cell_len(text) for text, _ in legend)
        for text, style in legend:
            self._write(x, 0, text, style)
            x += cell_len(text)

    def _legend(self, room: int) -> list[tuple[str, str]]:
        """The last value of a curve, or for several their marker, label and value, as much as fits."""
        shown = [one for one in self.plot.series if len(one.x)]
        if not shown:
            return []
        if len(shown) == 1 and len(self.plot.series) == 1:
            one = shown[0]
            text = " ".join(filter(None, [one.label, self._last(one)]))
            return [(text, self._style(f"series-{one.number % COLOURS}"))] if cell_len(text) <= room else []
        for with_line, with_value in ((True, True), (False, True), (False, False)):
            entries = [
                (
                    self._marker(one)
                    + (self._sample(one) if with_line else "")
                    + f"{clean(one.label)}"
                    + (f" {self._last(one)}" if with_value else "")
                    + " ",
                    self._style(f"series-{one.number % COLOURS}"),
                )
                for one in shown
            ]
            if sum(cell_len(text) for text, _ in entries) <= room:
                return entries
        kept: list[tuple[str, str]] = []
        for text, style in entries:
            if sum(cell_len(other) for other, _ in kept) + cell_len(text) <= room:
                kept.append((text, style))
        return kept

    def _last(self, series: Series) -> str:
        """The newest value, or that under the cursor."""
        if self.plot.cursor is None:
            return short_number(float(series.y[-1]))
        value = series.value_at(self.plot.cursor)
        return short_number(value) if np.isfinite(value) else ("-" if self.ascii else "–")

    def _marker(self, series: Series) -> str:
        return (ASCII_MARKERS if self.ascii else MARKERS)[series.number % COLOURS]

    def _sample(self, series: Series) -> str:
        return (ASCII_SAMPLES if self.ascii else SAMPLES)[self._line(series)] + " "

    @staticmethod
    def _line(series: Series) -> LineStyle:
        return STYLES[series.number % len(STYLES)]

    def _draw_plot(self, xs: np.ndarray, ys: np.ndarray) -> None:
        width, height = self.size
        label_rows = 1 if height >= 5 else 0
        axis_row = 1 if height >= 9 else 0
        rows = height - 1 - label_rows - axis_row
        y0, y1 = self._y_range(ys)
        formatter = LogFormatter() if self.plot.log else LinearFormatter()
        ticks, labels = formatter.get_ticks_and_labels(y0, y1, max(3, min(rows // 2 + 1, rows // 3 + 2)))
        margin = max((len(label) for label in labels), default=0) + 1
        columns = max(2, width - margin - 1)
        x0, x1 = self.plot.x_range or self._x_range(xs)
        view = View(x0, x1, y0, y1, columns * 2, rows * 4, self.plot.log)
        self.drawn = view
        self._draw_axes(view, margin, ticks, labels, label_rows, axis_row)
        self._draw_cursor(view, margin + 1)
        self._draw_curves(view, margin + 1)
        self._draw_marks(view, margin + 1)

    def _x_range(self, xs: np.ndarray) -> tuple[float, float]:
        low, high = float(xs.min()), float(xs.max())
        if low >= 0 and low <= high / 2:
            return 0.0, grown(high)
        return low, high if high > low else low + 1

    def _y_range(self, ys: np.ndarray) -> tuple[float, float]:
        """A range that holds all values and changes by steps."""
        if self.plot.y_range:
            return self.plot.y_range
        return y_range(float(ys.min()), float(ys.max()), self.plot.log, self.plot.from_zero)

    def _draw_axes(
        self, view: View, margin: int, ticks: list[float], labels: list[str], label_rows: int, axis_row: int
    ) -> None:
        axis = self._style("axis")
        rows = view.rows // 4
        upright, tick, corner, flat, down = "|++-+" if self.ascii else "│┤└─┬"
        for row in range(rows):
            self.set_pixel(margin, 1 + row, upright, axis)
        for value, label in zip(ticks, labels, strict=True):
            row = float(view.row(np.array([value]))[0])
            if not np.isfinite(row):
                continue
            y = 1 + min(rows - 1, max(0, int((row + 0.5) // 4)))
            self.set_pixel(margin, y, tick, axis)
            self._write(margin - 1 - len(label), y, label, axis)
        if axis_row:
            self.set_pixel(margin, 1 + rows, corner, axis)
            for x in range(margin + 1, self.size.width):
                self.set_pixel(x, 1 + rows, flat, axis)
        if not label_rows:
            return
        bottom = self.size.height - 1
        name = self.plot.x_label
        name_at = self.size.width - len(name)
        if name:
            self._write(name_at, bottom, name, axis)
        taken = margin - 1
        at, words = LinearFormatter().get_ticks_and_labels(view.x0, view.x1, max(2, view.columns // 2 // 6))
        for value, label in self.plot.x_ticks or zip(at, words, strict=True):
            cell = margin + 1 + int(view.column(np.array([value]))[0]) // 2
            # The last of a few named places is told too, at the edge; of numbers the next one will do.
            last = name_at - len(label) if self.plot.x_ticks and not name else cell
            start = max(margin, min(cell - len(label) // 2, last))
            if cell >= self.size.width or start <= taken or start + len(label) > name_at - (1 if name else 0):
                continue
            self._write(start, bottom, label, axis)
            taken = start + len(label)
            if axis_row:
                self.set_pixel(cell, bottom - 1, down, axis)

    def _draw_cursor(self, view: View, left: int) -> None:
        if self.plot.cursor is None:
            return
        column = int(view.column(np.array([self.plot.cursor]))[0])
        if 0 <= column < view.columns:
            for row in range(view.rows // 4):
                self.set_pixel(left + column // 2, 1 + row, "|" if self.ascii else "┊", self._style("title"))

    def _draw_curves(self, view: View, left: int) -> None:
        """Lay the curves over each other: their dots are joined, the colour is that of the last one."""
        rows, columns = view.rows // 4, view.columns // 2
        codes, owner = np.zeros((rows, columns), np.int64), np.full((rows, columns), -1)
        layers: list[tuple[str, str]] = []  # the style and the ASCII character of each

        def lay(dots: np.ndarray, style: str, character: str) -> None:
            bits = cells_with_dots(dots).astype(np.int64) if self.ascii else braille(dots)
            codes[:] |= bits
            owner[bits > 0] = len(layers)
            layers.append((style, character))

        several = len(self.plot.series) > 1
        for one in reversed(self.plot.series):
            if one.low is None or one.high is None:
                continue
            dots = band(one.x, one.low, one.high, view)
            if several:  # every other dot, so that bands over each other and the lines in them can be told apart
                lay(sparse(dots, one.number), self._style(f"band-{one.number % COLOURS}"), ".")
            else:
                lay(dots, self._style("quiet"), ".")
        bands = codes.copy()
        if several:  # within a cell a line stands alone: the dots of the bands would hide its style
            codes[:] = 0
        for one in reversed(self.plot.series):
            line = "solid" if self.ascii else self._line(one)
            dots = curve(one.x, one.y, view, line)
            lay(dots, self._style(f"series-{one.number % COLOURS}"), self._marker(one))
        codes = np.where(codes, codes, bands)
        for row, column in np.argwhere(owner >= 0).tolist():
            style, character = layers[int(owner[row, column])]
            self.set_pixel(left + column, 1 + row, character if self.ascii else chr(int(codes[row, column])), style)

    def _draw_marks(self, view: View, left: int) -> None:
        """Mark the newest point of each of several curves, the best one, and where a value is not a number."""
        for one in reversed(self.plot.series):
            style = self._style(f"series-{one.number % COLOURS}")
            if len(self.plot.series) > 1 and (finite := np.flatnonzero(np.isfinite(one.y))).size:
                self._mark(view, left, float(one.x[finite[-1]]), float(one.y[finite[-1]]), self._marker(one), style)
            if one.best >= 0 and len(self.plot.series) == 1:
                self._mark(
                    view, left, float(one.x[one.best]), float(one.y[one.best]), "@" if self.ascii else "◆", style
                )
            not_finite = np.concatenate([one.x[~np.isfinite(one.y)], one.not_finite])
            for places, mark, style in (
                (one.alerts, "!", self._style("alert")),
                (not_finite, "x" if self.ascii else "✗", self._style("not-finite")),
            ):
                for column in np.unique(view.column(places)):
                    if 0 <= column < view.columns:
                        self.set_pixel(left + int(column) // 2, 1, mark, style)

    def _mark(self, view: View, left: int, x: float, y: float, character: str, style: str) -> None:
        column, row = int(view.column(np.array([x]))[0]), float(view.row(np.array([y]))[0])
        if 0 <= column < view.columns and np.isfinite(row) and -0.5 <= row <= view.rows - 0.5:
            self.set_pixel(left + column // 2, 1 + int(max(0.0, row)) // 4, character, style)
