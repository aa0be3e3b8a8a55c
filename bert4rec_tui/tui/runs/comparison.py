"""Several runs side by side, as lines: best validation, settings that differ, test results, paired test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import wrap
from typing import Any

from textual.content import Content

from bert4rec_tui.runs.checkpoints import Results
from bert4rec_tui.runs.config_differences import config_differences
from bert4rec_tui.runs.listing import RunRow
from bert4rec_tui.tui.forms.values import text_of
from bert4rec_tui.tui.lists.array_list import cells
from bert4rec_tui.tui.shell.text import MUTED, count, metric, metric_words, signed

LABEL, COLUMN, WIDEST_COLUMN = 30, 14, 26
WIDE = 96  # cells from which the verdict of a paired test is shown in full
METRICS = ("NDCG@10", "Recall@10", "MRR")


@dataclass(frozen=True)
class Comparison:
    """What is known of the runs; the first is the baseline, with which the others are compared.

    tests: run id → its results. paired: what `compare --json` printed. message: a sentence in its place.
    """

    rows: Sequence[RunRow]
    tests: Mapping[str, Results] = field(default_factory=dict[str, Results])
    paired: Mapping[str, Any] = field(default_factory=dict[str, Any])
    message: str = ""

    def header(self, width: int, skipped: int) -> list[Content]:
        """The short ids of the runs, and below them their names."""
        shown = self._shown(width, skipped)
        column = _column(width, len(shown))
        letters = [row.run.short_id for row in shown]
        return [_line("", letters, column, "bold $foreground"), _line("", [row.name for row in shown], column, MUTED)]

    def lines(self, width: int, skipped: int) -> list[Content]:
        """Everything else, line by line."""
        shown = self._shown(width, skipped)
        column = _column(width, len(shown))
        lines = [_heading("Best validation")]
        metrics = dict.fromkeys(row.status.best.metric for row in self.rows if row.status.best)
        for name in metrics:
            bests = [row.status.best if row.status.best and row.status.best.metric == name else None for row in shown]
            figures = [f"{metric(best.value)} at {best.epoch}" if best else "–" for best in bests]
            lines.append(_line(metric_words(name), figures, column))
        if not metrics:
            lines.append(_quiet("No run has been validated yet."))
        lines += [Content(""), _heading("Settings that differ"), *self._settings(shown, column)]
        lines += [Content(""), _heading("Test set, best checkpoint"), *self._tests(shown, column)]
        lines += [Content(""), _heading(self._paired_title()), *self._pairs(width)]
        return lines

    def most_skipped(self, width: int) -> int:
        """How many runs after the baseline can be scrolled away, so that the last is in sight."""
        return max(0, len(self.rows) - self._room(width))

    def _room(self, width: int) -> int:
        return max(2, (width - LABEL) // (COLUMN + 1))

    def _shown(self, width: int, skipped: int) -> list[RunRow]:
        return [self.rows[0], *self.rows[1 + skipped : self._room(width) + skipped]]

    def _settings(self, shown: Sequence[RunRow], column: int) -> list[Content]:
        readable = [row for row in self.rows if row.config is not None]
        found = config_differences([row.config for row in readable if row.config is not None])
        columns = {row.run.id: at for at, row in enumerate(readable)}
        lines = [
            _line(
                path, [text_of(values[columns[row.run.id]]) if row.run.id in columns else "–" for row in shown], column
            )
            for path, values in found.items()
        ]
        return lines or [_quiet("None: these runs have identical settings.")]

    def _tests(self, shown: Sequence[RunRow], column: int) -> list[Content]:
        protocols = dict.fromkeys(protocol for results in self.tests.values() for protocol in results)
        lines: list[Content] = []
        for protocol in protocols:
            for name in METRICS:
                figures: list[str] = []
                for row in shown:
                    result = self.tests.get(row.run.id, {}).get(protocol)
                    value = result.get("metrics", {}).get(name, {}).get("value") if result else None
                    figures.append(metric(value) if result else "not tested")
                lines.append(_line(f"{name} {protocol}", figures, column))
        return lines or [_quiet("None of these runs has been tested; press t on the Runs screen to test.")]

    def _paired_title(self) -> str:
        users = next((f", {count(found['users'])} users" for found in self.paired.get("paired", [])), "")
        return f"Paired test, compared with {self.rows[0].run.short_id}{users}"

    def _pairs(self, width: int) -> list[Content]:
        lines = [_quiet(line) for line in wrap(self.message, width)]
        for found in self.paired.get("paired", []):
            interval = f"[{signed(found['low'])}, {signed(found['high'])}]"
            words = found["words"] if width >= WIDE else _short_verdict(found)
            verdict = Content.styled(words, "bold" if found["shown"] else "")
            lines.append(
                cells(
                    (f"{found['metric']} {found['protocol']}", 22),
                    (str(found["run"])[-4:], 4),
                    (signed(found["value"]), -6),
                    (interval, 16),
                    (f"p {metric(found['p'])[:4]}", 6),
                )
                + Content(" ")
                + verdict
            )
        return lines + [_quiet(line) for note in self.paired.get("notes", []) for line in wrap(note, width)]


def _short_verdict(found: Mapping[str, Any]) -> str:
    """What a difference shows, in the few cells that a narrow terminal has for it."""
    if not found["shown"]:
        return "too few users" if "too few" in found["words"] else "not significant"
    return "better" if found["value"] > 0 else "worse"


def _column(width: int, runs: int) -> int:
    """The width of a run's column, where so many share the room."""
    return max(COLUMN, min(WIDEST_COLUMN, (width - LABEL) // runs - 1))


def _line(label: str, figures: Sequence[str], column: int, style: str = "") -> Content:
    return cells((label, LABEL), *((Content.styled(text, style) if style else text, -column) for text in figures))


def _heading(text: str) -> Content:
    return Content.styled(text, "bold $text-accent")


def _quiet(text: str) -> Content:
    return Content.styled(text, MUTED)
