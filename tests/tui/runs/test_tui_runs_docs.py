"""The page on the Runs screen names every key of the screen."""

import re
from pathlib import Path

import pytest
from textual.keys import format_key

from bert4rec_tui.tui.charts.full_chart import FullChart
from bert4rec_tui.tui.runs.compare import CompareScreen
from bert4rec_tui.tui.runs.run_header import RunHeader
from bert4rec_tui.tui.runs.run_pane import LiveChart, RunPane
from bert4rec_tui.tui.runs.runs_pane import RunsPane, RunsTable
from bert4rec_tui.tui.runs.screen import RunsScreen
from bert4rec_tui.tui.shell.textual_private import all_bindings

PAGE = Path(__file__).parents[3] / "docs" / "runs-screen.md"
NAMES = {"escape": "esc", "space": "space", "enter": "enter", "left": "left", "right": "right"}
OF_ALL_SCREENS = ("screen.", "list.", "dialog.")


@pytest.mark.parametrize("part", [RunsScreen, RunsPane, RunsTable, RunHeader, RunPane, LiveChart, FullChart])
def test_the_page_names_every_key(part) -> None:
    keys = {word for words in re.findall(r"`([^`\n]+)`", PAGE.read_text(encoding="utf-8")) for word in words.split()}
    found: dict[str, set[str]] = {}
    for binding in all_bindings(part):
        names = {NAMES.get(key, format_key(key)) for key in binding.key.split(",")}
        found.setdefault(binding.id or "", set()).update(names)
    own = {name: names for name, names in found.items() if not name.startswith(OF_ALL_SCREENS)}
    assert own
    assert [name for name, names in own.items() if not names & keys] == []


def test_the_page_names_the_key_that_changes_the_baseline() -> None:
    assert "compare.base" in {binding.id for binding in all_bindings(CompareScreen)}
    assert "`b` changes the baseline" in PAGE.read_text(encoding="utf-8")
