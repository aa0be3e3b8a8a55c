"""One setting in a form: its group, its label, its value, and a note or an error."""

from typing import Any

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from bert4rec_tui.tui.forms.fields import FormField
from bert4rec_tui.tui.forms.values import shown, text_of
from bert4rec_tui.tui.shell.text import MUTED, clean, cut
from bert4rec_tui.tui.shell.text_input import TextInput

RADIO_WIDTH = 40  # of all choices beside each other, at most


class FieldRow(Widget, can_focus=True):
    """A line of the form; selected when it has the focus, edited while its text input has it."""

    DEFAULT_CSS = """
    FieldRow { height: 1; width: 1fr; }
    FieldRow:focus, FieldRow:focus-within { background: $accent 20%; }
    FieldRow > TextInput { background: $background; color: $foreground; width: 12; height: 1; padding: 0; }
    FieldRow > TextInput:focus { background: $background; background-tint: transparent; }
    FieldRow.-folded { display: none; }
    """

    def __init__(self, item: FormField, group: str, group_width: int, label_width: int, ascii: bool = False) -> None:
        super().__init__()
        self.item, self.group, self.ascii = item, group, ascii
        self.group_width = group_width
        # A label is never cut: one that is too long for the column pushes its value to the right.
        self.label_width = label_width if cell_len(item.label) <= label_width - 3 else cell_len(item.label) + 4
        self.value: Any = item.field.default
        self.text: str | None = None
        self.error = ""
        self.note = ""
        self.editing = False

    @property
    def help_text(self) -> str:
        """What the setting means and which values are allowed."""
        field = self.item.field
        return f"{self.item.label} ({field.path}): {field.description} {field.allowed.capitalize()}."

    def show(self, value: Any, text: str | None, error: str, note: str) -> None:
        """Draw a value (or a text in its place), followed by an error or a note."""
        if (value, text, error, note) != (self.value, self.text, self.error, self.note):
            self.value, self.text, self.error, self.note = value, text, error, note
            self.refresh()

    def begin(self) -> None:
        """Start to edit: take characters."""
        self.editing = True
        field = TextInput(text_of(self.value), select=True)
        field.styles.margin = (0, 0, 0, self.group_width + self.label_width)
        if self.item.field.kind in ("str", "mapping", "list of str"):
            field.styles.width = "1fr"
        self.mount(field)
        field.focus()
        self.refresh()

    def end(self) -> None:
        """Stop editing."""
        self.editing = False
        self.query(TextInput).remove()
        self.refresh()

    def render(self) -> Content:
        """Group, mark, label, value, and the error or the note."""
        selected = self.has_focus or self.has_focus_within
        mark = (">" if self.ascii else "›") if selected else " "
        label_width = self.label_width - 3
        left = Content.assemble(
            (cut(self.group, self.group_width), MUTED),
            f"{mark} ",
            (cut(self.item.label, label_width, self.ascii) + " ", "bold" if selected else ""),
        )
        value = self._value(self.size.width - left.cell_length)
        if self.editing:
            value = Content(" " * 12)
        # Notes are aligned in a column; an error follows its value directly, where there is more room.
        gap = 2 if self.error else max(15 - value.cell_length, 0) + 2
        remark = self._remark(self.size.width - left.cell_length - value.cell_length - gap)
        return left + value + Content(" " * gap) + remark

    def _remark(self, room: int) -> Content:
        if self.error:
            text, style = ("x " if self.ascii else "✗ ") + self.error, "$text-error"
        else:
            text, style = self.note, MUTED
        if not text or room < 8:
            return Content("")
        return Content.styled(cut(text, room, self.ascii).rstrip(), style)

    def _value(self, room: int) -> Content:
        if self.text is not None:
            drop = " v" if self.ascii else " ▾"
            return Content(clean(self.text)) + Content.styled(drop if self.item.picked else "", MUTED)
        if self.item.field.kind == "bool" and isinstance(self.value, bool):
            on = "x" if self.ascii else "✓"
            return Content(f"[{on if self.value else ' '}] {'yes' if self.value else 'no'}")
        choices = self.item.field.choices
        words = self.item.words or choices
        if choices and not self.item.picked and self.value in choices:
            dot = "*" if self.ascii else "•"
            radio = Content("  ").join(
                Content(f"({dot}) {word}") if choice == self.value else Content.styled(f"( ) {word}", MUTED)
                for choice, word in zip(choices, words, strict=True)
            )
            if radio.cell_length <= min(RADIO_WIDTH, room):
                return radio
        text = Content(clean(shown(self.value, self.item.field)))
        if text.cell_length == 0:
            text = Content.styled("–", MUTED)
        if self.item.picked or choices:
            text += Content.styled(" v" if self.ascii else " ▾", MUTED)
        return text
