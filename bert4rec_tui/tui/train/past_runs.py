"""Earlier runs beside the form: how well each did, and in what it was set up otherwise than the form is now."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from bert4rec_tui.config import Config, to_dict
from bert4rec_tui.config.fields import fields_of, value_at
from bert4rec_tui.runs.config_differences import OF_THE_RUN_ALONE
from bert4rec_tui.runs.listing import RunRow
from bert4rec_tui.tui.forms.values import text_of
from bert4rec_tui.tui.lists.array_list import ArrayList, cells
from bert4rec_tui.tui.shell.lines import Lines
from bert4rec_tui.tui.shell.text import MUTED, age, clean, count, cut, metric, metric_words, sign
from bert4rec_tui.tui.shell.titles import retitle

WIDE = 56  # cells from which the settings themselves stand in a run's line, not their number alone
VALUE = 9  # cells of a value
PATHS = tuple(field.path for field in fields_of(Config) if field.path not in (*OF_THE_RUN_ALONE, "preset"))
# The settings of a preparation are said by the id of what was prepared.
COMPARED = tuple(path for path in PATHS if not path.startswith("dataset."))

Settings = dict[str, Any]


def settings_of(config: Config) -> Settings:
    """Path → value of what a run is set up by; its dataset as one."""
    values = to_dict(config)
    return {"dataset": config.dataset.id, **{path: value_at(values, path) for path in COMPARED}}


class PastList(ArrayList):
    """The past runs, and what sets each apart from the form."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "Take its settings", id="past.take",
                tooltip="Put the configuration of this run into the form; u goes back"),
    ]  # fmt: skip

    @dataclass
    class Wanted(Message):
        """The configuration of a run is to be taken."""

        row: int

    def action_take(self) -> None:
        """Ask for the configuration of the run under the cursor."""
        if self.row >= 0:
            self.post_message(self.Wanted(self.row))


class PastRuns(Vertical):
    """The past runs, those on the form's dataset first; below them where the one under the cursor differs."""

    DEFAULT_CSS = """
    PastRuns #past-list { height: 1fr; min-height: 2; }
    PastRuns #past-differs { height: 60%; }
    """

    @dataclass
    class Taken(Message):
        """A past run's configuration was chosen."""

        row: RunRow

    def __init__(self, labels: Mapping[str, str], ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.labels: dict[str, str] = {"dataset": "Dataset", **labels}
        self.ascii = ascii
        self.rows: list[RunRow] = []
        self._settings: list[Settings] = []
        self._form: Settings | None = None

    def compose(self) -> ComposeResult:
        """The list, and the settings that differ."""
        empty = "Runs stand here once there are some,\nwith what sets each apart from the form;\nr launches the first."
        yield PastList(self._line, header=lambda width: [self._header(width)], empty=empty, id="past-list")
        yield Lines(id="past-differs")

    def on_mount(self) -> None:
        """Say what it is."""
        self.border_title = "Past runs"

    @property
    def _list(self) -> PastList:
        """The list of the runs."""
        return self.query_one(PastList)

    def show(self, rows: Sequence[RunRow]) -> None:
        """Show these runs, the newest first; those that cannot be read are left out."""
        self.rows = [row for row in rows if row.config is not None]
        self._settings = [settings_of(row.config) for row in self.rows if row.config is not None]
        self._order()

    def compare_with(self, config: Config | None) -> None:
        """Compare with this configuration from now on; with the one before while the form is in error."""
        if config is not None:
            self._form = settings_of(config)
            self._order()

    @property
    def _metric(self) -> str:
        """What the column of the best is of: the form's metric, since figures of several never stand in one column."""
        return str(self._form["evaluation.best_metric"]) if self._form else ""

    def _order(self) -> None:
        rows, at = self._list, self._list.row
        # Who has not moved stays with the newest; the cursor of anybody else stays on its run.
        before = self.rows[at].run.id if 0 < at < len(self.rows) else ""
        wanted = str(self._form["dataset"]) if self._form else ""
        self.rows, self._settings = _both_sorted(self.rows, self._settings, wanted)
        keep = next((at for at, row in enumerate(self.rows) if row.run.id == before), None)
        rows.show_rows(len(self.rows), keep)
        retitle(self, Content("Past runs"), Content(f"by {metric_words(self._metric)}" if self._metric else ""))
        self._show_differences()

    @on(PastList.Moved)
    def _show_differences(self) -> None:
        self.query_one("#past-differs", Lines).show(self._differences)

    @on(PastList.Wanted)
    def take(self, message: PastList.Wanted) -> None:
        """Say which run's configuration is wanted."""
        message.stop()
        if 0 <= message.row < len(self.rows):
            self.post_message(self.Taken(self.rows[message.row]))

    def _differing(self, row: int) -> list[str]:
        if self._form is None:
            return []
        own = self._settings[row]
        return [path for path, value in self._form.items() if own[path] != value]

    def _header(self, width: int) -> Content:
        differs = "unlike the form in" if width >= WIDE else "unlike form"
        return cells(("", 1), ("run", 4), ("best", -5), ("age", -4), (differs, max(8, width - 18)))

    def _line(self, row: int, width: int) -> Content:
        shown, best = self.rows[row], self.rows[row].status.best
        unlike = self._differing(row)
        room = max(8, width - 18)
        if self._form is None or not unlike:
            words = "as the form" if self._form else ""
        elif width < WIDE:
            words = f"{len(unlike)} setting" + ("s" if len(unlike) > 1 else "")
            words = f"{words}, dataset" if "dataset" in unlike and len(words) + 9 <= room else words
        else:
            words = cut(", ".join(self._said(path, row) for path in unlike), room, self.ascii).rstrip()
        return cells(
            (sign(shown.state, self.ascii), 1),
            (shown.run.short_id, 4),
            (metric(best.value if best and best.metric == self._metric else None), -5),
            (age(max(0.0, time.time() - shown.status.created)) if shown.status.created else "–", -4),
            (Content.styled(words, MUTED if not unlike else ""), room),
        )

    def _said(self, path: str, row: int) -> str:
        value = text_of(self._settings[row][path])
        return value if path == "dataset" else f"{self.labels.get(path, path).lower()} {value}"

    def _differences(self, width: int) -> list[Content]:
        """The run under the cursor: its name, its best, and its settings beside the form's."""
        at = self._list.row
        if not 0 <= at < len(self.rows):
            return []
        row, height = self.rows[at], max(1, self.query_one("#past-differs").size.height)
        best = row.status.best
        words = f"best {metric_words(best.metric)} {metric(best.value)} in epoch {count(best.epoch)}" if best else ""
        head = Content.styled(row.run.short_id, "bold") + Content.styled(
            "  " + clean("  ".join(filter(None, [row.name, words or "not validated yet"]))), MUTED
        )
        unlike, value = self._differing(at), min(24, max(VALUE, (width - 16) // 2))
        label = max(8, width - 2 * (value + 1))
        lines = [Content(""), head]
        if unlike:
            lines.append(Content.styled(cells(("", label), (row.run.short_id, -value), ("form", -value)).plain, MUTED))
            lines += [
                cells(
                    (self.labels.get(path, path), label),
                    (text_of(self._settings[at][path]), -value),
                    (text_of((self._form or {}).get(path, "")), -value),
                )
                for path in unlike
            ]
        else:
            lines.append(Content.styled("set up as the form is now", MUTED))
        if len(lines) > height:
            hidden = len(lines) - height + 1
            lines = [*lines[: height - 1], Content.styled(f"and {hidden} more", MUTED)]
        return lines


def _both_sorted(rows: list[RunRow], settings: list[Settings], dataset: str) -> tuple[list[RunRow], list[Settings]]:
    """Those on a dataset first, then those on another preparation of it; in each part the newest first."""
    name = dataset.partition("+")[0]

    def place(pair: tuple[RunRow, Settings]) -> tuple[bool, bool, float]:
        own = str(pair[1]["dataset"])
        return own != dataset, own.partition("+")[0] != name, -pair[0].status.created

    pairs = sorted(zip(rows, settings, strict=True), key=place)
    return [row for row, _ in pairs], [values for _, values in pairs]
