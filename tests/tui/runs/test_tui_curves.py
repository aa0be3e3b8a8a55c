"""What the runs screen reads: ended runs once, logs from where they were left, nothing that a resumed run voided."""

import os
from pathlib import Path

import numpy as np
import pytest
from world_events import STEPS, training_step, validation
from worlds import hold, make_run

from bert4rec_tui.files import replace_file
from bert4rec_tui.runs import store
from bert4rec_tui.runs.events import StateChange
from bert4rec_tui.runs.listing import RunsReader
from bert4rec_tui.runs.store import LocalRuns
from bert4rec_tui.tui.runs.curves import CurveReader


def test_an_ended_run_is_read_once_and_a_live_one_each_time(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = make_run(home, "finished", "lamp")
    os.utime(ended.path, (0, 0))  # what has just changed is read again, in case it changes within one tick
    lock = hold(make_run(home, "training", "quad", age=10))
    read: list[str] = []
    really = store.read_status
    monkeypatch.setattr(store, "read_status", lambda path: read.append(path.name[-4:]) or really(path))
    reader = RunsReader(LocalRuns(home / "runs"))
    for _ in range(3):
        assert [row.state for row in reader.look()] == ["training", "finished"]
    assert (read.count("lamp"), read.count("quad")) == (1, 3)
    lock.release()
    assert reader.look()[0].state == "lost"


def test_a_run_whose_files_cannot_be_read_is_listed_with_the_reason(home: Path) -> None:
    run = make_run(home, "finished", "lamp")
    (run.path / "status.json").write_bytes(b"{")
    row = RunsReader(LocalRuns(home / "runs")).look()[0]
    assert "status.json: cannot be read" in row.problem


def test_a_feed_gives_what_came_and_nothing_when_nothing_did(home: Path) -> None:
    run = make_run(home, "training", "quad", epoch=2)
    reader, rng = CurveReader(run), np.random.default_rng(0)
    first = reader.read()
    assert first is not None
    assert first.epoch[-1] == pytest.approx(2)
    assert reader.read() is None
    run.events.append(training_step(2 * STEPS + 6, 0.0, rng))
    second = reader.read()
    assert second is not None
    assert second.epoch[-1] == pytest.approx(2.25)
    assert len(second.epoch) == len(first.epoch) + 1
    assert second.metrics["full:NDCG@10"][0].tolist() == [0, 1, 2]


def test_what_a_resumed_run_had_done_after_its_checkpoint_is_dropped(home: Path) -> None:
    run, rng = make_run(home, "training", "quad", epoch=2), np.random.default_rng(0)
    reader = CurveReader(run)
    reader.read()
    run.events.append(StateChange(at=0, state="resumed", step=STEPS))
    run.events.append(training_step(STEPS + 2, 0.0, rng, lost=True))
    curves = reader.read()
    assert curves is not None
    assert np.diff(curves.epoch).min() > 0
    assert curves.epoch[-1] == pytest.approx(1 + 2 / STEPS)
    assert np.isnan(curves.loss[-1])
    assert curves.not_finite.tolist() == [curves.epoch[-1]]
    assert curves.metrics["full:NDCG@10"][0].tolist() == [0, 1]


def test_a_log_that_was_replaced_by_a_shorter_one_is_read_from_its_start(home: Path) -> None:
    run = make_run(home, "training", "quad", epoch=3)
    reader = CurveReader(run)
    reader.read()
    replace_file(run.path / "events.jsonl", b"")
    run.events.append(validation(0, 0.0, 0.2))
    curves = reader.read()
    assert curves is not None
    assert len(curves.epoch) == 0
    assert len(curves.events) == 1
