"""Compare: several runs side by side on the whole terminal."""

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
    """The first run, and every further one held against it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,c", "leave", "Back", id="compare.back", tooltip="Back to the runs"),
        Binding("right", "skip(1)", "Further runs", id="compare.right", show=False,
                tooltip="Show the runs for which there is no room"),
        Binding("left", "skip(-1)", "Runs before", id="compare.left", show=False,
                tooltip="Show the runs that were left out"),
        Binding("b", "change_base", "Another first run", id="compare.base",
                tooltip="Hold the others against the next run"),
        Binding("W", "app.picture", "Picture", id="compare.picture", show=False,
                tooltip="Write what the terminal shows to an SVG file"),
        Binding("question_mark", "app.help", "Help", id="compare.help", show=False,
                tooltip="What has the focus, and every key that works here"),
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
        self._lines: list[Content] = []

    def compose(self) -> ComposeResult:
        """The lines in a frame that names the keys."""
        with Vertical() as frame:
            frame.border_title = Content(f" Compare {len(self.comparison.rows)} runs ")
            frame.border_subtitle = Content(" j k g G scroll  b another first run  esc back ")
            yield ArrayList(self._line, header=self._header, head=2)

    def on_mount(self) -> None:
        """Show what is known, and ask for the rest."""
        self.query_one(ArrayList).focus()
        self.redraw()
        self.read()

    def on_resize(self) -> None:
        """Fit the columns."""
        self.call_after_refresh(self.redraw)

    def redraw(self) -> None:
        """Write the lines for the width there is."""
        rows = self.query_one(ArrayList)
        width = max(40, rows.size.width)
        self.skipped = min(self.skipped, self.comparison.most_skipped(width))
        self._lines = self.comparison.lines(width, self.skipped)
        rows.show_rows(len(self._lines))
        rows.refresh()

    def _line(self, row: int, width: int) -> Content:
        del width
        return self._lines[row] if row < len(self._lines) else Content("")

    def _header(self, width: int) -> list[Content]:
        return self.comparison.header(width, self.skipped)

    @work(exclusive=True, group="compare", exit_on_error=False)
    async def read(self) -> None:
        """Read the tests, and let our own command make the paired test of the runs that have one."""
        compared = self.comparison
        found = await asyncio.to_thread(lambda: {row.run.id: row.run.test_results() for row in compared.rows})
        compared = replace(compared, tests=found, said="")
        tested = [row.run.id for row in compared.rows if found[row.run.id]]
        untested = [row.run.short_id for row in compared.rows if not found[row.run.id]]
        missing = f"{' and '.join(untested)} {'are' if len(untested) > 1 else 'is'} not tested yet"
        if compared.rows[0].run.id not in tested or len(tested) < 2:
            said = f"{missing}; t on the runs screen goes to the test. The paired test needs two that are."
            self._show(replace(compared, said=said))
            return
        self._show(replace(compared, said="Resampling users…"))
        try:
            paired = await self.application.run_command("compare", *tested)
        except CommandError as error:
            self._show(replace(compared, said=str(error)))
        else:
            self._show(replace(compared, paired=paired, said=f"{missing}." if untested else ""))

    def _show(self, comparison: Comparison) -> None:
        self.comparison = comparison
        self.redraw()

    def action_skip(self, runs: int) -> None:
        """Show runs further to the right, or back."""
        self.skipped = max(0, self.skipped + runs)
        self.redraw()

    def action_change_base(self) -> None:
        """Make the next run the first."""
        rows = self.comparison.rows
        self._show(Comparison([*rows[1:], rows[0]], self.comparison.tests))
        self.read()

    def action_leave(self) -> None:
        """Back to the runs."""
        self.dismiss()
