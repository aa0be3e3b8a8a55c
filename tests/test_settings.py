"""Where things live, and what settings.toml may say."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

import bert4rec_tui
from bert4rec_tui import settings
from bert4rec_tui.errors import UserError
from bert4rec_tui.settings import Settings, load_settings, paths, sample_archive
from bert4rec_tui.tui.screens import import_screens
from bert4rec_tui.tui.shell.keymap import check_keymap


def test_one_variable_moves_everything(home):
    assert set(paths()) == {"home", "raw", "datasets", "runs", "histories", "logs", "settings"}
    assert all(Path(place).is_relative_to(home) for place in paths().values())


def test_a_relative_home_and_a_tilde_are_made_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BERT4REC_TUI_HOME", "here")
    assert settings.home() == tmp_path / "here"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BERT4REC_TUI_HOME", "~/there")
    assert settings.runs_folder() == tmp_path / "there" / "runs"


def test_the_home_of_nobody_is_refused(monkeypatch):
    monkeypatch.setenv("BERT4REC_TUI_HOME", "~nobody-of-that-name/data")
    with pytest.raises(UserError, match=r"BERT4REC_TUI_HOME = ~nobody-of-that-name/data: no such user's home"):
        settings.home()


def test_without_it_the_platform_decides(monkeypatch):
    monkeypatch.delenv("BERT4REC_TUI_HOME", raising=False)
    assert settings.home() == platformdirs.user_data_path("bert4rec-tui")
    assert settings.settings_file() == platformdirs.user_config_path("bert4rec-tui") / "settings.toml"


def test_there_need_be_no_settings_file(home):
    assert load_settings() == Settings()
    assert not home.exists()


def test_settings_are_read_from_the_file(home):
    home.mkdir()
    (home / "settings.toml").write_text('theme = "nord"\nascii = true\nremote = "yes"\n[keymap]\n"runs.pause" = "P"\n')
    assert load_settings() == Settings(theme="nord", ascii=True, remote="yes", keymap={"runs.pause": "P"})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("thene = 'x'", "thene is not a setting; did you mean theme?"),
        ("ascii = 'yes'", 'ascii = "yes": expected true or false'),
        ("remote = 'maybe'", 'remote = "maybe": expected one of auto, yes, no'),
        ("theme = 5", "theme = 5: expected text"),
        ("[keymap]\na = 5", 'keymap = {"a":5}: expected a table of texts, such as { user = "0", item = "1" }'),
        ("theme =", "is not TOML: "),
        ("theme = " + "[" * 100_000, "is not TOML: it is nested too deeply"),
        ("theme = " + "{a=" * 2_000, "is not TOML: "),
        ("theme = 1e999", "theme = "),
        ("theme = " + "9" * 5000, "is not TOML: "),
    ],
)
def test_bad_settings_are_said_with_file_and_field(home, content, sentence):
    home.mkdir()
    file = home / "settings.toml"
    file.write_text(content)
    with pytest.raises(UserError) as error:
        load_settings()
    assert str(error.value).startswith(f"{file}: {sentence}")
    assert "\n" not in str(error.value)


def test_settings_behind_a_closed_folder_are_a_sentence(home, monkeypatch):
    def closed(self: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "exists", closed)
    with pytest.raises(UserError, match=r"settings\.toml: you have no permission there"):
        load_settings()


def test_the_sample_is_found_beside_a_checkout():
    assert sample_archive().name == "ml-latest-small.zip"
    assert sample_archive().stat().st_size > 500_000


@pytest.mark.parametrize("layout", ["wheel", "checkout"])
def test_the_sample_is_found_from_both_layouts_outside_the_repository(tmp_path, layout):
    """A plain install has the sample inside the package, an editable one beside it."""
    package = tmp_path / "site" / "bert4rec_tui"
    package.mkdir(parents=True)
    for file in Path(bert4rec_tui.__file__).parent.glob("*.py"):
        shutil.copy(file, package)
    shutil.copytree(Path(bert4rec_tui.__file__).parent / "config", package / "config")
    assets = (package if layout == "wheel" else package.parent) / "assets"
    assets.mkdir()
    (assets / "ml-latest-small.zip").write_bytes(b"ratings")
    answer = subprocess.run(
        [sys.executable, "-c", "from bert4rec_tui.settings import sample_archive; print(sample_archive())"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(answer.stdout.strip()) == assets / "ml-latest-small.zip"


def test_a_missing_sample_says_to_install_again(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "__file__", str(tmp_path / "bert4rec_tui" / "settings.py"))
    with pytest.raises(UserError, match="is missing from the installation; reinstall the program"):
        sample_archive()


def test_the_keys_that_the_readme_gives_as_an_example_can_be_given(home):
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    example = next(block for block in readme.split("```") if block.startswith("toml") and "[keymap]" in block)
    home.mkdir()
    (home / "settings.toml").write_text(example.removeprefix("toml"))
    keymap = load_settings().keymap
    assert keymap
    import_screens()
    check_keymap(keymap, home / "settings.toml")


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch):
    def none(name: str) -> Path:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.delenv("BERT4REC_TUI_HOME", raising=False)
    monkeypatch.setattr(platformdirs, "user_data_path", none)
    with pytest.raises(UserError, match="set HOME or BERT4REC_TUI_HOME"):
        settings.home()


def test_a_home_that_is_no_text_is_refused(monkeypatch):
    monkeypatch.setenv("BERT4REC_TUI_HOME", "/tmp/\udcff")
    with pytest.raises(UserError, match="is not valid UTF-8"):
        settings.home()
