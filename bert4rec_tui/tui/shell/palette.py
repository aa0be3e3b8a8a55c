"""Every action by its name: those of the screen and of what has the focus, the other screens, the themes."""

from textual.dom import DOMNode
from textual.screen import Screen

from bert4rec_tui.tui.shell.dialogs import Choice
from bert4rec_tui.tui.shell.help import keys_here

THEME = "theme:"
# Movements are for fingers; in a list of actions they are in the way.
_MOVEMENTS = (
    "list.",
    "input.",
    "help.",
    "screen.",
    "dialog.",
    "chooser.",
    "form.down",
    "form.up",
    "form.page",
    "chart.",
)


def palette_actions(screen: Screen[object]) -> dict[str, tuple[Choice, DOMNode, str]]:
    """Id → how the action is listed, the part that has it, and the action."""
    found: dict[str, tuple[Choice, DOMNode, str]] = {}
    for group in keys_here(screen):
        for key in group.keys:
            if key.id and not key.id.startswith(_MOVEMENTS) and key.id != "app.palette":
                words = f"{key.name}: {key.what}" if key.what else key.name
                found[key.id] = (Choice(key.id, words, " ".join(key.keys)), key.node, key.action)
    return found


def theme_choices(names: list[str], current: str) -> list[Choice]:
    """The themes, as rows of the palette."""
    return [Choice(f"{THEME}{name}", f"Theme: {name}", "in use" if name == current else "") for name in sorted(names)]
