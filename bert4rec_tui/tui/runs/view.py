"""The parts of the runs screen that show the chosen run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid, Vertical
from textual.content import Content
from textual.widgets import Static

from bert4rec_tui.progress import memory
from bert4rec_tui.runs.events import Alert, Note, StateChange, System, Validation
from bert4rec_tui.runs.failure_advice import advised
from bert4rec_tui.runs.listing import RunRow
from bert4rec_tui.tui.charts.chart import Chart
from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.runs.chart_options import Looks
from bert4rec_tui.tui.runs.following import Remark
from bert4rec_tui.tui.runs.plots import CHARTS, FIRST_CHARTS
from bert4rec_tui.tui.runs.table import headline
from bert4rec_tui.tui.shell.lines import Lines
from bert4rec_tui.tui.shell.text import MUTED, SIGNS, clean, count, metric


class LiveChart(Chart, can_focus=True):
    """A chart of the chosen run that can have the focus and be opened."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.full_chart", "Enlarge", id="runs.full_chart", show=False,
                tooltip="The chart on the whole terminal, with zoom and pan"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    LiveChart:focus > .chart--title { color: $accent; text-style: bold underline; }
    """


class RunPane(Vertical):
    """How far the chosen run is, its charts, and how busy the machine is."""

    DEFAULT_CSS = """
    RunPane #head { height: 2; }
    RunPane Grid { grid-size: 2 2; grid-rows: 3fr 2fr; grid-gutter: 0 2; height: 1fr; margin: 1 0 0 0; }
    RunPane #machine { height: 1; color: $text-muted; }
    """

    def compose(self) -> ComposeResult:
        """The head, the charts, the line on the machine."""
        yield Lines(id="head")
        with Grid():
            for name in CHARTS:
                yield LiveChart(id=f"chart-{name}")
        yield Lines(id="machine")

    def on_mount(self) -> None:
        """Show the first charts."""
        self.show_charts(FIRST_CHARTS)

    def show_charts(self, names: Sequence[str]) -> None:
        """Show these charts and no others, two beside each other."""
        for chart in self.query(LiveChart):
            chart.display = (chart.id or "").removeprefix("chart-") in names
        styles = self.query_one(Grid).styles
        styles.grid_size_columns = min(2, len(names))
        styles.grid_size_rows = -(-len(names) // 2)
        styles.grid_rows = "3fr 2fr" if len(names) in (3, 4) else "1fr"

    def show_head(self, row: RunRow, ascii: bool) -> None:
        """Say how far the run is."""
        self.query_one("#head", Lines).show(lambda width: headline(row, width, ascii))

    def show_machine(self, system: System | None, live: bool, ascii: bool) -> None:
        """Say how busy the machine is, or was."""
        self.query_one("#machine", Lines).show(lambda _: [describe_system(system, live, ascii)])


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


class EventList(ArrayList):
    """What happened to the chosen run, newest first; what is new since the user last looked at the run is marked."""

    def __init__(self, *, id: str) -> None:
        super().__init__(self._line, empty="Validations, alerts and changes of state appear here.", id=id)
        self.remarks: Sequence[Remark] = ()
        self.looks = Looks()
        self._run, self._seen_until = "", float("inf")

    def show_remarks(self, remarks: Sequence[Remark], run: str = "") -> None:
        """Show those of a run, the newest at the top; who reads further down keeps their place."""
        if run != self._run:
            self._run = run
            seen = self.looks.until(run)
            self._seen_until = float("inf") if seen is None else seen
        if remarks and self.screen.is_current and self.app.app_focus and self.looks.see(run, remarks[0].at):
            self.keep_looks()
        more = len(remarks) - len(self.remarks)
        if self.cursor > 0 and more > 0:
            self.set_reactive(EventList.cursor, self.cursor + more)
        self.remarks = remarks
        self.show_rows(len(remarks))

    @work(thread=True, exclusive=True, group="looks", exit_on_error=False)
    def keep_looks(self) -> None:
        """Write down what was seen, in a thread."""
        self.looks.keep()

    def _line(self, row: int, width: int) -> Content:
        del width
        ascii, remark = bool(getattr(self.app, "ascii", False)), self.remarks[row]
        new = remark.at > self._seen_until
        mark = Content.styled("+ " if ascii else "▸ ", "bold $accent") if new else Content("")
        return mark + describe_remark(remark, ascii)


def describe_remark(remark: Remark, ascii: bool) -> Content:
    """One event in one line: when, a sign, what."""
    when = Content.styled(f"{datetime.fromtimestamp(remark.at):%H:%M:%S} ", MUTED)
    match remark:
        case Validation():
            first = next(iter(remark.metrics.items()), ("", {}))
            names = [n for n in ("NDCG@10", "Recall@10") if n in first[1]] or list(first[1])[:2]
            figures = "  ".join(f"{name} {metric(first[1][name])}" for name in names)
            best = Content.styled(" best", "$text-success") if remark.best else Content("")
            mark = Content.styled("* " if ascii else "◆ ", MUTED)
            return when + mark + Content(f"epoch {remark.epoch}") + best + Content(f"  {figures} {clean(first[0])}")
        case Alert():
            return when + Content.styled(f"! {clean(remark.message)}", "$text-warning")
        case Note():
            return when + Content.styled(f"  {clean(remark.text)}", MUTED)
        case StateChange():
            known = SIGNS.get("training" if remark.state == "resumed" else remark.state)
            sign = (known.ascii if ascii else known.character) if known else " "
            words = remark.state + (f" at step {count(remark.step)}" if remark.step else "")
            more = f": {clean(remark.message)}" if remark.message else ""
            return when + Content.styled(f"{sign} {words}{more}", known.colour if known else "")


@dataclass(frozen=True)
class Death:
    """How a watched run died: its row, and the last lines of its log."""

    row: RunRow
    lines: Sequence[str]


class Banner(Static):
    """What stands above everything when a watched run has died, until esc."""

    DEFAULT_CSS = """
    Banner {
        display: none; height: auto; max-height: 10; margin: 0; padding: 0 1;
        border: round $error; border-title-color: $text-error; border-title-style: bold;
        border-subtitle-color: $text;
    }
    Banner.-shown { display: block; }
    """

    def __init__(self) -> None:
        super().__init__(markup=False)
        self.death: Death | None = None

    def show(self, death: Death | None, keys: Mapping[str, str], width: int) -> None:
        """Say what died, why and what helps; None takes the banner away. `keys` are those of what can be done."""
        self.death = death
        self.set_class(death is not None, "-shown")
        if death is None:
            return
        row = death.row
        sign = SIGNS[row.state]
        ascii = bool(getattr(self.app, "ascii", False))
        self.border_title = Content(f" {sign.ascii if ascii else sign.character} {row.run.short_id} {self._what(row)} ")
        mend = advised(row.status.message, row.config) if row.config is not None else None
        edit = f"{keys['edit']} {'mend' if mend else 'edit'} and relaunch"
        self.border_subtitle = Content(
            f" {keys['resume']} resume   {edit}   {keys['console']} console   {keys['close_banner']} close "
        )
        lines = [Content.styled(clean(line)[: max(20, width - 6)], MUTED) for line in death.lines]
        self.update(Content("\n").join([Content.styled(self._advice(row), "bold"), *lines]))

    @staticmethod
    def _what(row: RunRow) -> str:
        at = f" in epoch {row.status.epoch + 1} of {row.status.epochs}" if row.status.epochs else ""
        return ("failed" if row.state == "failed" else "is lost: its worker vanished without an error message") + at

    @staticmethod
    def _advice(row: RunRow) -> str:
        if row.status.message:
            return clean(row.status.message)
        return (
            "It was killed, or the machine was restarted or ran out of memory; nothing before its checkpoint is lost."
        )


def best_metric(row: RunRow | None, known: Sequence[str]) -> str:
    """The validation metric to draw for a run: the one its best checkpoint is chosen by."""
    if row is not None and row.status.best:
        return row.status.best.metric
    for wanted in ("full:NDCG@10", "uniform-100:NDCG@10"):
        if wanted in known:
            return wanted
    return known[0] if known else ""
