"""A run that two processes train: stopped, paused, one of them killed, and back with another number of them."""

import os
import signal
import socket
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import msgspec
import psutil
import pytest
from histories import walks
from safetensors.numpy import load_file
from waits import wait_for
from whole_log import WholeLog

from bert4rec_tui.config import Config, save_config, with_assignments
from bert4rec_tui.runs.control import request
from bert4rec_tui.runs.launcher import launch
from bert4rec_tui.runs.lock import lock_is_held
from bert4rec_tui.runs.status import LIVE
from bert4rec_tui.runs.store import LocalRuns, Run

SMALL = [
    "model.hidden=16",
    "model.heads=2",
    "model.blocks=1",
    "model.max_len=12",
    "model.dropout=0.0",
    "training.batch_size=8",
    "training.epochs=3",
    "training.threads=2",
    "training.device=cpu",
    "training.precision=fp32",
    "training.processes=2",
    "evaluation.ks=[1,5]",
    'evaluation.protocols=["full","uniform-5"]',
    "evaluation.best_metric=full:NDCG@5",
]
ROOT = Path(__file__).parent.parent.parent
ENDLESS = "training.epochs=100000"


@pytest.fixture
def new_run(make_dataset, home, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    dataset = make_dataset(walks(100, 20, 14))
    runs = LocalRuns(home / "runs")

    def create(*assignments: str) -> Run:
        config = msgspec.structs.replace(Config(), dataset=dataset.manifest.settings)
        return runs.create(with_assignments(config, [*SMALL, *assignments]), dataset.id)

    yield create
    for run in runs.runs():
        for process in ranks_of(run):
            process.kill()


def ranks_of(run: Run) -> list[psutil.Process]:
    """The processes, torchrun among them, that have the run's folder on their command line."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        if str(run.path) in words and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def change(run: Run, *assignments: str) -> None:
    save_config(with_assignments(run.config(), list(assignments)), run.path / "config.toml")


def curves(run: Run) -> WholeLog:
    found = WholeLog()
    found.add(run.events.read()[0])
    return found


def until_training(run: Run, step: int = 1) -> None:
    wait_for(lambda: run.status().step >= step or run.state() not in (*LIVE, "queued"), 120)
    assert run.state() in LIVE, run.console_tail(30)


def until_left(run: Run) -> None:
    """No process of the run is left behind, and its lock is free."""
    wait_for(lambda: not ranks_of(run), 120)
    assert not lock_is_held(run.path)


@pytest.mark.long
def test_a_rank_that_dies_ends_the_run_with_a_sentence_and_one_process_goes_on(new_run):
    """kill -9 of rank 1 in a run of two; then the run is resumed by one process, to its end."""
    run = new_run("training.epochs=400", "training.patience=0")
    torchrun = launch(run)
    until_training(run)
    wait_for(lambda: run.status().epoch >= 2, 120)
    status = run.status()
    assert status.device == "2 × cpu"
    assert len(status.pids) == 2
    assert status.pids[0] == status.pid != torchrun
    assert psutil.pid_exists(torchrun)
    os.kill(torchrun, signal.SIGHUP)  # a terminal that closes is no matter
    after = run.status().step
    wait_for(lambda: run.status().step > after, 120)
    os.kill(status.pids[1], signal.SIGKILL)
    wait_for(lambda: run.state() not in LIVE, 120)
    assert run.state() == "failed"
    message = run.status().message
    assert message.startswith(f"rank 1 (process {status.pids[1]} on ")
    assert message.endswith("resume the run to continue from its last checkpoint")
    assert "\n" not in message
    until_left(run)  # the event is written after the status
    assert getattr(curves(run).remarks[-1], "message", "") == message
    epoch = run.status().epoch
    change(run, "training.processes=1", f"training.epochs={epoch + 2}")
    launch(run)
    wait_for(lambda: run.state() not in (*LIVE, "queued"), 120)
    assert run.state() == "finished", run.console_tail(20)
    assert run.status().epoch == epoch + 2
    assert len(run.status().pids) == 1
    steps = [event.step for event in curves(run).steps]
    assert steps == sorted(set(steps))
    epochs = [validation.epoch for validation in curves(run).validations]
    assert epochs == list(range(epoch + 3))


@pytest.mark.long
def test_when_the_first_rank_dies_another_says_so(new_run):
    run = new_run(ENDLESS)
    launch(run)
    until_training(run)
    pids = run.status().pids
    os.kill(pids[0], signal.SIGKILL)
    wait_for(lambda: run.state() not in LIVE and run.state() != "lost", 120)
    assert run.state() == "failed"
    assert run.status().message.startswith(f"rank 0 (process {pids[0]} on ")
    until_left(run)


@pytest.mark.long
def test_a_stop_asked_of_any_process_saves_and_ends_all_and_two_end_where_one_does(new_run):
    """SIGTERM to the second rank, resumed; SIGTERM to torchrun, resumed; the curves are those of one process alone."""
    alone = new_run("training.processes=1", "training.threads=1", "training.epochs=3")
    launch(alone)
    run = new_run(ENDLESS)
    launch(run)
    until_training(run)
    os.kill(run.status().pids[1], signal.SIGTERM)
    wait_for(lambda: run.state() == "stopped", 120)
    until_left(run)
    stopped_at = run.status().step
    assert stopped_at > 0
    torchrun = launch(run)
    until_training(run, stopped_at + 1)
    os.kill(torchrun, signal.SIGTERM)
    wait_for(lambda: run.state() == "stopped", 120)
    until_left(run)
    first = {e.step: e for e in curves(run).steps}
    assert min(step for step in first if step > stopped_at) > stopped_at
    change(run, f"training.epochs={run.status().epoch + 1}")
    launch(run)
    wait_for(lambda: run.state() not in (*LIVE, "queued"), 120)
    assert run.state() == "finished", run.console_tail(20)
    wait_for(lambda: alone.state() == "finished", 120)
    ours, theirs = ({v.epoch: v.metrics for v in curves(each).validations} for each in (run, alone))
    common = sorted(ours.keys() & theirs.keys())[:4]
    assert common[:2] == [0, 1]
    assert ours[0] == theirs[0]
    for epoch in common:
        for protocol, metrics in ours[epoch].items():
            assert metrics == pytest.approx(theirs[epoch][protocol], abs=0.02)


def test_all_ranks_pause_and_go_on_and_only_one_writes(new_run):
    run = new_run(ENDLESS)
    launch(run)
    until_training(run)
    request(run.path, "pause", run.status().control)
    wait_for(lambda: run.state() == "paused", 120)
    step = run.status().step
    assert load_file(run.checkpoint("last"))
    time.sleep(0.6)
    assert run.status().step == step
    request(run.path, "train", run.status().control)
    wait_for(lambda: run.status().step > step, 120)
    request(run.path, "stop", run.status().control)
    wait_for(lambda: run.state() == "stopped", 120)
    until_left(run)
    assert len(list((run.path / "tensorboard").iterdir())) == 1
    states = [getattr(remark, "state", "") for remark in curves(run).remarks]
    assert [state for state in states if state] == ["training", "paused", "training", "stopped"]
    told = [line for line in run.console_tail(2000) if line.startswith("validation after epoch 0")]
    assert len(told) == 1


def test_nothing_listens_beyond_this_machine(new_run):
    """torchrun listened on two ports of all interfaces, whose store it unpickled."""
    run = new_run(ENDLESS)
    agent = psutil.Process(launch(run))
    addresses: set[str] = set()

    def look() -> bool:
        for process in [agent, *agent.children(recursive=True)]:
            with suppress(psutil.Error):
                addresses.update(
                    place.laddr.ip
                    for place in process.net_connections("inet")
                    if place.status == psutil.CONN_LISTEN or place.type == socket.SOCK_DGRAM
                )
        return run.status().step > 20 or run.state() not in LIVE

    wait_for(look, 120)
    assert run.state() == "training", run.console_tail(30)
    assert addresses == {"127.0.0.1"}
    folders = list(Path(tempfile.gettempdir()).glob(f"bert4rec-tui-ranks-{agent.pid}-*"))
    assert [folder.stat().st_mode & 0o077 for folder in folders] == [0]
    request(run.path, "stop", run.status().control)
    wait_for(lambda: run.state() == "stopped", 120)
    until_left(run)
    assert not any(folder.exists() for folder in folders)


def test_what_is_wrong_on_one_rank_is_said_by_the_run(new_run):
    """A loss that is not a number, a bad setting: the run fails as one process would, and no rank stays."""
    run = new_run("training.learning_rate=100.0", "training.optimizer=sgd", "training.momentum=0.99")
    launch(run)
    wait_for(lambda: run.state() not in (*LIVE, "queued"), 120)
    assert run.state() == "failed"
    assert "not a number" in run.status().message
    until_left(run)
