"""The text input that forms, dialogs and filters use."""

from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input


class TextInput(Input, inherit_bindings=False):
    """Text input; each of its keys has an id and can be remapped."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Accept", id="input.accept", tooltip="Accept the text"),
        Binding("left", "cursor_left", "Left", id="input.left", show=False, tooltip="One character left"),
        Binding("right", "cursor_right", "Right", id="input.right", show=False, tooltip="One character right"),
        Binding("ctrl+left", "cursor_left_word", "Word left", id="input.word_left", show=False,
                tooltip="One word left"),
        Binding("ctrl+right", "cursor_right_word", "Word right", id="input.word_right", show=False,
                tooltip="One word right"),
        Binding("home,ctrl+a", "home", "Start", id="input.start", show=False, tooltip="To the start of the line"),
        Binding("end,ctrl+e", "end", "End", id="input.end", show=False, tooltip="To the end of the line"),
        Binding("backspace", "delete_left", "Delete left", id="input.delete_left", show=False,
                tooltip="Delete the character before"),
        Binding("delete,ctrl+d", "delete_right", "Delete right", id="input.delete_right", show=False,
                tooltip="Delete the character under the cursor"),
        Binding("ctrl+w", "delete_left_word", "Delete word", id="input.delete_word", show=False,
                tooltip="Delete the word before"),
        Binding("ctrl+u", "delete_left_all", "Delete to start", id="input.delete_to_start", show=False,
                tooltip="Delete everything before"),
        Binding("ctrl+k", "delete_right_all", "Delete to end", id="input.delete_to_end", show=False,
                tooltip="Delete everything after"),
    ]  # fmt: skip

    def __init__(self, value: str = "", *, placeholder: str = "", select: bool = False, **rest: Any) -> None:
        super().__init__(value, placeholder=placeholder, select_on_focus=select, compact=True, **rest)
        self.cursor_blink = False

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether a key is typed here: / + and - too, whose characters Textual does not find by these names."""
        return key in ("slash", "plus", "minus") or super().check_consume_key(key, character)
