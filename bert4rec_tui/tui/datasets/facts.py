"""Where a dataset comes from, and what a prepared one is like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

from bert4rec_tui.tui.datasets.rows import DatasetRow
from bert4rec_tui.tui.datasets.stats import FEW, DatasetStats, bars_text, tall_bars
from bert4rec_tui.tui.shell.text import MUTED, clean, count, cut, share, size

if TYPE_CHECKING:
    from bert4rec_tui.data.dataset import PreparedDataset


class DatasetSource(Widget):
    """Source and licence, two lines."""

    DEFAULT_CSS = """
    DatasetSource { height: 2; width: 1fr; margin-bottom: 1; }
    """

    def __init__(self, ascii: bool = False) -> None:
        super().__init__()
        self.ascii = ascii
        self.row: DatasetRow | None = None

    def show(self, row: DatasetRow | None) -> None:
        """Draw another dataset."""
        self.row = row
        self.refresh()

    def render(self) -> Content:
        """The address and whether it is here; the licence."""
        if self.row is None:
            return Content("")
        known, width = self.row.known, self.size.width
        if known is None:
            source = clean(self.row.settings.source or "of your own")
            return Content.styled("Source   ", MUTED) + Content(cut(source, width - 9, self.ascii))
        tick = "+" if self.ascii else "✓"
        if known.bundled:
            where, state = "comes with this program", f"{tick} here"
        else:
            where = known.address.removeprefix("https://")
            state = f"{size(known.bytes)}  {f'{tick} here' if self.row.here else 'd downloads it'}"
        room = width - 9 - len(state) - 2
        first = Content.styled("Source   ", MUTED) + Content(cut(where, room, self.ascii) + "  ") + Content(state)
        second = Content.styled(cut(f"Licence  {known.licence}", width, self.ascii), MUTED)
        return first + "\n" + second


class DatasetFigures(Widget):
    """Density, histories, the most watched; or what is to be done to see them."""

    DEFAULT_CSS = """
    DatasetFigures { height: 1fr; min-height: 2; width: 1fr; margin-top: 1; }
    """

    def __init__(self, ascii: bool = False) -> None:
        super().__init__()
        self.ascii = ascii
        self.dataset: PreparedDataset | None = None
        self.stats: DatasetStats | None = None
        self.otherwise = ""
        self.fault = False

    def show(
        self, dataset: PreparedDataset | None, stats: DatasetStats | None, otherwise: str = "", fault: bool = False
    ) -> None:
        """Draw a prepared dataset, or say what is to be done, or what went wrong."""
        self.dataset, self.stats, self.otherwise, self.fault = dataset, stats, otherwise, fault
        self.refresh()

    def render(self) -> Content:
        """As many lines as there is room for."""
        if self.dataset is None:
            return Content.styled(clean(self.otherwise), "$text-error" if self.fault else MUTED)
        lines = self._first(self.dataset, self.stats)
        if self.stats is not None:
            spread = [self._spread(self.stats)] if self.size.height > 8 else []
            lines += [self._histories(self.stats), *spread, *self._most(self.stats)]
        return Content("\n").join(lines[: max(1, self.size.height)])

    def _first(self, dataset: PreparedDataset, stats: DatasetStats | None) -> list[Content]:
        counts, dots = dataset.manifest.counts, "..." if self.ascii else "…"
        lengths = f"{count(counts.shortest_history)} {dots} {count(counts.longest_history)}"
        lines = [
            Content.assemble(
                ("density ", MUTED),
                share(counts.density),
                ("   history ", MUTED),
                f"{lengths}, median {counts.median_history:,.0f}",
            ),
            Content.assemble(
                ("validate ", MUTED),
                count(counts.validation_users),
                ("   test ", MUTED),
                count(counts.test_users),
                ("   test items never trained ", MUTED),
                count(counts.untrained_test_targets),
            ),
        ]
        if dataset.cut_days is not None:
            first, second = dataset.cut_days
            left_out = counts.validation_newcomers + counts.test_newcomers
            lines.append(
                Content.assemble(
                    ("train before ", MUTED), first, ("   test from ", MUTED), second,
                    ("   newcomers ", MUTED), count(left_out),
                )
            )  # fmt: skip
            if stats is not None and stats.times_are_positions:
                lines.append(
                    Content.styled("! the times only number each user's items: no future is held out", "$text-warning")
                )
        return [line.truncate(self.size.width) for line in lines]

    def _histories(self, stats: DatasetStats) -> Content:
        line = Content.styled(bars_text(stats.bars, self.ascii), "$accent") + Content.styled(
            "  histories by length", MUTED
        )
        return line.truncate(self.size.width)

    def _spread(self, stats: DatasetStats) -> Content:
        few, tenth = (f"items met by under {FEW} ", MUTED), ("   the best known tenth ", MUTED)
        line = Content.assemble(few, count(stats.few), tenth, share(stats.top_share))
        whole = line + Content.styled(" of interactions", MUTED)
        return whole if whole.cell_length <= self.size.width else line.truncate(self.size.width, ellipsis=True)

    def _most(self, stats: DatasetStats) -> list[Content]:
        lines = [Content(""), Content.styled("met by most", MUTED)]
        width = min(self.size.width, 60)
        for title, number in stats.most:
            figure = count(number)
            lines.append(Content(cut(title, width - len(figure) - 1, self.ascii) + f" {figure}"))
        return lines


class DatasetFacts(DatasetFigures, can_focus=True):
    """The same at length, in a pane of its own where the terminal has room for one."""

    DEFAULT_CSS = """
    DatasetFacts { margin-top: 0; }
    """
    LABEL, ROWS = 24, 8

    def render(self) -> Content:
        """Counts, the histories by length, how the items are spread, and as many of the most watched as fit."""
        if self.dataset is None:
            return super().render()
        lines = self._counts(self.dataset)
        if self.stats is not None:
            lines += [Content(""), *self._tall(self.stats), Content(""), *self._items(self.stats)]
            lines += self._most(self.stats)
        return Content("\n").join(lines[: max(1, self.size.height)])

    def _fact(self, label: str, figure: str, more: str = "") -> Content:
        line = Content.styled(f"{label:<{self.LABEL}}", MUTED) + Content(f"{figure:>12}") + Content.styled(more, MUTED)
        return line.truncate(self.size.width)

    def _counts(self, dataset: PreparedDataset) -> list[Content]:
        counts = dataset.manifest.counts
        dropped = counts.raw_interactions - counts.interactions
        lines = [
            self._fact("interactions", count(counts.interactions), f"  {count(dropped)} left out" if dropped else ""),
            self._fact("users", count(counts.users)),
            self._fact("items", count(counts.items)),
            self._fact("density", share(counts.density)),
            Content(""),
            self._fact("interactions to train on", count(counts.train_interactions)),
            self._fact("users to validate on", count(counts.validation_users)),
            self._fact("users to test on", count(counts.test_users)),
            self._fact("test items never trained", count(counts.untrained_test_targets)),
        ]
        if dataset.cut_days is not None:
            first, second = dataset.cut_days
            left_out = counts.validation_newcomers + counts.test_newcomers
            lines += [
                self._fact("train before", first),
                self._fact("test from", second),
                self._fact("newcomers", count(left_out), "  unknown until then"),
            ]
        if self.stats is not None and self.stats.times_are_positions and dataset.cut_days is not None:
            warning = "! the times only number each user's items: no future is held out"
            lines.append(Content.styled(warning, "$text-warning").truncate(self.size.width))
        return lines

    def _tall(self, stats: DatasetStats) -> list[Content]:
        bars = [Content.styled(line, "$accent") for line in tall_bars(stats.bars, self.ROWS, self.ascii)]
        first, last = count(stats.shortest), count(stats.longest)
        axis = first + f"median {stats.median:,.0f}".center(len(stats.bars) - len(first) - len(last)) + last
        return [Content.styled("users by the length of their history", MUTED), *bars, Content.styled(axis, MUTED)]

    def _items(self, stats: DatasetStats) -> list[Content]:
        return [
            self._fact(f"items met by under {FEW}", count(stats.few)),
            self._fact("the best known tenth", share(stats.top_share), " of all interactions"),
        ]
