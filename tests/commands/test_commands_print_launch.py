"""What `--print-launch` prints starts the run: the torchrun line on two nodes, the script under a stand-in Slurm."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from terminal import Terminal, tiny
from waits import wait_for

from bert4rec_tui.config import load_config
from bert4rec_tui.runs.status import LIVE

TRAIN = ("train", "--dataset", "toy", *tiny(training__epochs="1"))


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def shell(*words: str, **variables: str) -> subprocess.Popen[str]:
    """Start a command without the program's own variables: what was printed must bring what it needs."""
    path = os.pathsep.join(filter(None, [str(Path(__file__).parent.parent.parent), os.environ.get("PYTHONPATH", "")]))
    environment = {key: value for key, value in os.environ.items() if key != "BERT4REC_TUI_HOME"}
    return subprocess.Popen(
        words,
        env=environment | {"PYTHONPATH": path} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.mark.long
def test_the_torchrun_line_trains_on_two_nodes(terminal):
    """The same line twice on this machine, as on two; nothing else starts, and only one of the ranks writes."""
    place = f"127.0.0.1:{free_port()}"
    words = ("--set", "training.machines=2", "--print-launch", "torchrun", "--rendezvous", place)
    answer = terminal.run(*TRAIN, *words)
    run = terminal.last_run()
    assert run.state() == "queued"
    line = answer.out.rstrip("\n")
    assert "\n" not in line
    assert "on each of the 2 machines" in answer.err
    assert (run.path / "torchrun.sh").read_text() == f"#!/bin/sh\n{line}\n"
    nodes = [shell("sh", "-c", f"exec {line}"), shell(str(run.path / "torchrun.sh"))]
    said = [node.communicate(timeout=240)[0] for node in nodes]
    assert [node.returncode for node in nodes] == [0, 0], said
    assert run.state() == "finished"
    status = run.status()
    assert (len(status.pids), status.device) == (2, "2 × cpu")
    assert sum("validation after epoch 1" in text for text in said) == 1


@pytest.mark.long
def test_a_stop_reaches_the_ranks_of_a_line_and_the_line_goes_on_from_there(terminal):
    words = ("--set", "training.processes=2", "--set", "training.epochs=100000", "--print-launch", "torchrun", "--json")
    values = terminal.run(*TRAIN, *words).json()
    assert list(values) == ["run", "path", "launch", "file", "text"]
    run = terminal.last_run()
    for step in (0, 1):
        node = shell("sh", "-c", f"exec {values['text']}")
        before = run.status().step
        wait_for(lambda before=before: run.state() == "training" and run.status().step > before + 3, 120)
        if step:
            os.kill(node.pid, signal.SIGTERM)
        else:
            assert terminal.run("stop", run.short_id, "--json").json()["state"] == "stopped"
        printed = node.communicate(timeout=120)[0]
        assert (node.returncode, "Traceback" in printed) == (0, False), printed
        assert run.state() == "stopped"
        assert any("validation after epoch 0" in line for line in run.console_tail(100_000))
        assert run.status().step > before


@pytest.mark.long
def test_where_one_agent_is_killed_the_other_ends_soon(terminal):
    """torchrun's waits five minutes for the one that is gone."""
    place = f"127.0.0.1:{free_port()}"
    words = ("--set", "training.machines=2", "--set", "training.epochs=100000", "--print-launch", "torchrun")
    line = terminal.run(*TRAIN, *words, "--rendezvous", place).out.rstrip("\n")
    run = terminal.last_run()
    nodes = [shell("sh", "-c", f"exec {line}")]
    nodes += [shell("sh", "-c", f"exec {line}")]
    wait_for(lambda: run.state() == "training" and run.status().step > 3, 120)
    assert any(re.search(r"; rendezvous at \S+:\d+, on all its networks", text) for text in run.console_tail(1000))
    nodes[1].kill()
    began = time.monotonic()
    said = nodes[0].communicate(timeout=120)[0]
    assert time.monotonic() - began < 90
    assert "Traceback" not in said
    assert run.state() in ("stopped", "failed"), said


@pytest.fixture
def slurm(tmp_path) -> dict[str, str]:
    """The variables of a job whose srun runs its command here, as a job of one node would."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "scontrol").write_text('#!/bin/sh\n[ "$1 $2 $3" = "show hostnames one-[1-2]" ] && echo 127.0.0.1\n')
    # The options of srun itself come first, and then the command.
    words = 'while [ "${1#--}" != "$1" ]; do shift; done'
    (folder / "srun").write_text(f'#!/bin/sh\n{words}\necho $$ > {folder}/step\nexec "$@"\n')
    # The one step of the job is the agent that the script has started.
    (folder / "scancel").write_text(
        f'#!/bin/sh\n[ "$1" = --signal=TERM ] && echo "$2" > {folder}/cancelled && kill -TERM $(cat {folder}/step)\n'
    )
    for file in folder.iterdir():
        file.chmod(0o755)
    return {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "SLURM_JOB_NODELIST": "one-[1-2]",
        "SLURM_JOB_ID": str(free_port() - 29_500),
        "SLURM_CPUS_PER_TASK": "2",
    }


@pytest.mark.long
def test_the_batch_script_trains(terminal, slurm, tmp_path, monkeypatch):
    """Also from a home whose name has a space and a quotation mark in it."""
    odd = tmp_path / "a $home's"
    terminal.home.rename(odd)
    monkeypatch.setenv("BERT4REC_TUI_HOME", str(odd))
    moved = Terminal(odd)
    words = ("--set", "training.processes=2", "--set", "training.device=cpu", "--print-launch", "sbatch")
    script = moved.run(*TRAIN, *words).out
    file = moved.last_run().path / "job.sbatch"
    assert file.read_text() == script
    assert subprocess.run(["bash", "-n", file], check=False).returncode == 0
    directives = [line for line in script.splitlines() if line.startswith("#SBATCH")]
    assert "#SBATCH --nodes=1" in directives
    assert not any("gpus" in line for line in directives)
    assert "#SBATCH --open-mode=append" in directives  # a requeue would cut the log
    assert script.index(directives[-1]) < script.index("set -euo pipefail")
    job = shell("bash", str(file), **slurm)
    said = job.communicate(timeout=240)[0]
    assert job.returncode == 0, said
    run = moved.last_run()
    assert run.state() == "finished", said
    assert len(run.status().pids) == 2


@pytest.mark.long
def test_a_job_saves_and_ends_well_before_its_time_is_over_however_short_that_is(terminal, slurm):
    """A fixed margin of five minutes ended a short job at once; and a planned stop is no failure to Slurm."""
    words = ("--set", "training.epochs=100000", "--set", "training.device=cpu", "--print-launch", "sbatch")
    file = terminal.run(*TRAIN, *words, "--json").json()["file"]
    run = terminal.last_run()
    began = time.time()
    job = shell("bash", file, **slurm, SLURM_JOB_END_TIME=str(int(began) + 30))
    said = job.communicate(timeout=120)[0]
    assert 20 < time.time() - began < 60
    assert (job.returncode, "Traceback" in said) == (0, False), said
    assert run.state() == "stopped"
    assert run.status().step > 0
    assert (Path(slurm["PATH"].partition(os.pathsep)[0]) / "cancelled").read_text() == f"{slurm['SLURM_JOB_ID']}.0\n"


def test_a_batch_script_of_several_machines_says_where_they_meet_and_whom_it_trusts(terminal):
    words = ("--set", "training.device=cpu", "--set", "training.machines=3", "--print-launch", "sbatch")
    script = terminal.run(*TRAIN, *words).out
    assert '--rdzv-endpoint="$first:$port"' in script
    assert "It listens on every network" in script
    assert "SOCKET_IFNAME" not in script
    alone = terminal.run(*TRAIN, "--print-launch", "sbatch").out
    assert "rdzv" not in alone
    assert "GLOO_SOCKET_IFNAME=lo" in alone


def test_a_batch_script_asks_for_a_gpu_for_each_process(terminal):
    words = ("--set", "training.device=cuda", "--set", "training.processes=4", "--set", "training.machines=3")
    script = terminal.run(*TRAIN, *words, "--print-launch", "sbatch").out
    for directive in ("--nodes=3", "--ntasks-per-node=1", "--gpus-per-node=4", "--cpus-per-task=1"):
        assert f"#SBATCH {directive}\n" in script
    assert "--nnodes=3 --nproc-per-node=4" in script


def test_what_does_not_go_together_is_refused_and_leaves_no_run(here, terminal):
    runs = len(terminal.store.runs())
    several = ("--set", "training.machines=2")
    assert here.refuses(*TRAIN, *several).startswith(
        "training.machines = 2: a run on several machines is launched by hand"
    )
    assert "use HOST:PORT" in here.refuses(*TRAIN, "--print-launch", "torchrun", "--rendezvous", "there")
    assert "needs --print-launch torchrun" in here.refuses(*TRAIN, "--rendezvous", "there:1")
    one = ("--set", "training.device=mps", "--set", "training.processes=2")
    assert 'training.device = "mps" is one device' in here.refuses(*TRAIN, *one)
    assert len(terminal.store.runs()) == runs


@pytest.mark.long
def test_a_run_of_several_machines_goes_on_on_this_one_when_one_says_so(here, terminal):
    here(*TRAIN, "--set", "training.machines=2", "--print-launch", "torchrun")
    run = terminal.last_run()
    assert "takes 2 machines" in here.refuses("resume", run.short_id)
    both = ("--processes", "3", "--print-launch", "torchrun", "--rendezvous", "here:29500")
    assert here.refuses("resume", run.short_id, *both).startswith("--processes: is for this machine alone")
    answer = terminal.run("resume", run.short_id, "--processes", "2", "--json")
    assert answer.json()["state"] == "finished"
    training = load_config(run.path / "config.toml").training
    assert (training.processes, training.machines) == (2, 1)
    assert len(run.status().pids) == 2
    told = [json.loads(line).get("message") or "" for line in answer.err.splitlines()]
    assert any(text.startswith("training with rank 0 (process ") for text in told)


def test_a_live_run_is_not_started_in_another_way(here, terminal):
    process = terminal.start("train", "--dataset", "toy", *tiny(training__epochs="100000"))
    run = terminal.until("training")
    assert "is training; stop it before" in here.refuses("resume", run.short_id, "--processes", "2")
    assert run.state() in LIVE
    process.send_signal(signal.SIGINT)
    terminal.ended(process, code=130)
