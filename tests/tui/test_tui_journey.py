"""The whole way by keyboard alone: from a file of ratings to the next movies, by our real commands and a real model."""

import re
from pathlib import Path

import pytest
from waiting import screen_text, type_text, until, until_shown

from bert4rec_tui.runs.store import LocalRuns
from bert4rec_tui.tui.app import Bert4RecApp

pytest.importorskip("torch")

SMALL = """
preset = "fast"
[model]
objective = "causal"
hidden = 16
heads = 2
blocks = 1
max_len = 10
[training]
epochs = 3
device = "cpu"
threads = 1
[evaluation]
protocols = ["full"]
ks = [1, 5, 10]
best_metric = "full:NDCG@10"
"""


@pytest.mark.parametrize("size", [(80, 24), pytest.param((120, 40), marks=pytest.mark.long)])
async def test_from_a_file_to_the_next_movies(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.chdir(tmp_path)
    lines = ["userId,movieId,rating,timestamp,title"]
    for user in range(1, 41):
        for step in range(8):
            movie = (user + step) % 24 + 1
            lines.append(f"{user},{movie},4,{1000 + step},Film {movie:02} (19{movie + 60})")
    Path("films.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    Path("small.toml").write_text(SMALL, encoding="utf-8")
    async with Bert4RecApp().run_test(size=size) as pilot:
        await until_shown(pilot, "enter starts it")
        await pilot.press("i")
        await until_shown(pilot, "Import a file")
        await type_text(pilot, "films.csv")
        await pilot.press("enter")
        await until(pilot, lambda: "the first rows can be read so" in screen_text(pilot), 60)
        await pilot.press("p")
        await until(pilot, lambda: (home / "datasets" / "films" / "manifest.json").exists(), 60)
        await until(pilot, lambda: not pilot.app.commands.busy)  # pyright: ignore[reportAttributeAccessIssue]
        await until(pilot, lambda: pilot.app.screen.detail.match is not None)  # pyright: ignore[reportAttributeAccessIssue]
        await pilot.press("t")
        await until_shown(pilot, "films   40 users, 24 items")
        await pilot.press("o")
        await until_shown(pilot, "Open a configuration")
        await type_text(pilot, "small.toml")
        await pilot.press("enter")
        await until_shown(pilot, "changed:")
        await pilot.press("r")
        await until(pilot, lambda: pilot.app.current_mode == "runs", 60)
        runs = LocalRuns(home / "runs")
        await until(pilot, lambda: bool(runs.runs()) and runs.runs()[0].state() == "finished", 90)
        await pilot.press("5")
        await until(pilot, lambda: pilot.app.current_mode == "explore")
        # What was held out of the first user's history is in the list, marked, and nothing that the user knows.
        await until(pilot, lambda: re.search(r"✓ Film 09 \(1969\) +held out", screen_text(pilot)) is not None, 60)
        assert "Film 08 (1968)" in screen_text(pilot)
        assert screen_text(pilot).count("Film 08 (1968)") == 1
