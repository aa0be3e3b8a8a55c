"""What comes between: a disk that fills, a pause, a stop during the last test, a kill between two files."""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from types import SimpleNamespace

import msgspec
import pytest
import torch
from histories import walks
from safetensors import safe_open
from working import SMALL, finish

from bert4rec_tui.config import Config, with_assignments
from bert4rec_tui.progress import Progress
from bert4rec_tui.runs.control import request
from bert4rec_tui.runs.events import Validation
from bert4rec_tui.runs.store import LocalRuns
from bert4rec_tui.training import recorder as recorder_module
from bert4rec_tui.training import trainer as trainer_module
from bert4rec_tui.training import worker as worker_module
from bert4rec_tui.training.recorder import Recorder
from bert4rec_tui.training.trainer import Trainer


@pytest.mark.parametrize("room", [6_000, 20_000])
def test_a_checkpoint_that_finds_no_room_fails_with_the_systems_word_and_tells_the_user(new_run, tmp_path, room):
    """No file may grow beyond some size: weights are refused, or where they fit the optimizer's state."""
    run = new_run("training.precision=fp32", "model.hidden=32")
    told = tmp_path / "told"
    settings = run.path.parent.parent / "settings.toml"
    settings.write_text(f"notify_command = 'touch {told}'\n", encoding="utf-8")
    worker = subprocess.run(
        [sys.executable, "-m", "bert4rec_tui.training", str(run.path)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert worker.returncode == 1
    assert run.state() == "failed"
    assert run.status().message.endswith(": File too large")
    assert "checkpoints" in run.status().message
    assert "Traceback" not in worker.stderr + worker.stdout
    assert told.exists()
    assert not [file.name for file in (run.path / "checkpoints").iterdir() if file.name.endswith(".tmp")]


def test_a_pause_is_no_training(new_run, monkeypatch):
    """However long it lasts, it is neither in the time of training nor in the time that is left."""
    run = new_run("training.epochs=40")  # so many that it lasts until the request is looked for again
    offset = 0.0
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + offset, time=time.time, sleep=time.sleep)
    monkeypatch.setattr(trainer_module, "time", clock)
    monkeypatch.setattr(recorder_module, "time", clock)
    stand_still = Recorder.wait_while_paused
    lefts: list[float | None] = []

    def for_days(recorder: Recorder, step: int, agree: Callable) -> str:
        nonlocal offset
        request(run.path, "train", recorder.status.control)
        offset += 1_000_000.0
        return stand_still(recorder, step, agree)

    monkeypatch.setattr(Recorder, "wait_while_paused", for_days)
    estimate = Recorder.estimate

    def estimated(recorder: Recorder, seconds_left: float | None, seconds: float) -> None:
        lefts.append(seconds_left)
        estimate(recorder, seconds_left, seconds)

    monkeypatch.setattr(Recorder, "estimate", estimated)
    validation = Recorder.validation

    def then_pause(recorder: Recorder, event: Validation, *arguments) -> None:
        validation(recorder, event, *arguments)
        if event.epoch == 0:
            request(run.path, "pause", recorder.status.control)

    monkeypatch.setattr(Recorder, "validation", then_pause)
    assert finish(run) == 0
    assert offset == 1_000_000.0
    assert run.status().seconds < 1000
    assert lefts
    assert max(left or 0.0 for left in lefts) < 1000


def test_a_stop_during_the_last_test_ends_it_and_the_run_has_finished(new_run, monkeypatch):
    run = new_run("training.test_at_end=true", "training.epochs=1")
    test = worker_module.run_test
    stages: list[str] = []

    def stopped_at_once(*arguments) -> None:
        report = arguments[-1]

        def ask_first(progress: Progress) -> None:
            stages.append(progress.stage)
            if len(stages) == 1:
                request(run.path, "stop", run.status().control)
                time.sleep(2 * recorder_module.EVENT_SECONDS)  # requests are read four times a second
            report(progress)

        test(*arguments[:-1], ask_first)

    monkeypatch.setattr(worker_module, "run_test", stopped_at_once)
    assert finish(run) == 0
    assert run.state() == "finished"
    assert stages == ["Testing"]
    assert run.test_results() == {}
    assert f"bert4rec-tui test {run.short_id}" in run.events.read()[0][-2].text


def test_a_kill_between_the_best_weights_and_the_last_leaves_the_best_that_the_run_knows(
    make_dataset, home, monkeypatch
):
    dataset = make_dataset(walks(60, 20, 14))
    config = with_assignments(msgspec.structs.replace(Config(), dataset=dataset.manifest.settings), SMALL)
    run = LocalRuns(home / "runs").create(config, dataset.id)

    def best_step() -> str:
        with safe_open(run.checkpoint("best"), framework="np") as file:
            return file.metadata()["step"]

    values = iter([0.3, 0.9, 0.1, 0.1, 0.1])
    monkeypatch.setattr(trainer_module, "means", lambda *arguments: {"NDCG@5": next(values)})
    save = trainer_module.save_last

    def killed_at_the_second(folder, model, optimizer, position, metadata) -> None:
        if position.epoch == 1:
            raise SystemExit
        save(folder, model, optimizer, position, metadata)

    with monkeypatch.context() as patch:
        patch.setattr(trainer_module, "save_last", killed_at_the_second)
        config = with_assignments(config, ['evaluation.protocols=["full"]'])
        trainer = Trainer(config, dataset, run.path, torch.device("cpu"), "fp32")
        with pytest.raises(SystemExit):
            trainer.train()
    assert best_step() == "0"
    again = Trainer(config, dataset, run.path, torch.device("cpu"), "fp32")
    assert again.position.best == 0.3
    assert again.train() == "finished"
    assert best_step() == "0"
    assert not list((run.path / "checkpoints").glob("*.next.*"))


def test_a_stop_between_an_epoch_and_its_validation_keeps_the_loss_of_the_epoch(new_run, monkeypatch):
    run = new_run("training.epochs=2")
    request = Recorder.request

    def stop_before_the_second_validation(recorder: Recorder) -> str:
        trained = any("epoch 1 " in getattr(event, "text", "") for event in run.events.read()[0])
        return "stop" if trained else request(recorder)

    monkeypatch.setattr(Recorder, "request", stop_before_the_second_validation)
    assert finish(run) == 0
    assert run.state() == "stopped"
    assert [event.epoch for event in run.events.read()[0] if isinstance(event, Validation)] == [0]
    monkeypatch.setattr(Recorder, "request", request)
    assert finish(run) == 0
    validations = [event for event in run.events.read()[0] if isinstance(event, Validation)]
    assert [event.epoch for event in validations] == [0, 1, 2]
    assert validations[0].loss is None
    assert all(event.loss is not None and event.loss > 0 for event in validations[1:])


def test_what_a_killed_worker_was_writing_is_cleared_away_by_the_next(new_run):
    run = new_run()
    left = run.path / "checkpoints" / ".last.state.4711.0a1b2c.tmp"
    left.write_bytes(b"half of it")
    assert finish(run) == 0
    assert not left.exists()
    assert run.checkpoint("last").exists()


def test_weights_without_their_state_are_not_written_over_by_a_training_that_begins_anew(new_run):
    run = new_run("training.epochs=1")
    assert finish(run) == 0
    (run.path / "checkpoints" / "last.state").unlink()
    before = run.checkpoint("last").read_bytes(), run.checkpoint("best").read_bytes()
    assert not run.can_continue()
    assert finish(run) == 1
    message = run.status().message
    assert message.startswith(f"{run.path / 'checkpoints' / 'last.state'}: is missing, so the run cannot be resumed; ")
    assert f"--init-from {run.checkpoint('last')}" in message
    assert (run.checkpoint("last").read_bytes(), run.checkpoint("best").read_bytes()) == before


def test_a_state_that_is_cut_short_says_what_can_be_done(new_run):
    run = new_run("training.epochs=1")
    assert finish(run) == 0
    state = run.path / "checkpoints" / "last.state"
    state.write_bytes(state.read_bytes()[:1000])
    assert finish(run) == 1
    assert f"--config {run.path / 'config.toml'} --init-from" in run.status().message


@pytest.mark.parametrize("name", ["last.state", "last.safetensors"])
def test_a_run_does_not_go_on_from_a_checkpoint_in_which_bits_have_flipped(new_run, name):
    run = new_run("training.epochs=1")
    assert finish(run) == 0
    change = run.path / "config.toml"
    change.write_text(change.read_text().replace("epochs = 1", "epochs = 2"))
    file = run.path / "checkpoints" / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 4
    file.write_bytes(content)
    assert finish(run) == 1
    message = run.status().message
    assert message.startswith(f"{file}: is damaged")
    assert "--init-from" in message
    assert "\n" not in message
    assert file.read_bytes() == bytes(content)
