"""The command `train`: what it prints, what it leaves, and what a Ctrl-C or a closed terminal does to it."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from terminal import ENDLESS, ROOT, Terminal, tiny
from waits import wait_for

from bert4rec_tui.commands.train import configuration
from bert4rec_tui.config import Config, load_config, save_config, with_assignments
from bert4rec_tui.config.presets import preset
from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.control import read_control
from bert4rec_tui.runs.store import Run


def test_the_result_is_one_object_and_the_progress_is_json_too(trained, terminal):
    values = trained.json()
    assert list(values) == ["run", "state", "epochs", "best_epoch", "best", "seconds"]
    assert (values["state"], values["epochs"]) == ("finished", 2)
    assert 0 <= values["best_epoch"] <= 2
    assert list(values["best"]) == ["full:NDCG@5"]
    assert 0 <= values["best"]["full:NDCG@5"] <= 1
    messages = [json.loads(line) for line in trained.err.splitlines()]
    assert all(len(message) == 1 and set(message) <= {"message", "progress"} for message in messages)
    told = [message["message"] for message in messages if "message" in message]
    assert sum(text.startswith("validation after epoch") for text in told) == 3
    run = terminal.last_run()
    assert values["run"] == run.id
    assert values["best"] == {"full:NDCG@5": run.status().best.value}


def test_a_run_leaves_everything_that_is_promised(terminal):
    run = terminal.last_run()
    found = {str(path.relative_to(run.path)) for path in run.path.rglob("*") if path.is_file()}
    expected = {"config.toml", "status.json", "events.jsonl", "console.log", "checkpoints/last.safetensors"}
    assert expected | {"checkpoints/best.safetensors"} <= found
    assert any(name.startswith("tensorboard/") for name in found)
    assert not [name for name in found if name.endswith(".tmp")]
    config = run.config()
    assert (config.preset, config.name, config.model.hidden) == ("fast", "mine", 16)
    assert config.dataset.id == "toy+users3"


def test_a_detached_run_outlives_its_terminal_and_a_second_terminal_sees_it_train(terminal):
    """The shell that started it gets the SIGHUP of a closed terminal; the run trains on."""
    words = terminal.command("train", "--dataset", "toy", *ENDLESS, "--detach", "--json")
    shell = Terminal(terminal.home)
    shell.command = lambda *_: ["sh", "-c", '"$@"; echo left; sleep 600', "sh", *words]
    process = shell.start()
    values = json.loads(process.stdout.readline())
    assert process.stdout.readline() == "left\n"  # the command has ended, and the shell is still there
    assert list(values) == ["run", "pid", "path", "warning"]
    os.killpg(process.pid, signal.SIGHUP)
    assert process.wait(30) == -signal.SIGHUP
    terminal.until("training")

    def row() -> dict:
        rows = terminal.run("runs", "--json").json()["runs"]
        assert rows[0]["run"] == values["run"]
        return rows[0]

    seen = wait_for(lambda: (found := row())["epoch"] >= 1 and found["seconds_left"] and found)
    assert (seen["state"], seen["pid"], seen["epochs"]) == ("training", values["pid"], 100_000)
    assert seen["best"]["metric"] == "full:NDCG@5"
    assert seen["seconds_left"] > 0
    later = wait_for(lambda: (found := row())["epoch"] > seen["epoch"] and found)
    assert later["step"] > seen["step"]
    stopped = terminal.run("stop", values["run"], "--json").json()
    assert stopped["state"] == "stopped"


def test_ctrl_c_stops_after_saving_and_resume_goes_on_from_there(terminal):
    process = terminal.start("train", "--dataset", "toy", *ENDLESS)
    run = terminal.until("training")
    wait_for(lambda: run.status().epoch >= 2)
    process.send_signal(signal.SIGINT)
    answer = terminal.ended(process, code=130)
    assert answer.out.startswith(f"{run.id}: stopped after ")
    assert f"to resume: bert4rec-tui resume {run.short_id}\n" in answer.out
    assert f"{run.id}: cloze, preset recommended, on toy+users3\n" in answer.err
    assert "validation after epoch 1: NDCG@5 0." in answer.err
    assert "saving and stopping; press Ctrl-C again to stop at once\n" in answer.err
    assert "\x1b" not in answer.err + answer.out
    assert run.state() == "stopped"
    step = run.status().step
    process = terminal.start("resume", run.short_id, "--json")
    told = [json.loads(line).get("message") for line in lines_until(process, f"resumed at step {step:,}")]
    assert told[0] == f"{run.id}: was stopped; a new worker continues from its last checkpoint"
    # A SIGTERM is for the command that follows; the run itself goes on.
    process.send_signal(signal.SIGTERM)
    answer = terminal.ended(process, code=143)
    last = json.loads(answer.err.splitlines()[-1])["message"]
    assert last == f"{run.id} keeps training; follow it with `bert4rec-tui watch {run.short_id}`"
    assert run.state() == "training"


def lines_until(process: subprocess.Popen[str], words: str) -> list[str]:
    """The lines that a command says on stderr, up to one with these words."""
    assert process.stderr is not None
    lines: list[str] = []
    while not lines or words not in lines[-1]:
        lines.append(process.stderr.readline())
        assert lines[-1], lines
    return lines


def begun(terminal: Terminal) -> Run:
    """The run that was started last, once its worker has a pid."""
    wait_for(lambda: len(terminal.store.runs()) == 2 and terminal.last_run().status().pid)
    return terminal.last_run()


def test_a_second_ctrl_c_ends_a_worker_that_does_not_answer_at_once(terminal):
    process = terminal.start("train", "--dataset", "toy", *ENDLESS, "--json")
    lines_until(process, "preset recommended")
    run = begun(terminal)
    os.kill(run.status().pid, signal.SIGSTOP)
    process.send_signal(signal.SIGINT)
    wait_for(lambda: read_control(run.path).wanted == "stop")
    process.send_signal(signal.SIGINT)
    answer = terminal.ended(process, code=130)
    assert run.state() == "lost"
    assert answer.json()["state"] == "lost"


def test_a_worker_that_is_killed_while_followed_is_said_to_be_gone(terminal):
    process = terminal.start("train", "--dataset", "toy", *ENDLESS, "--json")
    run = begun(terminal)
    os.kill(run.status().pid, signal.SIGKILL)
    answer = terminal.ended(process, code=1)
    assert answer.json()["state"] == "lost"
    error = json.loads(answer.err.splitlines()[-1])["error"]
    assert error.startswith(f"{run.id}: the worker ended without an error message")
    assert error.endswith(f"; to resume: `bert4rec-tui resume {run.short_id}`")


def meant(
    file: str = "", preset_name: str = "", dataset: str = "", assignments: list[str] | None = None, **words: str
) -> Config:
    return configuration(
        file, preset_name, dataset, assignments or [], words.get("init_from", ""), words.get("name", "")
    )[0]


def test_the_command_line_wins_over_the_file_and_the_file_over_the_preset(terminal, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("preset = 'causal'\n[training]\nepochs = 3\nbatch_size = 7\n")
    config = meant(str(file), dataset="toy", assignments=["training.batch_size=9"])
    assert (config.training.epochs, config.training.batch_size) == (3, 9)
    assert config.model == preset("causal").model
    assert (config.preset, config.dataset.id) == ("causal", "toy+users3")
    other = meant(str(file), "fast")
    assert (other.preset, other.model, other.training.epochs) == ("fast", preset("fast").model, 3)


def test_without_words_it_is_the_recommended_setting_on_the_newest_dataset(terminal):
    config = meant()
    assert config.dataset.id == "toy+users3"
    assert (config.model, config.training) == (preset("recommended").model, preset("recommended").training)


def test_the_file_of_a_run_does_it_again(terminal):
    run = terminal.last_run()
    assert meant(str(run.path / "config.toml")) == run.config()


def test_what_a_run_needs_is_found_from_any_folder(terminal, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert meant(init_from="weights.safetensors").init_from == str(tmp_path / "weights.safetensors")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"preset_name": "fats"}, "'fats' is not a preset; choose one of recommended, causal, notebook"),
        ({"assignments": ["preset=fast"]}, "--set preset: use --preset NAME to choose the preset"),
        ({"name": "x" * 65}, f'name = "{"x" * 65}": expected at most 64 characters'),
        ({"dataset": "tyo"}, "tyo: is not prepared; run `bert4rec-tui prepare tyo` first"),
        ({"dataset": "toy", "assignments": ["dataset.seed=3"]}, "--set dataset…: cannot change a prepared dataset"),
        ({"assignments": ["dataset.name=toy", "dataset.seed=3"]}, "toy+seed3: is not prepared; run"),
        ({"file": "nowhere.toml"}, "nowhere.toml: there is no such file"),
    ],
)
def test_what_cannot_be_meant_is_refused(terminal, words, sentence):
    with pytest.raises(UserError) as error:
        meant(**words)
    assert str(error.value).startswith(sentence)


def test_a_file_saved_by_the_app_is_read_back_the_same(terminal, tmp_path):
    config = meant(dataset="toy", assignments=["training.epochs=5", "name=a [bold] name"])
    save_config(config, tmp_path / "config.toml")
    assert meant(str(tmp_path / "config.toml")) == config == load_config(tmp_path / "config.toml")
    assert with_assignments(config, []) == config


def test_nothing_is_written_beside_the_data(terminal):
    """A run trained from any folder leaves nothing there."""
    assert not list(Path(ROOT).glob("*.safetensors"))
    assert {path.name for path in terminal.home.iterdir()} == {"raw", "datasets", "runs"}


def test_a_name_that_another_run_has_is_refused_and_one_from_a_file_is_left_out(terminal, here):
    run = terminal.last_run()
    assert here.refuses("train", "--dataset", "toy", "--preset", "fast", *tiny(), "--name", "mine") == (
        f"mine: {run.id} already has this name; choose another"
    )
    reserved = here.refuses("train", "--dataset", "toy", "--preset", "fast", *tiny(), "--set", "name=latest")
    assert reserved.startswith('"latest" means the newest run')
    again = terminal.run("train", "--config", str(run.path / "config.toml"), "--print-launch", "torchrun",
                         "--rendezvous", "localhost:29500", "--json")  # fmt: skip
    assert "this run has no name" in again.err
    assert terminal.last_run().name() == ""
    assert terminal.store.find("mine").id == run.id


def test_the_settings_of_a_dataset_mean_that_preparation_and_no_other(terminal, tmp_path):
    config = terminal.last_run().config()
    stored = tmp_path / "config.toml"
    save_config(with_assignments(config, ["dataset.min_user_interactions=4"]), stored)
    with pytest.raises(UserError, match=r"^toy\+users4: is not prepared; run `bert4rec-tui prepare toy --source "):
        meant(str(stored))
    save_config(with_assignments(config, ["dataset.min_user_interactions=5"]), stored)
    with pytest.raises(UserError, match=r"^toy: is not prepared; run `bert4rec-tui prepare toy --source "):
        meant(str(stored))
    (tmp_path / "short.toml").write_text("[dataset]\nname = 'toy'\n")
    assert meant(str(tmp_path / "short.toml")).dataset.id == "toy+users3"
