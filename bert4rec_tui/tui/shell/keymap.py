"""The user's own keys: every id must be one of ours, and no two actions may get one key where both work."""

import sys
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType

from textual.app import App
from textual.dom import DOMNode
from textual.keys import Keys
from textual.screen import Screen

from bert4rec_tui.errors import UserError
from bert4rec_tui.tui.shell.pane import Pane
from bert4rec_tui.tui.shell.textual_private import all_bindings, name_of_key

OURS = "bert4rec_tui.tui"
MODIFIERS = {"ctrl", "shift", "alt", "super"}
KEY_NAMES = {key.value.rpartition("+")[2] for key in Keys if not key.value.startswith("<")} | {
    name_of_key(chr(code)) for code in range(33, 127)
}


def check_keymap(keymap: Mapping[str, str], file: Path) -> None:
    """Raises UserError for an id that is not there, and for a key that would have two meanings on one screen."""
    classes = our_classes()
    ids = {binding.id for kind in classes for binding in all_bindings(kind) if binding.id}
    for name in keymap:
        if name not in ids:
            near = get_close_matches(name, ids, n=1)
            hint = f"; did you mean {near[0]}?" if near else "; help (?) lists the ids"
            raise UserError(f"{file}: keymap.{name} is not the id of an action{hint}")
        for key in keymap[name].split(","):
            check_key(key.strip(), f"{file}: keymap.{name}")
    for path in focus_paths(classes):
        before, after = _holders(path, {}), _holders(path, keymap)
        for key, holders in after.items():
            if len(holders) > 1 and holders != before.get(key) and holders & set(keymap):
                first, second = sorted(holders)[:2]
                raise UserError(
                    f'{file}: keymap gives the key "{key}" to {first} and to {second}, which work on the same screen; '
                    "choose another key for one of them"
                )


def check_key(key: str, where: str) -> None:
    """Raises UserError for what no key is called, such as `F8` for `f8`, which would leave the action without a key."""
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    known = last in KEY_NAMES or (len(last) == 1 and last.isprintable() and not last.isspace())
    if known and set(modifiers) <= MODIFIERS:
        return
    near = get_close_matches(last.lower(), KEY_NAMES, n=1)
    likely = "+".join([*(word.lower() for word in modifiers if word.lower() in MODIFIERS), *near])
    hint = f"did you mean {likely}?" if near else "write f8, ctrl+k, question_mark, or the character itself"
    raise UserError(f'{where} = "{key}" is not a key; {hint}')


def our_classes() -> list[type[DOMNode]]:
    """Every screen, widget and the application itself, of ours, as far as they are imported (`import_screens`)."""
    found: list[type[DOMNode]] = []
    waiting: list[type[DOMNode]] = [DOMNode]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith(OURS) and kind not in found:
            found.append(kind)
    return found


def focus_paths(classes: Iterable[type[DOMNode]]) -> list[tuple[type[DOMNode], ...]]:
    """Which classes' keys can work at the same time: a widget's, its screen's panes', the screen's, and the app's."""
    known = list(classes)
    application = [kind for kind in known if issubclass(kind, App)]
    paths: list[tuple[type[DOMNode], ...]] = []
    for screen in (kind for kind in known if issubclass(kind, Screen)):
        behind = _behind(screen.__module__)
        inside = [kind for kind in known if kind.__module__ in behind and not issubclass(kind, (App, Screen))]
        panes = [kind for kind in inside if issubclass(kind, Pane)]
        paths += [(widget, *panes, screen, *application) for widget in inside if widget not in panes]
    return paths


def _behind(module: str) -> set[str]:
    """The modules of ours that a module takes names from, and theirs."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found or not name.startswith(OURS):
            continue
        found.add(name)
        loaded = sys.modules.get(name)
        if isinstance(loaded, ModuleType):
            waiting += [value.__module__ for value in vars(loaded).values() if hasattr(value, "__module__")]
    return found


def _holders(path: tuple[type[DOMNode], ...], keymap: Mapping[str, str]) -> dict[str, set[str]]:
    """Key → the ids that have it on one focus path."""
    holders: dict[str, set[str]] = {}
    for kind in path:
        for binding in all_bindings(kind):
            if binding.id:
                for key in keymap.get(binding.id, binding.key).split(","):
                    name = key.strip()
                    holders.setdefault(name_of_key(name) if len(name) == 1 else name, set()).add(binding.id)
    return holders
