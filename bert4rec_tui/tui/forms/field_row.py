"""One setting in a form: its group, its label, its value, and what there is to say of it."""

from dataclasses import dataclass
from typing import Any

from textual.content import Content
from textual.widget import Widget

from bert4rec_tui.config.fields import Field
from bert4rec_tui.tui.forms.values import shown, text_of
from bert4rec_tui.tui.shell.text import MUTED, clean, cut
from bert4rec_tui.tui.shell.text_input import TextInput

RADIO_WIDTH = 40  # of all choices beside each other, at most


@dataclass(frozen=True)
class FormField:
    """A setting and how the form shows it.

    `rare` ones are folded away; a field that is `picked` is chosen from a list that the screen offers; `words` are
    what its choices are called.
    """

    field: Field
    label: str
    rare: bool = False
    picked: bool = False
    words: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Where the setting stands in the configuration."""
        return self.field.path

    @property
    def cycles(self) -> bool:
        """Whether enter goes to the next value and nothing is typed."""
        return not self.picked and (self.field.kind == "bool" or bool(self.field.choices))

    def next_value(self, value: Any, direction: int) -> Any:
        """The value after `value`, or the one before, and from the last to the first."""
        options: list[Any] = [False, True] if self.field.kind == "bool" else list(self.field.choices)
        at = options.index(value) if value in options else -direction
        return options[(at + direction) % len(options)]


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
        self.group_width, self.label_width = group_width, label_width
        self.value: Any = item.field.default
        self.text: str | None = None
        self.error = ""
        self.note = ""
        self.editing = False

    @property
    def help_text(self) -> str:
        """What the setting means and may hold."""
        field = self.item.field
        return f"{self.item.label} ({field.path}): {field.description} {field.allowed.capitalize()}."

    def show(self, value: Any, text: str | None, error: str, note: str) -> None:
        """Draw a value (or the text that stands for it), with an error or a note beside it."""
        if (value, text, error, note) != (self.value, self.text, self.error, self.note):
            self.value, self.text, self.error, self.note = value, text, error, note
            self.refresh()

    def begin(self) -> None:
        """Begin to take characters."""
        self.editing = True
        field = TextInput(text_of(self.value), select=True)
        field.styles.margin = (0, 0, 0, self.group_width + self.label_width)
        if self.item.field.kind in ("str", "mapping", "list of str"):
            field.styles.width = "1fr"
        self.mount(field)
        field.focus()
        self.refresh()

    def end(self) -> None:
        """Take no more characters."""
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
        # Notes stand in a column of their own; an error stands right behind the value, where there is more room.
        gap = 2 if self.error else max(15 - value.cell_length, 0) + 2
        beside = self._beside(self.size.width - left.cell_length - value.cell_length - gap)
        return left + value + Content(" " * gap) + beside

    def _beside(self, room: int) -> Content:
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


class FoldRow(Widget, can_focus=True):
    """A line that stands for the folded settings of a group; enter shows or hides them."""

    DEFAULT_CSS = """
    FoldRow { height: 1; width: 1fr; color: $text-muted; }
    FoldRow:focus { background: $accent 20%; color: $foreground; }
    """

    def __init__(self, group: str, labels: list[str], group_width: int, ascii: bool = False) -> None:
        super().__init__()
        self.group, self.labels, self.group_width, self.ascii = group, labels, group_width, ascii
        self.folded = True

    def fold(self, folded: bool) -> None:
        """Say whether the settings are folded."""
        self.folded = folded
        self.refresh()

    def render(self) -> Content:
        """How many there are and what they are."""
        sign = ("+" if self.folded else "-") if self.ascii else ("▸" if self.folded else "▾")
        words = f"{sign} {len(self.labels)} more: {', '.join(label.lower() for label in self.labels)}"
        if not self.folded:
            words = f"{sign} fold"
        room = self.size.width - self.group_width
        return Content(" " * self.group_width + cut(words, room, self.ascii))
