"""A short list to move in and to choose from, with our keys."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import OptionList


class ChoiceList(OptionList, inherit_bindings=False):
    """A list to choose from."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "cursor_down", "Down", id="list.down", show=False, tooltip="One row down"),
        Binding("k,up", "cursor_up", "Up", id="list.up", show=False, tooltip="One row up"),
        Binding("g,home", "first", "First", id="list.first", show=False, tooltip="To the first row"),
        Binding("G,end", "last", "Last", id="list.last", show=False, tooltip="To the last row"),
        Binding("pagedown", "page_down", "Page down", id="list.page_down", show=False, tooltip="One page down"),
        Binding("pageup", "page_up", "Page up", id="list.page_up", show=False, tooltip="One page up"),
        Binding("enter", "select", "Choose", id="list.choose", show=False, tooltip="Choose the row"),
    ]

    DEFAULT_CSS = """
    ChoiceList { border: none; padding: 0; background: transparent; height: 1fr; scrollbar-size-vertical: 1; }
    ChoiceList:focus { border: none; background-tint: transparent; }
    ChoiceList > .option-list--option { padding: 0 1; }
    ChoiceList > .option-list--option-highlighted { background: $foreground 10%; color: $foreground; text-style: none; }
    ChoiceList:focus > .option-list--option-highlighted {
        background: $accent 30%; color: $foreground; text-style: bold;
    }
    """
