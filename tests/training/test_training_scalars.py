"""TensorBoard's file: whole after a resume, and no failed write holds a training up."""

import struct
from pathlib import Path
from typing import Any, cast

import pytest
from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto import event_pb2
from working import curves, finish

from bert4rec_tui.training.scalars import Scalars


def events(file: Path) -> list[Any]:
    """What stands in a file: each record is a length, its checksum, the event and its checksum."""
    data, found = file.read_bytes(), []
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        found.append(cast(Any, event_pb2).Event.FromString(data[12 : 12 + length]))
        data = data[12 + length + 4 :]
    return found


def points(folder: Path) -> list[tuple[str, float, int]]:
    return [
        (value.tag, round(value.simple_value, 3), event.step)
        for file in sorted(folder.iterdir())
        for event in events(file)
        for value in event.summary.value
    ]


def test_what_is_added_is_in_the_file_at_once(tmp_path):
    scalars = Scalars(tmp_path)
    assert scalars.add({"train/loss": 2.5, "train/epoch": 1}, 64) == ""
    assert points(tmp_path) == [("train/loss", 2.5, 64), ("train/epoch", 1.0, 64)]
    scalars.close()


def test_a_resumed_run_voids_what_came_after_its_checkpoint_and_nothing_else(tmp_path):
    """TensorBoard drops the points at the step of the mark and beyond: those of the checkpoint itself stay."""
    scalars = Scalars(tmp_path, resumed_at=120)
    scalars.add({"train/loss": 2.5}, 180)
    (file,) = tmp_path.iterdir()
    marks = [event.step for event in events(file) if event.HasField("session_log")]
    assert marks == [121]


def test_a_write_that_fails_costs_its_points_and_the_next_ones_stand_in_a_new_file(tmp_path, monkeypatch):
    scalars = Scalars(tmp_path)
    scalars.add({"train/loss": 3.0}, 1)

    def full(writer: EventsWriter) -> bool:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(EventsWriter, "flush", full)
        assert scalars.add({"train/loss": 2.0}, 2) == "No space left on device"
        assert scalars.add({"train/loss": 2.0}, 3) == "No space left on device"
        scalars.close()
    assert scalars.add({"train/loss": 1.0}, 4) == ""
    scalars.close()
    newest = max(tmp_path.iterdir(), key=lambda file: (file.stat().st_mtime_ns, file.name))
    assert [(value.simple_value, event.step) for event in events(newest) for value in event.summary.value] == [(1.0, 4)]
    assert ("train/loss", 3.0, 1) in points(tmp_path)


def test_where_nothing_can_be_written_that_is_said(tmp_path):
    (tmp_path / "tensorboard").write_text("a file")
    assert Scalars(tmp_path / "tensorboard").add({"train/loss": 1.0}, 1) == "File exists"


@pytest.mark.parametrize("times", [1, 30])
def test_a_training_is_told_once_and_goes_on(new_run, monkeypatch, times):
    """More points than any queue would hold."""
    failures = iter(range(times))
    flush = EventsWriter.flush

    def full_for_a_while(writer: EventsWriter) -> bool:
        if next(failures, None) is not None:
            raise OSError(28, "No space left on device")
        return flush(writer)

    monkeypatch.setattr(EventsWriter, "flush", full_for_a_while)
    run = new_run("training.log_samples=1", "training.batch_size=2", "training.epochs=1")
    assert finish(run) == 0
    told = [remark for remark in curves(run).remarks if getattr(remark, "kind", "") == "tensorboard"]
    assert [remark.message.partition(" at ")[0] for remark in told] == ["TensorBoard's curves have a gap"]


def python_loader(folder: Path) -> list[tuple[str, int]]:
    """What TensorBoard draws: a start drops the points at its step and beyond, but the first start is ignored."""
    drawn: list[tuple[str, int]] = []
    starts = 0
    for file in sorted(folder.iterdir()):
        for event in events(file):
            if event.HasField("session_log"):
                starts += 1
                drawn = drawn if starts == 1 else [point for point in drawn if point[1] < event.step]
            drawn += [(value.tag, event.step) for value in event.summary.value]
    return drawn


def test_points_that_a_kill_lost_are_drawn_once_after_the_first_resume(tmp_path):
    first, second = Scalars(tmp_path / "a"), Scalars(tmp_path / "b", resumed_at=60)
    for samples in (60, 120, 180):
        first.add({"train/loss": 2.5}, samples)
    for samples in (120, 180):
        second.add({"train/loss": 2.5}, samples)
    both = tmp_path / "both"
    both.mkdir()
    for number, folder in enumerate(("a", "b")):
        (file,) = (tmp_path / folder).iterdir()
        file.rename(both / str(number))
    assert python_loader(both) == [("train/loss", 60), ("train/loss", 120), ("train/loss", 180)]


def test_the_last_loss_of_every_epoch_is_drawn_however_few_steps_there_are(new_run):
    run = new_run("training.log_samples=1000000", "training.epochs=3")
    assert finish(run) == 0
    epochs = [validation.step for validation in curves(run).validations]
    drawn = [step for tag, _, step in points(run.path / "tensorboard") if tag == "train/loss"]
    samples = {event.step: event.samples for event in curves(run).steps}
    assert drawn[-3:] == [samples[step] for step in epochs if step]
    assert len(drawn) <= 4
