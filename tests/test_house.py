"""The house: no circle of imports anywhere, no class cut into a chain, and a Protocol that the application fulfils."""

import ast
import inspect
from pathlib import Path

import pytest

from bert4rec_tui.tui.app import Bert4RecApp
from bert4rec_tui.tui.screens import import_screens
from bert4rec_tui.tui.shell.dialogs import Dialog
from bert4rec_tui.tui.shell.interface import Application
from bert4rec_tui.tui.shell.keymap import our_classes
from bert4rec_tui.tui.shell.overlay import Overlay
from bert4rec_tui.tui.shell.pane import Pane
from bert4rec_tui.tui.shell.screen import MainScreen

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "bert4rec_tui"
OURS = "bert4rec_tui.tui."


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path, known: set[str]) -> set[str]:
    """Which of our modules a file names in any import statement, those inside functions and under a test too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names & known or {node.module}
    return found & known


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """The sets of modules that reach each other."""
    reached: dict[str, set[str]] = {}
    for start in graph:
        seen: set[str] = set()
        waiting = list(graph[start])
        while waiting:
            if (module := waiting.pop()) not in seen:
                seen.add(module)
                waiting += graph[module]
        reached[start] = seen
    return [{other for other in seen if start in reached[other]} for start, seen in reached.items() if start in seen]


def test_no_two_modules_import_each_other_by_whatever_way() -> None:
    files = {module_of(path): path for path in PACKAGE.rglob("*.py")}
    graph = {module: imports_of(path, set(files)) for module, path in files.items()}
    screens = {module for module in files if module.startswith(OURS) and module.endswith(".screen")}
    graph["bert4rec_tui.tui.screens"] -= screens  # a screen is imported when it is first shown
    assert len(graph) > 150
    assert circles(graph) == []


def test_the_walk_finds_a_circle() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [{"a", "b", "c"}] * 3


def test_few_files_stand_outside_the_rooms_of_the_interface_and_none_looks_like_a_test() -> None:
    assert len(list((PACKAGE / "tui").glob("*.py"))) <= 5
    assert [path.name for path in PACKAGE.rglob("test_*.py")] == []


def test_no_class_of_the_interface_is_cut_into_a_chain() -> None:
    """Beside a base that many share, a class has no other of ours above it."""
    import_screens()
    shared = {"ArrayList", "TextInput", "ChoiceList", "Chart", "Form"}
    for kind in our_classes():
        above = [base for base in kind.__mro__[1:] if base.__module__.startswith(OURS)]
        own = [base for base in above if not (base in (MainScreen, Overlay, Dialog, Pane) or base.__name__ in shared)]
        assert own == [], f"{kind.__name__} has {[base.__name__ for base in own]} above it"
        assert len([base for base in above if base is not Overlay]) <= 1, f"{kind.__name__}: {above}"


def test_the_application_offers_what_the_screens_ask_of_it(home: Path) -> None:
    app = Bert4RecApp()
    for name, member in inspect.getmembers(Application):
        if name.startswith("_"):
            continue
        assert hasattr(app, name), name
        if inspect.isfunction(member):
            offered = inspect.signature(getattr(Bert4RecApp, name))
            assert offered.parameters.keys() == inspect.signature(member).parameters.keys(), name
    for name in Application.__annotations__:
        assert hasattr(app, name), name


@pytest.mark.parametrize("area", ["datasets", "train", "runs", "evaluation", "explore"])
def test_every_area_has_its_screen_with_its_styles_beside_it(area: str) -> None:
    folder = PACKAGE / "tui" / area
    assert (folder / "screen.py").exists()
    assert (folder / "screen.tcss").exists()
