"""What tests in every folder share."""

from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh folder that holds all data of the program."""
    folder = tmp_path / "home"
    monkeypatch.setenv("BERT4REC_TUI_HOME", str(folder))
    return folder
