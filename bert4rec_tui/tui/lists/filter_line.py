"""The line that `/` opens under a list: it narrows the list as one types."""

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message

from bert4rec_tui.tui.shell.text_input import TextInput


class FilterLine(TextInput):
    """Filter, hidden until it is opened; enter keeps it, esc clears it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "Clear", id="filter.clear", tooltip="Clear the filter"),
    ]
    DEFAULT_CSS = """
    FilterLine { display: none; height: 1; background: $accent 15%; }
    FilterLine.-shown { display: block; }
    """

    @dataclass
    class Narrowed(Message):
        """What is typed has changed."""

        line: "FilterLine"
        text: str

        @property
        def control(self) -> "FilterLine":
            """The line, for `@on` with a selector."""
            return self.line

        def can_replace(self, message: Message) -> bool:
            """A newer one is enough."""
            return isinstance(message, FilterLine.Narrowed) and message.line is self.line

    @dataclass
    class Closed(Message):
        """The line is left; the list should have the focus."""

        line: "FilterLine"

        @property
        def control(self) -> "FilterLine":
            """The line, for `@on` with a selector."""
            return self.line

    def open(self) -> None:
        """Show the line and take characters."""
        self.add_class("-shown")
        self.focus()

    @on(TextInput.Changed)
    def narrow(self, event: TextInput.Changed) -> None:
        """Post what is typed."""
        event.stop()
        self.post_message(self.Narrowed(self, event.value))

    @on(TextInput.Submitted)
    def accept(self, event: TextInput.Submitted) -> None:
        """Keep what is typed and go back to the list."""
        event.stop()
        self.set_class(bool(self.value), "-shown")
        self.post_message(self.Closed(self))

    def action_clear(self) -> None:
        """Clear the filter and go back to the list."""
        self.value = ""
        self.remove_class("-shown")
        self.post_message(self.Closed(self))
