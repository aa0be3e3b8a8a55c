"""The process that a run lives in: killed, paused, stopped, and back at the same bits."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from histories import walks
from safetensors.numpy import load_file
from waits import wait_for
from working import SMALL, curves, finish, start

from bert4rec_tui.config import Config, with_assignments
from bert4rec_tui.runs.control import request
from bert4rec_tui.runs.launcher import launch
from bert4rec_tui.runs.status import LIVE
from bert4rec_tui.runs.store import LocalRuns
from bert4rec_tui.runs.summary import Summary
from bert4rec_tui.training.recorder import Recorder
from bert4rec_tui.training.worker import explain

ROOT = Path(__file__).parent.parent.parent
ENDLESS = "training.epochs=100000"


@pytest.mark.parametrize(
    ("objective", "loss", "minutes", "precision"),
    [
        ("cloze", "full", 0.0005, "bf16"),
        pytest.param("cloze", "full", 0.0005, "fp32", marks=pytest.mark.long),
        pytest.param("causal", "sampled", 10, "fp32", marks=pytest.mark.long),
        pytest.param("causal", "full", 0.0005, "bf16", marks=pytest.mark.long),
        pytest.param("cloze", "gbce", 10, "bf16", marks=pytest.mark.long),
    ],
)
def test_a_run_killed_within_an_epoch_ends_at_the_same_bits(new_run, objective, loss, minutes, precision):
    """SIGKILL in the middle of an epoch, then another worker: weights and validations are those of a run never killed.

    With checkpoints within the epoch it goes on from its middle, without from its start.
    """
    common = [f"model.objective={objective}", "training.windows=random", "training.schedule=cosine"]
    common += [f"training.loss={loss}", "training.negatives=5", f"training.precision={precision}"]
    common += ["training.batch_size=1"]  # 200 steps in each of 3 epochs
    whole = new_run(*common)
    assert finish(whole) == 0
    killed = new_run(*common, f"training.checkpoint_minutes={minutes}")
    worker = start(killed)
    wait_for(lambda: any(220 <= event.step <= 390 for event in curves(killed).steps), worker=worker)
    worker.kill()
    worker.wait()
    assert killed.state() == "lost"
    assert [event.epoch for event in curves(killed).validations] == [0, 1]
    position = torch.load(killed.path / "checkpoints" / "last.state", weights_only=True)["position"]
    assert position["epoch"] == 1
    assert (position["step_in_epoch"] > 0) == (minutes < 1)
    assert finish(killed) == 0
    assert killed.state() == "finished"
    for name in ("last", "best"):
        expected, found = (load_file(run.checkpoint(name)) for run in (whole, killed))
        assert all(np.array_equal(expected[key], found[key]) for key in expected)
    expected, found = ([(v.epoch, v.metrics) for v in curves(run).validations] for run in (whole, killed))
    assert expected == found
    assert [epoch for epoch, _ in found] == [0, 1, 2, 3]
    steps = [event.step for event in curves(killed).steps]
    assert steps == sorted(set(steps))
    assert steps[-1] == 600


def test_a_paused_run_keeps_its_lock_outlives_its_terminal_and_goes_on_to_the_same_bits(new_run):
    whole = new_run("training.batch_size=2")
    assert finish(whole) == 0
    paused = new_run("training.batch_size=2")
    worker = start(paused)
    wait_for(lambda: bool(curves(paused).steps), worker=worker)
    request(paused.path, "pause", paused.status().control)
    assert paused.state() in ("pausing", "paused")
    wait_for(lambda: paused.state() == "paused", worker=worker)
    step = paused.status().step
    assert paused.checkpoint("last").exists()
    worker.send_signal(signal.SIGHUP)  # as when its terminal closes
    second = start(paused)
    assert second.wait(60) == 2
    assert paused.state() == "paused"
    assert paused.status().pid == worker.pid
    assert paused.status().step == step
    assert paused.status().heartbeat > time.time() - 4
    request(paused.path, "train", paused.status().control)
    assert worker.wait(120) == 0
    expected, found = (load_file(run.checkpoint("last")) for run in (whole, paused))
    assert all(np.array_equal(expected[key], found[key]) for key in expected)


@pytest.mark.parametrize("way", ["file", pytest.param("signal", marks=pytest.mark.long)])
def test_a_stop_saves_and_ends_and_the_run_goes_on_from_there(new_run, way):
    run = new_run("training.epochs=200")
    worker = start(run)
    wait_for(lambda: len(curves(run).steps) > 1, worker=worker)
    if way == "signal":
        worker.send_signal(signal.SIGTERM)
    else:
        request(run.path, "stop", run.status().control)
    assert worker.wait(60) == 0
    assert run.state() == "stopped"
    stopped_at = run.status().step
    worker = start(run)
    wait_for(lambda: run.status().step > stopped_at, worker=worker)
    assert "resumed" in [getattr(remark, "state", "") for remark in curves(run).remarks]
    assert min(e.step for e in curves(run).steps if e.step > stopped_at) > stopped_at
    worker.kill()
    worker.wait()


def test_the_first_signal_asks_and_the_second_does_not_wait():
    code = "import threading, time; from bert4rec_tui.training.signals import obey_signals\n"
    code += "asked = threading.Event(); obey_signals(asked); print('ready', flush=True); asked.wait()\n"
    code += "print('asked', flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "asked\n"
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 1


def test_the_signal_that_torchrun_passes_on_is_taken_for_the_one_that_came_before(new_run, monkeypatch):
    """Slurm signals every process of a job, and torchrun passes its own on: a single rank gets both at once."""
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "some-run")
    run = new_run("training.epochs=200")
    worker = start(run)
    wait_for(lambda: len(curves(run).steps) > 1, worker=worker)
    worker.send_signal(signal.SIGTERM)
    time.sleep(0.05)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0
    assert run.state() == "stopped"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell a process that its parent is gone")
def test_a_single_rank_does_not_outlive_torchrun(new_run, monkeypatch):
    run = new_run("training.epochs=200")
    code = (
        "import subprocess, sys; worker = subprocess.Popen(sys.argv[1:]); print(worker.pid, flush=True); worker.wait()"
    )
    command = [sys.executable, "-c", code, sys.executable, "-m", "bert4rec_tui.training", str(run.path)]
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "some-run")
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    wait_for(lambda: len(curves(run).steps) > 1, worker=parent)
    parent.kill()
    parent.communicate()
    wait_for(lambda: run.state() == "stopped")


def test_a_run_that_cannot_begin_says_so_in_its_events(new_run):
    run = new_run("dataset.name=nowhere")
    assert finish(run) == 1
    last = run.events.read()[0][-1]
    assert (last.state, last.message) == ("failed", run.status().message)
    assert last.message.startswith("nowhere")


def test_a_loss_that_is_not_a_number_fails_with_what_to_do(new_run):
    run = new_run("training.learning_rate=100.0", "training.optimizer=sgd", "training.momentum=0.99")
    assert finish(run) == 1
    assert run.state() == "failed"
    message = run.status().message
    assert "not a number" in message
    assert "training.learning_rate" in message
    assert "\n" not in message
    assert "Traceback" not in "\n".join(run.console_tail(30))


def test_the_worker_keeps_a_summary_that_holds_to_the_end_of_the_log(new_run):
    run = new_run("training.epochs=7", "training.learning_rate=0.000001")
    assert finish(run) == 0
    summary = Summary(run.path)
    assert summary.load()
    assert summary.offset == run.events.size()
    assert summary.steps.column("count").sum() == run.status().step
    assert [event.epoch for event in summary.validations] == list(range(8))
    assert summary.validations[0].loss is None
    assert summary.validations[7].loss > 0


def test_a_wish_that_comes_while_a_pause_saves_is_obeyed(new_run):
    """Pause, and stop at once: the run does not stay paused on a request that nobody reads again."""
    run = new_run()
    recorder = Recorder(run.path, torch.device("cpu"))
    request(run.path, "pause")
    assert recorder.request() == "pause"
    request(run.path, "stop")
    assert recorder.wait_while_paused(1) == "stop"


@pytest.mark.parametrize("split", ["leave-one-out", "holdout"])
def test_a_run_ends_with_its_test_for_every_split(make_dataset, home, split):
    """Trained, validated, tested at the end: with users held out, none of their items is ever trained on."""
    dataset = make_dataset(walks(60, 20, 14), split=split)
    config = msgspec.structs.replace(Config(), dataset=dataset.manifest.settings)
    extra = ["training.test_at_end=true", "training.precision=bf16", "training.gradient_clip=1.0"]
    config = with_assignments(config, [*SMALL, *extra, "training.weight_decay=0.1"])
    run = LocalRuns(home / "runs").create(config, dataset.id)
    assert finish(run) == 0
    results = run.test_results()
    assert set(results) == {"full", "uniform-5"}
    assert results["full"]["users"] == len(dataset.evaluated_users("test"))
    assert len(curves(run).validations) == 4
    if split == "holdout":
        assert results["full"]["users"] == 6
        trained = np.repeat(dataset.split.train_end, np.diff(dataset.offsets)) > 0
        counts = np.bincount(dataset.history[trained], minlength=dataset.items + 1)[1:]
        assert np.array_equal(counts, dataset.train_counts)


@pytest.mark.parametrize(
    ("error", "phase", "words"),
    [
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
            "training",
            "training.batch_size = 4 (it is 8)",
        ),
        (
            torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
            "validating",
            "evaluation.batch_size = 64 (it is 128)",
        ),
        (RuntimeError("MPS backend out of memory"), "training", "training.batch_size = 4"),
        (OSError(28, "No space left on device", "x"), "training", "the disk is full"),
        (RuntimeError(""), "training", "RuntimeError"),
    ],
)
def test_what_went_wrong_is_a_sentence_with_what_to_do(error, phase, words):
    config = with_assignments(Config(), ["training.batch_size=8"])
    sentence = explain(error, config, phase)
    assert words in sentence
    assert "\n" not in sentence


def test_patience_ends_a_run_and_a_restart_does_not_begin_again(new_run):
    run = new_run("training.epochs=500", "training.patience=2", "training.learning_rate=0.02")
    assert finish(run) == 0
    status = run.status()
    assert run.state() == "finished"
    assert status.epoch < 500
    assert status.best is not None
    assert status.epoch - status.best.epoch == 2


def test_weights_can_be_taken_over(new_run):
    """--init-from: the first validation is that of the weights given."""
    teacher = new_run()
    assert finish(teacher) == 0
    pupil = new_run(f"init_from='{teacher.checkpoint('last')}'", "training.epochs=1")
    assert finish(pupil) == 0
    assert curves(pupil).validations[0].metrics == curves(teacher).validations[-1].metrics


def test_a_broken_checkpoint_is_said_in_a_sentence(new_run):
    run = new_run("training.epochs=1")
    assert finish(run) == 0
    state = run.path / "checkpoints" / "last.state"
    for content in (state.read_bytes()[:1000], b""):
        state.write_bytes(content)
        assert finish(run) == 1
        assert "last.state: is damaged or from another program" in run.status().message


def test_a_kill_between_the_two_renames_of_a_checkpoint_loses_nothing(new_run):
    """The state is in place and the weights still wait: whoever loads finishes the rename."""
    run = new_run("training.epochs=1")
    assert finish(run) == 0
    folder = run.path / "checkpoints"
    good = (folder / "last.safetensors").read_bytes()
    (folder / "last.next.safetensors").write_bytes(good)
    (folder / "last.safetensors").write_bytes(b"of an earlier step")
    assert finish(run) == 0
    assert (folder / "last.safetensors").read_bytes() == good
    assert not (folder / "last.next.safetensors").exists()


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_first_item_can_be_learnt_and_recommended(make_dataset, home, precision):
    """Item ids start at 1: the notebook's first item was taken for padding and could never be learnt."""
    from bert4rec_tui.recommend.recommender import Recommender

    dataset = make_dataset([[3, 2, 1, 3, 2, 1, 3, 2, 1, 2, 3], [2, 1, 3, 2, 1, 3, 2, 1, 3, 1, 2]] * 40)
    assert dataset.item_ids[0] == 1
    config = with_assignments(
        msgspec.structs.replace(Config(), dataset=dataset.manifest.settings),
        [
            *SMALL,
            f"training.precision={precision}",
            "training.epochs=12",
            "training.learning_rate=0.01",
            "model.dropout=0.0",
            "training.mask_rate=0.3",
            "training.last_item_rate=0.5",
            "evaluation.ks=[1]",
            'evaluation.protocols=["full"]',
            "evaluation.best_metric=full:MRR",
        ],
    )
    run = LocalRuns(home / "runs").create(config, dataset.id)
    assert finish(run) == 0
    recommender = Recommender(run, dataset, "last")
    scores = recommender.scores([[2, 1, 3, 2], [1, 3, 2, 1]])
    assert scores.argmax(1).tolist() == [0, 2]  # after 2 comes item 1; after 1 comes 3


def test_the_worker_leaves_tensorboard_scalars(new_run):
    run = new_run("training.epochs=1", "training.log_samples=8")
    assert finish(run) == 0
    written = b"".join(file.read_bytes() for file in (run.path / "tensorboard").iterdir())
    for tag in (b"train/loss", b"train/learning_rate", b"validation/full/NDCG_5", b"validation/uniform-5/Recall_5"):
        assert tag in written


def test_masks_differ_between_epochs(make_dataset, tmp_path):
    """Fresh masks are drawn in each epoch, the same ones whenever an epoch is done again."""
    from bert4rec_tui.training.trainer import Trainer

    dataset = make_dataset(walks(8, 20, 14))
    config = with_assignments(msgspec.structs.replace(Config(), dataset=dataset.manifest.settings), SMALL)
    run = LocalRuns(tmp_path / "runs").create(config, dataset.id)
    trainer = Trainer(config, dataset, run.path, torch.device("cpu"), "fp32")
    windows = next(iter(trainer.batches.batches(0)))
    tasks = []
    for epoch in (0, 1, 0):
        tasks.append(trainer.step.task(windows, epoch, 0).tokens)
    assert not torch.equal(tasks[0], tasks[1])
    assert torch.equal(tasks[0], tasks[2])


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.4])
def test_a_signal_in_the_first_moments_of_a_worker_is_a_stop(new_run, seconds, monkeypatch):
    """It ended the process while torch was being imported, and the run was lost."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    run = new_run(ENDLESS)
    pid = launch(run)
    time.sleep(seconds)
    os.kill(pid, signal.SIGTERM)
    wait_for(lambda: run.state() not in (*LIVE, "queued"))
    assert run.state() == "stopped", run.console_tail()
    assert "Traceback" not in "\n".join(run.console_tail(100))


@pytest.mark.parametrize(("mask", "widest"), [(0o077, 0o700), (0, 0o755)])
def test_what_a_worker_leaves_follows_the_umask(new_run, monkeypatch, mask, widest):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    before = os.umask(mask)
    try:
        run = new_run("training.epochs=1", "training.log_samples=1")
        launch(run)
    finally:
        os.umask(before)
    wait_for(lambda: run.state() not in (*LIVE, "queued"))
    assert run.state() == "finished"
    left = [run.path, *run.path.rglob("*")]
    assert {"console.log", "lock", "best.safetensors", "last.state", "events.jsonl"} <= {path.name for path in left}
    wide = [path for path in left if path.stat().st_mode & 0o777 & ~(widest if path.is_dir() else widest & 0o666)]
    assert wide == []
