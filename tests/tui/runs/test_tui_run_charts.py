"""The charts by keyboard: which are shown, along what, values under the cursor, their data, and what is new since."""

import json
from pathlib import Path

import numpy as np
import pytest
from waiting import until
from worlds import hold, make_run

from bert4rec_tui.runs.events import Alert, Note
from bert4rec_tui.settings import Settings
from bert4rec_tui.tui.app import Bert4RecApp
from bert4rec_tui.tui.charts.chart import Chart
from bert4rec_tui.tui.charts.full_chart import FullChart
from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.runs.chart_options import AXES, CHARTS, ChartOptions
from bert4rec_tui.tui.runs.console import Console
from bert4rec_tui.tui.runs.curves import CurveReader
from bert4rec_tui.tui.runs.events_pane import EventList
from bert4rec_tui.tui.runs.plots import csv_of, plot_of
from bert4rec_tui.tui.runs.run_pane import LiveChart
from bert4rec_tui.tui.runs.screen import RunsScreen
from bert4rec_tui.tui.runs.session import ChartedRun, RunsSession
from bert4rec_tui.tui.shell.terminal_notification import osc9


def session(app: Bert4RecApp) -> RunsSession:
    """The state of the runs screen; an empty one while another screen is shown."""
    return app.screen.session if isinstance(app.screen, RunsScreen) else RunsSession()


def shown(home: Path, gpu: bool = False) -> ChartedRun:
    run = make_run(home, "finished", "lamp", epoch=12, gpu=gpu, not_finite=True)
    run.events.append(Alert(at=0, kind="plateau", message="no better", step=100))
    curves = CurveReader(run).read()
    assert curves is not None
    return ChartedRun(curves, "lamp", 0)


@pytest.mark.parametrize("axis", AXES)
def test_every_chart_lies_along_every_axis(home: Path, axis) -> None:
    run = shown(home, gpu=True)
    end = {"epoch": 12.0, "step": 12 * 24.0, "time": (3 + 12 * 24 / 4)}[axis]
    for chart in CHARTS:
        series = plot_of(chart, [run], "full:NDCG@10", ChartOptions(axis=axis)).series[0]
        assert np.isfinite(series.y).any(), chart
        assert (np.diff(series.x) >= 0).all(), chart
        assert series.x[-1] == pytest.approx(end, abs=4), chart
    loss = plot_of("loss", [run], "", ChartOptions(axis=axis)).series[0]
    assert len(loss.not_finite) > 0
    assert np.isin(loss.not_finite, loss.x).all()
    at = {"epoch": 100 / 24, "step": 100.0, "time": 25.0}[axis]
    assert loss.alerts[-1] == pytest.approx(at, abs=1)


def test_where_there_is_no_gpu_the_chart_says_so_and_draws_no_zero(home: Path) -> None:
    run = shown(home)
    for chart in ("gpu", "gpu_memory"):
        plot = plot_of(chart, [run], "", ChartOptions())
        assert plot.empty == "no GPU"
        assert not len(plot.values()[1])


def test_the_data_of_a_chart_has_every_point_with_its_extent(home: Path) -> None:
    run = shown(home)
    lines = csv_of(plot_of("loss", [run], "", ChartOptions())).splitlines()
    assert lines[0] == "run,epoch,value,minimum,maximum"
    assert len(lines) == 1 + len(run.curves.epoch)
    assert [float(word) for word in lines[1].split(",")[1:]] == pytest.approx(
        [part[0] for part in (run.curves.epoch, run.curves.loss, run.curves.loss_low, run.curves.loss_high)]
    )
    assert any(",,," in line for line in lines), "a lost value is empty"


async def test_charts_are_chosen_read_with_a_cursor_and_exported(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run(home, "finished", "lamp", epoch=12)
    monkeypatch.chdir(tmp_path)
    app = Bert4RecApp(Settings())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await until(
            pilot, lambda: len(app.screen.query(LiveChart)) == len(CHARTS) and len(session(app).options.charts) == 4
        )
        await until(pilot, lambda: bool(session(app).curves))
        await pilot.press("v", "space", "j", "j", "j", "j", "space", "enter")
        await until(pilot, lambda: "norm" in session(app).options.charts)
        assert session(app).options.charts == ("validation", "rate", "speed", "norm")
        assert {c.id for c in app.screen.query(LiveChart) if c.display} == {
            f"chart-{n}" for n in session(app).options.charts
        }
        await pilot.press("E")
        await until(pilot, lambda: bool(list(tmp_path.glob("*-validation.csv"))))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, FullChart))
        await pilot.pause()
        chart = app.screen.query_one(Chart)
        await pilot.press("end")
        value = chart.plot.series[0].y[-1]
        assert chart._last(chart.plot.series[0]) == f"{value:.4f}"[1:].rstrip("0")
        await pilot.press(*["left"] * 40)
        assert 0 < app.screen.cursor < 12
        assert chart._last(chart.plot.series[0]) != f"{value:.4f}"[1:].rstrip("0")
        await pilot.press("a")
        assert chart.plot.x_label == "step"
        assert chart.plot.cursor is None
        await pilot.press("W")
        await until(pilot, lambda: bool(list(tmp_path.glob("bert4rec-*.svg"))))


async def test_events_since_the_last_look_are_marked_and_only_once(home: Path) -> None:
    run = make_run(home, "training", "quad", epoch=2, age=60)
    lock = hold(run)

    async def look() -> list[str]:
        app = Bert4RecApp(Settings())
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.press("3")
            await until(pilot, lambda: bool(session(app).curves) and bool(app.screen.query_one(EventList).events))
            events = app.screen.query_one(EventList)
            newest = events.events[0].at
            await until(pilot, lambda: json.loads((home / "looks.json").read_text() or "{}").get(run.id) == newest)
            return [events.line(row, 80).plain for row in range(len(events.events))]

    assert not any("▸" in line for line in await look())
    run.events.append(Note(at=4e9, text="while you were away"))
    marked = [line for line in await look() if "▸" in line]
    assert len(marked) == 1
    assert "while you were away" in marked[0]
    assert not any("▸" in line for line in await look())
    lock.release()


async def test_the_console_is_searched_and_matches_are_gone_through(home: Path) -> None:
    run = make_run(home, "finished", "lamp", epoch=12)
    app = Bert4RecApp(Settings())
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(Console(run))
        await until(pilot, lambda: isinstance(app.screen, Console) and len(app.screen.lines) == 12)
        rows = app.screen.query_one(ArrayList)
        await pilot.press("slash", *"EPOCH 1", "enter")
        assert rows.cursor == 11
        await pilot.press("n")
        assert rows.cursor == 0
        await pilot.press("n")
        assert rows.cursor == 9
        await pilot.press("N", "N")
        assert rows.cursor == 11


def test_a_notification_is_passed_through_tmux() -> None:
    assert osc9("quad has finished\x1b[2J", in_tmux=False) == "\x1b]9;quad has finished [2J\x07"
    assert osc9("x", in_tmux=True) == "\x1bPtmux;\x1b\x1b]9;x\x07\x1b\\"
