"""Help: what has the focus, and every key that works there."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ScrollableContainer, Vertical
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from bert4rec_tui.tui.shell.dialogs import Dialog
from bert4rec_tui.tui.shell.text import MUTED, cut
from bert4rec_tui.tui.shell.textual_private import active_keys


@dataclass(frozen=True)
class KeyHelp:
    """One action: its keys, what it is called, what it does, the id by which settings.toml remaps it."""

    keys: tuple[str, ...]
    name: str
    what: str
    id: str
    action: str
    node: DOMNode


@dataclass(frozen=True)
class KeyGroup:
    """The keys of one part of the screen."""

    title: str
    keys: tuple[KeyHelp, ...]


def keys_here(screen: Screen[object]) -> list[KeyGroup]:
    """Every key that works now, from what has the focus outwards; a key taken further in is left out further out."""
    taken: set[str] = set()
    groups: list[KeyGroup] = []
    for node, active in groupby(active_keys(screen), key=itemgetter(0)):
        found: dict[str, KeyHelp] = {}
        for _, key, binding in active:
            if key in taken:
                continue
            taken.add(key)
            name = binding.id or binding.action
            shown = screen.app.get_key_display(binding.with_key(key))
            earlier = found.get(name)
            keys = (*earlier.keys, shown) if earlier else (shown,)
            found[name] = KeyHelp(keys, binding.description, binding.tooltip, binding.id or "", binding.action, node)
        if found:
            # What a screen does comes before the ways around it, which all screens have.
            ordered = sorted(found.values(), key=lambda key: key.id.startswith("screen."))
            groups.append(KeyGroup(_title(node), tuple(ordered)))
    return groups


def _title(node: DOMNode) -> str:
    """What a part is called: by the first sentence of its own description."""
    first = (type(node).__doc__ or "").strip().partition("\n")[0].rstrip(".")
    return "Everywhere" if node is node.app else first or type(node).__name__


class HelpText(ScrollableContainer, can_focus=True, inherit_bindings=False):
    """Text that is longer than the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll_down", "Down", id="help.down", show=False, tooltip="One line down"),
        Binding("k,up", "scroll_up", "Up", id="help.up", show=False, tooltip="One line up"),
        Binding("pagedown,space", "page_down", "Page down", id="help.page_down", show=False, tooltip="One page down"),
        Binding("pageup", "page_up", "Page up", id="help.page_up", show=False, tooltip="One page up"),
        Binding("g,home", "scroll_home", "Start", id="help.start", show=False, tooltip="To the start"),
        Binding("G,end", "scroll_end", "End", id="help.end", show=False, tooltip="To the end"),
    ]
    DEFAULT_CSS = """
    HelpText { height: auto; max-height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; }
    HelpText > Static { height: auto; width: 1fr; }
    """


class HelpScreen(Dialog[None]):
    """All keys that work here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,question_mark", "leave", "Close", id="help.close", tooltip="Back to the screen"),
    ]
    DEFAULT_CSS = """
    HelpScreen { background: $background; }
    HelpScreen > Vertical { width: 100; height: auto; max-height: 92%; }
    """

    def __init__(self, focused: Widget | None, groups: Sequence[KeyGroup]) -> None:
        super().__init__()
        self.groups = groups
        self.about = " ".join(str(getattr(focused, "help_text", "")).split())

    def compose(self) -> ComposeResult:
        """What has the focus, then its keys, then those around it."""
        with Vertical() as box:
            box.border_title = "Help"
            box.border_subtitle = Content("j k scroll  esc close")
            with HelpText():
                yield Static(self._text(min(int(self.app.size.width * 0.95), 100) - 6), markup=False)

    def _text(self, width: int) -> Content:
        lines = [Content(self.about), Content("")] if self.about else []
        key_width = max((len(" ".join(key.keys)) for group in self.groups for key in group.keys), default=0)
        id_width = max((len(key.id) for group in self.groups for key in group.keys), default=0)
        for group in self.groups:
            lines.append(Content.styled(cut(group.title, width).rstrip(), "bold $accent"))
            for key in group.keys:
                room = max(10, width - key_width - id_width - 6)
                first, *more = wrap(key.what or key.name, room) or [""]
                lines.append(
                    Content.styled(f"  {' '.join(key.keys):<{key_width}}", "bold")
                    + Content(f"  {first:<{room}}  ")
                    + Content.styled(key.id, MUTED)
                )
                lines += [Content(f"  {'':<{key_width}}  {line}") for line in more]
            lines.append(Content(""))
        remapping = 'To remap a key, add "id" = "key" under [keymap] in settings.toml.'
        lines += [Content.styled(line, MUTED) for line in wrap(remapping, width)]
        return Content("\n").join([*lines[:1], *(line.truncate(width) for line in lines[1:])])

    def on_mount(self) -> None:
        """Scroll with the keys at once."""
        self.query_one(HelpText).focus()
