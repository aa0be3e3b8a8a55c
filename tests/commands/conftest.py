"""A toy dataset and a run trained on it, made once and copied for every test that asks."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from histories import walks
from terminal import Answer, Here, Terminal, prepare_toy, tiny


@pytest.fixture(scope="session")
def toy_home(made_once: Callable) -> tuple[Path, Answer]:
    """A home with the dataset toy+users3 and one finished run, and what `train --json` said. Never changed."""

    def make(folder: Path) -> None:
        prepare_toy(folder / "home", walks(60, 20, 12))
        words = ("train", "--dataset", "toy", "--preset", "fast", "--name", "mine", *tiny(), "--json")
        said = asdict(Terminal(folder / "home").run(*words))
        (folder / "said.json").write_text(json.dumps(said), encoding="utf-8")

    folder = made_once("toy", make)
    return folder / "home", Answer(**json.loads((folder / "said.json").read_text(encoding="utf-8")))


@pytest.fixture
def trained(toy_home: tuple[Path, Answer]) -> Answer:
    """What `train --json` said when the run was trained."""
    return toy_home[1]


@pytest.fixture
def terminal(toy_home: tuple[Path, Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A terminal in a copy of that home."""
    home = tmp_path / "home"
    shutil.copytree(toy_home[0], home)
    monkeypatch.setenv("BERT4REC_TUI_HOME", str(home))
    terminal = Terminal(home)
    yield terminal
    terminal.end_everything()


@pytest.fixture
def here(terminal: Terminal, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Here:
    """Run commands in this process, in a copy of that home."""
    return Here(capsys, monkeypatch)
