"""Where a dataset comes from, and what a prepared one is like: briefly next to its settings, or at length."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

from bert4rec_tui.tui.datasets.session import DatasetsSession, Figures
from bert4rec_tui.tui.datasets.stats import FEW, DatasetStats, bars_text, tall_bars
from bert4rec_tui.tui.shell.text import MUTED, clean, count, cut, share, size

if TYPE_CHECKING:
    from bert4rec_tui.data.dataset import PreparedDataset

POSITIONS = "! timestamps only number interactions: a time split is meaningless"
LABEL, FIGURE, ROWS = 24, 12, 8  # cells of a label and a figure, lines of the tall histogram


class DatasetSource(Widget):
    """Source and licence, two lines."""

    DEFAULT_CSS = """
    DatasetSource { height: 2; width: 1fr; margin-bottom: 1; }
    """

    def __init__(self, session: DatasetsSession, ascii: bool = False) -> None:
        super().__init__()
        self.session, self.ascii = session, ascii

    def render(self) -> Content:
        """The address and whether it is here; the licence."""
        row, width = self.session.row, self.size.width
        if row is None:
            return Content("")
        label = Content.styled("Source   ", MUTED)
        if row.known is None:
            return label + Content(cut(row.settings.source or "your own", width - 9, self.ascii))
        tick = "+" if self.ascii else "✓"
        if row.known.bundled:
            address, state = "comes with this program", f"{tick} bundled"
        else:
            address = row.known.address.removeprefix("https://")
            state = f"{size(row.known.bytes)}  {f'{tick} downloaded' if row.here else 'press d to download'}"
        first = label + Content(cut(address, width - 9 - len(state) - 2, self.ascii) + "  ") + Content(state)
        return first + "\n" + Content.styled(cut(f"Licence  {row.known.licence}", width, self.ascii), MUTED)


class DatasetFigures(Widget):
    """Density, histories, the most popular items; or what to do to see them."""

    DEFAULT_CSS = """
    DatasetFigures { height: 1fr; min-height: 2; width: 1fr; margin-top: 1; }
    """

    def __init__(self, session: DatasetsSession, ascii: bool = False) -> None:
        super().__init__()
        self.session, self.ascii = session, ascii

    def render(self) -> Content:
        """As many lines as there is room for."""
        figures = self.session.figures
        if figures.dataset is None:
            return in_place_of(figures)
        width, height = self.size
        lines = summary(figures.dataset, figures.stats, width)
        if figures.stats is not None:
            bars = Content.styled(bars_text(figures.stats.bars, self.ascii), "$accent")
            lines.append((bars + Content.styled("  histories by length", MUTED)).truncate(width))
            lines += popularity(figures.dataset, figures.stats, width) if height > 8 else []
            lines += most_popular(figures.dataset, figures.stats, width, self.ascii)
        return Content("\n").join(lines[: max(1, height)])


class DatasetFacts(Widget, can_focus=True):
    """What is in the dataset, at length: for a pane of its own where the terminal has room for one."""

    DEFAULT_CSS = """
    DatasetFacts { height: 1fr; min-height: 2; width: 1fr; }
    """

    def __init__(self, session: DatasetsSession, ascii: bool = False) -> None:
        super().__init__()
        self.session, self.ascii = session, ascii

    def render(self) -> Content:
        """Counts, the histories by length, the popularity of items, and as many of the most popular as fit."""
        figures = self.session.figures
        if figures.dataset is None:
            return in_place_of(figures)
        width, height = self.size
        lines = counts_at_length(figures.dataset, figures.stats, width)
        if figures.stats is not None:
            lines += [Content(""), *tall_histogram(figures.stats, self.ascii), Content("")]
            lines += popularity(figures.dataset, figures.stats, 0)
            lines += most_popular(figures.dataset, figures.stats, width, self.ascii)
        return Content("\n").join(line.truncate(width) for line in lines[: max(1, height)])


def in_place_of(figures: Figures) -> Content:
    """What is in the place of figures that are not there: what to do, or what went wrong."""
    style = "$text-error" if figures.error else MUTED
    return Content("\n").join(Content.styled(clean(line), style) for line in figures.text.splitlines())


def summary(dataset: PreparedDataset, stats: DatasetStats | None, width: int) -> list[Content]:
    """The counts in a few lines."""
    counts, cuts = dataset.manifest.counts, dataset.cut_days
    lengths = f"{count(counts.shortest_history)}–{count(counts.longest_history)}"
    lines = [
        _facts(
            ("density", share(counts.density)), ("history", f"{lengths}, median {counts.median_history:,.0f}")
        ),
        _facts(
            ("validate", count(counts.validation_users)),
            ("test", count(counts.test_users)),
            ("cold test items", count(counts.untrained_test_targets)),
        ),
    ]  # fmt: skip
    if cuts is not None:
        new_users = counts.validation_newcomers + counts.test_newcomers
        lines.append(_facts(("train before", cuts[0]), ("test from", cuts[1]), ("new users", count(new_users))))
    return [line.truncate(width) for line in [*lines, *_warning(dataset, stats)]]


def counts_at_length(dataset: PreparedDataset, stats: DatasetStats | None, width: int) -> list[Content]:
    """The counts, a line each."""
    counts, cuts = dataset.manifest.counts, dataset.cut_days
    dropped = counts.raw_interactions - counts.interactions
    lines = [
        _fact("interactions", count(counts.interactions), f"  {count(dropped)} filtered out" if dropped else ""),
        _fact("users", count(counts.users)),
        _fact(dataset.noun.several, count(counts.items)),
        _fact("density", share(counts.density)),
        Content(""),
        _fact("training interactions", count(counts.train_interactions)),
        _fact("validation users", count(counts.validation_users)),
        _fact("test users", count(counts.test_users)),
        _fact("cold test items", count(counts.untrained_test_targets)),
    ]
    if cuts is not None:
        new_users = counts.validation_newcomers + counts.test_newcomers
        lines += [
            _fact("train before", cuts[0]),
            _fact("test from", cuts[1]),
            _fact("new users", count(new_users), "  not in training"),
        ]
    return [line.truncate(width) for line in [*lines, *_warning(dataset, stats)]]


def popularity(dataset: PreparedDataset, stats: DatasetStats, width: int) -> list[Content]:
    """How the interactions are spread over the items: in one line where that fits, else in two."""
    items = dataset.noun.several
    few = Content.assemble((f"{items} with fewer than {FEW} interactions ", MUTED), count(stats.few))
    top = Content.assemble((f"top 10% of {items}: ", MUTED), share(stats.top_share), (" of interactions", MUTED))
    together = few + "   " + top
    return [together] if together.cell_length <= width else [few, top]


def most_popular(dataset: PreparedDataset, stats: DatasetStats, width: int, ascii: bool) -> list[Content]:
    """The items with the most interactions."""
    lines = [Content(""), Content.styled(f"most popular {dataset.noun.several}", MUTED)]
    width = min(width, 60)
    for title, number in stats.most:
        figure = count(number)
        lines.append(Content(cut(title, width - len(figure) - 1, ascii) + f" {figure}"))
    return lines


def tall_histogram(stats: DatasetStats, ascii: bool) -> list[Content]:
    """The histories by length, over several lines."""
    bars = [Content.styled(line, "$accent") for line in tall_bars(stats.bars, ROWS, ascii)]
    first, last = count(stats.shortest), count(stats.longest)
    axis = first + f"median {stats.median:,.0f}".center(len(stats.bars) - len(first) - len(last)) + last
    return [Content.styled("users by history length", MUTED), *bars, Content.styled(axis, MUTED)]


def _facts(*facts: tuple[str, str]) -> Content:
    return Content("   ").join(Content.assemble((f"{label} ", MUTED), figure) for label, figure in facts)


def _fact(label: str, figure: str, more: str = "") -> Content:
    return Content.styled(f"{label:<{LABEL}}", MUTED) + Content(f"{figure:>{FIGURE}}") + Content.styled(more, MUTED)


def _warning(dataset: PreparedDataset, stats: DatasetStats | None) -> list[Content]:
    positions = stats is not None and stats.times_are_positions and dataset.cut_days is not None
    return [Content.styled(POSITIONS, "$text-warning")] if positions else []
