"""Bad input: one sentence, exit code 2, nothing half-written."""

import json
import re
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
from histories import walks
from safetensors.numpy import save_file
from terminal import Terminal, prepare_toy, tiny

TRAIN = ("train", "--dataset", "toy")


def everything(terminal: Terminal) -> dict[str, int]:
    """Every file of a home with its size."""
    return {str(path): path.stat().st_size for path in terminal.home.rglob("*") if path.is_file()}


@pytest.fixture
def refuses(here, terminal):
    """Ask for something wrong and get the sentence; not a file may have come, gone or grown."""

    def ask(*words: str) -> str:
        before = everything(terminal)
        sentence = here.refuses(*words)
        assert everything(terminal) == before
        return sentence

    return ask


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--set", "model.hidden=250"), "model.hidden = 250 is not divisible by model.heads = 4"),
        (("--set", "model.hiden=64"), "model.hiden is not a setting; did you mean model.hidden?"),
        (("--set", "epochs"), '--set epochs: write it as key.path=value, such as "training.epochs=20"'),
        (("--preset", "best"), "'best' is not a preset; choose one of recommended, causal, notebook"),
        (("--preset", "notebook"), "evaluation.ks = 100 is larger than the catalogue: toy+users3 has 20 items"),
        (tiny(evaluation__ks="[5,21]"), "evaluation.ks = 21 is larger than the catalogue: toy+users3 has 20 items"),
        (
            tiny(evaluation__ks="[5,20]", evaluation__best_metric="full:NDCG@20"),
            "evaluation.best_metric = full:NDCG@20 is the same for any model: toy+users3 has 20 items in all; choose a "
            "smaller k",
        ),
        (
            tiny(evaluation__protocols='["full","uniform-19"]'),
            "evaluation.protocols = uniform-19: no user has 19 unseen items to sample from, the most is 1",
        ),
        (
            tiny(evaluation__protocols='["full","popular-500"]'),
            "evaluation.protocols = popular-500: no user has 500 unseen items to sample from, the most is 1",
        ),
        (tiny(evaluation__best_metric="full:NDCG@7"), 'evaluation.best_metric = "full:NDCG@7" needs k = 7, but'),
        (tiny(training__device="gpu"), 'training.device = "gpu": expected auto, cpu, cuda, cuda:1 or mps'),
        (tiny(training__device="cuda:99"), 'training.device = "cuda:99": there '),
        ((*tiny(), "--name", "x" * 70), "name = "),
        (
            (*tiny(), "--init-from", "/nowhere/x.safetensors"),
            "init_from = /nowhere/x.safetensors: there is no such file",
        ),
    ],
)
def test_a_training_that_cannot_be_is_refused_before_anything_is_written(refuses, words, sentence):
    assert refuses(*TRAIN, *words).startswith(sentence)


def test_it_is_so_for_a_process_of_its_own_too(terminal):
    before = everything(terminal)
    answer = terminal.run(*TRAIN, "--set", "model.hidden=250", "--json", code=2)
    assert json.loads(answer.err) == {"error": "model.hidden = 250 is not divisible by model.heads = 4"}
    assert answer.out == ""
    assert everything(terminal) == before


def test_a_toml_file_is_named_with_what_is_wrong_in_it(refuses, tmp_path):
    file = tmp_path / "my.toml"
    for content, sentence in (
        ("[training]\nepocs = 3", "training.epocs is not a setting; did you mean training.epochs?"),
        ("[model]\nhidden = 'wide'", 'model.hidden = "wide": expected a whole number from 8 to 4096'),
        ("preset = 'slow'", "'slow' is not a preset; choose one of recommended"),
        ("hidden: 5", "is not TOML: "),
    ):
        file.write_text(content)
        assert sentence in refuses(*TRAIN, "--config", str(file))
    assert refuses(*TRAIN, "--config", str(tmp_path)).startswith(f"{tmp_path}: cannot be read")


@pytest.mark.parametrize("command", ["watch", "pause", "stop", "resume", "remove", "test", "recommend"])
def test_an_unknown_run_is_said_to_be_none(refuses, command):
    words = {"remove": ["--yes"], "recommend": ["--user", "1"]}.get(command, [])
    assert refuses(command, "zzzz", *words) == "zzzz: there is no such run; `bert4rec-tui runs` lists them"


def test_an_unknown_or_unprepared_dataset_says_how_to_prepare_it(refuses, terminal):
    assert refuses("train", "--dataset", "ml-1m") == (
        "ml-1m: is not prepared; run `bert4rec-tui prepare ml-1m` first (`bert4rec-tui datasets` lists prepared ones)"
    )
    shutil.rmtree(terminal.home / "datasets")
    assert refuses("train") == "no dataset is prepared; run `bert4rec-tui prepare sample` or `quickstart` first"
    for words in (("test", "mine"), ("recommend", "mine", "--user", "1")):
        said = refuses(*words)
        assert said.startswith("toy+users3: is not prepared; run `bert4rec-tui prepare toy --source ")
        assert "--min-user-interactions 3 --columns user=user,item=item" in said


@pytest.mark.parametrize("name", ["manifest.json", "history.npy", "users.npz", "offsets.npy"])
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_damaged_dataset_says_to_prepare_it_again(refuses, terminal, name, share):
    file = terminal.home / "datasets" / "toy+users3" / name
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    sentence = refuses("recommend", "mine", "--user", "1")
    assert sentence.startswith(f"{file}: cannot be read (")
    assert sentence.endswith("; prepare the dataset again")


@pytest.mark.parametrize("words", [("test", "mine"), ("recommend", "mine", "--user", "1")])
def test_a_checkpoint_of_another_dataset_is_not_used(refuses, terminal, words):
    """The same name, prepared again from other ratings: the old model's items are not these."""
    prepare_toy(terminal.home, walks(50, 20, 12, seed=1))
    sentence = refuses(*words)
    assert "best.safetensors: was trained on toy+users3 as prepared then, which differs from " in sentence


@pytest.mark.parametrize("words", [("test", "mine"), ("recommend", "mine", "--user", "1")])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.9])
def test_a_truncated_checkpoint_is_said_to_be_one(refuses, terminal, words, share):
    path = terminal.last_run().checkpoint("best")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert refuses(*words).startswith(f"{path}: is truncated or no safetensors file (")


@pytest.mark.parametrize("words", [("test", "mine"), ("recommend", "mine", "--user", "1")])
def test_a_foreign_checkpoint_is_said_to_be_one(refuses, terminal, words):
    path = terminal.last_run().checkpoint("best")
    save_file({"weight": np.zeros(3, np.float32)}, path)
    assert refuses(*words) == f"{path}: was not written by bert4rec-tui, so its network is unknown"
    path.write_text("no weights at all")
    assert refuses(*words).startswith(f"{path}: is truncated or no safetensors file (")


def test_weights_of_another_network_are_not_taken_over(refuses, terminal):
    weights = str(terminal.last_run().checkpoint("best"))
    sentence = refuses(*TRAIN, *tiny(model__hidden="32"), "--init-from", weights)
    assert sentence.startswith(f"{weights}: ")
    assert sentence.endswith("expected (22, 32)") or "network" in sentence
    path = Path(weights)
    path.write_bytes(path.read_bytes()[:500])
    assert refuses(*TRAIN, *tiny(), "--init-from", weights).startswith(f"{weights}: is truncated or no safetensors")


def test_a_preview_needs_a_file(refuses):
    assert refuses("prepare", "ml-1m", "--preview") == "--preview: needs --source FILE"


def test_of_two_checkpoints_the_one_that_is_there_is_named(refuses, terminal):
    run = terminal.last_run()
    run.checkpoint("last").unlink()
    assert refuses("test", run.short_id, "--checkpoint", "last").endswith(": has no checkpoint 'last'; it has 'best'")


def test_a_run_without_a_checkpoint_says_to_let_it_train(refuses, terminal):
    for file in (terminal.last_run().path / "checkpoints").iterdir():
        file.unlink()
    assert (
        refuses("test")
        == "latest: no run has a best checkpoint yet; checkpoints are written after the first validation"
    )
    assert "has no checkpoint 'best'; checkpoints are written after each validation" in refuses("test", "mine")
    assert "has no checkpoint 'best'; checkpoints are" in refuses("recommend", "mine", "--user", "1")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--protocol", "all"), "--protocol all: is not a protocol; use full, uniform-100 or popular-100"),
        (("--protocol", "uniform-500"), "uniform-500: no user has 500 unseen items to sample from, the most is 1"),
        (("--device", "cdua"), '--device "cdua": expected auto, cpu, cuda, cuda:1 or mps'),
        (("--device", "cuda:99"), '--device "cuda:99": there '),
    ],
)
def test_a_test_that_cannot_be_is_refused(refuses, words, sentence):
    assert refuses("test", "mine", *words).startswith(sentence)


def test_a_run_whose_configuration_is_damaged_says_where(refuses, terminal):
    config = terminal.last_run().path / "config.toml"
    config.write_text(config.read_text().replace("hidden = 16", "hidden = 'x'"))
    for words in (("test", "latest"), ("recommend", "latest", "--user", "1")):
        assert refuses(*words) == f'{config}: model.hidden = "x": expected a whole number from 8 to 4096'


def test_a_home_that_cannot_be_written_is_said_to_be(here, terminal, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("a file")
    monkeypatch.setenv("BERT4REC_TUI_HOME", str(tmp_path / "file" / "home"))
    sentence = here.refuses("prepare", "sample")
    assert sentence.startswith(str(tmp_path / "file" / "home"))
    assert ": there is a file where a folder is needed; move it away or choose another place" in sentence
    assert "BERT4REC_TUI_HOME" in sentence
    monkeypatch.setenv("BERT4REC_TUI_HOME", str(terminal.home))
    shutil.rmtree(terminal.home / "runs")
    (terminal.home / "runs").write_text("a file")
    sentence = here.refuses(*TRAIN, *tiny())
    assert sentence.startswith(f"{terminal.home / 'runs'}: there is a file where a folder is needed; ")


@pytest.mark.parametrize(
    ("error", "sentence", "code"),
    [
        (PermissionError(13, "Permission denied", "/srv/runs"), "/srv/runs: you have no permission there; ", 2),
        (OSError(28, "No space left on device", "/srv/runs"), "/srv/runs: the disk is full; free some space", 1),
        (OSError(5, "Input/output error"), "a file: Input/output error", 1),
    ],
)
def test_whatever_the_disk_refuses_is_a_sentence(here, monkeypatch, error, sentence, code):
    def fail(**words: object) -> None:
        raise error

    monkeypatch.setattr("bert4rec_tui.commands.runs.run_runs", fail)
    assert here("runs", code=code).err.startswith(f"bert4rec-tui: {sentence}")


@pytest.mark.parametrize(
    "words", [["trian"], ["test", "--checkpoint", "first"], ["recommend", "-k", "ten"], ["train", "--x"]]
)
def test_words_that_are_no_command_are_refused_with_a_way_to_help(refuses, words):
    assert re.search(r"\w+.*; see bert4rec-tui ?\w* --help$", refuses(*words))


def test_a_program_is_told_of_a_wrong_word_as_json(here):
    answer = here("prepare", "toy", "--repeats", "nonsense", "--json", code=2)
    assert answer.out == ""
    error = json.loads(answer.err)["error"]
    assert error == (
        "Invalid value for '--repeats': 'nonsense' is not one of 'keep', 'unique', 'first', 'last'; "
        "see bert4rec-tui prepare --help"
    )


def test_words_that_are_no_text_are_refused(refuses):
    for words in (("train", "--set", "training.optimizer=\udcff"), ("label", "mine", "--name", "\udcff")):
        assert "is not valid UTF-8" in refuses(*words)


def test_a_name_of_nothing_that_shows_does_not_take_the_name_away(refuses, terminal):
    assert "a name needs at least one visible character" in refuses("label", "mine", "--name", "\u200b")
    assert terminal.last_run().name() == "mine"


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-"])
def test_a_stream_that_is_closed_breaks_nothing(terminal, closed):
    line = f"exec {shlex.join(terminal.command('paths'))} {closed}"
    ended = subprocess.run(["sh", "-c", line], env=terminal.environment(), capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ("datasets" in ended.stdout) == (closed != ">&-")


def test_a_full_disk_behind_stdout_is_called_that(terminal):
    line = f"exec {shlex.join(terminal.command('paths'))} > /dev/full"
    ended = subprocess.run(["sh", "-c", line], env=terminal.environment(), capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("bert4rec-tui: stdout: the disk is full")


def test_programs_get_true_ids_whatever_the_terminal_can_show(terminal):
    terminal.run("label", "mine", "--note", "für später")
    answer = terminal.run("label", "mine", "--pin", "--json", PYTHONIOENCODING="ascii")
    assert "\\u00fc" in answer.out
    assert answer.json()["note"] == "für später"


@pytest.fixture
def started():
    """The program's `main`; the handlers that its module installs are taken away again."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    from bert4rec_tui.__main__ import main

    for number, handler in before.items():
        signal.signal(number, handler)
    return main


def test_ctrl_c_is_no_traceback_even_before_the_commands_are_there(monkeypatch, started):
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bert4rec_tui.cli.app.main", interrupted)
    with pytest.raises(SystemExit) as ending:
        started()
    assert ending.value.code == 130
