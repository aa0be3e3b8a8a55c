"""Compare: several runs side by side, full screen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from bert4rec_tui.runs.listing import RunRow
from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.runs.comparison import Comparison
from bert4rec_tui.tui.shell.child_command import CommandError
from bert4rec_tui.tui.shell.overlay import Overlay


class CompareScreen(Overlay[None], inherit_bindings=False):
    """The baseline run, and the others compared with it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,c", "leave", "Back", id="compare.back", tooltip="Back to the runs"),
        Binding("right", "skip(1)", "Runs to the right", id="compare.right", show=False,
                tooltip="Show the runs to the right"),
        Binding("left", "skip(-1)", "Runs to the left", id="compare.left", show=False,
                tooltip="Show the runs to the left"),
        Binding("b", "change_baseline", "Change baseline", id="compare.base",
                tooltip="Compare the others with the next run"),
        Binding("W", "app.picture", "Screenshot", id="compare.picture", show=False,
                tooltip="Save a screenshot as an SVG file"),
        Binding("question_mark", "app.help", "Help", id="compare.help", show=False,
                tooltip="Help on what has the focus, and all keys that work here"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    CompareScreen { background: $background; }
    CompareScreen > Vertical {
        border: round $accent; border-title-color: $accent; border-title-style: bold;
        border-subtitle-color: $text-muted; padding: 0 1;
    }
    """

    def __init__(self, rows: Sequence[RunRow]) -> None:
        super().__init__()
        self.comparison = Comparison(rows)
        self.skipped = 0
        self.list = ArrayList(self._line, header=self._header, head=2)
        self._lines: list[Content] = []

    def compose(self) -> ComposeResult:
        """The lines in a frame that names the keys."""
        with Vertical() as frame:
            frame.border_title = Content(f" Compare {len(self.comparison.rows)} runs ")
            frame.border_subtitle = Content(" j k g G scroll  b change baseline  esc back ")
            yield self.list

    def on_mount(self) -> None:
        """Show what is known, and read the rest."""
        self.list.focus()
        self.redraw()
        self.read()

    def on_resize(self) -> None:
        """Fit the columns."""
        self.call_after_refresh(self.redraw)

    def redraw(self) -> None:
        """Write the lines for the width there is."""
        width = max(40, self.list.size.width)
        self.skipped = min(self.skipped, self.comparison.most_skipped(width))
        self._lines = self.comparison.lines(width, self.skipped)
        self.list.show_rows(len(self._lines))
        self.list.refresh()

    def _line(self, row: int, width: int) -> Content:
        del width
        return self._lines[row] if row < len(self._lines) else Content("")

    def _header(self, width: int) -> list[Content]:
        return self.comparison.header(width, self.skipped)

    @work(exclusive=True, group="compare", exit_on_error=False)
    async def read(self) -> None:
        """Read the test results, and have our own command make the paired test of the runs that have them."""
        compared = self.comparison
        found = await asyncio.to_thread(lambda: {row.run.id: row.run.test_results() for row in compared.rows})
        compared = replace(compared, tests=found, message="")
        tested = [row.run.id for row in compared.rows if found[row.run.id]]
        not_tested = [row.run.short_id for row in compared.rows if not found[row.run.id]]
        missing = f"{' and '.join(not_tested)} {'have' if len(not_tested) > 1 else 'has'} not been tested"
        if compared.rows[0].run.id not in tested or len(tested) < 2:
            message = f"{missing}; press t on the Runs screen to test. The paired test needs two tested runs."
            self._show(replace(compared, message=message))
            return
        self._show(replace(compared, message="Resampling users…"))
        try:
            paired = await self.application.run_command("compare", *tested)
        except CommandError as error:
            self._show(replace(compared, message=str(error)))
        else:
            self._show(replace(compared, paired=paired, message=f"{missing}." if not_tested else ""))

    def _show(self, comparison: Comparison) -> None:
        self.comparison = comparison
        self.redraw()

    def action_skip(self, runs: int) -> None:
        """Show runs further to the right, or back."""
        self.skipped = max(0, self.skipped + runs)
        self.redraw()

    def action_change_baseline(self) -> None:
        """Make the next run the baseline."""
        rows = self.comparison.rows
        self._show(Comparison([*rows[1:], rows[0]], self.comparison.tests))
        self.read()

    def action_leave(self) -> None:
        """Back to the runs."""
        self.dismiss()
