"""The summary of a log and the log's tail say together what the whole log says, whatever lives the run has had."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from whole_log import WholeLog

from bert4rec_tui.runs.events import Alert, EventLog, Note, StateChange, Step, System, Validation
from bert4rec_tui.runs.summary import MOST_VALIDATIONS, Summary

losses = st.none() | st.floats(-100, 100).map(lambda value: round(value, 3))


def step(number: int, loss: float | None, count: int = 1) -> Step:
    spread = 0.5 * count
    low, high = (None, None) if loss is None else (loss - spread, loss + spread)
    return Step(
        at=number,
        epoch=1,
        step=number,
        samples=8 * number,
        count=count,
        loss=loss,
        loss_min=low,
        loss_max=high,
        learning_rate=0.1,
        gradient_norm=loss,
        speed=float(number % 7),
        not_finite=0 if loss is not None else count,
    )


def validation(epoch: int, number: int, value: float = 0.5, best: bool = False) -> Validation:
    return Validation(
        at=number, epoch=epoch, step=number, users=5, seconds=1, metrics={"full": {"NDCG@10": value}}, best=best
    )


def system(at: float, cpu: float, gpu: float | None = None) -> System:
    return System(at=at, cpu=cpu, process_memory=1, memory=2, memory_total=4, gpu=gpu)


@st.composite
def logs(draw) -> list:
    """A log of one life or several, each going on at or before the step where the last one ended."""
    events: list = []
    end = 0
    for life in range(draw(st.integers(1, 5))):
        if life:
            end = max(0, end - draw(st.integers(0, 60)))
            events.append(StateChange(at=0, state="resumed", step=end))
        for loss in draw(st.lists(losses, max_size=60)):
            count = draw(st.integers(1, 3))
            end += count
            events.append(step(end, loss, count))
            if end % 10 == 0:
                events += [validation(end // 10, end, end / 100), system(end, end % 100)]
    return events


def fold(steps: list[Step]) -> tuple[float, ...]:
    """Last step, steps, steps lost, mean, minimum and maximum of the loss, mean of the speed."""
    real = [event for event in steps if event.loss is not None]
    weight = sum(event.count for event in real)
    return (
        steps[-1].step if steps else 0,
        sum(event.count for event in steps),
        sum(event.not_finite for event in steps),
        sum(event.loss * event.count for event in real) / weight if real else np.nan,
        min((event.loss_min for event in real), default=np.nan),
        max((event.loss_max for event in real), default=np.nan),
        sum(event.speed for event in steps) / len(steps) if steps else np.nan,
    )


def folded(summary: Summary) -> tuple[float, ...]:
    """The same from a summary."""
    track = summary.steps
    if not len(track):
        return fold([])
    mean, low, high = track.measure("loss")
    at = track._at["loss"]
    total, weight = track.data[:, at : at + 2].sum(axis=0)
    speed = track._at["speed"]
    both = track.data[:, speed : speed + 2].sum(axis=0)
    return (
        track.column("step")[-1],
        track.column("count").sum(),
        track.column("not_finite").sum(),
        total / weight if weight else np.nan,
        np.nanmin(low) if np.isfinite(mean).any() else np.nan,
        np.nanmax(high) if np.isfinite(mean).any() else np.nan,
        both[0] / both[1],
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(events=logs(), most=st.integers(2, 20), data=st.data())
def test_summary_and_tail_say_what_the_whole_log_says(tmp_path: Path, events: list, most: int, data) -> None:
    log = EventLog(tmp_path / "events.jsonl")
    log.path.write_bytes(b"")
    saved = data.draw(st.integers(0, max(0, len(events) - 1)))
    writer = Summary(tmp_path, most)
    for number, event in enumerate(events):
        if number == saved:
            writer.read_on()
            writer.save()
        log.append(event)
    reader = Summary(tmp_path, most)
    assert reader.load() or not events
    reader.read_on()
    whole = WholeLog()
    whole.add(events)
    assert folded(reader) == pytest.approx(fold(whole.steps), nan_ok=True)
    assert len(reader.steps) <= most
    assert (np.diff(reader.steps.column("step")) > 0).all()
    assert reader.validations == whole.validations
    assert reader.remarks == whole.remarks
    assert reader.system.column("rows").sum() == len(whole.system)
    (tmp_path / "summary.msgpack").unlink(missing_ok=True)


def test_what_an_earlier_life_did_after_the_step_of_resumption_is_dropped_and_a_pause_drops_nothing(
    tmp_path: Path,
) -> None:
    log = EventLog(tmp_path / "events.jsonl")
    lives = [
        *(validation(0, 0, 0.5), step(5, 1.0), validation(0, 0, 0.5), step(10, 1.0), validation(1, 10, 0.5)),
        *(StateChange(at=0, state="paused", step=10), StateChange(at=0, state="training", step=10), step(15, 1.0)),
        *(step(20, 1.0), validation(2, 20, 0.5), StateChange(at=0, state="resumed", step=10)),
        *(step(14, 9.0), step(20, 9.0), validation(2, 20, 0.7)),
    ]
    for event in lives:
        log.append(event)
    summary = Summary(tmp_path)
    summary.read_on()
    assert summary.steps.column("step").tolist() == [5, 10, 14, 20]
    assert summary.steps.measure("loss")[0].tolist() == [1, 1, 9, 9]
    told = [(event.epoch, event.metrics["full"]["NDCG@10"]) for event in summary.validations]
    assert told == [(0, 0.5), (1, 0.5), (2, 0.7)], "one that was done twice counts once"
    assert [event for event in summary.remarks if isinstance(event, Validation)] == summary.validations


def test_a_spike_among_a_hundred_thousand_steps_survives_in_a_file_of_bounded_size(tmp_path: Path) -> None:
    import msgspec

    log = EventLog(tmp_path / "events.jsonl")
    events = [step(number, 1.0) for number in range(1, 100_001)]
    events[70_000] = step(70_001, 1000.0)
    log.path.write_bytes(b"".join(msgspec.json.encode(event) + b"\n" for event in events))
    writer = Summary(tmp_path)
    writer.read_on()
    writer.save()
    assert writer.file.stat().st_size < 1_000_000
    reader = Summary(tmp_path)
    assert reader.load()
    assert not reader.read_on()
    assert np.nanmax(reader.steps.measure("loss")[2]) == 1000.5
    assert reader.steps.column("count").sum() == 100_000


@pytest.mark.parametrize("fault", ["torn", "missing", "another log", "a shorter log", "another version"])
def test_a_summary_that_is_not_of_this_log_is_ignored(tmp_path: Path, fault: str) -> None:
    log = EventLog(tmp_path / "events.jsonl")
    for number in range(1, 30):
        log.append(step(number, 1.0))
    writer = Summary(tmp_path)
    writer.read_on()
    writer.save()
    match fault:
        case "torn":
            writer.file.write_bytes(writer.file.read_bytes()[:-7])
        case "missing":
            writer.file.unlink()
        case "another version":
            writer.file.write_bytes(b"\x81\xa6schema\x63")
        case _:
            log.path.write_bytes(b"")
            for number in range(1, 60 if fault == "another log" else 4):
                log.append(step(number, 2.0, 2))
    reader = Summary(tmp_path)
    assert not reader.load()
    reader.read_on()
    whole = WholeLog()
    whole.add(log.read()[0])
    assert folded(reader) == pytest.approx(fold(whole.steps))


def test_of_very_many_validations_the_best_and_the_newest_stay(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.jsonl")
    log.path.write_bytes(b"")
    total = 2 * MOST_VALIDATIONS + 10
    for epoch in range(total):
        log.append(validation(epoch, epoch, 0.9 if epoch == 301 else 0.1, best=epoch == 301))
    log.append(Alert(at=1, kind="plateau", message="no better"))
    log.append(Note(at=2, text="the end"))
    summary = Summary(tmp_path)
    summary.read_on()
    epochs = [event.epoch for event in summary.validations]
    assert len(epochs) <= 2 * MOST_VALIDATIONS
    assert 301 in epochs
    assert epochs[-1] == total - 1
    assert isinstance(summary.remarks[-1], Note)
