"""Who may import whom, asked of fresh interpreters: help comes at once and the interface stays small."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = {"torch", "pandas", "pyarrow", "textual", "tensorboardX", "numpy", "scipy"}


def python(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | {"PYTHONPATH": path} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def loaded_by(code: str, **variables: str) -> set[str]:
    """Which of the heavy libraries a fresh interpreter has loaded after some code, whatever way it ends."""
    script = f"import sys, atexit; atexit.register(lambda: print(sorted(sys.modules), file=sys.stderr))\n{code}"
    answer = python("-c", script, **variables)
    assert "Traceback" not in answer.stderr, answer.stderr
    modules = {name.strip("'[] ") for name in answer.stderr.splitlines()[-1].split(",")}
    assert "sys" in modules
    return HEAVY & modules


COMMAND = "from bert4rec_tui.cli.app import main; sys.argv = ['bert4rec-tui', *{words!r}]; main()"


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["train", "--help"], ["paths"]])
def test_help_loads_nothing_heavy(words, tmp_path):
    assert loaded_by(COMMAND.format(words=words), BERT4REC_TUI_HOME=str(tmp_path / "home")) == set()


@pytest.mark.parametrize(
    "words", [["runs", "--json"], ["watch"], ["stop"], ["resume", "x"], ["remove", "x"], ["label", "x"]]
)
def test_looking_at_runs_needs_neither_numbers_nor_networks(words, tmp_path):
    assert loaded_by(COMMAND.format(words=words), BERT4REC_TUI_HOME=str(tmp_path / "home")) == set()


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("bert4rec_tui.config", set()),
        ("bert4rec_tui.config.presets", set()),
        ("bert4rec_tui.runs.store", set()),
        ("bert4rec_tui.runs.launcher", set()),
        ("bert4rec_tui.runs.spawn", set()),
        ("bert4rec_tui.data.catalog", set()),
        ("bert4rec_tui.data.dataset", {"numpy"}),
        ("bert4rec_tui.tui.datasets.screen", {"textual"}),  # the first one: it is painted before numpy is imported
        ("bert4rec_tui.data.negatives", {"numpy"}),
        ("bert4rec_tui.evaluation.metrics", {"numpy"}),
        ("bert4rec_tui.commands.groups", {"numpy"}),
        ("bert4rec_tui.commands.train", {"numpy"}),
        ("bert4rec_tui.tui.app", {"textual"}),
        ("bert4rec_tui.data.prepare", {"numpy", "pyarrow"}),
    ],
)
def test_a_module_loads_only_what_it_may(module, allowed):
    assert loaded_by(f"import {module}") <= allowed


def test_every_screen_of_the_interface_is_free_of_torch_and_pandas():
    modules = sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "bert4rec_tui" / "tui").rglob("*.py")
        if path.name != "__init__.py"
    )
    assert len(modules) > 20
    assert loaded_by("\n".join(f"import {module}" for module in modules)) <= {"numpy", "textual"}


def test_the_contracts_between_the_parts_are_kept():
    script = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(sys.argv[1], no_cache=True))"
    answer = python("-c", script, str(ROOT / "pyproject.toml"))
    assert answer.returncode == 0, answer.stdout
    assert " 0 broken" in answer.stdout


@pytest.mark.parametrize(("given", "found"), [("", "1000"), ("7", "7")])
def test_waiting_threads_soon_leave_their_core_unless_one_wants_otherwise(given, found):
    """OpenMP reads it when torch is loaded, so it is there before; what spins slows what shares the cores."""
    code = "import os, sys, bert4rec_tui; print('torch' in sys.modules, os.environ['GOMP_SPINCOUNT'])"
    code = code if given else f"import os; os.environ.pop('GOMP_SPINCOUNT', None); {code}"
    answer = python("-c", code, **({"GOMP_SPINCOUNT": given} if given else {}))
    assert answer.stdout.split() == ["False", found]
